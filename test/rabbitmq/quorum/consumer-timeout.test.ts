/** Since 4.3 a quorum queue takes back what is not acknowledged in time. */
import { describe, expect, test } from 'vitest';
import { profileOf, type ProfileName } from '../../../engine/rabbitmq/profiles.ts';
import { quorumQueues } from '../../../engine/rabbitmq/quorum/quorum-queue-type.ts';
import { classicQueues } from '../../../engine/rabbitmq/queue/classic-queue-type.ts';
import { fieldTable } from '../../../engine/wire/amqp/field-table.ts';
import { type LoginOptions, Rig } from '../connection/rig.ts';
import { QuorumCluster, THREE } from './quorum-cluster.ts';

const MINUTE_MS = 60_000;
const GENERAL = 30 * MINUTE_MS;

const timeout = (minutes: number) =>
  ({ 'x-consumer-timeout': { type: 'signedint', value: minutes * MINUTE_MS } }) as const;

/** A channel, and a quorum queue with arguments. */
function opened(
  args: Parameters<typeof fieldTable>[0] = {},
  options: LoginOptions & { readonly release?: ProfileName } = {},
): Rig {
  const { release = 'rabbitmq-4.3' } = options;
  const queueTypes = [classicQueues, quorumQueues];
  const rig = new Rig(2, { profile: profileOf(release), queueTypes });
  rig.open({ frameMax: 8192, ...options });
  rig.open({ frameMax: 8192 }, 2);
  const quorum = { 'x-queue-type': { type: 'longstr', value: 'quorum' }, ...args } as const;
  rig.call(1, 'queue.declare', { queue: 'q', durable: true, arguments: fieldTable(quorum) });
  rig.sleep(1000);
  rig.heard();
  return rig;
}

function consume(rig: Rig, consumerTag: string, number = 1, args = {}): string[] {
  const consuming = { queue: 'q', consumerTag, arguments: fieldTable(args) };
  return rig.call(1, 'basic.consume', consuming, number);
}

