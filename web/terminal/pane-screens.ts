/**
 * What was printed in each pane, and who shows it.
 *
 * Not here: where the lines come from (`live-session.svelte.ts`).
 */
import type { PrintedLine } from '../worker/terminal-state.ts';

/** Who shows a pane: lines come in order, and all anew after `clear`. */
export interface PaneScreen {
  print(lines: readonly PrintedLine[]): void;
  clear(): void;
  /** The prompt may be another one. */
  settle(): void;
}

/** Lines of a pane that are kept. */
const LINES_KEPT = 20_000;

export class PaneScreens {
  readonly #lines = new Map<number, PrintedLine[]>();
  readonly #screens = new Map<number, Set<PaneScreen>>();

  /** Shows a pane from now on, beginning with all that was printed; gives what ends it. */
  show(pane: number, screen: PaneScreen): () => void {
    const screens = this.#screens.get(pane) ?? new Set();
    this.#screens.set(pane, screens);
    screens.add(screen);
    screen.print(this.#lines.get(pane) ?? []);
    screen.settle();
    return () => screens.delete(screen);
  }

  /** Takes lines of any panes, in order. */
  print(lines: readonly PrintedLine[]): void {
    for (const pane of new Set(lines.map((line) => line.pane))) {
      const mine = lines.filter((line) => line.pane === pane);
      const all = this.#lines.get(pane) ?? [];
      all.push(...mine);
      if (all.length > LINES_KEPT) all.splice(0, all.length - LINES_KEPT);
      this.#lines.set(pane, all);
      for (const screen of this.#screens.get(pane) ?? []) screen.print(mine);
    }
  }

  clear(): void {
    this.#lines.clear();
    for (const screen of this.#all) screen.clear();
  }

  settle(): void {
    for (const screen of this.#all) screen.settle();
  }

  get #all(): readonly PaneScreen[] {
    return [...this.#screens.values()].flatMap((screens) => [...screens]);
  }
}
