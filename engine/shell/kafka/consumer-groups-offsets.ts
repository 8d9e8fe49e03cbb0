/**
 * Offsets of groups: `--reset-offsets` and `--delete-offsets` of `kafka-consumer-groups.sh`.
 *
 * Source: `ConsumerGroupCommand.ConsumerGroupService.resetOffsets`, `deleteOffsets`.
 * Not here: where a reset goes (`offset-reset.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import {
  alterGroupOffsets,
  type CommittedOffset,
  deleteGroupOffsets,
  listGroupOffsets,
} from '../../kafka/client/group-administration.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { messageOf, problemOf } from './admin-session.ts';
import { describeGroupOf } from './consumer-groups-description.ts';
import type { GroupSession } from './consumer-groups.ts';
import { exceptionOf } from './java-log.ts';
import { type NewOffset, newOffsets } from './offset-reset.ts';
import { textTable } from './text-table.ts';

/** What a reset comes to, for a group. */
interface Plan {
  readonly group: string;
  readonly offsets: readonly NewOffset[];
}

const RESET_COLUMNS = [
  { title: 'GROUP', width: 30 },
  { title: 'TOPIC', width: 30 },
  { title: 'PARTITION', width: 10 },
  { title: 'NEW-OFFSET', width: 15 },
] as const;

/** Resets groups one after the other, and prints what came of it. */
export function resetOffsetsTo(session: GroupSession, groups: readonly string[]): void {
  const plans: Plan[] = [];
  const next = (place: number): void => {
    const group = groups[place];
    if (group === undefined) {
      tellPlans(session, plans);
      return;
    }
    reset(session, group, (plan) => {
      assert(plans.length <= place, 'a plan a group at most', { place });
      if (plan !== null) plans.push(plan);
      next(place + 1);
    });
  };
  next(0);
}

function reset(session: GroupSession, group: string, done: (plan: Plan | null) => void): void {
  describeGroupOf(session, group, (described) => {
    const isThere = described.ok || described.errorCode !== ErrorCode.GROUP_ID_NOT_FOUND;
    if (!described.ok && isThere) {
      session.failed('describeGroups', described);
      return;
    }
    const state = described.ok ? described.value.state : 'Dead';
    if (state !== 'Empty' && state !== 'Dead') {
      session.error(
        `Assignments can only be reset if the group '${group}' is inactive, ` +
          `but the current state is ${state}.`,
      );
      done(null);
      return;
    }
    listGroupOffsets(session, group, (committed) => {
      const known = committed.ok ? committed.value : [];
      scopeOf(session, known, (partitions) => {
        plan(session, { group, partitions, known }, done);
      });
    });
  });
}

function plan(
  session: GroupSession,
  of: {
    readonly group: string;
    readonly partitions: readonly TopicPartition[];
    readonly known: readonly CommittedOffset[];
  },
  done: (plan: Plan | null) => void,
): void {
  const { group, partitions, known } = of;
  newOffsets(session, { group, partitions, committed: known }, (offsets) => {
    if (typeof offsets === 'string') {
      session.fail(offsets, 'java.lang.RuntimeException');
      return;
    }
    if (!session.given.has('execute') || offsets.length === 0) {
      done({ group, offsets });
      return;
    }
    const commits = offsets.map((one) => ({ ...one, leaderEpoch: -1 }));
    alterGroupOffsets(session, group, commits, (result) => {
      if (result.ok) done({ group, offsets });
      else session.failed('alterConsumerGroupOffsets', result);
    });
  });
}

function tellPlans(session: GroupSession, plans: readonly Plan[]): void {
  const { call, given } = session;
  const isOne = plans.length <= 1;
  if (given.has('export')) {
    for (const { group, offsets } of plans) {
      for (const { topic, partition, offset } of offsets) {
        call.out(`${isOne ? '' : `${group},`}${topic},${partition},${offset}`);
      }
    }
    call.out('');
  } else {
    const rows = plans.flatMap(({ group, offsets }) =>
      offsets.map(({ topic, partition, offset }) => [
        ...[group, topic],
        ...[String(partition), String(offset)],
      ]),
    );
    call.out('');
    for (const line of textTable(RESET_COLUMNS, rows)) call.out(line);
  }
  session.end();
}

