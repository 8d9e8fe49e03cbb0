/** What a broker answers to Fetch, ListOffsets and OffsetForLeaderEpoch. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { fetch, fetchRequest } from '../../../engine/wire/kafka/messages/fetch.ts';
import { listOffsets } from '../../../engine/wire/kafka/messages/list-offsets.ts';
import { offsetForLeaderEpoch } from '#engine/wire/kafka/messages/offset-for-leader-epoch.ts';
import { scanBatches } from '../../../engine/wire/kafka/record-batch.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { profileOf } from '../../../engine/kafka/profiles.ts';
import { ZERO_UUID } from '../../../engine/bytes/base64url.ts';
import { Cluster, type ClusterOptions } from '../cluster.ts';
import { RawClient } from './raw-client.ts';

let cluster: Cluster;
let client: RawClient;
let topicId: string;

function start(options: ClusterOptions = {}, configs: Record<string, string> = {}): void {
  cluster = new Cluster(options);
  cluster.running();
  const topic = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };
  cluster.createTopic({ ...topic, configs });
  client = new RawClient(cluster);
  topicId = [...cluster.broker(1)!.partitions][0]!.topicId;
}

function write(...values: string[]): void {
  const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
  for (const value of values) {
    producer.send(value);
    cluster.until(`${value} is acked`, () => producer.acked.includes(value));
  }
}

interface Asked {
  readonly fetchOffset: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
  readonly partitionMaxBytes?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly topicId?: string;
  readonly sessionId?: number;
}

function request(asked: Asked) {
  const { maxWaitMs = 0, minBytes = 1, sessionId = 0, ...partition } = asked;
  const partitions = [
    {
      partition: 0,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1_048_576,
      replicaDirectoryId: ZERO_UUID,
      ...partition,
    },
  ];
  const topics = [{ topic: 'pay', topicId: asked.topicId ?? topicId, partitions }];
  return { ...defaults(fetchRequest), maxWaitMs, minBytes, sessionId, topics };
}

function ask(asked: Asked, broker = 1, version?: number) {
  const response = client.ask(broker, fetch, request(asked), version);
  return response.responses[0]!.partitions[0]!;
}

const offsetsIn = (records: Uint8Array | null): number[] =>
  scanBatches(records ?? new Uint8Array(0)).batches.map(({ baseOffset }) => baseOffset);

describe('kafka: fetch', () => {
  beforeEach(() => start());

  test('kafka: fetch: a consumer reads from its offset up to the high watermark', () => {
    write('a', 'b', 'c');
    const read = ask({ fetchOffset: 1 });
    expect(read).toMatchObject({ errorCode: 0, highWatermark: 3, logStartOffset: 0 });
    expect(offsetsIn(read.records)).toEqual([1, 2]);
  });

  test('kafka: fetch: what the followers lack is not visible', () => {
    write('a');
    for (const id of [2, 3]) cluster.inject({ fault: 'pause', host: `broker-${id}` });
    const producer = cluster.producer({ acks: '1', 'linger.ms': '0' });
    producer.send('b');
    cluster.until('b is acked', () => producer.acked.length === 1);
    expect(cluster.replica(1)).toMatchObject({ leo: 2, hw: 1 });
    expect(offsetsIn(ask({ fetchOffset: 0 }).records)).toEqual([0]);
    expect(offsetsIn(ask({ fetchOffset: 1 }).records)).toEqual([]);
  });

  test('kafka: fetch: byte limits hold, but the first batch always comes', () => {
    write('a', 'b', 'c');
    expect(offsetsIn(ask({ fetchOffset: 0, partitionMaxBytes: 1 }).records)).toEqual([0]);
    const two = ask({ fetchOffset: 0 }).records!.length - 1;
    expect(offsetsIn(ask({ fetchOffset: 0, partitionMaxBytes: two }).records)).toEqual([0, 1]);
  });

  test('kafka: fetch: outside of the log is OFFSET_OUT_OF_RANGE', () => {
    write('a');
    expect(ask({ fetchOffset: 2 }).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(ask({ fetchOffset: 1 }).errorCode).toBe(ErrorCode.NONE);
  });

  test('kafka: fetch: another leader epoch is fenced or unknown (KIP-320)', () => {
    write('a');
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    const old = ask({ fetchOffset: 0, currentLeaderEpoch: 0 }, 2);
    expect(old.errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(old.records?.length ?? 0).toBe(0);
    const newer = ask({ fetchOffset: 0, currentLeaderEpoch: 2 }, 2);
    expect(newer.errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(ask({ fetchOffset: 0, currentLeaderEpoch: 1 }, 2).errorCode).toBe(ErrorCode.NONE);
  });

  test('kafka: fetch: topic ids are checked, sessions are not kept', () => {
    const other = 'BBBBBBBBBBBBBBBBBBBBBA';
    expect(ask({ fetchOffset: 0, topicId: other }).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    const session = client.ask(1, fetch, request({ fetchOffset: 0, sessionId: 9 }));
    expect(session.errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect(client.ask(1, fetch, request({ fetchOffset: 0 })).sessionId).toBe(0);
  });

  test('kafka: fetch: since version 11 a consumer may read from a follower (KIP-392)', () => {
    write('a', 'b');
    cluster.sleep(1);
    expect(ask({ fetchOffset: 0 }, 2, 10).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(offsetsIn(ask({ fetchOffset: 0 }, 2, 12).records)).toEqual([0, 1]);
  });

  test('kafka: fetch: an empty fetch waits for a record, or for its time', () => {
    const before = cluster.world.now;
    ask({ fetchOffset: 0, maxWaitMs: 3000 });
    expect(cluster.world.now - before).toBeGreaterThanOrEqual(3_000_000);
    let answered = 0;
    client.send(1, fetch, request({ fetchOffset: 0, maxWaitMs: 20_000 }), (reply) => {
      if (!reply.ok) return;
      answered = cluster.world.now;
    });
    cluster.sleep(1);
    expect(answered).toBe(0);
    write('a');
    cluster.until('the fetch is answered', () => answered > 0, 1);
  });

  test('kafka: fetch: minBytes waits for so many bytes', () => {
    let answered = false;
    const asked = { fetchOffset: 0, maxWaitMs: 30_000, minBytes: 150 };
    client.send(1, fetch, request(asked), () => (answered = true));
    write('a', 'b');
    cluster.sleep(1);
    expect(answered).toBe(false);
    write('c');
    cluster.until('the fetch is answered', () => answered, 1);
  });

  test('kafka: fetch: a leader that resigns answers those that wait', () => {
    let errorCode = -1;
    client.send(
      1,
      fetch,
      request({ fetchOffset: 0, maxWaitMs: 60_000 }),
      (reply) => {
        if (!reply.ok) return;
        const body = reply.body as { responses: { partitions: { errorCode: number }[] }[] };
        errorCode = body.responses[0]!.partitions[0]!.errorCode;
      },
      { version: 10 },
    );
    cluster.sleep(0.5);
    cluster.inject({ fault: 'stop', host: 'broker-1' });
    cluster.until('the fetch is answered', () => errorCode >= 0, 5);
    expect(errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  test('kafka: fetch: a diverging epoch is told with where it ends (KIP-595)', () => {
    write('a', 'b');
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    const read = ask({ fetchOffset: 5, lastFetchedEpoch: 0, currentLeaderEpoch: 1 }, 2);
    expect(read).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 0, endOffset: 2 } });
    expect(read.records?.length ?? 0).toBe(0);
  });
});

describe('kafka: list-offsets', () => {
  const offsetAt = (timestamp: number, broker = 1) => {
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }];
    const topics = [{ name: 'pay', partitions }];
    const body = { replicaId: -1, isolationLevel: 0, topics, timeoutMs: 0 };
    return client.ask(broker, listOffsets, body).topics[0]!.partitions[0]!;
  };

  test('kafka: list-offsets: earliest, latest, by time and of the largest time', () => {
    start();
    write('a', 'b', 'c');
    expect(offsetAt(-2)).toMatchObject({ errorCode: 0, offset: 0 });
    expect(offsetAt(-1)).toMatchObject({ errorCode: 0, offset: 3, leaderEpoch: 0 });
    const largest = offsetAt(-3);
    expect(largest).toMatchObject({ offset: 2, leaderEpoch: 0 });
    expect(offsetAt(largest.timestamp).offset).toBeLessThanOrEqual(2);
    expect(offsetAt(largest.timestamp + 1)).toMatchObject({ errorCode: 0, offset: -1 });
    expect(offsetAt(-1, 2).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  /** Broker 2 leads, but has not heard that offset 1 is committed; broker 3 is not there. */
  function staleLeader(offsetNotAvailable: boolean) {
    start({ profile: profileOf('kafka-4.1', { offsetNotAvailable }) });
    write('a');
    cluster.until('2 knows', () => cluster.replica(2)?.hw === 1);
    write('b');
    expect(offsetAt(-1).offset).toBe(2);
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.inject({ fault: 'isolate', host: 'broker-3', from: ['broker-2'] });
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    expect(cluster.replica(2)).toMatchObject({ hw: 1, leo: 2 });
    return offsetAt(-1, 2);
  }

  test('kafka: list-offsets: a new leader does not tell a stale high watermark (KIP-207)', () => {
    expect(staleLeader(true).errorCode).toBe(ErrorCode.OFFSET_NOT_AVAILABLE);
  });

  test('kafka: list-offsets: before KIP-207 the latest offset goes back after a failover', () => {
    expect(staleLeader(false)).toMatchObject({ errorCode: 0, offset: 1 });
  });
});

describe('kafka: offset-for-leader-epoch', () => {
  test('kafka: offset-for-leader-epoch: the largest epoch at or below, and its end', () => {
    start();
    write('a', 'b');
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    const end = (leaderEpoch: number) => {
      const partitions = [{ partition: 0, currentLeaderEpoch: 1, leaderEpoch }];
      const body = { replicaId: -1, topics: [{ topic: 'pay', partitions }] };
      return client.ask(2, offsetForLeaderEpoch, body).topics[0]!.partitions[0]!;
    };
    // The leader knows its epoch before the first record of it.
    expect(end(1)).toMatchObject({ errorCode: 0, leaderEpoch: 1, endOffset: 2 });
    write('c');
    expect(end(0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 2 });
    expect(end(1)).toMatchObject({ errorCode: 0, leaderEpoch: 1, endOffset: 3 });
    expect(end(5)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 });
  });
});
