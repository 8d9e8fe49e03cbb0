/** A queue of another node does what one of this node does, until that node is down. */
import { describe, expect, test } from 'vitest';
import { LinkedVhosts, type TestChannel } from './linked-vhosts.ts';

const HOME_IS_DOWN =
  "404 home node 'rabbit@rabbit-1' of durable queue 'q' in vhost '/' is down or inaccessible";
const TIMED_OUT = "404 failed to perform operation on queue 'q' in vhost '/' due to timeout";

/** What was heard since the last time. */
function heard(rig: LinkedVhosts, channel: TestChannel, ms = 100): readonly string[] {
  rig.advance(ms);
  return channel.heard.splice(0);
}

function confirming(rig: LinkedVhosts): TestChannel {
  const channel = rig.channel('rabbit-2');
  channel.do((session) => session.selectConfirms());
  return channel;
}

describe('rabbitmq: cluster: a queue on another node', () => {
  test('rabbitmq: remote queue: publishes are confirmed when the queue has them', () => {
    const rig = new LinkedVhosts();
    const channel = confirming(rig);
    channel.publish('a', 'b');
    expect(heard(rig, channel)).toEqual(['ack 1', 'ack 2']);
    channel.do((session, answer) => {
      const declare = { queue: 'q', passive: true, durable: true, exclusive: false };
      session.declareQueue({ ...declare, autoDelete: false, arguments: [] }, answer('declare'));
    });
    expect(heard(rig, channel)).toEqual([
      'declare: {"queue":"q","messageCount":2,"consumerCount":0}',
    ]);
  });

  test('rabbitmq: remote queue: messages are delivered in order, settled and redelivered', () => {
    const rig = new LinkedVhosts();
    const channel = rig.channel('rabbit-2');
    channel.consume('c');
    channel.publish('a', 'b', 'c');
    expect(heard(rig, channel)).toEqual(['consume: "c"', 'c: a', 'c: b', 'c: c']);
    channel.do((session) => {
      session.ack({ deliveryTag: 1, multiple: false });
      session.nack({ deliveryTag: 2, multiple: false, requeue: true });
    });
    expect(heard(rig, channel)).toEqual(['c: b again']);
    channel.do((session) => session.close());
    const local = rig.channel('rabbit-1');
    local.consume('d');
    expect(heard(rig, local)).toEqual(['consume: "d"', 'd: b again', 'd: c again']);
  });

  test('rabbitmq: remote queue: the limit of a channel holds for consumers of another node', () => {
    const rig = new LinkedVhosts();
    const channel = rig.channel('rabbit-2');
    channel.do((session) =>
      session.setPrefetch({ prefetchSize: 0, prefetchCount: 2, global: true }),
    );
    channel.consume('c');
    channel.publish('a', 'b', 'c', 'd');
    expect(heard(rig, channel)).toEqual(['consume: "c"', 'c: a', 'c: b']);
    channel.do((session) => session.ack({ deliveryTag: 1, multiple: false }));
    expect(heard(rig, channel)).toEqual(['c: c']);
    channel.do((session, answer) => session.cancel('c', answer('cancel')));
    expect(heard(rig, channel)).toEqual(['cancel: null']);
    const local = rig.channel('rabbit-1');
    local.consume('e');
    expect(heard(rig, local)).toEqual(['consume: "e"', 'e: d again']);
  });

  test('rabbitmq: remote queue: get, purge and delete are answered from there', () => {
    const rig = new LinkedVhosts();
    const channel = rig.channel('rabbit-2');
    channel.publish('a', 'b', 'c');
    channel.do((session, answer) => session.get({ queue: 'q', noAck: false }, answer('get')));
    const [got] = heard(rig, channel);
    expect(got).toContain('"deliveryTag":1,"redelivered":false,"exchange":"","routingKey":"q"');
    expect(got).toContain('"messageCount":2');
    channel.do((session) => session.nack({ deliveryTag: 1, multiple: false, requeue: true }));
    channel.do((session, answer) => session.purgeQueue({ queue: 'q' }, answer('purge')));
    channel.do((session, answer) => session.get({ queue: 'q', noAck: true }, answer('get')));
    channel.do((session, answer) => {
      session.deleteQueue({ queue: 'q', ifUnused: false, ifEmpty: true }, answer('delete'));
    });
    expect(heard(rig, channel)).toEqual(['purge: 3', 'get: null', 'delete: 0']);
    expect(rig.vhost('rabbit-2').queues.has('q')).toBe(false);
  });

  test('rabbitmq: remote queue: of a client whose node is down, messages are ready again', () => {
    const rig = new LinkedVhosts();
    const channel = rig.channel('rabbit-2');
    channel.publish('a');
    channel.consume('c');
    rig.advance(100);
    rig.inject({ fault: 'crash', host: 'rabbit-2' });
    rig.advance(100);
    const local = rig.channel('rabbit-1');
    local.consume('d');
    expect(heard(rig, local)).toEqual(['consume: "d"', 'd: a again']);
  });

  test('rabbitmq: remote queue: node down until 3.11: nacks, cancels, unroutable, 404', () => {
    const rig = new LinkedVhosts('rabbitmq-3.10');
    const channel = confirming(rig);
    channel.consume('c');
    channel.publish('a');
    expect(heard(rig, channel).toSorted()).toEqual(['ack 1', 'c: a', 'consume: "c"']);
    rig.inject({ fault: 'partition', groups: [['rabbit-1'], ['rabbit-2']] });
    channel.publish('b');
    expect(heard(rig, channel, 30_000)).toEqual([]);
    expect(heard(rig, channel, 60_000)).toEqual(['nack 2', 'cancelled c']);
    channel.publish('c');
    expect(heard(rig, channel)).toEqual(['returned c', 'ack 3']);
    channel.consume('d');
    expect(heard(rig, channel)).toEqual([`consume: ${HOME_IS_DOWN}`]);
    channel.do((session) => session.ack({ deliveryTag: 1, multiple: false }));
    rig.inject({ fault: 'heal' });
    rig.advance(20_000);
    channel.consume('e');
    // What was sent before the cut was delivered to nobody, or acknowledged by nobody.
    expect(heard(rig, channel)).toEqual(['consume: "e"', 'e: a again']);
  });

  test('rabbitmq: remote queue: node down since 3.12: publishes are nacked, methods wait', () => {
    const rig = new LinkedVhosts('rabbitmq-4.0');
    const channel = confirming(rig);
    channel.consume('c');
    rig.advance(100);
    rig.inject({ fault: 'crash', host: 'rabbit-1' });
    expect(heard(rig, channel)).toEqual(['consume: "c"', 'cancelled c']);
    channel.publish('a');
    channel.consume('d');
    expect(heard(rig, channel, 59_000)).toEqual(['nack 1']);
    expect(heard(rig, channel, 2000)).toEqual([`consume: ${TIMED_OUT}`]);
    channel.consume('e');
    rig.advance(5000);
    rig.inject({ fault: 'start', host: 'rabbit-1' });
    expect(heard(rig, channel, 5000)).toEqual(['consume: "e"']);
  });

  test('rabbitmq: remote queue: in 3.13 a consumer is there again when the node is back', () => {
    const rig = new LinkedVhosts('rabbitmq-3.13');
    const channel = rig.channel('rabbit-2');
    channel.consume('c');
    rig.advance(100);
    rig.inject({ fault: 'crash', host: 'rabbit-1' });
    rig.advance(10_000);
    rig.inject({ fault: 'start', host: 'rabbit-1' });
    rig.advance(5000);
    channel.publish('a');
    expect(heard(rig, channel)).toEqual(['consume: "c"', 'c: a']);
  });
});
