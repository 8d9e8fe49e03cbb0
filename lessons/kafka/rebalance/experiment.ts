/**
 * Who owns this partition? Six partitions, three members of one group, one record at a time:
 * a member processes a record, then commits it, then polls for the next.
 *
 * Records keep coming while something happens to the group: a member joins, leaves, dies, is
 * restarted, is slow, is frozen and comes back as a zombie, or the coordinator dies. What each
 * member owned and when comes from its rebalance listener; what took effect twice from the history.
 * Kafka 0.8 has no group coordinator here, 3.9 no KIP-848, and a client before 2.3 ignores
 * `group.instance.id`, as it does any setting that it does not know.
 */
import { changed, choice, experiment, prove, proveSince } from '#engine/lab/index.ts';
import type { History, Lab, Measures } from '#engine/lab/index.ts';
import {
  consumerGroupCoordination,
  consumerGroupNarration,
} from '#engine/lab/kafka-consumer-protocol.ts';
import { ConsumerGroup, groupCoordination } from '#engine/lab/kafka-groups.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { isBefore, profileKnob } from '#engine/lab/kafka-profile.ts';
import { brokersStart } from '../story.ts';

const TOPIC = 'orders';
const PARTITIONS = 6;
const BROKERS = 2;
const PRODUCER = 'shop';
const MEMBERS = ['billing-1', 'billing-2', 'billing-3'];
/** Whom the faults strike, and who comes later. */
const STRUCK = 'billing-1';
const NEWCOMER = 'billing-4';
/** Each partition gets so many in peace, and so many around the fault, one each `PACE_MS`. */
const CALM_RECORDS = 1;
const LATER_RECORDS = 3;
const PACE_MS = 2_400;
/** How long the application takes for a record; and for the one that it gets stuck on. */
const PROCESSING_MS = 700;
const STUCK_MS = 20_000;
/** From `stop` to `start` of a member that is restarted. */
const RESTART_MICROS = 2_000_000;
/** Time for heartbeats to bring, or not to bring, news to all. */
const QUIET_MICROS = 8_000_000;
const HANDED_MICROS = 4_000_000;

const FAULTS = [
  'none',
  'member-joins',
  'member-leaves',
  'member-restarts',
  'member-crashes',
  'member-slow',
  'zombie',
  'coordinator-dies',
] as const;
type FaultKnob = (typeof FAULTS)[number];

/** The story's state between steps. */
interface World {
  readonly cluster: KafkaCluster;
  readonly group: ConsumerGroup;
  readonly fault: FaultKnob;
  readonly addMember: (name: string) => void;
  /** When the fault struck, and when all that was sent was committed: 0 before. */
  struckAt: number;
  endedAt: number;
  generation: number;
  coordinator: number;
  lag: number;
}

const lagOf = ({ group }: World) =>
  group.lag(TOPIC, PARTITIONS).reduce((sum, { lag }) => sum + lag, 0);
const generationOf = ({ group }: World) =>
  Math.max(-1, ...[...group.views().values()].map(({ generation }) => generation));
/** The members that take part: the struck one does not where it is down, gone or frozen. */
const others = ({ fault }: World) =>
  MEMBERS.filter((name) => name !== STRUCK || fault === 'coordinator-dies');

function join({ cluster, addMember }: World, lab: Lab): void {
  // One replica each: who owns a partition is the story, not who keeps it.
  cluster.createTopic(TOPIC, { partitions: PARTITIONS, replicationFactor: 1 });
  cluster.addProducer(PRODUCER, { acks: 'all', 'linger.ms': '0' });
  lab.when(
    () => cluster.partitionsReady(true),
    () => MEMBERS.forEach(addMember),
  );
}

function send({ cluster }: World, count: number, paceMs: number): void {
  for (let round = 0; round < count; round++) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      cluster.send(PRODUCER, TOPIC, 1, {
        partition,
        delayMs: round * paceMs + partition * (paceMs / PARTITIONS),
      });
    }
  }
}

function strike(world: World, lab: Lab): void {
  const { group, fault } = world;
  world.generation = generationOf(world);
  world.coordinator = group.member(STRUCK)?.coordinator ?? -1;
  send(world, LATER_RECORDS, PACE_MS);
  // The worst moment: a record was processed, and its commit is on its way.
  const isAtWorst = () =>
    fault === 'member-crashes'
      ? group.awaitsCommit(STRUCK)
      : group.member(STRUCK)?.application === 'processing';
  lab.when(isAtWorst, () => {
    world.struckAt = lab.now;
    strikeNow(world, lab);
  });
}

