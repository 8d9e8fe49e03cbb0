/**
 * A statechart as rows of a table: each state with the transitions that leave it, and before them
 * those that leave any state. Not here: the chart itself (`engine/lab/machines.ts`).
 */
import type { Chart, ChartState, ChartTransition } from '#engine/lab/machines.ts';

export interface StateRows {
  /** The anchor: the machine's id and the state's path. */
  readonly id: string;
  readonly name: string;
  /** Null for what leaves any state. */
  readonly state: ChartState | null;
  readonly transitions: readonly ChartTransition[];
}

export function statesOf({ machine, states, transitions }: Chart): readonly StateRows[] {
  const from = (path: string) => transitions.filter((transition) => transition.from === path);
  const any = from('');
  const rows = states.map((state) => ({
    id: anchorOf(machine, state.path),
    name: state.path,
    state,
    transitions: from(state.path),
  }));
  const first = { id: anchorOf(machine, 'any'), name: '', state: null, transitions: any };
  return any.length === 0 ? rows : [first, ...rows];
}

/** No state's name has a slash; some have spaces. */
function anchorOf(machine: string, path: string): string {
  return `${machine}/${path.replace(/[^A-Za-z0-9_.]+/g, '-')}`;
}
