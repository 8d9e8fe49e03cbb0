/**
 * Stock kafkajs consumers of one group against `highwater serve`: they share the partitions, hand
 * them over when one comes or goes, and find their committed offsets, also after `kill -9`.
 */
import type { Consumer, ConsumerConfig } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assert } from '../../engine/kernel/assert.ts';
import { kafkajsFor } from './kafkajs-client.ts';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

const TOPIC = 'orders';
const GROUP = 'shop';
const PARTITIONS = 4;
const RECORDS = 400;

let served: Served;
beforeAll(async () => {
  served = await servedCluster(3, [
    '--set',
    'group.initial.rebalance.delay.ms=200',
    '--set',
    'offsets.topic.num.partitions=3',
  ]);
  await served.program.start();
  first = new Member();
  second = new Member();
});
afterAll(() => served.clear());

const RETRY = { retries: 15, initialRetryTime: 100, maxRetryTime: 1_000 };
const client = () => kafkajsFor(served, RETRY);

/** A consumer that notes what it is given and which partitions it owns. */
class Member {
  readonly consumer: Consumer;
  readonly seen: string[] = [];
  assignment: readonly number[] = [];
  generation = 0;

  constructor(over: Partial<ConsumerConfig> = {}) {
    this.consumer = client().consumer({
      groupId: GROUP,
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
      heartbeatInterval: 300,
      ...over,
    });
    this.consumer.on(this.consumer.events.GROUP_JOIN, ({ payload }) => {
      this.assignment = payload.memberAssignment[TOPIC] ?? [];
      this.generation++;
    });
  }

  async start(): Promise<void> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await this.consumer.run({
      autoCommitInterval: 100,
      eachMessage: ({ partition, message }) => {
        this.seen.push(`${partition}:${message.offset}`);
        return Promise.resolve();
      },
    });
  }
}

async function until(what: string, condition: () => boolean, seconds = 30): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  while (!condition()) {
    assert(performance.now() < deadline, 'in time', { what, output: served.program.output });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function produce(first: number, count: number): Promise<void> {
  const producer = client().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const messages = Array.from({ length: count }, (_, place) => ({
    value: `${first + place}`,
    partition: (first + place) % PARTITIONS,
  }));
  await producer.send({ topic: TOPIC, acks: -1, messages });
  await producer.disconnect();
}

/** The sum of the committed offsets: how many records the group is done with. */
async function committed(): Promise<number> {
  const admin = client().admin();
  await admin.connect();
  try {
    const [topic] = await admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC] });
    return topic!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  } finally {
    await admin.disconnect();
  }
}

const owned = (members: readonly Member[]): readonly number[] =>
  members.flatMap(({ assignment }) => assignment).sort((left, right) => left - right);
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

let first: Member;
let second: Member;

test('kafkajs: group: one member reads all partitions', async () => {
  const admin = client().admin();
  await admin.connect();
  const topics = [{ topic: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3 }];
  expect(await admin.createTopics({ topics, waitForLeaders: true })).toBe(true);
  await admin.disconnect();
  await produce(0, RECORDS);
  await first.start();
  await until('all is read', () => first.seen.length === RECORDS);
  expect(owned([first])).toEqual(ALL);
});

test('kafkajs: group: a second member takes half of the partitions over', async () => {
  await second.start();
  await until('both have partitions', () => second.assignment.length === PARTITIONS / 2);
  await until('the first one gave them up', () => first.assignment.length === PARTITIONS / 2);
  expect(owned([first, second])).toEqual(ALL);
  await produce(RECORDS, RECORDS);
  await until('all is read', () => first.seen.length + second.seen.length >= 2 * RECORDS);
  expect(new Set([...first.seen, ...second.seen]).size).toBe(2 * RECORDS);
  expect(second.seen.length).toBe(RECORDS / 2);
});

test('kafkajs: group: it is listed, described, and not deleted while it has members', async () => {
  const admin = client().admin();
  await admin.connect();
  expect((await admin.listGroups()).groups).toEqual([{ groupId: GROUP, protocolType: 'consumer' }]);
  const [group] = (await admin.describeGroups([GROUP])).groups;
  expect(group).toMatchObject({ state: 'Stable', protocol: 'RoundRobinAssigner' });
  expect(group!.members).toHaveLength(2);
  await expect(admin.deleteGroups([GROUP])).rejects.toThrow();
  await admin.disconnect();
});

test('kafkajs: group: who leaves gives its partitions to the other one', async () => {
  await second.consumer.disconnect();
  await until('one has all', () => first.assignment.length === PARTITIONS);
  await produce(2 * RECORDS, RECORDS);
  await until('all is read', () => first.seen.length + second.seen.length >= 3 * RECORDS);
});

test('kafkajs: group: committed offsets and the group survive kill -9', async () => {
  await first.consumer.disconnect();
  const before = await committed();
  expect(before).toBe(3 * RECORDS);
  await served.program.end('SIGKILL');
  await served.program.start();
  let after = -1;
  for (let attempt = 0; attempt < 50 && after !== before; attempt++) {
    after = await committed().catch(() => -1);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(after).toBe(before);
  const third = new Member();
  await produce(3 * RECORDS, RECORDS);
  await third.start();
  await until('the new ones are read', () => third.seen.length >= RECORDS);
  // What was committed is not read again.
  expect(third.seen).toHaveLength(RECORDS);
  await third.consumer.disconnect();
});

test('kafkajs: group: an empty group is deleted, with its offsets', async () => {
  const admin = client().admin();
  await admin.connect();
  await admin.deleteGroups([GROUP]);
  expect((await admin.listGroups()).groups).toEqual([]);
  await admin.disconnect();
  expect(await committed()).toBe(0);
});