function strikeNow(world: World, lab: Lab): void {
  const { cluster, group, fault, addMember } = world;
  if (fault === 'member-joins') addMember(NEWCOMER);
  if (fault === 'member-leaves' || fault === 'member-restarts') group.close(STRUCK);
  if (fault === 'member-crashes') lab.inject({ fault: 'crash', host: STRUCK });
  if (fault === 'zombie') lab.inject({ fault: 'pause', host: STRUCK });
  if (fault === 'coordinator-dies') {
    lab.inject({ fault: 'crash', host: cluster.brokerName(world.coordinator) });
  }
  if (fault === 'member-restarts') {
    lab.when(
      () => lab.now - world.struckAt > RESTART_MICROS,
      () => lab.inject({ fault: 'start', host: STRUCK }),
    );
  }
  if (fault === 'member-slow') {
    group.setProcessingMs(STRUCK, STUCK_MS);
    const isStuck = () => lab.now - world.struckAt > HANDED_MICROS;
    lab.when(isStuck, () => group.setProcessingMs(STRUCK, PROCESSING_MS));
  }
}

/** The group has answered to what happened, or has had the time to. */
function answered(world: World, lab: Lab): boolean {
  const { group, fault, generation } = world;
  const since = lab.now - world.struckAt;
  if (world.struckAt === 0 || since < QUIET_MICROS) return false;
  if (fault === 'none') return true;
  if (fault === 'coordinator-dies') {
    return group.isStable() && group.member(STRUCK)?.coordinator !== world.coordinator;
  }
  if (fault === 'member-joins') return group.isStable([...MEMBERS, NEWCOMER]);
  if (fault === 'member-restarts') return group.isStable(MEMBERS);
  const isOver = fault === 'member-slow' && since > STUCK_MS * 1_000 + QUIET_MICROS;
  return isOver || (generationOf(world) > generation && group.isStable(others(world)));
}

/** Everything that was sent was processed by somebody, and the group is at rest. */
function caughtUp(world: World, { history, now }: Lab): boolean {
  const { group, fault, struckAt } = world;
  if (struckAt === 0) return false;
  const isBack = fault === 'zombie' || fault === 'member-slow' || fault === 'member-restarts';
  const members = fault === 'member-joins' ? [...MEMBERS, NEWCOMER] : others(world);
  const isAtRest = group.isStable(isBack ? MEMBERS : members);
  const isDone = isAtRest && allTold(history) && processedOf(history) === history.sent.length;
  if (isDone && world.endedAt === 0) world.endedAt = now;
  return isDone;
}

const processedOf = ({ delivered }: History) => new Set(delivered.map(({ id }) => id)).size;
const allTold = ({ sent }: History) =>
  sent.length === PARTITIONS * (CALM_RECORDS + LATER_RECORDS) &&
  sent.every(({ outcome }) => outcome !== 'pending');

// ------------------------------------------------------------------------------------- measures

interface Turn {
  readonly at: number;
  readonly member: string;
  readonly partitions: readonly string[] | null;
  readonly gets: boolean;
}

/** Who got what and who gave up what, in the order of time; whoever is struck has nothing. */
function turnsOf({ group, fault, struckAt }: World): Turn[] {
  const turns: Turn[] = [
    ...group.ownerships.map(({ at, member, partitions }) => {
      return { at, member, partitions, gets: true };
    }),
    ...group.handovers.map(({ at, member, partitions }) => {
      return { at, member, partitions, gets: false };
    }),
  ];
  if (fault === 'member-crashes' || fault === 'zombie') {
    turns.push({ at: struckAt, member: STRUCK, partitions: null, gets: false });
  }
  return turns.toSorted((one, other) => one.at - other.at);
}

interface Ownership {
  readonly moved: number;
  readonly stopped: number;
  readonly stoppedMs: number;
}

/** From the fault on: how often a partition changed owners, and who long none had one. */
function ownershipOf(world: World): Ownership {
  const { struckAt } = world;
  const endedAt = world.endedAt === 0 ? Number.MAX_SAFE_INTEGER : world.endedAt;
  const owner = new Map<string, string>();
  const last = new Map<string, string>();
  const freeSince = new Map<string, number>();
  const stopped = new Map<string, number>();
  let moved = 0;
  for (const { at, member, partitions, gets } of turnsOf(world)) {
    if (at > endedAt) break;
    const isOwn = (name: string) => owner.get(name) === member;
    const names = partitions ?? [...owner.keys()].filter(isOwn);
    for (const name of names) {
      if (gets && !isOwn(name)) {
        const since = freeSince.get(name) ?? at;
        if (at > struckAt && struckAt > 0) {
          if (last.get(name) !== member) moved++;
          stopped.set(name, Math.max(stopped.get(name) ?? 0, at - since));
        }
        owner.set(name, member);
        last.set(name, member);
      } else if (!gets && isOwn(name)) {
        owner.delete(name);
        freeSince.set(name, at);
      }
    }
  }
  const times = [...stopped.values()].filter((micros) => micros > 0);
  const stoppedMs = Math.floor(Math.max(0, ...times) / 1_000);
  return { moved, stopped: times.length, stoppedMs };
}

