/**
 * The machines of a host as they are at an event: those that run, and of a process that has ended
 * the last ones. Not here: where their steps come from (`engine/lab/machines.ts`).
 */
import type { MachineLife, MachineStep } from '#engine/lab/machines.ts';
import type { HostMachines } from '../../worker/inspecting.ts';

export interface Instance {
  readonly name: string;
  readonly machine: string;
  /** What has happened to it by then. */
  readonly steps: readonly MachineStep[];
  readonly state: string;
  readonly isOver: boolean;
}

const keyOf = ({ machine, instance }: MachineLife) => `${machine} ${instance}`;

/** In the order of the charts; of several with one name the later ones are numbered. */
export function instancesAt({ lives, charts }: HostMachines, event: number): readonly Instance[] {
  const isOver = ({ end }: MachineLife) => end !== null && end <= event;
  const begun = lives.filter(({ steps }) => steps[0]!.event <= event);
  const living = new Set(begun.filter((life) => !isOver(life)).map(keyOf));
  const last = new Map(begun.filter(isOver).map((life) => [keyOf(life), life]));
  const counts = new Map<string, number>();
  const rank = (id: string) => charts.findIndex(({ machine }) => machine === id);
  return begun
    .filter((life) => !isOver(life) || (!living.has(keyOf(life)) && last.get(keyOf(life)) === life))
    .map((life) => {
      const key = keyOf(life);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      const steps = life.steps.filter((step) => step.event <= event);
      const name = count === 1 ? key : `${key} (${count})`;
      const state = steps.at(-1)!.to;
      return { name, machine: life.machine, steps, state, isOver: isOver(life) };
    })
    .sort((one, other) => rank(one.machine) - rank(other.machine));
}
