/**
 * The invariants of the simulated world itself, for every experiment: S2 to S5.
 *
 * S1 is not among them: it compares two runs (`determinism.ts`).
 */
import type { World } from '../../sim/world.ts';
import type { Lab } from '../experiment.ts';
import { boundsDefect } from './bounds.ts';
import { DiskChecks } from './disk.ts';
import { messagesConserved } from './network.ts';
import { OrderOfEvents } from './order-of-events.ts';

/** Registers them with the lab. */
export function watchWorld(lab: Lab, world: World): void {
  const order = new OrderOfEvents(world);
  const disks = new DiskChecks();
  lab.invariant('S2', 'always', () => order.check());
  lab.invariant('S3', 'always', () => messagesConserved(world.network));
  lab.invariant('S4', 'always', (name) => {
    if (name !== null) disks.watch(lab.host(name));
    return disks.defect;
  });
  lab.invariant('S5', 'always', () => boundsDefect(world));
}