/** Generations in which somebody got something, from the fault on. */
function generationsOf({ group, generation, endedAt }: World): number {
  const begun = group.ownerships.filter(
    (one) => one.generation > generation && (endedAt === 0 || one.at <= endedAt),
  );
  return new Set(begun.map((one) => one.generation)).size;
}

const REFUSED: ReadonlySet<string> = new Set([
  'CommitFailedException',
  'FencedInstanceIdException',
]);

const STRATEGY = 'partition.assignment.strategy';
const PROTOCOL = 'group.protocol';
const INSTANCE = 'group.instance.id';
const POLL = 'max.poll.interval.ms';
const calm = changed('fault', 'none');
const allDone = (measures: Measures) =>
  measures['processed'] === PARTITIONS * (CALM_RECORDS + LATER_RECORDS);
const stopsWhatMoves = (measures: Measures) =>
  measures['moved']! > 0 && measures['stopped'] === measures['moved'];

export default experiment({
  id: 'rebalance',
  knobs: {
    [STRATEGY]: choice(['range', 'roundrobin', 'sticky', 'cooperative-sticky'], 'range', {
      en: 'How the leader shares out. All but cooperative-sticky are eager: all give up all first.',
      zh: '组 leader 怎么分。除 cooperative-sticky 外都是 eager：先全部交出，再重新分。',
    }),
    [PROTOCOL]: choice(['classic', 'consumer'], 'classic', {
      en: 'Members share out by themselves, or the coordinator does (KIP-848, its own assignor).',
      zh: '由成员自己分配，还是由协调者分配（KIP-848，用它自己的分配器）。',
    }),
    [INSTANCE]: choice(['off', 'on'], 'off', {
      en: 'Whether members are static: a place is kept for a name (KIP-345).',
      zh: '是否为静态成员：按名字保留位置（KIP-345）。',
    }),
    'session.timeout.ms': choice(['6000', '45000'], '6000', {
      en: 'So long without a heartbeat, and the coordinator removes the member.',
      zh: '这么久没有心跳，协调者就移除该成员。',
    }),
    [POLL]: choice(['10000', '300000'], '10000', {
      en: 'So long between two polls, and the client leaves by itself.',
      zh: '两次 poll 相隔超过这么久，客户端自己退组。',
    }),
    fault: choice(FAULTS, 'zombie', {
      en: 'What happens to the group.',
      zh: '消费组遇到什么。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const { profile } = knobs;
    const timeout = knobs['session.timeout.ms'];
    const isKip848 = knobs[PROTOCOL] === 'consumer';
    const newest = isBefore(profile, 'kafka-4.0') ? groupCoordination : consumerGroupCoordination;
    const known = isBefore(profile, 'kafka-0.9') ? [] : isKip848 ? newest : groupCoordination;
    if (isKip848) lab.narrateWith(consumerGroupNarration);
    const cluster = new KafkaCluster(lab, {
      ...{ brokers: BROKERS, profile, modules: known },
      settings: {
        'offsets.topic.replication.factor': String(BROKERS),
        ...(known.length > 0 ? { 'offsets.topic.num.partitions': '1' } : {}),
        ...(known === consumerGroupCoordination
          ? {
              'group.consumer.session.timeout.ms': timeout,
              'group.consumer.heartbeat.interval.ms': '3000',
            }
          : {}),
      },
    });
    const group = new ConsumerGroup(lab, cluster, {
      group: 'billing',
      topics: [TOPIC],
      settings: {
        'max.poll.records': '1',
        [POLL]: knobs[POLL],
        ...(isKip848
          ? { 'group.protocol': 'consumer' }
          : { [STRATEGY]: knobs[STRATEGY], 'session.timeout.ms': timeout }),
      },
    });
    const isStatic = knobs[INSTANCE] === 'on' && !isBefore(profile, 'kafka-2.3');
    return {
      ...{ cluster, group, fault: knobs.fault },
      addMember: (name) =>
        group.addMember(name, {
          ...{ commit: 'after-processing', processingMs: PROCESSING_MS },
          ...(isStatic ? { settings: { 'group.instance.id': name } } : {}),
        }),
      ...{ struckAt: 0, endedAt: 0, generation: -1, coordinator: -1, lag: 0 },
    };
  },

  steps: [
    brokersStart(2),
    {
      id: 'join',
      title: { en: 'Three members join a group', zh: '三个成员加入消费组' },
      do: join,
      until: ({ group }) => group.views().size === MEMBERS.length && group.isStable(),
      timeLimitMs: 60_000,
    },
    {
      id: 'work',
      title: { en: 'Each works on its partitions', zh: '各自处理自己的分区' },
      do: (world) => send(world, CALM_RECORDS, 0),
      until: (world) => world.group.lag(TOPIC, 1)[0]?.committed === 1 && lagOf(world) === 0,
      timeLimitMs: 30_000,
    },
    {
      id: 'fault',
      title: { en: 'Something happens to the group', zh: '消费组出了状况' },
      do: strike,
      until: ({ struckAt }) => struckAt > 0,
      timeLimitMs: 30_000,
    },
    {
      id: 'rebalance',
      title: { en: 'The group rebalances', zh: '再均衡' },
      until: answered,
      timeLimitMs: 120_000,
    },
    {
      id: 'return',
      title: { en: 'The late one returns, all catch up', zh: '迟到者回来，全组追平' },
      do: (world, lab) => {
        world.lag = lagOf(world);
        const { cluster, fault, coordinator } = world;
        if (fault === 'zombie') lab.inject({ fault: 'resume', host: STRUCK });
        if (fault === 'coordinator-dies') {
          lab.inject({ fault: 'start', host: cluster.brokerName(coordinator) });
        }
      },
      until: caughtUp,
      timeLimitMs: 120_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const { group } = world;
    const { moved, stopped, stoppedMs } = ownershipOf(world);
    const names = [...MEMBERS, NEWCOMER];
    const errors = names.flatMap((name) => group.errorsOf(name));
    return {
      sent: history.sent.length,
      processed: processedOf(history),
      processedTwice: group.doubled.size,
      generations: generationsOf(world),
      moved,
      stopped,
      stoppedMs,
      commitsRefused: errors.filter((reason) => REFUSED.has(reason)).length,
      lag: world.lag,
      leaders: [...group.views().values()].filter(({ leads }) => leads).length,
    };
  },

  proofs: {
    'a-zombie-is-fenced': proveSince(
      '0.9',
      { fault: 'zombie' },
      (measures) => measures['commitsRefused']! > 0 && allDone(measures),
      [calm],
      'return',
    ),
    'a-zombie-works-twice': prove(
      { fault: 'zombie' },
      (measures) => measures['commitsRefused']! > 0 && measures['processedTwice']! > 0,
      [calm, changed('fault', 'member-leaves')],
      'return',
    ),
    'a-static-member-returns-in-peace': proveSince(
      '2.3',
      { fault: 'member-restarts', [INSTANCE]: 'on' },
      (measures) => measures['generations'] === 0 && measures['moved'] === 0 && allDone(measures),
      [changed(INSTANCE, 'off'), changed('fault', 'member-crashes')],
      'rebalance',
    ),
    'the-coordinator-shares-out': proveSince(
      '4.0',
      { fault: 'member-joins', [PROTOCOL]: 'consumer' },
      (measures) => measures['leaders'] === 0 && stopsWhatMoves(measures) && allDone(measures),
      [changed(PROTOCOL, 'classic'), calm],
      'rebalance',
    ),
    'eager-stops-all': prove(
      { fault: 'member-joins' },
      (measures) => measures['stopped'] === PARTITIONS && measures['moved']! < PARTITIONS,
      [changed(STRATEGY, 'cooperative-sticky'), calm],
      'rebalance',
    ),
    'cooperative-stops-what-moves': prove(
      { fault: 'member-joins', [STRATEGY]: 'cooperative-sticky' },
      stopsWhatMoves,
      [changed(STRATEGY, 'sticky'), calm],
      'rebalance',
    ),
    'the-slow-leaves-by-itself': prove(
      { fault: 'member-slow' },
      (measures) => measures['commitsRefused']! > 0 && measures['processedTwice']! > 0,
      [changed(POLL, '300000'), calm],
      'rebalance',
    ),
    'a-group-survives-its-coordinator': prove(
      { fault: 'coordinator-dies' },
      (measures) =>
        measures['generations'] === 0 && measures['moved'] === 0 && measures['lag']! > PARTITIONS,
      [changed('fault', 'member-crashes'), calm],
      'rebalance',
    ),
  },
});
