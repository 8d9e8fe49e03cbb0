/**
 * What playing costs, from the browser's own trace: the script of each frame, and the longest task,
 * both in processor time of the page's main thread. Processor time and not the clock's: on a busy
 * machine a task of 5 ms may stand still for 200.
 *
 * A frame's script is whatever runs as script in the task of an animation frame: its callbacks, the
 * microtasks after them in which Svelte changes the page, the observers of sizes, and the layout
 * that a script forces. The browser's own style, layout and paint after it are none; they count
 * in the task.
 */
import type { Browser, Page } from 'playwright-core';

export interface FrameTimes {
  readonly frames: number;
  readonly scriptMsMedian: number;
  readonly scriptMsP95: number;
  /** Of any task, with layout and paint. */
  readonly taskMsMax: number;
  /** Tasks of more than 50 ms by the clock, as the page's own observer sees them. */
  readonly longTasks: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  /** Processor time; a browser on a system that cannot tell leaves it out. */
  readonly tdur?: number;
}

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];
const FRAME = 'FireAnimationFrame';
const SCRIPT: ReadonlySet<string> = new Set([
  ...[FRAME, 'FunctionCall', 'RunMicrotasks', 'EventDispatch', 'TimerFire', 'EvaluateScript'],
]);

declare global {
  interface Window {
    longTasks: number;
  }
}

/** Before the page is opened: it counts its long tasks. */
export async function countLongTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.longTasks = 0;
    const observer = new PerformanceObserver((list) => {
      window.longTasks += list.getEntries().length;
    });
    observer.observe({ type: 'longtask' });
  });
}

/** Measures what the page does until `during` has ended. */
export async function frameTimes(
  browser: Browser,
  page: Page,
  during: () => Promise<void>,
): Promise<FrameTimes> {
  await page.evaluate(() => (window.longTasks = 0));
  await browser.startTracing(page, { categories: CATEGORIES });
  await during();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: readonly TraceEvent[];
  };
  const longTasks = await page.evaluate(() => window.longTasks);
  return { ...timesOf(trace.traceEvents), longTasks };
}

function timesOf(events: readonly TraceEvent[]): Omit<FrameTimes, 'longTasks'> {
  const first = events.find(({ name }) => name === FRAME);
  if (first === undefined) return { frames: 0, scriptMsMedian: 0, scriptMsP95: 0, taskMsMax: 0 };
  const ours = events
    .filter(({ pid, tid, ph }) => pid === first.pid && tid === first.tid && ph === 'X')
    .sort((one, other) => one.ts - other.ts || other.dur - one.dur);
  const tasks = ours.filter(({ name }) => name === 'RunTask');
  const scripts = ours.filter(({ name }) => SCRIPT.has(name));
  const frames: number[] = [];
  for (const task of tasks) {
    const inside = scripts.filter(({ ts, dur }) => ts >= task.ts && ts + dur <= task.ts + task.dur);
    if (inside.some(({ name }) => name === FRAME)) frames.push(outermost(inside));
  }
  frames.sort((one, other) => one - other);
  const at = (part: number) => frames[Math.floor((frames.length - 1) * part)] ?? 0;
  return {
    frames: frames.length,
    scriptMsMedian: at(0.5),
    scriptMsP95: at(0.95),
    taskMsMax: Math.max(...tasks.map(cpuMs), 0),
  };
}

/** Milliseconds of those that are in no other one. They come in order of time. */
function outermost(events: readonly TraceEvent[]): number {
  let end = 0;
  let sum = 0;
  for (const event of events) {
    if (event.ts < end) continue;
    end = event.ts + event.dur;
    sum += cpuMs(event);
  }
  return sum;
}

const cpuMs = ({ dur, tdur }: TraceEvent): number => (tdur ?? dur) / 1000;

/** The one in the middle of an odd number of measurements, by the script of a frame. */
export function medianOf(runs: readonly FrameTimes[]): FrameTimes {
  const ordered = [...runs].sort((one, other) => one.scriptMsMedian - other.scriptMsMedian);
  return ordered[ordered.length >> 1]!;
}
