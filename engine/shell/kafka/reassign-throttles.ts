/**
 * The throttles that `kafka-reassign-partitions.sh` sets before a move and clears after it: a rate
 * for each broker that takes part, and in each topic the replicas that it is about.
 *
 * Source: `ReassignPartitionsCommand.calculateProposedMoveMap`, `modifyReassignmentThrottle`,
 * `clearAllThrottles`. Not here: what they mean (`kafka/controller/replication-throttles.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import { type ConfigResource, incrementalAlterConfigs } from '../../kafka/client/administration.ts';
import { brokerThrottles } from '../../kafka/controller/replication-throttles.ts';
import { type Assigned, nameOf } from './reassignment-file.ts';

/** The partitions that are on their way to other replicas already. */
export interface Ongoing extends Assigned {
  readonly adding: readonly number[];
  readonly removing: readonly number[];
}

/** Where a partition comes from and goes to. */
interface Move {
  readonly partition: Assigned;
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
}

/** Settings that are set, or with null taken back. */
interface ConfigChange {
  readonly resource: ConfigResource;
  readonly values: Readonly<Record<string, string | null>>;
}

const LEADERS = 'leader.replication.throttled.replicas';
const FOLLOWERS = 'follower.replication.throttled.replicas';
const [LEADER_RATE = '', FOLLOWER_RATE = ''] = brokerThrottles;

/** What throttles the moves of a plan, with those that are under way. */
export function throttlesOf(
  plan: readonly Assigned[],
  current: readonly Assigned[],
  ongoing: readonly Ongoing[],
  bytesPerSecond: number,
): ConfigChange[] {
  const moves = new Map<string, Move>();
  for (const one of ongoing) {
    const sources = one.replicas.filter((id) => !one.adding.includes(id));
    moves.set(nameOf(one), { partition: one, sources, destinations: one.adding });
  }
  for (const one of plan) {
    const now = current.find((other) => nameOf(other) === nameOf(one));
    const sources = moves.get(nameOf(one))?.sources ?? now?.replicas ?? [];
    assert(sources.length > 0, 'a partition with replicas', { partition: nameOf(one) });
    const destinations = one.replicas.filter((id) => !sources.includes(id));
    moves.set(nameOf(one), { partition: one, sources, destinations });
  }
  const all = [...moves.values()];
  const topics = [...new Set(all.map(({ partition }) => partition.topic))];
  const brokers = new Set(
    all.flatMap(({ sources, destinations }) => [...sources, ...destinations]),
  );
  const rate = String(bytesPerSecond);
  return [
    ...topics.map((topic) => {
      const ofTopic = all.filter(({ partition }) => partition.topic === topic);
      const told = (idsOf: (move: Move) => readonly number[]): string =>
        ofTopic
          .flatMap((move) => idsOf(move).map((id) => `${move.partition.partition}:${id}`))
          .sort((left, right) => (left < right ? -1 : 1))
          .join(',');
      const values = {
        [LEADERS]: told(({ sources }) => sources),
        [FOLLOWERS]: told(({ destinations }) => destinations),
      };
      return { resource: { type: 'topic' as const, name: topic }, values };
    }),
    ...[...brokers]
      .sort((left, right) => left - right)
      .map((id) => ({
        resource: { type: 'broker' as const, name: String(id) },
        values: { [LEADER_RATE]: rate, [FOLLOWER_RATE]: rate },
      })),
  ];
}

/** What takes back all throttles of brokers and topics. */
export function clearedThrottles(
  brokers: readonly number[],
  topics: readonly string[],
): ConfigChange[] {
  return [
    ...brokers.map((id) => ({
      resource: { type: 'broker' as const, name: String(id) },
      values: Object.fromEntries(brokerThrottles.map((name) => [name, null])),
    })),
    ...topics.map((name) => ({
      resource: { type: 'topic' as const, name },
      values: { [LEADERS]: null, [FOLLOWERS]: null },
    })),
  ];
}

/** Makes changes one after another; what fails ends it. */
export function alterAll(
  admin: Admin,
  changes: readonly ConfigChange[],
  done: (failed: Extract<AdminResult<unknown>, { readonly ok: false }> | null) => void,
): void {
  const [first, ...others] = changes;
  if (first === undefined) {
    done(null);
    return;
  }
  incrementalAlterConfigs(admin, first.resource, first.values, (result) => {
    if (result.ok) alterAll(admin, others, done);
    else done(result);
  });
}
