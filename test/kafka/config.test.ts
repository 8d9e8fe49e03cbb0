/** Settings of brokers and topics: defaults, precedence, and what an error says. */
import { describe, expect, test } from 'vitest';
import { readBrokerConfig } from '../../engine/kafka/broker/broker-config.ts';
import { ConfigError } from '../../engine/kafka/config.ts';
import { logConfigOf, readTopicConfig } from '../../engine/kafka/partition/topic-config.ts';
import { profileOf } from '../../engine/kafka/profiles.ts';

const profile = profileOf('kafka-4.1');

function errorOf(given: Record<string, string>): ConfigError {
  try {
    readBrokerConfig(given, profile);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('kafka: config', () => {
  test('kafka: config: defaults are the release’s', () => {
    const now = readBrokerConfig({}, profile).values;
    expect(now['replica.lag.time.max.ms']).toBe(30_000);
    expect(now['log.flush.interval.messages']).toBe(Number.MAX_SAFE_INTEGER);
    const old = readBrokerConfig({}, profileOf('kafka-1.1')).values;
    expect(old['replica.lag.time.max.ms']).toBe(10_000);
    expect(readTopicConfig(new Map(), {}, profileOf('kafka-0.10'))).toMatchObject({
      'unclean.leader.election.enable': true,
    });
  });

  test('kafka: config: an error names the setting, the value and what is allowed', () => {
    expect(errorOf({ 'replica.lag.time.max.ms': '0' })).toMatchObject({
      setting: 'replica.lag.time.max.ms',
      given: '0',
      allowed: expect.stringContaining('from 1 to'),
    });
    expect(errorOf({ 'auto.create.topics.enable': 'yes' }).allowed).toBe('true or false');
    expect(errorOf({ 'log.cleanup.policy': 'delete,burn' }).allowed).toBe('one of delete, compact');
    expect(errorOf({ 'replica.lag.max.messages': '1' }).allowed).toContain(
      'replica.lag.time.max.ms',
    );
    const together = { 'replica.fetch.wait.max.ms': '500', 'replica.lag.time.max.ms': '400' };
    expect(errorOf(together).setting).toBe('replica.fetch.wait.max.ms');
  });

  test('kafka: config: a topic’s own value, else the broker’s, else the default', () => {
    const { topicDefaults } = readBrokerConfig(
      { 'min.insync.replicas': '2', 'log.retention.hours': '1' },
      profile,
    );
    const own = new Map([['min.insync.replicas', '3']]);
    expect(readTopicConfig(own, topicDefaults, profile)).toMatchObject({
      'min.insync.replicas': 3,
      'retention.ms': 3_600_000,
      'segment.bytes': 1_073_741_824,
    });
    expect(readTopicConfig(new Map(), topicDefaults, profile)['min.insync.replicas']).toBe(2);
  });

  test('kafka: config: of several settings for one thing the finest wins', () => {
    const given = { 'log.retention.hours': '1', 'log.retention.ms': '5' };
    const { topicDefaults } = readBrokerConfig(given, profile);
    expect(logConfigOf(readTopicConfig(new Map(), topicDefaults, profile)).retentionMs).toBe(5);
  });
});
