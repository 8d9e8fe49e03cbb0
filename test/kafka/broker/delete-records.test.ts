/** What a broker answers to DeleteRecords, and how its followers follow (KIP-107). */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import { deleteRecords } from '#engine/wire/kafka/messages/delete-records.ts';
import { recordDeletion } from '#engine/kafka/api/21-delete-records.ts';
import { deleteRecordsBefore } from '#engine/kafka/client/delete-records.ts';
import type { AdminResult } from '#engine/kafka/client/admin-call.ts';
import { Cluster } from '../cluster.ts';
import { RawClient } from './raw-client.ts';

interface Started {
  readonly cluster: Cluster;
  readonly client: RawClient;
}

function start(configs: Record<string, string> = {}): Started {
  const settings = { 'log.retention.check.interval.ms': '1000' };
  const cluster = new Cluster({ modules: [recordDeletion], settings });
  cluster.running();
  const topic = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };
  cluster.createTopic({ ...topic, configs: { 'segment.bytes': '200', ...configs } });
  if (configs['cleanup.policy'] === 'compact') return { cluster, client: new RawClient(cluster) };
  const producer = cluster.producer({ acks: 'all', 'linger.ms': '0' });
  for (let i = 0; i < 10; i++) {
    producer.send(`v${i}`);
    cluster.until(`v${i} is acked`, () => producer.acked.includes(`v${i}`));
  }
  return { cluster, client: new RawClient(cluster) };
}

function ask({ client }: Started, offset: number, broker = 1, version = 2, topic = 'pay') {
  const partitions = [{ partitionIndex: 0, offset }];
  const topics = [{ name: topic, partitions }];
  const answer = client.ask(broker, deleteRecords, { topics, timeoutMs: 5000 }, version);
  const { lowWatermark, errorCode } = answer.topics[0]!.partitions[0]!;
  return [errorCode, lowWatermark];
}

const starts = ({ cluster }: Started): (number | undefined)[] =>
  [1, 2, 3].map((id) => cluster.replica(id)?.logStart);

describe('kafka: delete records', () => {
  test('all replicas begin there when it is answered, which is their low watermark', () => {
    const started = start();
    expect(ask(started, 4)).toEqual([ErrorCode.NONE, 4]);
    expect(starts(started)).toEqual([4, 4, 4]);
    // Whole segments below it go with the next look of retention, here and there.
    started.cluster.sleep(3);
    for (const broker of started.cluster.brokerIds) {
      const [partition] = [...started.cluster.broker(broker)!.partitions];
      expect(partition!.log.log.segments()[0]!.baseOffset).toBeGreaterThan(0);
    }
    expect(started.cluster.readAll()[0]!.offset).toBe(4);
  });

  test.each([0, 1, 2])('version %i answers the same', (version) => {
    const started = start();
    expect(ask(started, 3, 1, version)).toEqual([ErrorCode.NONE, 3]);
    // It never goes back.
    expect(ask(started, 2, 1, version)).toEqual([ErrorCode.NONE, 3]);
  });

  test('beyond the high watermark is OFFSET_OUT_OF_RANGE, and -1 stands for it', () => {
    const started = start();
    expect(ask(started, 11)).toEqual([ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
    expect(ask(started, -2)).toEqual([ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
    expect(starts(started)).toEqual([0, 0, 0]);
    expect(ask(started, -1)).toEqual([ErrorCode.NONE, 10]);
    expect(starts(started)).toEqual([10, 10, 10]);
  });

  test('only the leader deletes, and only of topics that are there and not internal', () => {
    const started = start();
    expect(ask(started, 1, 2)).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, -1]);
    expect(ask(started, 1, 1, 2, 'none')).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1]);
    const internal = ask(started, 1, 1, 2, '__consumer_offsets');
    expect(internal).toEqual([ErrorCode.INVALID_TOPIC_EXCEPTION, -1]);
  });

  test('a topic that is only compacted refuses: POLICY_VIOLATION', () => {
    const started = start({ 'cleanup.policy': 'compact' });
    expect(ask(started, 0)).toEqual([ErrorCode.POLICY_VIOLATION, -1]);
  });

  test('a live follower that does not fetch is waited for, though the start has moved', () => {
    const started = start();
    started.cluster.inject({ fault: 'isolate', host: 'broker-1', from: ['broker-2'] });
    expect(ask(started, 4)).toEqual([ErrorCode.REQUEST_TIMED_OUT, 0]);
    expect(starts(started)).toEqual([4, 0, 4]);
  });

  test('a follower that is fenced is not waited for', () => {
    const started = start();
    const { cluster } = started;
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.until('it is fenced', () => cluster.replica(1)?.isr.includes(2) === false, 60);
    expect(ask(started, 4)).toEqual([ErrorCode.NONE, 4]);
    expect(starts(started)).toEqual([4, undefined, 4]);
  });

  test('the new start survives a crash of the leader', () => {
    const started = start();
    const { cluster } = started;
    ask(started, 6);
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('another leads', () => cluster.replica(2)?.role === 'leader');
    cluster.inject({ fault: 'start', host: 'broker-1' });
    cluster.until('it is back', () => cluster.replica(1)?.role === 'follower', 120);
    cluster.until('it begins there, too', () => starts(started).every((one) => one === 6), 120);
  });

  test('the admin client asks the leader, and is told the low watermark', () => {
    const { cluster } = start();
    const admin = cluster.admin();
    const results: AdminResult<number>[] = [];
    const before = (offset: number): void =>
      cluster.world.command(admin.name, 'delete-records', () =>
        deleteRecordsBefore(admin.process, { topic: 'pay', partition: 0 }, offset, (result) =>
          results.push(result),
        ),
      );
    before(7);
    cluster.until('it is answered', () => results.length === 1);
    before(100);
    cluster.until('it is answered', () => results.length === 2);
    expect(results[0]).toEqual({ ok: true, value: 7 });
    expect(results[1]).toMatchObject({ ok: false, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
  });
});
