/**
 * The producer against a scripted leader: batches, retries, order, idempotence, expiry. What
 * producer and broker do together is in test/kafka.
 */
import { describe, expect, test } from 'vitest';
import type { ProduceResult } from '../../../../engine/kafka/client/producer/produce-result.ts';
import {
  createProducer,
  type Producer,
  type ProducerRecord,
} from '../../../../engine/kafka/client/producer/producer.ts';
import { profileOf, type ProfileName } from '../../../../engine/kafka/profiles.ts';
import { World } from '../../../../engine/sim/world.ts';
import { ErrorCode } from '../../../../engine/wire/kafka/errors.ts';
import { produce } from '../../../../engine/wire/kafka/messages/produce.ts';
import { ScriptedBroker, type ScriptedCluster } from '../scripted-broker.ts';
import { ScriptedLog } from '../scripted-log.ts';

const SECOND = 1_000_000;
const NOT_IDEMPOTENT = { 'enable.idempotence': 'false' };

function worldOf(
  settings: Record<string, string> = {},
  partitions = 1,
  release: ProfileName = 'kafka-4.1',
) {
  const world = new World({ seed: 7, trace: true, paranoidWire: true, freeze: true });
  const pay = Array.from({ length: partitions }, () => ({ leader: 1, leaderEpoch: 0 }));
  const cluster: ScriptedCluster = { brokers: { 1: 'broker-1' }, topics: { pay } };
  const host = world.addHost('broker-1', (ports) => new ScriptedBroker(ports, cluster));
  const bootstrap = [{ host: 'broker-1', port: 9092 }];
  const profile = profileOf(release);
  const options = { bootstrap, profile, settings: { 'linger.ms': '0', ...settings } };
  const client = world.addHost('producer-1', createProducer(options));
  host.start();
  client.start();
  world.run(() => false, { micros: 100_000 });
  const broker = host.process as ScriptedBroker;
  const producer = client.process as Producer;
  const log = new ScriptedLog();
  log.serve(broker);
  const results = new Map<string, ProduceResult>();
  const order: string[] = [];
  const send = (value: string, over: Partial<ProducerRecord> = {}): void => {
    world.command('producer-1', 'send', () => {
      producer.send({ topic: 'pay', value, ...over }, (result) => {
        expect(results.has(value)).toBe(false);
        results.set(value, result);
        order.push(value);
      });
    });
  };
  const settle = (count: number, seconds = 300): void => {
    const end = world.run(() => results.size === count, { micros: seconds * SECOND });
    if (world.failure !== null) throw world.failure.error;
    expect(end).toBe('done');
  };
  return { world, broker, producer, log, results, order, send, settle, cluster };
}

describe('kafka producer: back-off', () => {
  test.each(['kafka-2.8', 'kafka-3.6'] as const)(
    'a producer of %s waits retry.backoff.ms, no more and no less, before each attempt',
    (release) => {
      const { world, send, settle, log } = worldOf({ acks: 'all' }, 1, release);
      const at: number[] = [];
      log.script = ({ number }) => {
        at.push(world.now);
        return number < 5 ? { errorCode: ErrorCode.NOT_ENOUGH_REPLICAS } : null;
      };
      send('a');
      settle(1);
      expect(at).toHaveLength(6);
      for (const [n, later] of at.slice(1).entries()) {
        expect(later - at[n]!).toBeGreaterThanOrEqual(100_000);
        expect(later - at[n]!).toBeLessThan(105_000);
      }
    },
  );
});

