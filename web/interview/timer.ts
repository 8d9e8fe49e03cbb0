/**
 * The clock of an interview: it runs, stands, and knows how long its page was hidden while it ran.
 * It counts by the times that it is given, never by ticks, since a browser slows the ticks of a
 * hidden tab down.
 *
 * Times are milliseconds since 1970 and always given. Not here: what is shown (`Interview.svelte`).
 */
export interface Timer {
  /** What it ran up to its last stop. */
  readonly beforeMs: number;
  /** Since when it runs; null while it stands. */
  readonly sinceMs: number | null;
  readonly awayBeforeMs: number;
  /** Since when its page is hidden; null while it is to be seen. */
  readonly hiddenMs: number | null;
}

export const STOPPED: Timer = { beforeMs: 0, sinceMs: null, awayBeforeMs: 0, hiddenMs: null };

export function start(timer: Timer, nowMs: number): Timer {
  return timer.sinceMs === null ? { ...timer, sinceMs: nowMs } : timer;
}

export function stop(timer: Timer, nowMs: number): Timer {
  return {
    ...timer,
    beforeMs: ranMs(timer, nowMs),
    awayBeforeMs: awayMs(timer, nowMs),
    sinceMs: null,
  };
}

export function hide(timer: Timer, nowMs: number): Timer {
  return timer.hiddenMs === null ? { ...timer, hiddenMs: nowMs } : timer;
}

export function show(timer: Timer, nowMs: number): Timer {
  return { ...timer, awayBeforeMs: awayMs(timer, nowMs), hiddenMs: null };
}

/** How long it ran. A clock that was set back does not take time away. */
export function ranMs({ beforeMs, sinceMs }: Timer, nowMs: number): number {
  return beforeMs + (sinceMs === null ? 0 : Math.max(0, nowMs - sinceMs));
}

/** For how long of that its page was hidden. */
export function awayMs({ awayBeforeMs, sinceMs, hiddenMs }: Timer, nowMs: number): number {
  if (sinceMs === null || hiddenMs === null) return awayBeforeMs;
  return awayBeforeMs + Math.max(0, nowMs - Math.max(sinceMs, hiddenMs));
}
