/** Virtual time as text. Spans of a broker's life run from microseconds to minutes. */

/** Three significant places are enough to tell events of a step apart. */
export function timeText(micros: number): string {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 10_000_000) return `${(micros / 1000).toFixed(1)} ms`;
  return `${(micros / 1_000_000).toFixed(2)} s`;
}

/** A span, shorter: it stands in a picture. */
export function spanText(micros: number): string {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1_000_000) return `${Math.round(micros / 1000)} ms`;
  return `${(micros / 1_000_000).toFixed(1)} s`;
}
