/**
 * A stock kafkajs with transactions against `highwater serve`: commit and abort over topics, with
 * offsets, a fenced producer, and what a read committed consumer is given.
 */
import type { Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkajsFor } from './kafkajs-client.ts';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

let served: Served;
beforeAll(async () => {
  const settings = [
    'transaction.state.log.num.partitions=3',
    'offsets.topic.num.partitions=3',
    'group.initial.rebalance.delay.ms=100',
  ];
  served = await servedCluster(
    3,
    settings.flatMap((setting) => ['--set', setting]),
  );
  await served.program.start();
  const admin = client().admin();
  await admin.connect();
  const topics = ['orders', 'payments'].map((topic) => ({
    topic,
    numPartitions: 2,
    replicationFactor: 3,
  }));
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
});
afterAll(() => served.clear());

const client = () => kafkajsFor(served);

async function transactional(transactionalId: string): Promise<Producer> {
  const producer = client().producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  return producer;
}

/** Reads a topic from its start until the value that says it is the last. */
async function readTo(last: string, topic: string, readUncommitted: boolean): Promise<string[]> {
  const groupId = `reader-${topic}-${readUncommitted}-${last}`;
  const consumer = client().consumer({ groupId, readUncommitted });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: ({ message }) => {
          const value = message.value?.toString() ?? '';
          if (value === last) resolve();
          else values.push(value);
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values.sort();
}

test('kafkajs: transactions over two topics are read all or none', async () => {
  const producer = await transactional('tx-1');
  for (const [round, commits] of [true, false, true, false].entries()) {
    const transaction = await producer.transaction();
    const messages = [{ key: 'k', value: `${round}` }];
    await transaction.send({ topic: 'orders', messages });
    await transaction.send({ topic: 'payments', messages });
    await (commits ? transaction.commit() : transaction.abort());
  }
  const end = await producer.transaction();
  for (const topic of ['orders', 'payments']) {
    await end.send({ topic, messages: [{ key: 'k', value: 'end' }] });
  }
  await end.commit();
  await producer.disconnect();
  expect(await readTo('end', 'orders', false)).toEqual(['0', '2']);
  expect(await readTo('end', 'payments', false)).toEqual(['0', '2']);
  expect(await readTo('end', 'orders', true)).toEqual(['0', '1', '2', '3']);
});

test('kafkajs: offsets are committed with the transaction, or not at all', async () => {
  const producer = await transactional('tx-2');
  const admin = client().admin();
  await admin.connect();
  const consumerGroupId = 'tx-group';
  const offsetOf = async (): Promise<string> => {
    const [topic] = await admin.fetchOffsets({ groupId: consumerGroupId, topics: ['orders'] });
    return topic!.partitions.find(({ partition }) => partition === 0)!.offset;
  };
  for (const [offset, commits] of [
    ['3', true],
    ['5', false],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'payments', messages: [{ key: 'k', value: offset }] });
    const topics = [{ topic: 'orders', partitions: [{ partition: 0, offset }] }];
    await transaction.sendOffsets({ consumerGroupId, topics });
    await (commits ? transaction.commit() : transaction.abort());
  }
  await expect.poll(offsetOf).toBe('3');
  await admin.disconnect();
  await producer.disconnect();
});

test('kafkajs: the second producer of a transactional id fences the first', async () => {
  const first = await transactional('tx-3');
  const open = await first.transaction();
  await open.send({ topic: 'orders', messages: [{ key: 'k', value: 'zombie' }] });
  const second = await transactional('tx-3');
  const transaction = await second.transaction();
  await transaction.send({ topic: 'orders', messages: [{ key: 'k', value: 'alive' }] });
  await transaction.commit();
  await expect(open.commit()).rejects.toThrow();
  const last = await second.transaction();
  await last.send({ topic: 'orders', messages: [{ key: 'k', value: 'end-2' }] });
  await last.commit();
  await second.disconnect();
  await first.disconnect();
  const values = await readTo('end-2', 'orders', false);
  expect(values).toContain('alive');
  expect(values).not.toContain('zombie');
});
