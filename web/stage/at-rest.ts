/**
 * The hosts of a terminal's panes: what runs on one is the command that somebody typed. One that
 * runs nothing has not crashed; it is not in the picture.
 */
import type { HostFrame } from '#engine/lab/frames.ts';

/** Whether it is a pane in which no command runs (`engine/shell/pane.ts`). */
export function isAtRest({ name, state }: Pick<HostFrame, 'name' | 'state'>): boolean {
  return state !== 'running' && /^shell-\d+$/.test(name);
}

/** The command that a pane runs; empty for any other host. */
export function commandOf({ view }: HostFrame): string {
  const { kind, line } = (view ?? {}) as { readonly kind?: string; readonly line?: string };
  return kind === 'command' ? (line ?? '') : '';
}
