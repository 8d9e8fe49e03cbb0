/**
 * A quorum under random faults: a seed draws its size, the direction, snapshots, what goes wrong
 * and what is asked. Then all is healed, and within a bounded time the members must agree.
 */
import type { MemberId } from '../../engine/consensus/message.ts';
import { SOUND } from '../../engine/consensus/raft-config.ts';
import type { RaftSwitches } from '../../engine/consensus/raft-config.ts';
import type { Random } from '../../engine/kernel/ports.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import { ratio } from '../../engine/kernel/units.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { Quorum } from './quorum.ts';

const STEPS = 60;
const NAMES: readonly MemberId[] = ['a', 'b', 'c', 'd', 'e', 'f'];

export interface SwarmResult {
  readonly problems: readonly string[];
  readonly events: number;
  readonly committed: number;
  readonly terms: number;
  readonly answered: number;
  /** All changes of roles, as `from event to`. */
  readonly transitions: ReadonlySet<string>;
}

export function runSeed(seed: number, switches: Partial<RaftSwitches> = {}): SwarmResult {
  const random = randomStream(seed, 'swarm');
  const voters = NAMES.slice(0, random.pick([3, 3, 4, 5]));
  const quorum = new Quorum({
    seed,
    voters,
    observers: NAMES.slice(voters.length, voters.length + 1),
    direction: random.pick(['pull', 'push']),
    switches,
    snapshotEvery: random.pick([0, 5, 12]),
  });
  const kinds = drawKinds(random);
  for (let step = 0; step < STEPS && quorum.problems().length === 0; step++) {
    if (random.chance(ratio(2, 5))) quorum.fault(drawFault(random, quorum, kinds));
    for (let asked = random.below(4); asked > 0; asked--) ask(random, quorum);
    quorum.runFor(random.pick([1, 5, 20, 100, 400, 1500]));
  }
  const problems = [...quorum.problems()];
  if (problems.length === 0) problems.push(...converge(quorum));
  return {
    problems,
    events: quorum.world.event,
    committed: quorum.watch.committed.size,
    terms: quorum.watch.leaders.size,
    answered: quorum.history.answered.length,
    transitions: quorum.watch.transitions.seen,
  };
}

/** Swarm testing: which kinds of faults a seed has at all. */
function drawKinds(random: Random): readonly Fault['fault'][] {
  const all: readonly Fault['fault'][] = [
    'crash',
    'power',
    'isolate',
    'cut',
    'pause',
    'delay',
    'loss',
    'duplicate',
    'slow-disk',
    'reset',
  ];
  const kinds = all.filter(() => random.chance(ratio(1, 2)));
  return kinds.length === 0 ? ['power'] : kinds;
}

function drawFault(random: Random, quorum: Quorum, kinds: readonly Fault['fault'][]): Fault {
  const host = random.pick(quorum.members);
  const to = random.pick(quorum.members.filter((name) => name !== host));
  if (random.chance(ratio(1, 4))) return { fault: 'heal' };
  if (!quorum.up(host)) return { fault: 'start', host };
  const unsynced = random.pick(['lost', 'random', 'torn'] as const);
  const fault = random.pick(kinds);
  switch (fault) {
    case 'power':
      return { fault, host, unsynced };
    case 'cut':
      return { fault, from: host, to };
    case 'delay':
      return { fault, from: host, to, minMicros: 250, jitterMicros: random.below(600_000) };
    case 'loss':
    case 'duplicate':
      return { fault, from: host, to, ratio: ratio(random.below(20), 100) };
    case 'reset':
      return { fault, from: host, to, bytes: 0 };
    case 'slow-disk':
      return { fault, host, factor: random.pick([1, 20, 200]) };
    case 'pause':
      return { fault: random.pick(['pause', 'resume']), host };
    case 'isolate':
      return { fault, host };
    default:
      return { fault: 'crash', host };
  }
}

function ask(random: Random, quorum: Quorum): void {
  const at = quorum.leader() ?? random.pick(quorum.members);
  const other = random.pick(quorum.members);
  const drawn = random.below(40);
  if (drawn < 22) quorum.append(at);
  else if (drawn < 34) quorum.read(random.chance(ratio(1, 2)) ? at : other);
  else if (drawn < 36) quorum.command(at, (member) => member.remove(other));
  else if (drawn < 38) quorum.command(at, (member) => member.add(other));
  else if (drawn < 39) quorum.command(at, (member) => member.handOver(other));
  else quorum.command(at, (member) => member.driver.resign());
}

/** Everything works again: someone must lead, commit, and all members have the same list. */
function converge(quorum: Quorum): readonly string[] {
  quorum.fault({ fault: 'heal' });
  for (const host of quorum.members) {
    quorum.fault({ fault: 'resume', host }, { fault: 'slow-disk', host, factor: 1 });
    quorum.fault({ fault: 'start', host });
    for (const to of quorum.members) if (to !== host) calm(quorum, host, to);
  }
  const agreed = (): boolean => {
    const leader = quorum.leader();
    if (leader === null) return false;
    const { highWatermark, term, endOffset } = quorum.member(leader).inspect();
    const same = quorum.members.every((name) => {
      if (!quorum.up(name)) return false;
      const view = quorum.member(name).inspect();
      return view.highWatermark === highWatermark && quorum.member(name).applied === highWatermark;
    });
    return (
      same && endOffset === highWatermark && quorum.watch.committed.get(endOffset)?.term === term
    );
  };
  const end = quorum.run(agreed, 120_000);
  const found = [...quorum.problems()];
  if (found.length > 0) return found;
  const views = quorum.members.map((name) => JSON.stringify(quorum.member(name).inspect()));
  if (end !== 'done') return [`no agreement after two minutes (${end}): ${views.join(' ')}`];
  const lists = new Set(quorum.members.map((name) => quorum.member(name).items.join()));
  return lists.size === 1 ? [] : [`T5: ${lists.size} lists`];
}

function calm(quorum: Quorum, from: MemberId, to: MemberId): void {
  quorum.fault(
    { fault: 'delay', from, to, minMicros: 250, jitterMicros: 100 },
    { fault: 'loss', from, to, ratio: ratio(0, 1) },
    { fault: 'duplicate', from, to, ratio: ratio(0, 1) },
    { fault: 'reset', from, to, bytes: 0 },
  );
}

/** The first seed whose run is wrong with these switches, with what is wrong; null if none is. */
export function firstBroken(
  switches: Partial<RaftSwitches>,
  seedsMax: number,
): { readonly seed: number; readonly problems: readonly string[] } | null {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { problems } = runSeed(seed, { ...SOUND, ...switches });
    if (problems.length > 0) return { seed, problems };
  }
  return null;
}
