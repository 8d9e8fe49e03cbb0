/** The metadata log's bytes and the image that results from them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MetadataDelta } from '../../../engine/kafka/metadata/delta.ts';
import {
  aliveBrokers,
  emptyImage,
  hasLeaderships,
  isActive,
  topicById,
  topicConfig,
  type MetadataImage,
} from '../../../engine/kafka/metadata/image.ts';
import {
  decodeMetadataBatches,
  encodeMetadataBatch,
  replayFetched,
} from '../../../engine/kafka/metadata/metadata-log.ts';
import type { MetadataRecord } from '../../../engine/kafka/metadata/record.ts';

const PAY = 'FbrrdcfiR-KC2CPSTHaJrg';
const LOG = 'rTudty6ITOCcO_ldVyzZYg';

const broker = (brokerId: number, brokerEpoch: number): MetadataRecord => ({
  type: 'RegisterBrokerRecord',
  data: {
    brokerId,
    isMigratingZkBroker: false,
    incarnationId: LOG,
    brokerEpoch,
    endPoints: [{ name: 'PLAINTEXT', host: `broker-${brokerId}`, port: 9092, securityProtocol: 0 }],
    features: [],
    rack: null,
    fenced: true,
    inControlledShutdown: false,
    logDirs: [],
  },
});
const unfence = (brokerId: number, brokerEpoch: number): MetadataRecord => ({
  type: 'BrokerRegistrationChangeRecord',
  data: { brokerId, brokerEpoch, fenced: -1, inControlledShutdown: 0, logDirs: [] },
});
const topic = (name: string, topicId: string): MetadataRecord => ({
  type: 'TopicRecord',
  data: { name, topicId },
});
const partition = (topicId: string, partitionId: number): MetadataRecord => ({
  type: 'PartitionRecord',
  data: {
    partitionId,
    topicId,
    replicas: [1, 2],
    isr: [1, 2],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: [],
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  },
});
const shrink = (topicId: string, partitionId: number, isr: number[]): MetadataRecord => ({
  type: 'PartitionChangeRecord',
  data: {
    partitionId,
    topicId,
    isr,
    leader: -2,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: -1,
    directories: null,
    eligibleLeaderReplicas: [2],
    lastKnownElr: null,
  },
});
const setting = (name: string, value: string | null): MetadataRecord => ({
  type: 'ConfigRecord',
  data: { resourceType: 2, resourceName: 'pay', name, value },
});

/** Each inner list is one batch. */
function logOf(...batches: readonly (readonly MetadataRecord[])[]): Uint8Array {
  const bytes: number[] = [];
  let baseOffset = 0;
  for (const records of batches) {
    bytes.push(...encodeMetadataBatch({ baseOffset, epoch: 3, timestamp: 1_000, records }));
    baseOffset += records.length;
  }
  return Uint8Array.from(bytes);
}

function imageOf(...batches: readonly (readonly MetadataRecord[])[]): MetadataImage {
  const replayed = replayFetched(emptyImage, logOf(...batches));
  if (replayed === 'corrupt') throw new Error('corrupt');
  return replayed.image;
}

const cluster = [
  [broker(1, 0), broker(2, 1), unfence(1, 0), unfence(2, 1)],
  [topic('pay', PAY), setting('min.insync.replicas', '2'), partition(PAY, 0), partition(PAY, 1)],
  [topic('log', LOG), partition(LOG, 0)],
] as const;

