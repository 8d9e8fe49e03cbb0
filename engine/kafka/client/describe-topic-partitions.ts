/**
 * `Admin.describeTopics` of the real admin client since 3.8: topics by name, as many replies as
 * their partitions need, and where no broker knows DescribeTopicPartitions, Metadata in its place,
 * which tells of no ELR (KIP-966). It stands apart from `admin.ts`, so that a page without it does
 * not carry it.
 *
 * Source: `KafkaAdminClient.generateDescribeTopicsCallWithDescribeTopicPartitionsApi`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  describeTopicPartitions as describeTopicPartitionsApi,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from '../../wire/kafka/messages/describe-topic-partitions.ts';
import type { Admin } from './admin.ts';
import type { AdminCallback } from './admin-call.ts';

/** A topic; ELR and last known ELR are null where nobody told them. */
export type DescribedTopic = DescribeTopicPartitionsResponse['topics'][number];
type Cursor = DescribeTopicPartitionsRequest['cursor'];

/** `partitionLimit`: how many partitions a reply holds at most. */
export function describeTopicPartitions(
  admin: Admin,
  names: readonly string[],
  partitionLimit: number,
  done: AdminCallback<readonly DescribedTopic[]>,
): void {
  assert(names.length > 0, 'topics: none would be all');
  const found = new Map<string, DescribedTopic>();
  const ask = (cursor: Cursor): void => {
    // What lies before the cursor is not asked for again.
    const left = names.filter((name) => cursor === null || name >= cursor.topicName);
    const body: DescribeTopicPartitionsRequest = {
      topics: left.map((name) => ({ name })),
      responsePartitionLimit: partitionLimit,
      cursor,
    };
    type Response = DescribeTopicPartitionsResponse;
    admin.calls.broker<Response>(
      describeTopicPartitionsApi,
      body,
      null,
      (result) => {
        if (result.ok) {
          const { topics, nextCursor } = result.value;
          for (const topic of topics) add(found, topic);
          if (nextCursor === null) done({ ok: true, value: [...found.values()] });
          else ask(nextCursor);
        } else if (result.errorCode === ErrorCode.UNSUPPORTED_VERSION && result.value === null) {
          byMetadata(admin, names, done);
        } else done({ ...result, value: null });
      },
      ({ topics }) => topics.map(({ errorCode }) => ({ errorCode, errorMessage: null })),
    );
  };
  ask(null);
}

/** The topic, or more partitions of one that an earlier reply began. */
function add(found: Map<string, DescribedTopic>, topic: DescribedTopic): void {
  const name = topic.name ?? '';
  const before = found.get(name)?.partitions ?? [];
  assert(
    before.every(
      ({ partitionIndex }) => partitionIndex < (topic.partitions[0]?.partitionIndex ?? 0),
    ),
    'partitions go on where they ended',
    { name },
  );
  found.set(name, { ...topic, partitions: [...before, ...topic.partitions] });
}

/** What Metadata tells of topics. */
export function byMetadata(
  admin: Admin,
  names: readonly string[],
  done: AdminCallback<readonly DescribedTopic[]>,
): void {
  admin.describeTopics(names, (result) => {
    if (!result.ok) return done({ ...result, value: null });
    const topics = result.value.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((one) => {
        return { ...one, eligibleLeaderReplicas: null, lastKnownElr: null };
      }),
    }));
    done({ ok: true, value: topics });
  });
}
