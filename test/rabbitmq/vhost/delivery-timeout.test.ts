/** Whoever does not acknowledge loses the channel, in the releases in which the channel looks. */
import { describe, expect, test } from 'vitest';
import { profileOf, type ProfileName } from '../../../engine/rabbitmq/profiles.ts';
import type { Policy } from '../../../engine/rabbitmq/vhost/policies.ts';
import { fieldTable } from '../../../engine/wire/amqp/field-table.ts';
import { Rig } from '../connection/rig.ts';

const MINUTE_MS = 60_000;
const GENERAL = 1_800_000;

function opened(release: ProfileName): Rig {
  const rig = new Rig(1, { profile: profileOf(release, { transientNonExclusiveQueues: true }) });
  rig.open({ frameMax: 8192 });
  return rig;
}

function text(timeoutMs: number): string[] {
  const sentences = [
    'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out.',
    `Timeout value used: ${timeoutMs} ms.`,
    'This timeout value can be configured, see consumers doc guide to learn more',
  ];
  return [`channel.close 406 ${sentences.join(' ')}`];
}

function setPolicy(rig: Rig, policy: Policy): unknown {
  let outcome: unknown;
  rig.at('rabbit', () => {
    rig.broker.administration.setPolicy('/', policy, 'user', (of) => (outcome = of));
  });
  rig.sleep(100);
  return outcome;
}

describe('rabbitmq: delivery acknowledgement timeout', () => {
  test('a delivery that waits for longer than 30 minutes closes its channel, at a tick', () => {
    const rig = opened('rabbitmq-3.10');
    rig.call(1, 'queue.declare', { queue: 'q' });
    rig.call(1, 'basic.consume', { queue: 'q', consumerTag: 'c' });
    rig.publish({ routingKey: 'q' }, 'm');
    rig.sleep(GENERAL - 1000);
    expect(rig.errors).toEqual([]);
    rig.sleep(MINUTE_MS + 2000);
    expect(rig.errors).toEqual(text(GENERAL));
    rig.call(1, 'channel.close-ok');
    rig.call(1, 'channel.open');
    expect(rig.call(1, 'basic.get', { queue: 'q' })).toEqual(["basic.get-ok 1 redelivered 'm'"]);
  });

  test('who acknowledges in time keeps the channel, however long it is open', () => {
    const rig = opened('rabbitmq-3.13');
    rig.call(1, 'queue.declare', { queue: 'q' });
    rig.call(1, 'basic.consume', { queue: 'q', consumerTag: 'c' });
    for (let number = 1; number <= 4; number++) {
      rig.publish({ routingKey: 'q' }, 'm');
      rig.sleep(GENERAL - 10 * MINUTE_MS);
      rig.call(1, 'basic.ack', { deliveryTag: number });
    }
    rig.sleep(2 * GENERAL);
    expect(rig.errors).toEqual([]);
  });

  test.each([
    ['rabbitmq-3.11', GENERAL],
    ['rabbitmq-3.12', 5 * MINUTE_MS],
  ] as const)('%s: an argument of the queue holds since 3.12', (release, expected) => {
    const rig = opened(release);
    const timeout = { type: 'signedint', value: 5 * MINUTE_MS } as const;
    const args = fieldTable({ 'x-consumer-timeout': timeout });
    rig.call(1, 'queue.declare', { queue: 'q', arguments: args });
    rig.publish({ routingKey: 'q' }, 'm');
    rig.call(1, 'basic.get', { queue: 'q' });
    rig.sleep(7 * MINUTE_MS);
    expect(rig.errors).toEqual(expected === GENERAL ? [] : text(expected));
    rig.sleep(GENERAL);
    expect(rig.errors).toEqual(text(expected));
  });

  test('of argument and policy the smaller holds; before 3.12 there is no such policy', () => {
    const policy = { name: 'p', pattern: 'q', priority: 0, applyTo: 'queues' } as const;
    const definition = { 'consumer-timeout': 2 * MINUTE_MS };
    const old = opened('rabbitmq-3.11');
    expect(setPolicy(old, { ...policy, definition })).toContain('not recognised');
    const rig = opened('rabbitmq-4.2');
    expect(setPolicy(rig, { ...policy, definition })).toBeNull();
    const timeout = { type: 'signedint', value: 5 * MINUTE_MS } as const;
    const args = fieldTable({ 'x-consumer-timeout': timeout });
    rig.call(1, 'queue.declare', { queue: 'q', arguments: args });
    expect(rig.vhost.consumerTimeoutMs('q')).toBe(2 * MINUTE_MS);
    expect(rig.vhost.consumerTimeoutMs('absent')).toBe(GENERAL);
  });

  test('since 4.3 a classic queue has no timeout', () => {
    const rig = opened('rabbitmq-4.3');
    rig.call(1, 'queue.declare', { queue: 'q' });
    rig.publish({ routingKey: 'q' }, 'm');
    rig.call(1, 'basic.get', { queue: 'q' });
    rig.sleep(3 * GENERAL);
    expect(rig.errors).toEqual([]);
  });
});
