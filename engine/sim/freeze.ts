/**
 * Deep-freezes messages, so that a test sees whoever changes what another process also holds.
 * Not here: bytes, which JavaScript cannot freeze.
 */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  if (Array.isArray(value)) for (const inner of value as unknown[]) deepFreeze(inner);
  else for (const name in value) deepFreeze((value as Record<string, unknown>)[name]);
}
