/** What a broker answers to Produce: acknowledgements, refusals, idempotence. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { type ProduceRequest, produce } from '../../../engine/wire/kafka/messages/produce.ts';
import { type BatchDraft, encodeBatch } from '../../../engine/wire/kafka/record-batch.ts';
import { encodeUtf8 } from '../../../engine/bytes/utf8.ts';
import { Cluster } from '../cluster.ts';
import { RawClient } from './raw-client.ts';

let cluster: Cluster;
let client: RawClient;

function start(settings: Record<string, string> = {}, configs: Record<string, string> = {}): void {
  cluster = new Cluster({ settings });
  cluster.running();
  const topic = { name: 'pay', numPartitions: 1, replicationFactor: 3, assignments: [[1, 2, 3]] };
  cluster.createTopic({ ...topic, configs });
  client = new RawClient(cluster);
}

const wallMs = (): number => 1_767_225_600_000 + Math.floor(cluster.world.now / 1000);

function batch(over: Partial<BatchDraft> = {}, count = 1): Uint8Array {
  const records = Array.from({ length: count }, (_, index) => ({
    timestamp: wallMs(),
    key: null,
    value: encodeUtf8(`v${index}`),
  }));
  return encodeBatch({ records, ...over });
}

function request(
  records: Uint8Array | null,
  over: Partial<ProduceRequest> = {},
  index = 0,
): ProduceRequest {
  const topicData = [{ name: 'pay', partitionData: [{ index, records }] }];
  return { transactionalId: null, acks: -1, timeoutMs: 1500, topicData, ...over };
}

function ask(records: Uint8Array | null, over: Partial<ProduceRequest> = {}, broker = 1) {
  const response = client.ask(broker, produce, request(records, over));
  return response.responses[0]!.partitionResponses[0]!;
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

describe('kafka: produce: refusals', () => {
  beforeEach(() => start());

  test('kafka: produce: acks other than -1, 0, 1 are INVALID_REQUIRED_ACKS', () => {
    expect(ask(batch(), { acks: 2 }).errorCode).toBe(ErrorCode.INVALID_REQUIRED_ACKS);
    expect(cluster.replica(1)!.leo).toBe(0);
  });

  test('kafka: produce: a follower answers NOT_LEADER_OR_FOLLOWER and who leads (KIP-951)', () => {
    const response = client.ask(2, produce, request(batch()));
    const partition = response.responses[0]!.partitionResponses[0]!;
    expect(partition.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(partition.currentLeader).toEqual({ leaderId: 1, leaderEpoch: 0 });
    expect(response.nodeEndpoints).toEqual([
      { nodeId: 1, host: 'broker-1', port: 9092, rack: null },
    ]);
  });

  test('kafka: produce: a partition that nobody has is UNKNOWN_TOPIC_OR_PARTITION', () => {
    const response = client.ask(1, produce, request(batch(), {}, 7));
    const { errorCode } = response.responses[0]!.partitionResponses[0]!;
    expect(errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  const twoBatches = (): Uint8Array => {
    const one = batch();
    const both = new Uint8Array(one.length * 2);
    both.set(one);
    both.set(one, one.length);
    return both;
  };
  const rows: readonly (readonly [string, () => Uint8Array | null, number])[] = [
    ['no records', () => null, ErrorCode.INVALID_RECORD],
    ['no bytes', () => new Uint8Array(0), ErrorCode.INVALID_RECORD],
    ['two batches', twoBatches, ErrorCode.INVALID_RECORD],
    ['half a batch', () => batch().subarray(0, 65), ErrorCode.INVALID_RECORD],
    ['magic 1', () => changed(batch(), 16, 1), ErrorCode.INVALID_RECORD],
    ['magic 3', () => changed(batch(), 16, 3), ErrorCode.CORRUPT_MESSAGE],
    ['a flipped bit', () => changed(batch(), 66, 255), ErrorCode.CORRUPT_MESSAGE],
    ['a base offset', () => batch({ baseOffset: 5 }), ErrorCode.INVALID_RECORD],
    ['a control batch', () => batch({ isControl: true }), ErrorCode.INVALID_RECORD],
    [
      'a transaction without its id',
      () => batch({ isTransactional: true }),
      ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ],
    ['a gap in the offsets', () => batch({ lastOffsetDelta: 3 }), ErrorCode.INVALID_RECORD],
    [
      'a producer id without a sequence',
      () => batch({ producerId: 5, producerEpoch: 0, baseSequence: -1 }),
      ErrorCode.INVALID_RECORD,
    ],
    [
      'a time too far ahead',
      () => encodeBatch({ records: [{ timestamp: wallMs() + 7_200_000, key: null, value: null }] }),
      ErrorCode.INVALID_TIMESTAMP,
    ],
    [
      'a batch above max.message.bytes',
      () =>
        encodeBatch({
          records: [{ timestamp: wallMs(), key: null, value: new Uint8Array(1_048_577) }],
        }),
      ErrorCode.MESSAGE_TOO_LARGE,
    ],
  ];
  for (const [what, records, errorCode] of rows) {
    test(`kafka: produce: ${what} is error ${errorCode} and nothing is appended`, () => {
      expect(ask(records()).errorCode).toBe(errorCode);
      expect(cluster.replica(1)!.leo).toBe(0);
    });
  }

  test('kafka: produce: acks=0 with an error closes the connection', () => {
    let reason = '';
    client.send(2, produce, request(batch(), { acks: 0 }), () => undefined, { expectReply: false });
    client.send(2, produce, request(batch()), (reply) => {
      reason = reply.ok ? 'answered' : reply.reason;
    });
    cluster.until('the connection is closed', () => reason !== '');
    expect(reason).toBe('disconnected');
  });

  test('kafka: produce: acks=0 is never answered, and appended', () => {
    client.send(1, produce, request(batch(), { acks: 0 }), () => undefined, { expectReply: false });
    expect(ask(batch(), { acks: 1 }).baseOffset).toBe(1);
  });
});

describe('kafka: produce: acknowledgement', () => {
  test('kafka: produce: acks=1 is answered by the leader alone, acks=all by the ISR', () => {
    start();
    for (const id of [2, 3]) cluster.inject({ fault: 'pause', host: `broker-${id}` });
    expect(ask(batch(), { acks: 1 })).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect(ask(batch()).errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect(cluster.replica(1)).toMatchObject({ leo: 2, hw: 0 });
    for (const id of [2, 3]) cluster.inject({ fault: 'resume', host: `broker-${id}` });
    expect(ask(batch())).toMatchObject({ errorCode: 0, baseOffset: 2 });
    expect(cluster.replica(1)).toMatchObject({ leo: 3, hw: 3 });
  });

  test('kafka: produce: below min.insync.replicas acks=all is refused before the append', () => {
    const lag = { 'replica.lag.time.max.ms': '4000' };
    start(lag, { 'min.insync.replicas': '2' });
    for (const id of [2, 3]) cluster.inject({ fault: 'crash', host: `broker-${id}` });
    cluster.until('the ISR is the leader', () => cluster.replica(1)!.isr.length === 1);
    expect(ask(batch()).errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(cluster.replica(1)!.leo).toBe(0);
    expect(ask(batch(), { acks: 1 }).errorCode).toBe(ErrorCode.NONE);
  });

  test('kafka: produce: an ISR that shrinks meanwhile leaves the record unacknowledged', () => {
    const lag = { 'replica.lag.time.max.ms': '4000' };
    start(lag, { 'min.insync.replicas': '2' });
    for (const id of [2, 3])
      cluster.inject({ fault: 'isolate', host: `broker-${id}`, from: ['broker-1'] });
    const { errorCode } = ask(batch(), { timeoutMs: 30_000 });
    // Since 3.7 the high watermark waits for min.insync.replicas, so the time runs out.
    expect(errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    expect(cluster.replica(1)).toMatchObject({ leo: 1, hw: 0 });
  });

  test('kafka: produce: flush.messages=1 answers when the record is on the platter', () => {
    start({}, { 'flush.messages': '1' });
    expect(ask(batch(), { acks: 1 }).errorCode).toBe(ErrorCode.NONE);
    expect(cluster.replica(1)).toMatchObject({ leo: 1, synced: 1 });
    start();
    expect(ask(batch(), { acks: 1 }).errorCode).toBe(ErrorCode.NONE);
    expect(cluster.replica(1)).toMatchObject({ leo: 1, synced: 0 });
  });

  test('kafka: produce: with LogAppendTime the broker’s clock stamps the batch', () => {
    start({}, { 'message.timestamp.type': 'LogAppendTime' });
    const response = ask(batch());
    expect(response.logAppendTimeMs).toBeGreaterThanOrEqual(1_767_225_600_000);
    expect(cluster.replica(2)!.leo).toBe(1);
  });
});

describe('kafka: produce: idempotence', () => {
  const at = (baseSequence: number, count = 1, producerEpoch = 0): Uint8Array =>
    batch({ producerId: 7, producerEpoch, baseSequence }, count);

  test('kafka: produce: a retry of one of the last five batches gets its first offset', () => {
    start();
    for (let index = 0; index < 6; index++) expect(ask(at(index)).baseOffset).toBe(index);
    for (let index = 1; index < 6; index++) {
      expect(ask(at(index))).toMatchObject({ errorCode: 0, baseOffset: index });
    }
    expect(ask(at(0)).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(cluster.replica(1)!.leo).toBe(6);
  });

  test('kafka: produce: a gap in the sequence is OUT_OF_ORDER_SEQUENCE_NUMBER', () => {
    start();
    expect(ask(at(0, 3)).errorCode).toBe(ErrorCode.NONE);
    expect(ask(at(4)).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(ask(at(3)).errorCode).toBe(ErrorCode.NONE);
  });

  test('kafka: produce: an old producer epoch is fenced, a new one begins at 0', () => {
    start();
    expect(ask(at(0, 1, 1)).errorCode).toBe(ErrorCode.NONE);
    expect(ask(at(1, 1, 0)).errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(ask(at(5, 1, 2)).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(ask(at(0, 1, 2)).errorCode).toBe(ErrorCode.NONE);
  });

  test('kafka: produce: the next leader knows the sequences too', () => {
    start();
    for (let index = 0; index < 3; index++) ask(at(index));
    cluster.inject({ fault: 'crash', host: 'broker-1' });
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    expect(ask(at(1), {}, 2)).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect(ask(at(4), {}, 2).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(ask(at(3), {}, 2)).toMatchObject({ errorCode: 0, baseOffset: 3 });
  });

  test('kafka: produce: what was truncated is no duplicate when it comes again', () => {
    start();
    ask(at(0));
    const others = ['broker-2', 'broker-3', 'controller-1'];
    cluster.inject({ fault: 'isolate', host: 'broker-1', from: others });
    expect(ask(at(1), { acks: 1 }).baseOffset).toBe(1);
    cluster.until('2 leads', () => cluster.replica(2)?.role === 'leader');
    cluster.inject({ fault: 'heal' });
    cluster.until('1 follows', () => cluster.replica(1)?.roleState === 'Follower.Fetching', 60);
    cluster.until('1 is in sync', () => cluster.replica(2)!.isr.includes(1), 60);
    expect(cluster.replica(1)!.leo).toBe(1);
    cluster.inject({ fault: 'stop', host: 'broker-2' });
    cluster.until('1 leads again', () => cluster.replica(1)?.role === 'leader');
    expect(ask(at(1))).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect(cluster.replica(1)!.leo).toBe(2);
  });

  test('kafka: produce: after a clean restart a retry is still known by the snapshot', () => {
    start();
    for (let index = 0; index < 3; index++) ask(at(index));
    for (const id of [1, 2, 3]) cluster.inject({ fault: 'stop', host: `broker-${id}` });
    cluster.until('all stopped', () => [1, 2, 3].every((id) => !cluster.isUp(id)), 120);
    for (const id of [1, 2, 3]) cluster.inject({ fault: 'start', host: `broker-${id}` });
    cluster.running();
    cluster.until('somebody leads', () =>
      [1, 2, 3].some((id) => cluster.replica(id)?.role === 'leader'),
    );
    const leader = [1, 2, 3].find((id) => cluster.replica(id)?.role === 'leader')!;
    cluster.sleep(2);
    expect(ask(at(2), { acks: 1 }, leader)).toMatchObject({ errorCode: 0, baseOffset: 2 });
    expect(ask(at(4), { acks: 1 }, leader).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  });
});
