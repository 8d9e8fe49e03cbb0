/** Spans of virtual time as they are typed: `500ms`, `5s`, `2m`. */

const UNITS: Readonly<Record<string, number>> = { ms: 1000, s: 1_000_000, m: 60_000_000 };
/** Virtual minutes that one command may ask for. */
const SPAN_MINUTES_MAX = 60;
/** What `run` asks for when it does not say. */
export const SPAN_PRESET = '1s';
/** What may be asked for, as a refusal tells it. */
export const SPANS = `1ms to ${SPAN_MINUTES_MAX}m (500ms, 5s, 2m)`;

/** Microseconds; null where it is none, or longer than an hour. */
export function spanOf(word: string): number | null {
  const match = /^(\d{1,7})(ms|s|m)$/.exec(word);
  const micros = match === null ? 0 : Number(match[1]) * UNITS[match[2]!]!;
  return micros > 0 && micros <= SPAN_MINUTES_MAX * UNITS['m']! ? micros : null;
}

/** The span of a line `run 5s`, which is an input: time goes on. Null for any other line. */
export function spanOfRun(line: string): number | null {
  const match = /^\s*run(?:\s+(\S+))?\s*$/.exec(line);
  return match === null ? null : spanOf(match[1] ?? SPAN_PRESET);
}
