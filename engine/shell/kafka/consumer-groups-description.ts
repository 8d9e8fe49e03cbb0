/**
 * What `kafka-consumer-groups.sh --describe` prints: how far groups are, their members, their
 * state.
 *
 * Source: `ConsumerGroupCommand.ConsumerGroupService.describeGroups`. A group is asked for as one
 * of the consumer protocol first, then as a classic one, as the admin client does it.
 */
import { assert } from '../../kernel/assert.ts';
import type { AdminCallback } from '../../kafka/client/admin-call.ts';
import {
  type CommittedOffset,
  describeClassicGroup,
  describeConsumerGroup,
  type DescribedClassicGroup,
  type DescribedConsumerGroup,
  findGroupCoordinator,
  type GroupAdministered,
  listGroupOffsets,
} from '../../kafka/client/group-administration.ts';
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import { topicPartitionText } from '../../kafka/client/consumer/subscription-state.ts';
import { listOffsets } from '../../kafka/client/list-offsets.ts';
import { decodeAssignment } from '../../wire/kafka/consumer-protocol.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { GroupSession } from './consumer-groups.ts';
import { problemOf } from './admin-session.ts';
import { exceptionOf } from './java-log.ts';
import { type TextColumn, textTable } from './text-table.ts';

/** A member of a group of either protocol. */
interface Member {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly assigned: readonly TopicPartition[];
  /** With the consumer protocol; '-' without. */
  readonly epoch: string;
  readonly targetEpoch: string;
  readonly target: string;
}

/** A group of either protocol. */
export interface GroupDescription {
  readonly state: string;
  readonly assignor: string;
  readonly epoch: string;
  readonly targetEpoch: string;
  readonly members: readonly Member[];
}

/** Asks for a group as one of the consumer protocol, then as a classic one. */
export function describeGroupOf(
  of: GroupAdministered,
  group: string,
  done: AdminCallback<GroupDescription>,
): void {
  describeConsumerGroup(of, group, (result) => {
    if (result.ok) return done({ ok: true, value: ofConsumers(result.value) });
    const isClassic =
      result.errorCode === ErrorCode.GROUP_ID_NOT_FOUND ||
      result.errorCode === ErrorCode.UNSUPPORTED_VERSION;
    if (!isClassic) return done({ ...result, value: null });
    describeClassicGroup(of, group, (classic) => {
      if (classic.ok) done({ ok: true, value: ofClassic(classic.value) });
      else done({ ...classic, value: null });
    });
  });
}

function ofClassic(described: DescribedClassicGroup): GroupDescription {
  const members = described.members.map((member) => ({
    memberId: member.memberId,
    instanceId: member.groupInstanceId,
    clientId: member.clientId,
    host: member.clientHost,
    assigned: (decodeAssignment(member.memberAssignment)?.assignedPartitions ?? []).flatMap(
      ({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })),
    ),
    ...{ epoch: '-', targetEpoch: '-', target: '' },
  }));
  const { groupState: state, protocolData: assignor } = described;
  return { state, assignor, epoch: '-', targetEpoch: '-', members };
}