describe('kafka: metadata image', () => {
  test('says what the log said', () => {
    const image = imageOf(...cluster);
    expect(image).toMatchObject({ offset: 9, epoch: 3 });
    expect([...image.topics.keys()]).toEqual(['log', 'pay']);
    expect(topicById(image, PAY)?.partitions).toHaveLength(2);
    expect(topicConfig(image, 'pay').get('min.insync.replicas')).toBe('2');
    expect(aliveBrokers(image).map((one) => one.id)).toEqual([1, 2]);
    expect(isActive(image, 3)).toBe(false);
    expect(hasLeaderships(image, 1)).toBe(true);
    expect(hasLeaderships(image, 2)).toBe(false);
  });

  test('shares with the image before it all that a batch did not touch', () => {
    const before = imageOf(...cluster);
    const delta = new MetadataDelta(before);
    delta.replay(shrink(PAY, 1, [1]));
    const after = delta.apply(10, 3);
    expect(after.topics.get('pay')?.partitions[0]).toBe(before.topics.get('pay')?.partitions[0]);
    expect(after.topics.get('log')).toBe(before.topics.get('log'));
    expect(after.brokers).toBe(before.brokers);
    expect(before.topics.get('pay')?.partitions[1]?.isr).toEqual([1, 2]);
    expect(after.topics.get('pay')?.partitions[1]).toMatchObject({
      isr: [1],
      elr: [2],
      leaderEpoch: 0,
      partitionEpoch: 1,
    });
    expect(delta.changes().partitions).toMatchObject([{ topic: 'pay', partition: 1 }]);
  });

  test('a deleted topic takes its partitions and its settings with it', () => {
    const delta = new MetadataDelta(imageOf(...cluster));
    delta.replay({ type: 'RemoveTopicRecord', data: { topicId: PAY } });
    const changes = delta.changes();
    const after = delta.apply(10, 3);
    expect(after.topics.has('pay')).toBe(false);
    expect(topicConfig(after, 'pay').size).toBe(0);
    expect(changes.deletedTopics.map((one) => one.name)).toEqual(['pay']);
    expect(changes.partitions.map((one) => one.after)).toEqual([undefined, undefined]);
    expect(changes.configs).toEqual(['topic:pay']);
  });

  test('a topic that was deleted and made again under its name is another topic', () => {
    const delta = new MetadataDelta(imageOf(...cluster));
    delta.replay({ type: 'RemoveTopicRecord', data: { topicId: PAY } });
    const again = 'AAAAAAAAAAAAAAAAAAAAEA';
    delta.replay(topic('pay', again));
    delta.replay(partition(again, 0));
    const { partitions } = delta.changes();
    expect(partitions.map((one) => [one.topicId, one.after === undefined])).toEqual([
      [again, false],
      [PAY, true],
      [PAY, true],
    ]);
  });

  test('a setting that is removed is as if it had never been set', () => {
    const image = imageOf(...cluster, [setting('min.insync.replicas', null)]);
    expect(image.configs.size).toBe(0);
  });

  test('a record of an old broker epoch is a bug', () => {
    expect(() => imageOf(...cluster, [unfence(1, 7)])).toThrow('old broker epoch');
  });
});

describe('kafka: metadata log: bytes', () => {
  test('replaying any split of the log gives the same image', () => {
    const whole = logOf(...cluster);
    const ends = [cluster[0], cluster[1]].map((_, index) => logOf(...cluster.slice(0, index + 1)));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (cut) => {
        const first = replayFetched(emptyImage, whole.subarray(0, cut));
        if (first === 'corrupt') throw new Error('corrupt');
        const from = [...ends.map((one) => one.length), whole.length].filter((end) => end <= cut);
        const rest = replayFetched(first.image, whole.subarray(from.at(-1) ?? 0));
        if (rest === 'corrupt') throw new Error('corrupt');
        expect(rest.image).toEqual(imageOf(...cluster));
      }),
    );
  });

  test('batches that the image has are skipped', () => {
    const image = imageOf(...cluster);
    const again = replayFetched(image, logOf(...cluster));
    expect(again).toMatchObject({ records: 0 });
    expect(again === 'corrupt' ? null : again.image).toBe(image);
  });

  test('a flipped bit in a record is found by the checksum', () => {
    const bytes = logOf(...cluster);
    bytes[bytes.length - 3]! ^= 1;
    expect(decodeMetadataBatches(bytes)).toBe('corrupt');
    expect(replayFetched(emptyImage, bytes)).toBe('corrupt');
  });
});
