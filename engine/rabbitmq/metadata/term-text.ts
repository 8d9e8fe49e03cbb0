/**
 * Terms as text, for logs and dumps: JSON, in which octets and numbers of 64 bits, which field
 * tables may hold, stand as records of one field: `{"$octets": "00ff"}`, `{"$int": "12"}`.
 *
 * Differs: the real broker writes Erlang's external term format.
 */
import { assert } from '../../kernel/assert.ts';

const OCTETS = '$octets';
const INT = '$int';

/** The text of plain data. */
export function termText(term: unknown): string {
  return JSON.stringify(term, (_key, value: unknown) => {
    if (typeof value === 'bigint') return { [INT]: String(value) };
    if (value instanceof Uint8Array) return { [OCTETS]: hexOf(value) };
    return value;
  });
}

/** The plain data of a text that `termText` made. */
export function termOf(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    const { [INT]: int, [OCTETS]: octets } = value as Record<string, unknown>;
    if (typeof int === 'string') return BigInt(int);
    return typeof octets === 'string' ? octetsOf(octets) : value;
  });
}

function hexOf(octets: Uint8Array): string {
  let text = '';
  for (let i = 0; i < octets.length; i++) text += (octets[i]! + 0x100).toString(16).slice(1);
  return text;
}

function octetsOf(hex: string): Uint8Array {
  assert(hex.length % 2 === 0, 'two digits an octet', { length: hex.length });
  const octets = new Uint8Array(hex.length / 2);
  for (let i = 0; i < octets.length; i++) {
    octets[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
  return octets;
}
