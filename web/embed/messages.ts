/**
 * The messages between an embedded experiment and the page around it. Every one is an object with
 * `highwater`, which says what it is about; anything else that arrives is for somebody else.
 */

/** What the page around asks for. */
export type Wish =
  | { readonly highwater: 'load'; readonly link: string }
  | { readonly highwater: 'seek'; readonly event: number }
  | { readonly highwater: 'seek'; readonly step: string }
  | { readonly highwater: 'set'; readonly knobs: Readonly<Record<string, string>> };

/** What the experiment reports. */
export type Report =
  | {
      readonly highwater: 'ready';
      readonly lesson: string;
      readonly steps: readonly string[];
      /** The knobs' names, each with its preset. */
      readonly knobs: Readonly<Record<string, string>>;
    }
  | {
      readonly highwater: 'run';
      /** The fragment that repeats this run, for `load` and for the lesson's address. */
      readonly link: string;
      readonly events: number;
      readonly knobs: Readonly<Record<string, string>>;
      readonly measures: Readonly<Record<string, number>>;
      /** Of each proof of the lesson, what this run says about it. */
      readonly verdicts: Readonly<Record<string, string>>;
      /** Ids of the promises that were broken. */
      readonly violations: readonly string[];
    }
  | { readonly highwater: 'place'; readonly event: number; readonly step: string | null }
  | { readonly highwater: 'problem'; readonly text: string };

const isText = (value: unknown): value is string => typeof value === 'string';

/** A wish, or null for what is none. Numbers and booleans stand for knobs' values, too. */
export function readWish(data: unknown): Wish | null {
  if (typeof data !== 'object' || data === null) return null;
  const { highwater, link, event, step, knobs } = data as Record<string, unknown>;
  // a whole address does as well as its fragment
  if (highwater === 'load' && isText(link))
    return { highwater, link: link.replace(/^.*#|@\d+$/g, '') };
  if (highwater === 'seek' && isText(step)) return { highwater, step };
  if (highwater === 'seek' && Number.isSafeInteger(event)) {
    return { highwater, event: event as number };
  }
  if (highwater === 'set' && typeof knobs === 'object' && knobs !== null) {
    const entries = Object.entries(knobs).map(([name, value]) => [name, String(value)] as const);
    return { highwater, knobs: Object.fromEntries(entries) };
  }
  return null;
}