describe('kafka producer: acknowledgements', () => {
  test('a record is acknowledged with its partition and offset', () => {
    const { send, settle, results, log } = worldOf();
    send('a');
    send('b');
    settle(2);
    expect(results.get('a')).toMatchObject({ ok: true, partition: 0, offset: 0 });
    expect(results.get('b')).toMatchObject({ ok: true, partition: 0, offset: 1 });
    expect(log.values('pay-0')).toEqual(['a', 'b']);
  });

  test('acks=0 is a success with offset -1 whatever becomes of the batch', () => {
    const { send, settle, results, log } = worldOf({ acks: '0' });
    log.script = () => 'silent';
    send('a');
    settle(1);
    expect(results.get('a')).toMatchObject({ ok: true, offset: -1 });
  });

  test('records wait for each other linger.ms, and a full batch does not', () => {
    const { world, send, settle, log } = worldOf({ 'linger.ms': '100', 'batch.size': '200' });
    const before = world.now;
    send('a');
    world.run(() => false, { micros: 50_000 });
    send('b');
    settle(2);
    expect(log.arrivals.map(({ values }) => values)).toEqual([['a', 'b']]);
    expect(world.now - before).toBeGreaterThanOrEqual(100_000);
    const full = world.now;
    send('x'.repeat(100));
    send('y'.repeat(100));
    world.run(() => log.arrivals.length === 2, { micros: SECOND });
    expect(world.now - full).toBeLessThan(50_000);
  });

  test('a producer without metadata waits max.block.ms and then fails for certain', () => {
    const { send, settle, results, world } = worldOf({ 'max.block.ms': '2000' });
    const before = world.now;
    send('a', { topic: 'nowhere' });
    settle(1);
    expect(results.get('a')).toEqual({
      ...{ ok: false, partition: -1, errorCode: ErrorCode.REQUEST_TIMED_OUT },
      indeterminate: false,
    });
    expect(world.now - before).toBeGreaterThanOrEqual(2 * SECOND);
  });

  test('a record beyond max.request.size is refused at once', () => {
    const { send, settle, results, log } = worldOf({ 'max.request.size': '1000' });
    send('x'.repeat(1000));
    settle(1);
    expect([...results.values()][0]).toMatchObject({ errorCode: ErrorCode.MESSAGE_TOO_LARGE });
    expect(log.arrivals).toHaveLength(0);
  });

  test('send waits while buffer.memory is full, and keeps its order', () => {
    const settings = { 'buffer.memory': '700', 'batch.size': '300' };
    const { world, producer, send, settle, log } = worldOf(settings);
    log.delayMicros = 200_000;
    const values = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(200));
    for (const value of values) send(value);
    world.run(() => false, { micros: 50_000 });
    expect(producer.inspect().waiting).toBeGreaterThan(0);
    settle(5);
    expect(log.values('pay-0')).toEqual(values);
  });
});