/** The partitions that `--topic`, `--all-topics` or a file name. */
function scopeOf(
  session: GroupSession,
  known: readonly CommittedOffset[],
  take: (partitions: readonly TopicPartition[]) => void,
): void {
  const { given } = session;
  if (given.has('topic')) {
    partitionsOf(session, given.values('topic'), (partitions, unknown) => {
      if (unknown === null) take(partitions);
      else tellUnknown(session);
    });
  } else take(known.map(({ topic, partition }) => ({ topic, partition })));
}

function tellUnknown(session: GroupSession): void {
  const code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  session.fail(messageOf(code), exceptionOf(code));
}

/** Reads `orders` and `orders:0,1`; a topic without partitions stands for all of them. */
function partitionsOf(
  session: GroupSession,
  texts: readonly string[],
  take: (partitions: readonly TopicPartition[], unknown: string | null) => void,
): void {
  const named = texts.map((text) => {
    const [topic = '', ids] = text.split(':');
    return { topic, ids: ids === undefined ? null : ids.split(',').map(Number) };
  });
  const whole = named.filter(({ ids }) => ids === null).map(({ topic }) => topic);
  const all = (counts: ReadonlyMap<string, readonly number[]>): void => {
    const unknown = whole.find((topic) => !counts.has(topic)) ?? null;
    const partitions = named.flatMap(({ topic, ids }) =>
      (ids ?? counts.get(topic) ?? []).map((partition) => ({ topic, partition })),
    );
    take(partitions, unknown);
  };
  if (whole.length === 0) {
    all(new Map());
    return;
  }
  session.admin.describeTopics(whole, (result) => {
    const topics = result.value ?? [];
    const there = topics.filter(({ errorCode }) => errorCode === ErrorCode.NONE);
    const idsOf = ({ partitions }: (typeof there)[number]): number[] =>
      partitions.map((one) => one.partitionIndex).sort((left, right) => left - right);
    if (!result.ok && result.value === null) session.failed('describeTopics', result);
    else all(new Map(there.map((topic) => [topic.name ?? '', idsOf(topic)])));
  });
}

/** `--delete-offsets`: offsets of topics that nobody of the group reads. */
export function deleteOffsetsTo(session: GroupSession): void {
  const [group = ''] = session.given.values('group');
  partitionsOf(session, session.given.values('topic'), (partitions, unknown) => {
    if (unknown !== null && partitions.length === 0) {
      tellDeleted(session, group, ErrorCode.NONE, [
        row(unknown, '-', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
      ]);
      return;
    }
    deleteGroupOffsets(session, group, partitions, (result) => {
      if (!result.ok && result.value === null) {
        session.failed('deleteConsumerGroupOffsets', result);
        return;
      }
      const code = result.ok ? ErrorCode.NONE : result.errorCode;
      const errors = new Map(
        (result.value?.topics ?? []).flatMap(({ name, partitions: ofTopic }) =>
          ofTopic.map((one) => [`${name}-${one.partitionIndex}`, one.errorCode] as const),
        ),
      );
      const rows = partitions.map(({ topic, partition }) =>
        row(topic, String(partition), errors.get(`${topic}-${partition}`) ?? code),
      );
      tellDeleted(session, group, code, rows);
    });
  });
}

function row(topic: string, partition: string, errorCode: number): string[] {
  const status =
    errorCode === ErrorCode.NONE
      ? 'Successful'
      : `Error: ${exceptionOf(errorCode)}: ${messageOf(errorCode)}`;
  return [topic, partition, status];
}

function tellDeleted(
  session: GroupSession,
  group: string,
  errorCode: number,
  rows: readonly string[][],
): void {
  const { call } = session;
  const isPartial = rows.some(([, partition, status]) => {
    return partition !== '-' && status !== 'Successful';
  });
  if (errorCode !== ErrorCode.NONE) {
    session.error(problemOf('deleteConsumerGroupOffsets', { errorCode, message: '', value: rows }));
  } else if (isPartial) {
    session.error('Encounter some partition level error, see the follow-up details:');
  } else call.out(`Request succeeded for deleting offsets from group ${group}.`);
  const columns = [
    { title: 'TOPIC', width: 15, grows: true as const },
    { title: 'PARTITION', width: 10 },
    { title: 'STATUS', width: 15 },
  ];
  call.out('');
  for (const line of textTable(columns, rows)) call.out(line);
  session.end();
}
