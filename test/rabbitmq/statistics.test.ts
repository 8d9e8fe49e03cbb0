/** What is counted of messages, for whom, and how rates follow from samples. */
import { describe, expect, test } from 'vitest';
import {
  listChannels,
  listExchanges,
  listQueues,
} from '../../engine/rabbitmq/statistics/listing.ts';
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
});