describe('kafka producer: retries', () => {
  const refuseFirst =
    (errorCode: number) =>
    ({ number }: { number: number }) =>
      number === 0 ? { errorCode, delayMicros: 0 } : null;

  test('without idempotence and more than one in flight a retry reorders (gallery 13, K21)', () => {
    const { send, settle, log, world } = worldOf(NOT_IDEMPOTENT);
    log.script = refuseFirst(ErrorCode.NOT_ENOUGH_REPLICAS);
    send('first');
    world.run(() => log.arrivals.length === 1, { micros: SECOND });
    send('second');
    settle(2);
    expect(log.values('pay-0')).toEqual(['second', 'first']);
  });

  test('with max.in.flight.requests.per.connection=1 the order is kept', () => {
    const settings = { ...NOT_IDEMPOTENT, 'max.in.flight.requests.per.connection': '1' };
    const { send, settle, log, world } = worldOf(settings);
    log.script = refuseFirst(ErrorCode.NOT_ENOUGH_REPLICAS);
    send('first');
    world.run(() => log.arrivals.length === 1, { micros: SECOND });
    send('second');
    settle(2);
    expect(log.values('pay-0')).toEqual(['first', 'second']);
  });

  test('with idempotence five in flight keep their order through retries (KAFKA-5494)', () => {
    const { send, settle, log, order, world } = worldOf();
    log.delayMicros = 50_000;
    log.script = refuseFirst(ErrorCode.NOT_ENOUGH_REPLICAS);
    const values = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const value of values) {
      send(value);
      world.run(() => false, { micros: 1_000 });
    }
    settle(7);
    expect(log.values('pay-0')).toEqual(values);
    expect(order).toEqual(values);
    expect(log.arrivals.some(({ number, values: [value] }) => number > 0 && value === 'a')).toBe(
      true,
    );
  });

  test('in retry numbered batches go one at a time', () => {
    const { send, settle, log, world } = worldOf();
    const at: number[] = [];
    log.delayMicros = 50_000;
    log.script = ({ number }) => {
      at.push(world.now);
      return number === 0 ? { errorCode: ErrorCode.NOT_ENOUGH_REPLICAS } : null;
    };
    for (const value of ['a', 'b', 'c', 'd']) {
      send(value);
      world.run(() => false, { micros: 1_000 });
    }
    settle(4);
    expect(log.arrivals.slice(0, 4).map(({ values }) => values[0])).toEqual(['a', 'b', 'c', 'd']);
    expect(log.arrivals.slice(4).map(({ values }) => values[0])).toEqual(['a', 'b', 'c', 'd']);
    const gaps = at.slice(5).map((time, index) => time - at[4 + index]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50_000);
  });

  test('with one in flight a partition waits even when its leader moves meanwhile', () => {
    const settings = { ...NOT_IDEMPOTENT, 'max.in.flight.requests.per.connection': '1' };
    const { send, settle, log, world, cluster, producer } = worldOf(settings);
    const second = world.addHost('broker-2', (ports) => new ScriptedBroker(ports, cluster));
    second.start();
    Object.assign(cluster.brokers, { 2: 'broker-2' });
    cluster.topics['other'] = [{ leader: 2, leaderEpoch: 0 }];
    world.run(() => second.process !== null, { micros: SECOND });
    log.serve(second.process as ScriptedBroker);
    send('connects', { topic: 'other' });
    settle(1);
    let refused = false;
    log.script = ({ values: [value] }) => {
      if (value !== 'first' || refused) return null;
      refused = true;
      return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, delayMicros: SECOND };
    };
    send('first');
    world.run(() => refused, { micros: SECOND });
    cluster.topics['pay'] = [{ leader: 2, leaderEpoch: 1 }];
    world.command('producer-1', 'refresh', () => producer['metadata'].requestUpdate());
    send('second');
    settle(3);
    expect(log.values('pay-0')).toEqual(['first', 'second']);
  });

  test('without retries the first error is final, and certain if the broker said so', () => {
    const { send, settle, log, results } = worldOf({ retries: '0' });
    log.script = refuseFirst(ErrorCode.NOT_ENOUGH_REPLICAS);
    send('a');
    settle(1);
    expect(results.get('a')).toMatchObject({
      ...{ ok: false, errorCode: ErrorCode.NOT_ENOUGH_REPLICAS, indeterminate: false },
    });
  });

  test('a lost connection leaves a record indeterminate', () => {
    const { send, settle, log, results } = worldOf({ retries: '0' });
    log.script = () => 'close';
    send('a');
    settle(1);
    expect(results.get('a')).toMatchObject({
      ...{ ok: false, errorCode: ErrorCode.NETWORK_EXCEPTION, indeterminate: true },
    });
  });

  test('delivery.timeout.ms ends the retries; what was sent is indeterminate', () => {
    const settings = { 'request.timeout.ms': '1000', 'delivery.timeout.ms': '3000' };
    const { send, settle, log, results, world } = worldOf({ ...NOT_IDEMPOTENT, ...settings });
    log.script = () => 'silent';
    const before = world.now;
    send('a');
    settle(1);
    expect(world.now - before).toBeGreaterThanOrEqual(3 * SECOND);
    expect(world.now - before).toBeLessThan(4 * SECOND);
    expect(results.get('a')).toMatchObject({
      ...{ ok: false, errorCode: ErrorCode.REQUEST_TIMED_OUT, indeterminate: true },
    });
  });

  test('a batch whose first attempt is still unanswered expires as indeterminate', () => {
    const settings = { 'request.timeout.ms': '2000', 'delivery.timeout.ms': '2000' };
    const { send, settle, log, results } = worldOf(settings);
    log.script = () => 'silent';
    send('a');
    settle(1);
    expect(log.arrivals).toHaveLength(1);
    expect(results.get('a')).toMatchObject({ ok: false, indeterminate: true });
  });

  test('a batch that never left expires for certain', () => {
    const settings = { 'request.timeout.ms': '1000', 'delivery.timeout.ms': '2000' };
    const { send, settle, results, cluster, world, producer } = worldOf(settings);
    send('a');
    settle(1);
    cluster.topics['pay'] = [{ leader: -1, leaderEpoch: 1 }];
    world.command('producer-1', 'refresh', () => producer['metadata'].requestUpdate());
    world.run(() => false, { micros: SECOND });
    send('b');
    settle(2);
    expect(results.get('b')).toMatchObject({
      ...{ ok: false, errorCode: ErrorCode.REQUEST_TIMED_OUT, indeterminate: false },
    });
  });

  test('a batch that is too large for the broker is split until it fits', () => {
    const settings = { 'linger.ms': '20', 'batch.size': '1000' };
    const { send, settle, log, results } = worldOf(settings);
    const values = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(120));
    log.script = ({ values: some }) =>
      some.length > 2 ? { errorCode: ErrorCode.MESSAGE_TOO_LARGE } : null;
    for (const value of values) send(value);
    settle(6);
    expect(log.values('pay-0')).toEqual(values);
    expect([...results.values()].every(({ ok }) => ok)).toBe(true);
    expect(log.arrivals[0]!.values).toEqual(values);
  });
});

