/** The controller process: its metadata log, its disk, its restarts, its view. */
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../engine/kafka/config.ts';
import { createController } from '../../../engine/kafka/controller/controller.ts';
import { newestProfile, profileOf } from '../../../engine/kafka/profiles.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { allocateProducerIds } from '#engine/wire/kafka/messages/allocate-producer-ids.ts';
import { apiVersions } from '../../../engine/wire/kafka/messages/api-versions.ts';
import { createTopics } from '../../../engine/wire/kafka/messages/create-topics.ts';
import { fetch, type FetchResponse } from '../../../engine/wire/kafka/messages/fetch.ts';
import { Rig } from './rig.ts';

describe('kafka: controller: the metadata log', () => {
  test('producer ids come in blocks of 1000 and never twice, restarts included', () => {
    const rig = new Rig().cluster();
    const allocate = (): number => {
      const body = { brokerId: 1, brokerEpoch: rig.epochOf(1) };
      return rig.ask(1, allocateProducerIds, body).producerIdStart;
    };
    expect([allocate(), allocate()]).toEqual([0, 1000]);
    rig.restart('power');
    expect(allocate()).toBe(2000);
  });

  test('a broker that reads the log sees what the controller sees', () => {
    const rig = new Rig().cluster().pay({ 'min.insync.replicas': '2' });
    rig.expire(1);
    expect(rig.fetchedImage(2)).toEqual(rig.image);
  });

  test.each(['crash', 'power'] as const)('after a restart (%s) the image is as before', (how) => {
    const rig = new Rig().cluster().pay({ 'min.insync.replicas': '2' });
    rig.alterPartition(1, [1, 2]);
    const { brokers, topics, configs } = rig.image;
    rig.restart(how);
    expect(rig.image).toMatchObject({ epoch: 1 });
    expect([rig.image.brokers, rig.image.topics]).toEqual([brokers, topics]);
    expect(rig.image.configs).toEqual(configs);
  });

  test('what was answered is on the platter: a power loss after the answer loses nothing', () => {
    const rig = new Rig().cluster();
    rig.createTopic({});
    rig.restart('power');
    expect(rig.image.topics.has('pay')).toBe(true);
  });

  test('a decision that is not synced is neither answered nor shown', () => {
    const rig = new Rig().cluster();
    const { offset } = rig.image;
    rig.inject({ fault: 'slow-disk', host: 'controller-1', factor: 1000 });
    const topic = { name: 'pay', numPartitions: 1, replicationFactor: 1 };
    rig.start(1, createTopics, {
      topics: [{ ...topic, assignments: [], configs: [] }],
      timeoutMs: 1_000,
      validateOnly: false,
    });
    rig.pass(5);
    expect(rig.traced('topic-change')).toBe(1);
    expect(rig.answered(1)).toBeNull();
    expect(rig.image.offset).toBe(offset);
    expect(rig.fetchedImage(2).offset).toBe(offset);
    rig.restart('power');
    expect(rig.image.topics.size).toBe(0);
  });

  test('a fetch at the end waits for the next decision', () => {
    const rig = new Rig().cluster();
    const next = rig.image.offset + 1;
    rig.start(3, fetch, rig.fetchBody(next, 30_000));
    rig.pass(1_000);
    expect(rig.answered(3)).toBeNull();
    rig.createTopic({});
    rig.pass(10);
    const partition = rig.answered<FetchResponse>(3)?.responses[0]?.partitions[0];
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: rig.image.offset + 1 });
    expect(partition?.records?.length).toBeGreaterThan(0);
  });

  test('a fetch at the end is answered empty after maxWaitMs', () => {
    const rig = new Rig().cluster();
    const response = rig.ask(3, fetch, rig.fetchBody(rig.image.offset + 1, 500));
    expect(response.responses[0]?.partitions[0]?.records).toHaveLength(0);
  });

  test('a fetch beyond the end is OFFSET_OUT_OF_RANGE', () => {
    const rig = new Rig().cluster();
    const response = rig.ask(3, fetch, rig.fetchBody(rig.image.offset + 2, 500));
    const [partition] = response.responses[0]?.partitions ?? [];
    expect(partition?.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });

  test('a disk that fails ends the controller without an answer', () => {
    const rig = new Rig().cluster();
    rig.inject({ fault: 'sync-error', host: 'controller-1', count: 1 });
    const topic = { name: 'pay', numPartitions: 1, replicationFactor: 1 };
    rig.start(1, createTopics, {
      topics: [{ ...topic, assignments: [], configs: [] }],
      timeoutMs: 1_000,
      validateOnly: false,
    });
    rig.pass(5_000);
    expect(rig.answered(1)).toBeNull();
    expect(rig.controller).toBeNull();
  });

  test('a disk that is full ends the controller without an answer', () => {
    const rig = new Rig().cluster();
    rig.inject({ fault: 'disk-full', host: 'controller-1', capacityBytes: 0 });
    const topic = { name: 'pay', numPartitions: 1, replicationFactor: 1 };
    rig.start(1, createTopics, {
      topics: [{ ...topic, assignments: [], configs: [] }],
      timeoutMs: 1_000,
      validateOnly: false,
    });
    rig.pass(5_000);
    expect(rig.answered(1)).toBeNull();
    expect(rig.controller).toBeNull();
  });

  test('after a restart it knows who has caught up with its registration', () => {
    const rig = new Rig();
    const { brokerEpoch } = rig.register(1);
    rig.restart('crash');
    const behind = rig.heartbeat(1, { currentMetadataOffset: brokerEpoch - 1 });
    expect(behind).toMatchObject({ isCaughtUp: false, isFenced: true });
    const caughtUp = rig.heartbeat(1, { currentMetadataOffset: brokerEpoch });
    expect(caughtUp).toMatchObject({ isCaughtUp: true, isFenced: false });
  });

  test('a restart gives every unfenced broker a whole session', () => {
    const rig = new Rig().cluster();
    rig.pass(8_000);
    rig.restart('crash');
    rig.pass(8_000);
    expect([...rig.image.brokers.values()].every((one) => !one.fenced)).toBe(true);
    rig.pass(2_000);
    expect([...rig.image.brokers.values()].every((one) => one.fenced)).toBe(true);
  });
});

