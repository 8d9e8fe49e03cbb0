/**
 * The sticky assignors: as even as possible, and of all even ways the one in which least moves.
 * `sticky` is eager: members give up everything before they join and tell the leader in their user
 * data what they had. `cooperative-sticky` lets them keep what they have; what must move is left
 * out of the assignment until its owner has given it up, and goes out in the next generation
 * (KIP-429).
 *
 * Source: `AbstractStickyAssignor`, `StickyAssignor`, `CooperativeStickyAssignor`. Left out: racks.
 */
import { assert } from '../../../../kernel/assert.ts';
import { Malformed } from '../../../../bytes/malformed.ts';
import { Reader } from '../../../../bytes/reader.ts';
import { Writer } from '../../../../bytes/writer.ts';
import { compile } from '../../../../wire/kafka/plan.ts';
import { array, type DataOf, int32, string, struct } from '../../../../wire/kafka/schema.ts';
import { type TopicPartition, topicPartitionText } from '../subscription-state.ts';
import { constrainedAssignment } from './constrained-assignment.ts';
import { generalAssignment } from './general-assignment.ts';
import type {
  GroupAssignment,
  MemberSubscription,
  PartitionAssignor,
  PartitionCounts,
} from './partition-assignor.ts';
import {
  DEFAULT_GENERATION,
  type MemberData,
  stickySubscriptions,
} from './sticky-subscriptions.ts';

const stickyUserData = struct('StickyAssignorUserData', {
  previousAssignment: array({ topic: string(), partitions: array(int32()) }),
  generation: int32({ since: 1, default: DEFAULT_GENERATION }),
});
const cooperativeUserData = struct('CooperativeStickyAssignorUserData', { generation: int32() });

const stickyV0 = compile(stickyUserData, 0, false);
const stickyV1 = compile(stickyUserData, 1, false);
const cooperativeV0 = compile(cooperativeUserData, 0, false);

function read<D>(bytes: Uint8Array, plan: { read(reader: Reader): D }): D | null {
  try {
    return plan.read(new Reader(bytes));
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function written<D>(
  plan: { size(data: D): number; write(writer: Writer, data: D): void },
  data: D,
): Uint8Array {
  const writer = new Writer(plan.size(data));
  plan.write(writer, data);
  return writer.finish();
}

function assignSticky(
  counts: PartitionCounts,
  members: readonly MemberSubscription[],
  dataOf: (member: MemberSubscription) => MemberData,
): { assignment: GroupAssignment; transferring: ReadonlyMap<string, string> | null } {
  const subscriptions = stickySubscriptions(counts, members, dataOf);
  if (subscriptions.equal) return constrainedAssignment(counts, subscriptions);
  return { assignment: generalAssignment(counts, subscriptions), transferring: null };
}

/** What it had stands in the user data, for ownership was given up before joining. */
function stickyData({ userData }: MemberSubscription): MemberData {
  if (userData === null || userData.length === 0) return { partitions: [], generation: null };
  const v1 = read(userData, stickyV1);
  const data: DataOf<typeof stickyUserData> | null = v1 ?? read(userData, stickyV0);
  if (data === null) return { partitions: [], generation: DEFAULT_GENERATION };
  const partitions = data.previousAssignment.flatMap(({ topic, partitions: numbers }) =>
    numbers.map((partition) => ({ topic, partition })),
  );
  return { partitions, generation: v1 === null ? null : data.generation };
}

function cooperativeData(member: MemberSubscription): MemberData {
  const { ownedPartitions: partitions, generationId, userData } = member;
  if (generationId >= 0) return { partitions, generation: generationId };
  if (userData === null) return { partitions, generation: null };
  return {
    partitions,
    generation: read(userData, cooperativeV0)?.generation ?? DEFAULT_GENERATION,
  };
}

export function stickyAssignor(): PartitionAssignor {
  let last: DataOf<typeof stickyUserData> | null = null;
  return {
    name: 'sticky',
    protocol: 'EAGER',
    assign: (counts, members) => assignSticky(counts, members, stickyData).assignment,
    userData: () => (last === null ? null : written(stickyV1, last)),
    onAssignment(partitions, generation) {
      last = { previousAssignment: byTopic(partitions), generation };
    },
  };
}

export function cooperativeStickyAssignor(): PartitionAssignor {
  let generation = DEFAULT_GENERATION;
  return {
    name: 'cooperative-sticky',
    protocol: 'COOPERATIVE',
    assign(counts, members) {
      const { assignment, transferring } = assignSticky(counts, members, cooperativeData);
      const moving = transferring ?? transfersOf(members, assignment);
      for (const [name, memberId] of moving) {
        const partitions = assignment.get(memberId) ?? [];
        const left = partitions.filter((partition) => topicPartitionText(partition) !== name);
        assert(left.length === partitions.length - 1, 'it was to move there', { name, memberId });
        assignment.set(memberId, left);
      }
      return assignment;
    },
    userData: () => written(cooperativeV0, { generation }),
    onAssignment(_partitions, generationId) {
      generation = generationId;
    },
  };
}

/** Partitions that one member gets and another still has. */
function transfersOf(
  members: readonly MemberSubscription[],
  assignment: GroupAssignment,
): Map<string, string> {
  const added = new Map<string, string>();
  const revoked = new Set<string>();
  for (const { memberId, ownedPartitions } of members) {
    const owned = new Set(ownedPartitions.map(topicPartitionText));
    const assigned = new Set((assignment.get(memberId) ?? []).map(topicPartitionText));
    for (const name of assigned) if (!owned.has(name)) added.set(name, memberId);
    for (const name of owned) if (!assigned.has(name)) revoked.add(name);
  }
  return new Map([...added].filter(([name]) => revoked.has(name)));
}

/** Partitions by topic, as messages list them. */
export function byTopic(
  partitions: readonly TopicPartition[],
): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  return [...topics].map(([topic, numbers]) => ({ topic, partitions: numbers }));
}