describe('kafka producer: idempotence', () => {
  test('a lost acknowledgement is not written twice (K20)', () => {
    const { send, settle, log, results } = worldOf({ 'request.timeout.ms': '1000' });
    log.script = ({ number }) =>
      number === 0 ? { errorCode: ErrorCode.REQUEST_TIMED_OUT, appended: true } : null;
    send('a');
    settle(1);
    expect(log.values('pay-0')).toEqual(['a']);
    expect(results.get('a')).toMatchObject({ ok: true, offset: 0 });
    expect(log.arrivals.map(({ header }) => header.baseSequence)).toEqual([0, 0]);
  });

  test('without idempotence it is written twice', () => {
    const { send, settle, log } = worldOf(NOT_IDEMPOTENT);
    log.script = ({ number }) =>
      number === 0 ? { errorCode: ErrorCode.REQUEST_TIMED_OUT, appended: true } : null;
    send('a');
    settle(1);
    expect(log.values('pay-0')).toEqual(['a', 'a']);
  });

  test('DUPLICATE_SEQUENCE_NUMBER is a success without an offset', () => {
    const { send, settle, log, results } = worldOf();
    log.script = () => ({ errorCode: ErrorCode.DUPLICATE_SEQUENCE_NUMBER });
    send('a');
    settle(1);
    expect(results.get('a')).toMatchObject({ ok: true, offset: -1 });
  });

  test('UNKNOWN_PRODUCER_ID bumps the epoch and numbers from 0 (KIP-360)', () => {
    const { send, settle, log } = worldOf();
    send('a');
    settle(1);
    log.script = ({ number }) =>
      number === 1 ? { errorCode: ErrorCode.UNKNOWN_PRODUCER_ID, logStartOffset: 5 } : null;
    send('b');
    settle(2);
    const last = log.arrivals[log.arrivals.length - 1]!;
    expect(last.header).toMatchObject({ producerEpoch: 1, baseSequence: 0 });
    expect(log.values('pay-0')).toEqual(['a', 'b']);
  });

  test('a gap that no retry closes bumps the epoch', () => {
    const { send, settle, log, producer } = worldOf();
    log.script = ({ header }) =>
      header.producerEpoch === 0 ? { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER } : null;
    send('a');
    settle(1);
    expect(producer.inspect()).toMatchObject({ epoch: 1, state: 'READY' });
    expect(log.values('pay-0')).toEqual(['a']);
  });

  test('after a batch that expired in flight the epoch is bumped before anything new', () => {
    const settings = { 'request.timeout.ms': '1000', 'delivery.timeout.ms': '2500' };
    const { send, settle, log, results } = worldOf(settings);
    log.script = ({ values }) => (values[0] === 'lost' ? 'silent' : null);
    send('lost');
    settle(1);
    expect(results.get('lost')).toMatchObject({ ok: false, indeterminate: true });
    send('next');
    settle(2);
    expect(results.get('next')).toMatchObject({ ok: true });
    const last = log.arrivals[log.arrivals.length - 1]!;
    expect(last.header).toMatchObject({ producerEpoch: 1, baseSequence: 0 });
  });

  test('while the numbers of an expired batch are unresolved nothing new is numbered', () => {
    const settings = { 'request.timeout.ms': '1000', 'delivery.timeout.ms': '3000' };
    const { send, settle, log, world, results } = worldOf(settings);
    const unanswered = new Set<string>();
    let together = false;
    log.script = ({ values: [value] }) => {
      if (value === 'a') {
        return { errorCode: ErrorCode.NOT_ENOUGH_REPLICAS, delayMicros: 200_000 };
      }
      together ||= value === 'c' && unanswered.size > 0 && !results.has('b');
      unanswered.add(value!);
      return { ...{ errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER }, delayMicros: 300_000 };
    };
    send('a');
    world.run(() => false, { micros: 2 * SECOND });
    send('b');
    world.run(() => results.has('a'), { micros: 4 * SECOND });
    send('c');
    world.run(() => false, { micros: SECOND / 10 });
    expect(together).toBe(false);
    log.script = () => null;
    settle(3);
    expect(results.get('b')).toMatchObject({ ok: true });
    expect(log.values('pay-0')).toEqual(['b', 'c']);
  });

  test('a fatal error fails everything and every later send', () => {
    const { send, settle, log, results, producer } = worldOf();
    log.script = () => ({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED });
    send('a');
    settle(1);
    send('b');
    settle(2);
    expect(producer.inspect().state).toBe('FATAL_ERROR');
    expect(results.get('b')).toMatchObject({ ok: false, indeterminate: false });
  });
});

