/** What is counted of messages, for whom, and how rates follow from samples. */
import { describe, expect, test } from 'vitest';
import {
  listChannels,
  listExchanges,
  listQueues,
} from '../../engine/rabbitmq/statistics/listing.ts';
import { profileOf } from '../../engine/rabbitmq/profiles.ts';
import { quorumQueues } from '../../engine/rabbitmq/quorum/quorum-queue-type.ts';
import { streams } from '../../engine/rabbitmq/stream/stream-type.ts';
import { ledFacts } from '../../engine/shell/rabbitmq/queue-columns.ts';
import { fieldTable } from '../../engine/wire/amqp/field-table.ts';
import { Rig } from './connection/rig.ts';

function opened(): Rig {
  const rig = new Rig();
  rig.open();
  rig.call(1, 'queue.declare', { queue: 'q', durable: true });
  return rig;
}

function queueStats(rig: Rig): Record<string, unknown> {
  const { messageStats } = listQueues(rig.vhost)[0]!;
  return Object.fromEntries(Object.entries(messageStats).map(([name, of]) => [name, of.count]));
}

describe('rabbitmq: statistics', () => {
  test('each way of a message through a queue has its counter', () => {
    const rig = opened();
    for (const body of ['a', 'b', 'cc']) rig.publish({ routingKey: 'q' }, body);
    rig.call(1, 'basic.get', { queue: 'q' });
    rig.call(1, 'basic.nack', { deliveryTag: 1, requeue: true });
    rig.call(1, 'basic.get', { queue: 'q', noAck: true });
    rig.call(1, 'basic.consume', { queue: 'q', consumerTag: 'c' });
    rig.call(1, 'basic.ack', { deliveryTag: 3 });
    expect(queueStats(rig)).toEqual({
      ...{ publish: 3, get: 1, get_no_ack: 1, redeliver: 1, deliver: 2, ack: 1 },
    });
    expect(listQueues(rig.vhost)[0]).toMatchObject({
      declaration: { name: 'q', durable: true },
      type: 'classic',
      holdings: {
        ...{ messagesReady: 0, messagesUnacknowledged: 1, consumers: 1 },
        ...{ messageBytesReady: 0, messageBytesUnacknowledged: 2 },
      },
    });
    rig.call(1, 'basic.cancel', { consumerTag: 'c' });
    rig.call(1, 'basic.consume', { queue: 'q', consumerTag: 'd', noAck: true });
    rig.publish({ routingKey: 'q' }, 'd');
    rig.call(1, 'basic.cancel', { consumerTag: 'd' });
    rig.call(1, 'basic.get', { queue: 'q' });
    expect(queueStats(rig)).toMatchObject({ deliver_no_ack: 1, get_empty: 1 });
  });

  test('an exchange counts what is published, confirmed, returned and dropped', () => {
    const rig = opened();
    rig.call(1, 'confirm.select');
    rig.publish({ exchange: 'amq.direct', routingKey: 'x', mandatory: true }, 'returned');
    rig.publish({ exchange: 'amq.direct', routingKey: 'x' }, 'dropped');
    rig.publish({ routingKey: 'q' }, 'taken');
    const counts = (name: string): unknown =>
      listExchanges(rig.vhost).find(({ declaration }) => declaration.name === name)!.messageStats;
    expect(counts('amq.direct')).toMatchObject({
      ...{ publish: { count: 2 }, confirm: { count: 2 } },
      ...{ return_unroutable: { count: 1 }, drop_unroutable: { count: 1 } },
    });
    expect(counts('')).toMatchObject({ publish: { count: 1 }, confirm: { count: 1 } });
    const [channel] = listChannels(rig.broker.listener);
    expect(channel).toMatchObject({ user: 'guest', messageStats: { publish: { count: 3 } } });
  });

  test('a rate is that of the last whole five seconds', () => {
    const rig = opened();
    const rate = (): unknown => listQueues(rig.vhost)[0]!.messageStats.publish;
    const { clock } = rig.broker.ports;
    const untilNextSample = 5000 - (Math.floor(clock.now() / 1000) % 5000);
    rig.sleep(untilNextSample);
    for (let number = 0; number < 10; number++) rig.publish({ routingKey: 'q' }, 'm');
    expect(rate()).toEqual({ count: 10, perSecond: 0 });
    rig.sleep(5000);
    expect(rate()).toEqual({ count: 10, perSecond: 2 });
    rig.sleep(5000);
    expect(rate()).toEqual({ count: 10, perSecond: 0 });
  });

  test('what a transaction holds counts at its commit', () => {
    const rig = opened();
    rig.call(1, 'tx.select');
    rig.publish({ routingKey: 'q' }, 'm');
    expect(queueStats(rig)).toEqual({});
    rig.call(1, 'tx.commit');
    rig.call(1, 'basic.get', { queue: 'q' });
    rig.call(1, 'basic.ack', { deliveryTag: 1 });
    expect(queueStats(rig)).toEqual({ publish: 1, get: 1 });
    rig.call(1, 'tx.commit');
    expect(queueStats(rig)).toEqual({ publish: 1, get: 1, ack: 1 });
  });

  test('a queue that is deleted and declared again begins anew', () => {
    const rig = opened();
    rig.publish({ routingKey: 'q' }, 'm');
    rig.call(1, 'basic.get', { queue: 'q' });
    rig.call(1, 'queue.delete', { queue: 'q' });
    rig.call(1, 'basic.ack', { deliveryTag: 1 });
    rig.call(1, 'queue.declare', { queue: 'q', durable: true });
    expect(queueStats(rig)).toEqual({});
  });

  test('consumer_capacity is the part of the time in which the queue could deliver', () => {
    const rig = opened();
    const capacity = (): number => listQueues(rig.vhost)[0]!.holdings!.consumerCapacity;
    expect(capacity()).toBe(0);
    rig.call(1, 'basic.qos', { prefetchCount: 1 });
    expect(ledFacts(rig.broker, '/').get('q')).toMatchObject({ consumer_capacity: 0 });
    rig.call(1, 'basic.consume', { queue: 'q', consumerTag: 'c' });
    expect(capacity()).toBe(1);
    expect(ledFacts(rig.broker, '/').get('q')).toMatchObject({ consumer_capacity: '1.0' });
    rig.publish({ routingKey: 'q' }, 'a');
    rig.sleep(2000);
    // Nothing waits: that its only consumer is busy does not matter.
    expect(capacity()).toBe(1);
    rig.publish({ routingKey: 'q' }, 'b');
    rig.sleep(20_000);
    expect(capacity()).toBeGreaterThan(0);
    expect(capacity()).toBeLessThan(0.2);
    rig.call(1, 'basic.ack', { deliveryTag: 1 });
    rig.sleep(1000);
    // What was a second ago weighs half.
    expect(Math.round(100 * capacity())).toBeGreaterThan(50);
    expect(Math.round(100 * capacity())).toBeLessThan(60);
  });

  test.each([
    ['rabbitmq-3.9', 2064],
    ['rabbitmq-3.10', 64],
  ] as const)('%s: a quorum queue has its messages in memory until 3.9', (release, bytes) => {
    const rig = new Rig(1, { profile: profileOf(release), queueTypes: [quorumQueues] });
    rig.open();
    const type = fieldTable({ 'x-queue-type': { type: 'longstr', value: 'quorum' } });
    rig.call(1, 'queue.declare', { queue: 'q', durable: true, arguments: type });
    rig.sleep(1000);
    for (const body of ['a', 'b']) rig.publish({ routingKey: 'q' }, body.repeat(1000));
    rig.call(1, 'basic.get', { queue: 'q' });
    rig.sleep(1000);
    expect(listQueues(rig.vhost)[0]!.holdings).toMatchObject({
      ...{ messagesReady: 1, messageBytesReady: 1000, consumers: 1 },
      ...{ messagesUnacknowledged: 1, messageBytesUnacknowledged: 1000 },
    });
    expect(rig.vhost.memoryBytes).toBe(bytes);
  });

  test('a stream has its messages on disk: they are listed, and raise no alarm', () => {
    const rig = new Rig(1, { queueTypes: [streams] });
    rig.open();
    const type = fieldTable({ 'x-queue-type': { type: 'longstr', value: 'stream' } });
    rig.call(1, 'queue.declare', { queue: 's', durable: true, arguments: type });
    for (const body of ['a', 'b']) rig.publish({ routingKey: 's' }, body.repeat(1000));
    rig.sleep(1000);
    const { holdings } = listQueues(rig.vhost)[0]!;
    expect(holdings).toMatchObject({ messagesReady: 2, messagesUnacknowledged: 0, consumers: 0 });
    expect(holdings!.messageBytesReady).toBeGreaterThan(2000);
    expect(rig.vhost.memoryBytes).toBe(0);
  });
});
