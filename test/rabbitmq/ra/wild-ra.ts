/**
 * A Ra cluster under random faults: a seed draws its size, its files' sizes, what goes wrong and
 * what is asked. Then all is healed, and within a bounded time the members must agree.
 */
import type { RaftSwitches } from '../../../engine/consensus/raft-config.ts';
import type { Random } from '../../../engine/kernel/ports.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import { ratio } from '../../../engine/kernel/units.ts';
import type { Fault } from '../../../engine/sim/faults.ts';
import { RaClusterWorld } from './ra-cluster.ts';

const STEPS = 40;
const NODES = ['rabbit-1', 'rabbit-2', 'rabbit-3', 'rabbit-4', 'rabbit-5'];

export interface WildRun {
  readonly problems: readonly string[];
  readonly committed: number;
  readonly answered: number;
  readonly installed: number;
}

export function wildRun(seed: number, switches: Partial<RaftSwitches> = {}): WildRun {
  const random = randomStream(seed, 'wild-ra');
  const cluster = new RaClusterWorld({
    seed,
    nodes: NODES.slice(0, random.pick([3, 3, 5])),
    snapshotInterval: random.pick([7, 25, 1_000_000]),
    walBytesMax: random.pick([900, 4000, 1_000_000]),
    switches,
  });
  for (let step = 0; step < STEPS && cluster.problems().length === 0; step++) {
    if (random.chance(ratio(2, 5))) cluster.fault(drawFault(random, cluster));
    for (let asked = random.below(5); asked > 0; asked--) ask(random, cluster);
    cluster.runFor(random.pick([1, 5, 20, 100, 400, 1500]));
  }
  const problems = [...cluster.problems()];
  if (problems.length === 0) problems.push(...converge(cluster));
  return {
    problems,
    committed: cluster.watch.committed.size,
    answered: cluster.history.answered.length,
    installed: cluster.nodes.filter(
      (name) => cluster.isUp(name) && cluster.server(name).log.start.offset > 0,
    ).length,
  };
}

function drawFault(random: Random, cluster: RaClusterWorld): Fault {
  const host = random.pick(cluster.nodes);
  const to = random.pick(cluster.nodes.filter((name) => name !== host));
  if (random.chance(ratio(1, 4))) return { fault: 'heal' };
  if (!cluster.isUp(host)) return { fault: 'start', host };
  const unsynced = random.pick(['lost', 'random', 'torn'] as const);
  return random.pick<Fault>([
    { fault: 'crash', host },
    { fault: 'power', host, unsynced },
    { fault: 'power', host, unsynced },
    { fault: 'isolate', host },
    { fault: 'cut', from: host, to },
    { fault: random.pick(['pause', 'resume'] as const), host },
    { fault: 'slow-disk', host, factor: random.pick([1, 20, 100]) },
    { fault: 'reset', from: host, to, bytes: 0 },
  ]);
}

function ask(random: Random, cluster: RaClusterWorld): void {
  const at = random.pick(cluster.nodes);
  if (random.chance(ratio(2, 3))) cluster.append(at);
  else cluster.read(at);
}

/** Everything works again: someone must lead, commit, and all members have the same list. */
function converge(cluster: RaClusterWorld): readonly string[] {
  cluster.fault({ fault: 'heal' });
  for (const host of cluster.nodes) {
    cluster.fault({ fault: 'resume', host }, { fault: 'slow-disk', host, factor: 1 });
    cluster.fault({ fault: 'start', host });
  }
  const agreed = (): boolean => {
    const { leader } = cluster;
    if (leader === null) return false;
    const { highWatermark, endOffset, term } = cluster.server(leader).inspect();
    const isSame = cluster.nodes.every(
      (name) => cluster.isUp(name) && cluster.server(name).inspect().applied === highWatermark,
    );
    const last = cluster.watch.committed.get(endOffset);
    return isSame && endOffset === highWatermark && last?.term === term;
  };
  const end = cluster.run(agreed, 120_000);
  const found = [...cluster.problems()];
  if (found.length > 0) return found;
  if (end !== 'done') return [`no agreement after two minutes (${end})`];
  const lists = new Set(cluster.nodes.map((name) => cluster.listOf(name)));
  return lists.size === 1 ? [] : [`T5: ${lists.size} lists`];
}