describe('kafka producer: flush and close', () => {
  test('flush does not linger and is over when all before it is done', () => {
    const { world, producer, send, results } = worldOf({ 'linger.ms': '5000' });
    send('a');
    let flushed = false;
    world.command('producer-1', 'flush', () => producer.flush(() => (flushed = true)));
    world.run(() => flushed, { micros: SECOND });
    expect(flushed).toBe(true);
    expect(results.get('a')).toMatchObject({ ok: true });
  });

  test('close sends what is there, then takes nothing more', () => {
    const { world, producer, send, results, settle } = worldOf({ 'linger.ms': '5000' });
    send('a');
    let closed = false;
    world.command('producer-1', 'close', () => producer.close(() => (closed = true)));
    send('b');
    world.run(() => closed, { micros: SECOND });
    settle(2);
    expect(results.get('a')).toMatchObject({ ok: true });
    expect(results.get('b')).toMatchObject({ ok: false, indeterminate: false });
  });

  test('close with a timeout gives up what is in flight, which is indeterminate', () => {
    const { world, producer, send, log, results, settle } = worldOf();
    log.script = () => 'silent';
    send('a');
    world.run(() => log.arrivals.length === 1, { micros: SECOND });
    world.command('producer-1', 'close', () => producer.close(null, 500));
    settle(1, 2);
    expect(results.get('a')).toMatchObject({ ok: false, indeterminate: true });
  });

  test('batches for different partitions of one broker go in one request', () => {
    const { world, broker, producer, results } = worldOf({ 'linger.ms': '10' }, 3);
    world.command('producer-1', 'send', () => {
      for (const partition of [0, 1, 2]) {
        const record = { topic: 'pay', partition, value: `v${partition}` };
        producer.send(record, (result) => results.set(record.value, result));
      }
    });
    world.run(() => results.size === 3, { micros: SECOND });
    expect(broker.of(produce.key)).toHaveLength(1);
  });
});
