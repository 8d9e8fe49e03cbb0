/**
 * `Admin.deleteRecords` of the real admin client: forgets a partition's records below an offset.
 * It stands apart from `admin.ts`, so that a page without it does not carry it.
 */
import { assert } from '../../kernel/assert.ts';
import {
  deleteRecords,
  type DeleteRecordsResponse,
} from '../../wire/kafka/messages/delete-records.ts';
import type { Admin } from './admin.ts';
import type { AdminCallback } from './admin-call.ts';
import type { TopicPartition } from './consumer/subscription-state.ts';

/** `beforeOffset` -1: up to the high watermark. The value is the partition's low watermark. */
export function deleteRecordsBefore(
  admin: Admin,
  of: TopicPartition,
  beforeOffset: number,
  done: AdminCallback<number>,
): void {
  assert(beforeOffset >= -1, 'an offset or the high watermark', { ...of, beforeOffset });
  const partitions = [{ partitionIndex: of.partition, offset: beforeOffset }];
  const topics = [{ name: of.topic, partitions }];
  const partsOf = (response: DeleteRecordsResponse) =>
    response.topics.flatMap((topic) => topic.partitions);
  const lowWatermarkOf = (response: DeleteRecordsResponse): number =>
    partsOf(response)[0]?.lowWatermark ?? -1;
  admin.calls.leader<DeleteRecordsResponse>(
    { api: deleteRecords, bodyOf: (timeoutMs) => ({ topics, timeoutMs }), partsOf },
    of,
    (result) => {
      if (result.ok) done({ ok: true, value: lowWatermarkOf(result.value) });
      else done({ ...result, value: null });
    },
  );
}
