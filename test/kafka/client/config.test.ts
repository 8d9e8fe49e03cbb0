/**
 * The settings of the clients: defaults by release, and what is refused with which words. Not here:
 * what a setting does.
 */
import { describe, expect, test } from 'vitest';
import { consumerConfig, producerConfig } from '../../../engine/kafka/client/config.ts';
import { ConfigError } from '../../../engine/kafka/config.ts';
import { profileOf } from '../../../engine/kafka/profiles.ts';

const newest = profileOf('kafka-4.1');

function errorOf(given: Record<string, string>): ConfigError {
  try {
    producerConfig(newest, given);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('kafka client: settings', () => {
  test('the defaults of a producer are those of its release', () => {
    expect(producerConfig(newest, {})).toMatchObject({
      ...{ acks: 'all', acksOnWire: -1, idempotent: true, retries: 2147483647, 'linger.ms': 5 },
    });
    expect(producerConfig(profileOf('kafka-2.8'), {})).toMatchObject({
      ...{ acks: '1', acksOnWire: 1, idempotent: false, retries: 2147483647, 'linger.ms': 0 },
    });
    expect(producerConfig(profileOf('kafka-1.1'), {}).retries).toBe(0);
  });

  test('idempotence is given up silently when only the default asked for it', () => {
    expect(producerConfig(newest, { acks: '1' }).idempotent).toBe(false);
    expect(producerConfig(newest, { retries: '0' }).idempotent).toBe(false);
    const inFlight = { 'max.in.flight.requests.per.connection': '6' };
    expect(producerConfig(newest, inFlight).idempotent).toBe(false);
  });

  test('idempotence that was asked for is an error with acks=1, naming what is allowed', () => {
    const error = errorOf({ acks: '1', 'enable.idempotence': 'true' });
    expect(error.message).toContain('Invalid value 1 for configuration acks');
    expect(error.allowed).toContain('must be all');
  });

  test.each([
    [{ retries: '0', 'enable.idempotence': 'true' }, 'retries'],
    [
      { 'max.in.flight.requests.per.connection': '6', 'enable.idempotence': 'true' },
      'max.in.flight.requests.per.connection',
    ],
    [{ acks: '2' }, 'acks'],
    [{ 'batch.size': '-1' }, 'batch.size'],
    [{ 'linger.ms': 'soon' }, 'linger.ms'],
    [{ 'enable.idempotence': 'maybe' }, 'enable.idempotence'],
    [{ 'delivery.timeout.ms': '1000' }, 'delivery.timeout.ms'],
    [{ 'max.inflight': '1' }, 'max.inflight'],
  ])('%o is refused because of %s', (given: Record<string, string>, setting) => {
    expect(errorOf(given).setting).toBe(setting);
  });

  test('a default delivery.timeout.ms grows to linger.ms + request.timeout.ms', () => {
    const config = producerConfig(newest, { 'request.timeout.ms': '200000', 'linger.ms': '50' });
    expect(config.deliveryTimeoutMs).toBe(200_050);
  });

  test('before release 3.7 the retry backoff does not grow (KIP-580)', () => {
    const before = profileOf('kafka-3.6');
    expect(consumerConfig(before, {})['retry.backoff.max.ms']).toBe(100);
    const given = { 'retry.backoff.ms': '2000', 'retry.backoff.max.ms': '0' };
    expect(consumerConfig(before, given)['retry.backoff.max.ms']).toBe(2000);
    expect(consumerConfig(newest, {})['retry.backoff.max.ms']).toBe(1000);
  });
});
