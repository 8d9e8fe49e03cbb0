/**
 * The parts that only some seeds of the swarm have: a consumer group, transactions, a compacted
 * topic, partitions that move, a topic that is deleted. Their knobs, and how a seed draws them.
 *
 * Each part has a stream of random numbers of its own, so that a part more leaves the others as
 * they were. Not here: what a part does in a run (`group-part.ts`, `transaction-part.ts`,
 * `topic-part.ts`).
 */
import { compareReleases } from '../../kernel/releases.ts';
import type { Random } from '../../kernel/ports.ts';
import { randomStream } from '../../kernel/random.ts';
import type { Fault } from '../../sim/faults.ts';
import { choice, flag, integer } from '../knob.ts';
import type { Input } from '../run.ts';

const setting = { en: 'The setting of this name.', zh: '同名配置项。' };

export const partKnobs = {
  members: integer(0, 3, 0, { en: 'Members of a consumer group.', zh: '消费者组成员数。' }),
  'group.protocol': choice(['classic', 'consumer'], 'classic', setting),
  'partition.assignment.strategy': choice(
    ['range', 'roundrobin', 'sticky', 'cooperative-sticky'],
    'range',
    setting,
  ),
  'static.members': flag(false, { en: 'Members have ids.', zh: '成员是否有固定 id。' }),
  'commits.before': flag(false, { en: 'Offsets before processing.', zh: '先提交后处理。' }),
  'processing.ms': integer(0, 100, 0, { en: 'Time for a record.', zh: '每条消息的处理时间。' }),
  'max.poll.interval.ms': integer(1000, 300_000, 300_000, setting),
  'late.member': flag(false, { en: 'One joins later.', zh: '稍后再加入一个成员。' }),
  transactional: integer(0, 2, 0, { en: 'Transactional ids.', zh: '事务 id 数。' }),
  'transforms.offsets': flag(false, { en: 'Offsets in transactions.', zh: '事务中提交位移。' }),
  'zombie.twins': flag(false, { en: 'Ids get new producers.', zh: '同一事务 id 换新生产者。' }),
  compacts: flag(false, { en: 'A compacted topic.', zh: '是否有压实主题。' }),
  moves: integer(0, 4, 0, { en: 'Reassignments.', zh: '分区迁移次数。' }),
  deletes: flag(false, { en: 'A topic is deleted.', zh: '是否删除一个主题。' }),
} as const;

export type PartKnobs = { readonly [K in keyof typeof partKnobs]: string | number | boolean };
type Drawn = Record<string, string | number | boolean>;

/** The consumer protocol is ready for use since (KIP-848). */
const CONSUMER_PROTOCOL_SINCE = '4.0';

/** The parts of a seed. */
export function drawParts(seed: number, release: string, brokers: number): Drawn {
  const stream = (name: string) => randomStream(seed, `swarm/${name}`);
  return {
    ...drawGroup(stream('group'), release),
    ...drawTransactions(stream('transactions')),
    compacts: stream('compaction').below(6) === 0,
    ...drawMoves(stream('moves'), brokers),
    deletes: stream('deletes').below(8) === 0,
  };
}

function drawGroup(random: Random, release: string): Drawn {
  if (random.below(4) > 0) return {};
  const isModern = compareReleases(release, CONSUMER_PROTOCOL_SINCE) >= 0;
  const protocol = random.pick(['classic', 'classic', 'consumer']);
  return {
    members: random.between(1, 3),
    'group.protocol': isModern ? protocol : 'classic',
    'partition.assignment.strategy': random.pick(partKnobs['partition.assignment.strategy'].values),
    'static.members': random.below(3) === 0,
    'commits.before': random.below(5) === 0,
    'processing.ms': random.pick([0, 0, 5, 50]),
    // Also how long a JoinGroup waits, and 5 s: of a broker without power no answer comes
    // (`AbstractCoordinator.sendJoinGroupRequest`).
    'max.poll.interval.ms': random.pick([300_000, 30_000, 5_000]),
    'late.member': random.below(2) === 0,
  };
}

function drawTransactions(random: Random): Drawn {
  if (random.below(5) > 0) return {};
  return {
    transactional: random.between(1, 2),
    'transforms.offsets': random.below(2) === 0,
    'zombie.twins': random.below(2) === 0,
  };
}

function drawMoves(random: Random, brokers: number): Drawn {
  return brokers > 3 && random.below(3) === 0 ? { moves: random.between(1, 4) } : {};
}

/** Members that come and go more often than the faults of all hosts would have it. */
export function drawMemberFaults(
  seed: number,
  members: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly Input[] {
  if (members.length === 0) return [];
  const random = randomStream(seed, 'swarm/members');
  const inputs: Input[] = [];
  for (let left = random.below(4); left > 0; left--) {
    const host = random.pick(members);
    const begins: Fault = random.pick([
      { fault: 'stop', host },
      { fault: 'crash', host },
      { fault: 'pause', host },
    ]);
    const event = random.between(from, to - 1);
    const end = Math.min(to - 1, event + random.between(20, 1500));
    inputs.push({ event, fault: begins });
    const ends: Fault =
      begins.fault === 'pause' ? { fault: 'resume', host } : { fault: 'start', host };
    inputs.push({ event: end, fault: ends });
  }
  return inputs;
}