describe('rabbitmq: quorum: delivery acknowledgement timeout', () => {
  test('after 30 minutes the consumer is cancelled, and another has what it did not settle', () => {
    const rig = opened();
    consume(rig, 'c');
    expect(rig.publish({ routingKey: 'q' }, 'm')).toEqual(["basic.deliver 1 'm'"]);
    rig.sleep(GENERAL - 1000);
    expect(rig.heard()).toEqual([]);
    rig.sleep(2000);
    expect(rig.heard()).toEqual(['basic.cancel c']);
    expect(consume(rig, 'd', 2)).toEqual(['basic.consume-ok', "basic.deliver 1 redelivered 'm'"]);
    expect(rig.state()).toBe('running');
  });

  test('it has nothing more before it settles that; then it goes on, though cancelled', () => {
    const rig = opened();
    consume(rig, 'c');
    rig.publish({ routingKey: 'q' }, 'a');
    rig.sleep(GENERAL + 1000);
    expect(rig.heard()).toEqual(['basic.cancel c']);
    rig.publish({ routingKey: 'q' }, 'b');
    rig.sleep(1000);
    expect(rig.heard()).toEqual([]);
    expect(rig.call(1, 'basic.ack', { deliveryTag: 1 })).toEqual([
      "basic.deliver 2 redelivered 'a'",
      "basic.deliver 3 'b'",
    ]);
  });

  test('a client that knows no basic.cancel from the broker loses its channel', () => {
    const rig = opened({}, { isCapable: false });
    consume(rig, 'c');
    rig.publish({ routingKey: 'q' }, 'm');
    rig.sleep(GENERAL + 1000);
    expect(rig.heard()).toEqual(['channel.close 406 PRECONDITION_FAILED 0.0']);
    expect(rig.errors[0]).toContain('Timeout value used: -1 ms');
  });

  test('so does who has fetched and does not settle', () => {
    const rig = opened();
    rig.publish({ routingKey: 'q' }, 'm');
    rig.call(1, 'basic.get', { queue: 'q' });
    rig.sleep(GENERAL + 1000);
    expect(rig.errors[0]).toContain('delivery acknowledgement on channel 1 timed out');
    expect(rig.call(1, 'basic.get', { queue: 'q' }, 2)).toEqual(["basic.get-ok 1 redelivered 'm'"]);
  });

  test('the consumer’s own time goes before the queue’s', () => {
    const rig = opened(timeout(5));
    consume(rig, 'c', 1, timeout(10));
    rig.publish({ routingKey: 'q' }, 'm');
    rig.sleep(9 * MINUTE_MS);
    expect(rig.heard()).toEqual([]);
    rig.sleep(2 * MINUTE_MS);
    expect(rig.heard()).toEqual(['basic.cancel c']);
    consume(rig, 'd', 2);
    rig.sleep(6 * MINUTE_MS);
    expect(rig.heard(2)).toContain('basic.cancel d');
  });

  test('with a single active consumer the next one is active', () => {
    const rig = opened({ 'x-single-active-consumer': { type: 'bool', value: true } });
    consume(rig, 'c');
    consume(rig, 'd', 2);
    rig.publish({ routingKey: 'q' }, 'a');
    rig.publish({ routingKey: 'q' }, 'b');
    rig.heard(2);
    rig.sleep(GENERAL + 1000);
    expect(rig.heard()).toEqual(['basic.cancel c']);
    expect(rig.heard(2)).toEqual([
      "basic.deliver 1 redelivered 'a'",
      "basic.deliver 2 redelivered 'b'",
    ]);
  });

  test('what is acknowledged in time is not taken back, and a time must be a number', () => {
    const rig = opened();
    consume(rig, 'c');
    for (let number = 1; number <= 3; number++) {
      rig.publish({ routingKey: 'q' }, 'm');
      rig.sleep(GENERAL - MINUTE_MS);
      rig.call(1, 'basic.ack', { deliveryTag: number });
    }
    rig.sleep(2 * GENERAL);
    expect(rig.heard()).toEqual([]);
    const wrong = { 'x-consumer-timeout': { type: 'signedint', value: -1 } } as const;
    consume(rig, 'd', 1, wrong);
    expect(rig.errors[0]).toContain("invalid arg 'x-consumer-timeout' for queue 'q'");
  });

  test('in 4.2 the channel looks, and closes; in 4.3 a classic queue refuses the argument', () => {
    const old = opened({}, { release: 'rabbitmq-4.2' });
    consume(old, 'c');
    old.publish({ routingKey: 'q' }, 'm');
    old.sleep(GENERAL + 2 * MINUTE_MS);
    expect(old.errors[0]).toContain(`Timeout value used: ${GENERAL} ms`);
    const rig = opened();
    const args = fieldTable(timeout(1));
    const declare = { queue: 'classic', durable: true, arguments: args };
    rig.call(1, 'queue.declare', declare);
    expect(rig.errors[0]).toContain(
      "invalid arg 'x-consumer-timeout' for queue 'classic' in vhost '/' of queue type",
    );
  });

  test('a new leader counts on where the old one was', () => {
    const cluster = new QuorumCluster({ profile: profileOf('rabbitmq-4.3') });
    const leader = cluster.elect();
    const [at, other] = THREE.filter((node) => node !== leader);
    const released: string[] = [];
    const channel = cluster.consume(at!);
    channel.timedOut = (tag) => void released.push(tag);
    cluster.publish(at!);
    cluster.runFor(20 * MINUTE_MS);
    cluster.fault({ fault: 'crash', host: leader });
    cluster.runFor(9 * MINUTE_MS);
    expect(released).toEqual([]);
    cluster.runFor(2 * MINUTE_MS);
    expect(released).toEqual(['c']);
    expect(cluster.consume(other!).got).toEqual([]);
    cluster.runFor(1000);
    expect(cluster.problems()).toEqual([]);
  });
});
