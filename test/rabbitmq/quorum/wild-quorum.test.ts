/**
 * Quorum queues under random faults: what was confirmed is held or acknowledged (R1), nobody is
 * told twice (R2), members that applied as much are the same (R15); the machine asserts R5 and R8.
 * Then all is healed, and what was published is confirmed.
 */
import { expect, test } from 'vitest';
import type { Random } from '../../../engine/kernel/ports.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import { ratio } from '../../../engine/kernel/units.ts';
import type { Fault } from '../../../engine/sim/faults.ts';
import { QuorumCluster, THREE } from './quorum-cluster.ts';

const SEEDS = 20;
const STEPS = 30;

function drawFault(random: Random, cluster: QuorumCluster): Fault {
  const host = random.pick(THREE);
  const to = random.pick(THREE.filter((name) => name !== host));
  if (random.chance(ratio(1, 3))) return { fault: 'heal' };
  if (!cluster.isUp(host)) return { fault: 'start', host };
  const unsynced = random.pick(['lost', 'random', 'torn'] as const);
  return random.pick<Fault>([
    { fault: 'crash', host },
    { fault: 'power', host, unsynced },
    { fault: 'isolate', host },
    { fault: 'cut', from: host, to },
    { fault: 'reset', from: host, to, bytes: 0 },
    { fault: 'slow-disk', host, factor: random.pick([1, 50]) },
  ]);
}

function heal(cluster: QuorumCluster): void {
  cluster.fault({ fault: 'heal' });
  for (const host of THREE) {
    cluster.fault({ fault: 'slow-disk', host, factor: 1 }, { fault: 'start', host });
  }
  cluster.elect();
  cluster.runFor(20_000);
}

function wildRun(seed: number): { readonly confirmed: number; readonly acked: number } {
  const random = randomStream(seed, 'wild-quorum');
  const cluster = new QuorumCluster({ seed });
  cluster.elect();
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(ratio(1, 3))) cluster.fault(drawFault(random, cluster));
    for (let count = random.below(6); count > 0; count--) cluster.publish(random.pick(THREE));
    if (random.chance(ratio(1, 6))) {
      const at = random.pick(THREE);
      if (cluster.isUp(at)) cluster.consume(at, random.pick([0, 1, 5]), true);
    }
    cluster.runFor(random.pick([1, 10, 50, 300, 2000]));
    expect({ seed, problems: cluster.problems() }).toEqual({ seed, problems: [] });
  }
  heal(cluster);
  expect({ seed, lost: cluster.lost() }).toEqual({ seed, lost: [] });
  const before = cluster.confirmed.length;
  for (const node of THREE) cluster.publish(node);
  cluster.runFor(5000);
  expect({ seed, fresh: cluster.confirmed.length - before }).toEqual({ seed, fresh: 3 });
  expect({ seed, problems: cluster.problems() }).toEqual({ seed, problems: [] });
  const applied = THREE.map((node) => cluster.node(node).queue.server!.inspect().applied);
  expect(new Set(applied).size).toBe(1);
  return { confirmed: before, acked: cluster.acked.size };
}

test(`rabbitmq: quorum: ${SEEDS} seeds of faults: nothing that was confirmed is lost`, () => {
  const total = { confirmed: 0, acked: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { confirmed, acked } = wildRun(seed);
    total.confirmed += confirmed;
    total.acked += acked;
  }
  expect(total.confirmed).toBeGreaterThan(SEEDS * 20);
  expect(total.acked).toBeGreaterThan(SEEDS * 10);
}, 60_000);
