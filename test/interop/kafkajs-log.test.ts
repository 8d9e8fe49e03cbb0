/**
 * A stock kafkajs against the log of `highwater serve`: records are deleted below an offset, and a
 * compacted topic is read over its gaps, before and after the program was killed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkajsFor } from './kafkajs-client.ts';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await servedCluster(1, ['--set', 'log.cleaner.backoff.ms=200']);
  await served.program.start();
});
afterAll(() => served.clear());

const client = () => kafkajsFor(served);

const COMPACTED = [
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'segment.bytes', value: '400' },
  { name: 'min.cleanable.dirty.ratio', value: '0.01' },
];

/** The topic from its start to the record with this value. */
async function readUntil(topic: string, last: string): Promise<string[]> {
  const consumer = client().consumer({ groupId: `reader-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const found: string[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: ({ message }) => {
        found.push(`${message.key?.toString()}=${message.value?.toString()}@${message.offset}`);
        if (message.value?.toString() === last) resolve();
        return Promise.resolve();
      },
    });
  });
  await consumer.disconnect();
  return found;
}

test('kafkajs: deleteTopicRecords moves the log start; a compacted topic refuses', async () => {
  const admin = client().admin();
  await admin.connect();
  const topics = [
    { topic: 'pay', numPartitions: 1, replicationFactor: 1 },
    { topic: 'refused', numPartitions: 1, replicationFactor: 1, configEntries: COMPACTED },
  ];
  await admin.createTopics({ topics, waitForLeaders: true });
  const producer = client().producer();
  await producer.connect();
  for (let i = 0; i < 10; i++) {
    await producer.send({ topic: 'pay', messages: [{ value: `v${i}` }] });
  }
  await admin.fetchTopicOffsets('pay');
  await admin.deleteTopicRecords({ topic: 'pay', partitions: [{ partition: 0, offset: '4' }] });
  expect(await admin.fetchTopicOffsets('pay')).toEqual([
    { partition: 0, offset: '10', high: '10', low: '4' },
  ]);
  await admin.fetchTopicOffsets('refused');
  const partitions = [{ partition: 0, offset: '0' }];
  await expect(admin.deleteTopicRecords({ topic: 'refused', partitions })).rejects.toThrow();
  await producer.disconnect();
  await admin.disconnect();
});

test('kafkajs: a compacted topic has the last value of each key, also after kill -9', async () => {
  const admin = client().admin();
  await admin.connect();
  const topics = [
    { topic: 'users', numPartitions: 1, replicationFactor: 1, configEntries: COMPACTED },
  ];
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
  const producer = client().producer();
  await producer.connect();
  for (let i = 0; i < 60; i++) {
    const messages = [{ key: `k${i % 3}`, value: `v${i}` }];
    await producer.send({ topic: 'users', messages });
  }
  const newest = ['k0=v57@57', 'k1=v58@58', 'k2=v59@59'];
  await expect
    .poll(async () => (await readUntil('users', 'v59')).length, { timeout: 30_000 })
    .toBeLessThan(20);
  expect((await readUntil('users', 'v59')).slice(-3)).toEqual(newest);
  await served.program.end('SIGKILL');
  await served.program.start();
  const after = await readUntil('users', 'v59');
  expect(after.slice(-3)).toEqual(newest);
  expect(after.length).toBeLessThan(20);
  await producer.disconnect();
});