describe('kafka: controller: what else', () => {
  test('it names its APIs, also to a client with a version from the future (KIP-511)', () => {
    const rig = new Rig();
    const body = { clientSoftwareName: 'a', clientSoftwareVersion: '1' };
    const { apiKeys, errorCode } = rig.ask(1, apiVersions, body);
    expect(errorCode).toBe(ErrorCode.NONE);
    expect(apiKeys.map((one) => one.apiKey)).toEqual([
      1, 18, 19, 20, 37, 43, 44, 45, 46, 56, 62, 63, 67,
    ]);
  });

  test('an unknown setting is a ConfigError that names it', () => {
    const options = { nodeId: 100, profile: profileOf(newestProfile) };
    const settings = { 'broker.session.timeout.sec': '9' };
    expect(() => createController({ ...options, settings })).toThrow(ConfigError);
    expect(() => createController({ ...options, settings })).toThrow('broker.session.timeout.ms');
  });

  test('its view is the same object until something is committed', () => {
    const rig = new Rig().cluster().pay();
    const before = rig.controller?.inspect();
    expect(rig.controller?.inspect()).toBe(before);
    rig.alterPartition(1, [1, 2]);
    const after = rig.controller?.inspect();
    expect(after).not.toBe(before);
    expect(after?.brokers[0]).toBe(before?.brokers[0]);
    expect(after?.partitions).toMatchObject([{ topic: 'pay', isr: [1, 2], partitionEpoch: 1 }]);
  });
});
