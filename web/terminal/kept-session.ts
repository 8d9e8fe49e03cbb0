/**
 * A session that was kept in this browser, as it is read again: what somebody else wrote there is
 * none. Not here: where it is kept (`web/drill`, `web/playground`).
 */
import type { KeptSession } from '#engine/shell/terminal-session.ts';

/** The session of a value that was kept, or null. */
export function keptSession(found: unknown): KeptSession | null {
  if (typeof found !== 'object' || found === null) return null;
  const { typed, event, hints, isSolutionShown } = found as Partial<KeptSession>;
  if (!Array.isArray(typed) || !typed.every(isLine)) return null;
  if (!Number.isSafeInteger(event) || !Number.isSafeInteger(hints)) return null;
  return typeof isSolutionShown === 'boolean' ? (found as KeptSession) : null;
}

function isLine(line: unknown): boolean {
  const { event, pane, text } = (line ?? {}) as Readonly<Record<string, unknown>>;
  return Number.isSafeInteger(event) && Number.isSafeInteger(pane) && typeof text === 'string';
}
