/** The batches and request bodies that the cases send: times are fixed, so that answers are. */
import '../../engine/bytes/codecs.ts';
import { encodeUtf8 } from '../../engine/bytes/utf8.ts';
import { encodeBatch } from '../../engine/wire/kafka/record-batch.ts';
import type { BatchDraft } from '../../engine/wire/kafka/record-batch.ts';
import { fetchRequest } from '../../engine/wire/kafka/messages/fetch.ts';
import type { FetchRequest } from '../../engine/wire/kafka/messages/fetch.ts';
import type { ProduceRequest } from '../../engine/wire/kafka/messages/produce.ts';
import { defaults } from '../../engine/wire/kafka/schema.ts';

/** 14 November 2023, in milliseconds since 1970. */
export const TIME_MS = 1_700_000_000_000;

/** A batch of records with these values and no keys, one millisecond apart. */
export function batch(values: readonly string[], more: Partial<BatchDraft> = {}): Uint8Array {
  const records = values.map((value, place) => ({
    timestamp: TIME_MS + place,
    key: null,
    value: encodeUtf8(value),
  }));
  return encodeBatch({ records, ...more });
}

export function toProduce(
  name: string,
  records: Uint8Array | null,
  more: { acks?: number; index?: number; timeoutMs?: number; transactionalId?: string } = {},
): ProduceRequest {
  const { acks = -1, index = 0, timeoutMs = 5000, transactionalId = null } = more;
  const topicData = [{ name, partitionData: [{ index, records }] }];
  return { transactionalId, acks, timeoutMs, topicData };
}

type FetchedPartition = FetchRequest['topics'][number]['partitions'][number];

/** A fetch that does not wait, of one partition. */
export function toFetch(
  of: { readonly topic?: string; readonly topicId?: string },
  partition: Partial<FetchedPartition> = {},
  more: Partial<FetchRequest> = {},
): FetchRequest {
  return {
    ...defaults(fetchRequest),
    maxWaitMs: 0,
    minBytes: 0,
    ...more,
    topics: [
      {
        topic: of.topic ?? '',
        topicId: of.topicId ?? 'AAAAAAAAAAAAAAAAAAAAAA',
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: -1,
            fetchOffset: 0,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: 1_048_576,
            replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
            ...partition,
          },
        ],
      },
    ],
  };
}
