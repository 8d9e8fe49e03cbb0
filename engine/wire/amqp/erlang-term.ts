/**
 * Octets as Erlang prints a binary, since the real broker's explanations hold some: `<<"abc">>`
 * with `~p` where all are printable, `<<1,2,255>>` else and with `~w`.
 *
 * Not here: other terms. Source: `io_lib_pretty`, "Printing of binaries".
 */

/** What an explanation of 255 octets could show of it. */
const OCTETS_MAX = 256;

/** As `~w` prints it. */
export function erlangBinary(octets: Uint8Array): string {
  return `<<${Array.from(octets.subarray(0, OCTETS_MAX)).join(',')}>>`;
}

/** As `~p` prints it. */
export function erlangText(octets: Uint8Array): string {
  if (octets.length === 0 || !octets.every(isPrintable)) return erlangBinary(octets);
  const text = String.fromCharCode(...octets.subarray(0, OCTETS_MAX));
  return `<<"${text.replaceAll(ESCAPED, (character) => ESCAPES[character]!)}">>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
};
const ESCAPED = /[\\"\b\t\n\v\f\r]/g;

/** Latin-1 without the control characters that have no escape. */
function isPrintable(octet: number): boolean {
  return (octet >= 0x20 && octet <= 0x7e) || octet >= 0xa0 || (octet >= 8 && octet <= 13);
}
