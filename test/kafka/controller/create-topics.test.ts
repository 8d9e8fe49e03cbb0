/** Topics created and deleted at the controller in the simulated world. */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { createTopics } from '../../../engine/wire/kafka/messages/create-topics.ts';
import { deleteTopics } from '../../../engine/wire/kafka/messages/delete-topics.ts';
import { Rig } from './rig.ts';

describe('kafka: controller: topics', () => {
  test('replicas are striped over the brokers, the first of each leads', () => {
    const rig = new Rig().cluster();
    const created = rig.createTopic({ numPartitions: 3, replicationFactor: 2 });
    expect(created).toMatchObject({ errorCode: 0, numPartitions: 3, replicationFactor: 2 });
    const partitions = rig.image.topics.get('pay')?.partitions ?? [];
    expect(new Set(partitions.map((one) => one.leader)).size).toBe(3);
    for (const { replicas, isr, leader } of partitions) {
      expect(replicas).toHaveLength(2);
      expect(isr).toEqual(replicas);
      expect(leader).toBe(replicas[0]);
    }
  });

  test('the same seed places the same replicas', () => {
    const placed = (seed: number) => {
      const rig = new Rig({ seed }).cluster();
      rig.createTopic({ numPartitions: 6, replicationFactor: 2 });
      return rig.image.topics.get('pay')?.partitions.map((one) => one.replicas);
    };
    expect(placed(5)).toEqual(placed(5));
    const starts = new Set([1, 2, 3, 4, 5, 6].map((seed) => JSON.stringify(placed(seed))));
    expect(starts.size).toBeGreaterThan(1);
  });

  test('a fenced broker gets a replica, but is in no ISR and leads nothing', () => {
    const rig = new Rig().cluster();
    rig.expire(1);
    rig.createTopic({ numPartitions: 3, replicationFactor: 3 });
    for (const { replicas, isr, leader } of rig.image.topics.get('pay')?.partitions ?? []) {
      expect(replicas).toContain(1);
      expect(isr).not.toContain(1);
      expect(leader).not.toBe(1);
    }
  });

  const refusals: readonly (readonly [string, number, Parameters<Rig['createTopic']>[0]])[] = [
    ['replication factor 0', ErrorCode.INVALID_REPLICATION_FACTOR, { replicationFactor: 0 }],
    ['more replicas than brokers', ErrorCode.INVALID_REPLICATION_FACTOR, { replicationFactor: 4 }],
    ['no partitions', ErrorCode.INVALID_PARTITIONS, { numPartitions: 0 }],
    ['a name with a slash', ErrorCode.INVALID_TOPIC_EXCEPTION, { name: 'a/b' }],
    ['the name ..', ErrorCode.INVALID_TOPIC_EXCEPTION, { name: '..' }],
    [
      'a value that is not allowed',
      ErrorCode.INVALID_CONFIG,
      { configs: [{ name: 'min.insync.replicas', value: '0' }] },
    ],
    [
      'an unknown setting',
      ErrorCode.INVALID_CONFIG,
      { configs: [{ name: 'no.such', value: '1' }] },
    ],
    ['a null value', ErrorCode.INVALID_CONFIG, { configs: [{ name: 'segment.ms', value: null }] }],
    [
      'an assignment to a broker that is not registered',
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      { assignments: [{ partitionIndex: 0, brokerIds: [1, 9] }] },
    ],
    [
      'an assignment with a gap',
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      { assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
    ],
    [
      'an assignment and a partition count',
      ErrorCode.INVALID_REQUEST,
      { numPartitions: 1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
    ],
  ];
  test.each(refusals)('refuses %s', (_name, errorCode, topic) => {
    const rig = new Rig().cluster();
    expect(rig.createTopic(topic).errorCode).toBe(errorCode);
    expect(rig.image.topics.size).toBe(0);
  });

  test('refuses a topic that exists, and one whose name collides in metrics', () => {
    const rig = new Rig().cluster();
    rig.createTopic({ name: 'a.b' });
    expect(rig.createTopic({ name: 'a.b' }).errorCode).toBe(ErrorCode.TOPIC_ALREADY_EXISTS);
    expect(rig.createTopic({ name: 'a_b' }).errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
  });

  test('refuses every topic while all brokers are fenced', () => {
    const rig = new Rig();
    rig.register(1);
    expect(rig.createTopic({}).errorCode).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
  });

  test('validateOnly answers as if, and makes nothing', () => {
    const rig = new Rig().cluster();
    const { offset } = rig.image;
    expect(rig.createTopic({}, true).errorCode).toBe(ErrorCode.NONE);
    expect(rig.image.offset).toBe(offset);
  });

  test('one bad topic of a request does not stop the others', () => {
    const rig = new Rig().cluster();
    const topic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const { topics } = rig.ask(1, createTopics, {
      topics: [
        { ...topic, name: 'good' },
        { ...topic, name: 'bad/' },
      ],
      timeoutMs: 1_000,
      validateOnly: false,
    });
    expect(topics.map((one) => one.errorCode)).toEqual([0, ErrorCode.INVALID_TOPIC_EXCEPTION]);
    expect([...rig.image.topics.keys()]).toEqual(['good']);
  });

  test('a topic is deleted by name or by id', () => {
    const rig = new Rig().cluster().pay();
    const topicId = rig.image.topics.get('pay')?.id ?? '';
    const byId = { topics: [{ name: null, topicId }], topicNames: [], timeoutMs: 1_000 };
    expect(rig.ask(1, deleteTopics, byId).responses).toMatchObject([{ name: 'pay', errorCode: 0 }]);
    expect(rig.image.topics.size).toBe(0);
    const again = rig.ask(1, deleteTopics, byId).responses;
    expect(again).toMatchObject([{ errorCode: ErrorCode.UNKNOWN_TOPIC_ID }]);
    rig.pay();
    const byName = { topics: [], topicNames: ['pay'], timeoutMs: 1_000 };
    expect(rig.ask(1, deleteTopics, byName, 5).responses).toMatchObject([{ errorCode: 0 }]);
  });
});