function ofConsumers(described: DescribedConsumerGroup): GroupDescription {
  type Assignment = DescribedConsumerGroup['members'][number]['assignment'];
  const partitionsOf = ({ topicPartitions }: Assignment): TopicPartition[] =>
    topicPartitions.flatMap(({ topicName: topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  const members = described.members.map((member) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    clientId: member.clientId,
    host: member.clientHost,
    assigned: partitionsOf(member.assignment),
    epoch: String(member.memberEpoch),
    targetEpoch: String(described.assignmentEpoch),
    target: assignmentText(partitionsOf(member.targetAssignment)),
  }));
  return {
    state: described.groupState,
    assignor: described.assignorName,
    epoch: String(described.groupEpoch),
    targetEpoch: String(described.assignmentEpoch),
    members,
  };
}

/** `orders:0,1;audit:0`. */
function assignmentText(partitions: readonly TopicPartition[]): string {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  const parts = [...topics].map(([topic, ids]) => {
    const sorted = [...ids].sort((left, right) => left - right);
    return `${topic}:${sorted.join(',')}`;
  });
  return parts.sort((left, right) => (left < right ? -1 : 1)).join(';');
}

/** Describes groups one after the other; the first that cannot be described ends it. */
export function describeGroupsTo(session: GroupSession, groups: readonly string[]): void {
  const next = (place: number): void => {
    const group = groups[place];
    if (group === undefined) {
      session.end();
      return;
    }
    describeGroupOf(session, group, (result) => {
      if (result.ok) describe(session, group, result.value, () => next(place + 1));
      else {
        const reason = `${exceptionOf(result.errorCode)}: ${problemOf('describeGroups', result)}`;
        session.fail(reason, 'java.util.concurrent.ExecutionException');
      }
    });
  };
  next(0);
}

function describe(
  session: GroupSession,
  group: string,
  described: GroupDescription,
  done: () => void,
): void {
  const { given } = session;
  if (given.has('state')) describeState(session, group, described, done);
  else if (given.has('members')) {
    if (tellState(session, group, described.state)) printMembers(session, group, described);
    done();
  } else describeOffsets(session, group, described, done);
}

/** What is said of a group that is not stable; false if there is nothing more to say. */
function tellState({ call, error }: GroupSession, group: string, state: string): boolean {
  switch (state) {
    case 'Dead':
      error(`Consumer group '${group}' does not exist.`);
      return false;
    case 'Empty':
      call.err('');
      call.err(`Consumer group '${group}' has no active members.`);
      return true;
    case 'PreparingRebalance':
    case 'CompletingRebalance':
    case 'Assigning':
    case 'Reconciling':
      call.err('');
      call.err(`Warning: Consumer group '${group}' is rebalancing.`);
      return true;
    default:
      return true;
  }
}

function print({ call }: GroupSession, columns: readonly TextColumn[], rows: string[][]): void {
  call.out('');
  for (const line of textTable(columns, rows)) call.out(line);
}

function printMembers(session: GroupSession, group: string, { members }: GroupDescription): void {
  const isVerbose = session.given.has('verbose');
  const isStatic = members.some(({ instanceId }) => instanceId !== null);
  const columns: TextColumn[] = [
    { title: 'GROUP', width: 15, grows: true },
    { title: 'CONSUMER-ID', width: 15, grows: true },
    ...(isStatic ? [{ title: 'GROUP-INSTANCE-ID', width: 17, grows: true as const }] : []),
    { title: 'HOST', width: 15, grows: true },
    { title: 'CLIENT-ID', width: 15, grows: true },
    { title: '#PARTITIONS', width: 15 },
    ...(isVerbose
      ? [
          { title: 'CURRENT-EPOCH', width: 15 },
          { title: 'CURRENT-ASSIGNMENT', width: 20, grows: true as const },
          { title: 'TARGET-EPOCH', width: 15 },
          { title: 'TARGET-ASSIGNMENT', width: 20, grows: true as const },
        ]
      : [{ title: '', width: 0 }]),
  ];
  const rows = members.map((member) => [
    ...[group, member.memberId],
    ...(isStatic ? [member.instanceId ?? ''] : []),
    ...[member.host, member.clientId, String(member.assigned.length)],
    ...(isVerbose
      ? [
          member.epoch,
          dashed(assignmentText(member.assigned)),
          member.targetEpoch,
          dashed(member.target),
        ]
      : ['']),
  ]);
  print(session, columns, rows);
}

function dashed(text: string): string {
  return text === '' ? '-' : text;
}

function describeState(
  session: GroupSession,
  group: string,
  described: GroupDescription,
  done: () => void,
): void {
  findGroupCoordinator(session, group, (found) => {
    if (!found.ok) {
      session.failed('findCoordinator', found);
      return;
    }
    const { host, port, nodeId } = found.value;
    if (tellState(session, group, described.state)) {
      const isVerbose = session.given.has('verbose');
      const columns: TextColumn[] = [
        { title: 'GROUP', width: 15, grows: true },
        { title: 'COORDINATOR (ID)', width: 25, grows: true },
        { title: 'ASSIGNMENT-STRATEGY', width: 20 },
        { title: 'STATE', width: 20 },
        ...(isVerbose
          ? [
              { title: 'GROUP-EPOCH', width: 15 },
              { title: 'TARGET-ASSIGNMENT-EPOCH', width: 25 },
            ]
          : []),
        { title: '#MEMBERS', width: 0 },
      ];
      const { assignor, state, epoch, targetEpoch, members } = described;
      const row = [
        ...[group, `${host}:${port}  (${nodeId})`, dashed(assignor), state],
        ...(isVerbose ? [epoch, targetEpoch] : []),
        String(members.length),
      ];
      print(session, columns, [row]);
    }
    done();
  });
}

/** How far a group is with a partition. */
interface Progress extends TopicPartition {
  readonly committed: CommittedOffset | null;
  readonly member: Member | null;
}

function describeOffsets(
  session: GroupSession,
  group: string,
  described: GroupDescription,
  done: () => void,
): void {
  listGroupOffsets(session, group, (result) => {
    if (!result.ok) {
      session.failed('listGroupOffsets', result);
      return;
    }
    const progress = progressOf(described.members, result.value);
    if (progress.length === 0) {
      tellState(session, group, described.state);
      done();
      return;
    }
    const queries = progress.map(({ topic, partition }) => ({
      topic,
      partition,
      at: 'latest' as const,
    }));
    listOffsets(session.admin, queries, (ends) => {
      const endOf = new Map(
        (ends.value ?? []).map((end) => [
          topicPartitionText(end),
          end.errorCode === 0 ? end.offset : null,
        ]),
      );
      if (tellState(session, group, described.state)) {
        printOffsets(session, group, progress, endOf);
      }
      done();
    });
  });
}

/** What members have, the one with most first, then what nobody has. */
function progressOf(
  members: readonly Member[],
  offsets: readonly CommittedOffset[],
): readonly Progress[] {
  const committedOf = new Map(offsets.map((one) => [topicPartitionText(one), one]));
  const sorted = [...members].sort((left, right) => right.assigned.length - left.assigned.length);
  const owned = sorted.flatMap((member) =>
    [...member.assigned].sort(inOrder).map((partition): Progress => {
      const committed = committedOf.get(topicPartitionText(partition)) ?? null;
      committedOf.delete(topicPartitionText(partition));
      return { ...partition, committed, member };
    }),
  );
  const rest = [...committedOf.values()].sort(inOrder).map((committed): Progress => {
    const { topic, partition } = committed;
    return { topic, partition, committed, member: null };
  });
  assert(owned.length + rest.length >= offsets.length, 'every offset is shown');
  return [...owned, ...rest];
}

function inOrder(left: TopicPartition, right: TopicPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}

function printOffsets(
  session: GroupSession,
  group: string,
  progress: readonly Progress[],
  endOf: ReadonlyMap<string, number | null>,
): void {
  const isVerbose = session.given.has('verbose');
  const columns: TextColumn[] = [
    { title: 'GROUP', width: 15, grows: true },
    { title: 'TOPIC', width: 15, grows: true },
    { title: 'PARTITION', width: 10 },
    ...(isVerbose ? [{ title: 'LEADER-EPOCH', width: 15 }] : []),
    { title: 'CURRENT-OFFSET', width: 15 },
    { title: 'LOG-END-OFFSET', width: 15 },
    { title: 'LAG', width: 15 },
    { title: 'CONSUMER-ID', width: 15, grows: true },
    { title: 'HOST', width: 15, grows: true },
    { title: 'CLIENT-ID', width: 0 },
  ];
  const rows = progress.map((one) => {
    const { committed, member, topic, partition } = one;
    const end = endOf.get(topicPartitionText(one)) ?? null;
    const lag = committed === null || end === null ? null : end - committed.offset;
    const epoch = committed === null || committed.leaderEpoch < 0 ? null : committed.leaderEpoch;
    return [
      ...[group, topic, String(partition)],
      ...(isVerbose ? [numberText(epoch)] : []),
      ...[numberText(committed?.offset ?? null), numberText(end), numberText(lag)],
      ...[member?.memberId ?? '-', member?.host ?? '-', member?.clientId ?? '-'],
    ];
  });
  print(session, columns, rows);
}

function numberText(value: number | null): string {
  return value === null ? '-' : String(value);
}
