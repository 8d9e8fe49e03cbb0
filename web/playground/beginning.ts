/**
 * How a playground begins: with a starting point, as it was left in this browser, or as a link has
 * it. Not here: what is then done (`World.svelte`).
 */
import type { KeptSession } from '#engine/shell/terminal-session.ts';
import { kept } from '../lesson/kept.ts';
import { keptSession } from '../terminal/kept-session.ts';
import type { StartingPoint } from './starting-points.ts';

export type Beginning =
  | { readonly kind: 'lines'; readonly point: StartingPoint }
  | { readonly kind: 'kept'; readonly session: KeptSession }
  | { readonly kind: 'link'; readonly link: string };

/** Under this key the browser keeps the playground that was left last. */
export const PLAYGROUND_KEY = 'highwater.playground';

/** The link of a page's fragment; null where it is none. */
export function linkOf(hash: string): string | null {
  return /^#(v\d+\..+)$/.exec(hash)?.[1] ?? null;
}

/** The playground that was left here, if anything was done in it. */
export function keptPlayground(): KeptSession | null {
  const session = keptSession(kept('localStorage', PLAYGROUND_KEY));
  return session !== null && session.typed.length > 0 ? session : null;
}
