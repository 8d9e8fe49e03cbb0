/**
 * A stock kafkajs against `highwater serve`: what it produced is there, also after `kill -9`.
 */
import type { Admin, Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assert } from '../../engine/kernel/assert.ts';
import { readAll } from './reader.ts';
import { kafkajsFor } from './kafkajs-client.ts';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

const TOPIC = 'pay';
const PARTITIONS = 3;
const RECORDS = 10_000;
const BATCH = 500;

let served: Served;
beforeAll(async () => {
  served = await servedCluster(3, ['--set', 'min.insync.replicas=2']);
  await served.program.start();
});
afterAll(() => served.clear());

const client = () => kafkajsFor(served);

async function withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client().admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function withProducer<T>(use: (producer: Producer) => Promise<T>): Promise<T> {
  const producer = client().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    return await use(producer);
  } finally {
    await producer.disconnect();
  }
}

/** What was acknowledged: by partition, offset to value. */
const acknowledged = Array.from({ length: PARTITIONS }, () => new Map<number, string>());

test('kafkajs: admin makes a topic and sees it', async () => {
  await withAdmin(async (admin) => {
    const topics = [{ topic: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3 }];
    expect(await admin.createTopics({ topics, waitForLeaders: true })).toBe(true);
    expect(await admin.createTopics({ topics })).toBe(false);
    expect(await admin.listTopics()).toEqual([TOPIC]);
    const { brokers } = await admin.describeCluster();
    expect(brokers.map(({ host, port }) => `${host}:${port}`).sort()).toEqual(served.addresses);
    const [topic] = (await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics;
    for (const partition of topic!.partitions) {
      expect([...partition.isr].sort()).toEqual([1, 2, 3]);
      expect(partition.partitionErrorCode).toBe(0);
    }
  });
});

test('kafkajs: ten thousand records with acks=all', async () => {
  await withProducer(async (producer) => {
    for (let first = 0; first < RECORDS; first += BATCH) {
      const messages = Array.from({ length: BATCH }, (_, place) => ({
        key: null,
        value: valueOf(first + place),
        partition: (first / BATCH) % PARTITIONS,
        headers: { place: `${first + place}` },
      }));
      const [reply] = await producer.send({ topic: TOPIC, acks: -1, messages });
      const { partition, baseOffset, errorCode } = reply!;
      expect(errorCode).toBe(0);
      messages.forEach((message, place) =>
        acknowledged[partition]!.set(Number(baseOffset) + place, message.value),
      );
    }
  });
  expect(countOf(acknowledged)).toBe(RECORDS);
});

test('kafkajs: admin sees the offsets', async () => {
  await withAdmin(async (admin) => {
    const offsets = await admin.fetchTopicOffsets(TOPIC);
    offsets.sort((left, right) => left.partition - right.partition);
    expect(offsets.map(({ low, high }) => [low, high])).toEqual(
      acknowledged.map((partition) => ['0', `${partition.size}`]),
    );
  });
});

test('kafkajs: our own client reads back every record, each at its offset', async () => {
  expect(await readBack()).toEqual(acknowledged);
});

test('kafkajs: after kill -9 and a restart all acknowledged records are there', async () => {
  expect(await served.program.end('SIGKILL')).toBe('SIGKILL');
  await served.program.start();
  expect(await readBack()).toEqual(acknowledged);
  await withProducer(async (producer) => {
    const [reply] = await producer.send({
      topic: TOPIC,
      acks: -1,
      messages: [{ value: 'after the crash', partition: 0 }],
    });
    expect(Number(reply!.baseOffset)).toBe(acknowledged[0]!.size);
    acknowledged[0]!.set(acknowledged[0]!.size, 'after the crash');
  });
});

test('kafkajs: after a controlled shutdown, too', async () => {
  expect(await served.program.end('SIGTERM')).toBe(0);
  await served.program.start();
  expect(await readBack()).toEqual(acknowledged);
});

function valueOf(place: number): string {
  return `record ${place} ${'x'.repeat(place % 97)}`;
}

function countOf(partitions: readonly ReadonlyMap<number, string>[]): number {
  return partitions.reduce((sum, partition) => sum + partition.size, 0);
}

async function readBack(): Promise<Map<number, string>[]> {
  const read = await readAll(
    served.addresses,
    TOPIC,
    acknowledged.map((one) => one.size),
  );
  const found = acknowledged.map(() => new Map<number, string>());
  for (const { partition, offset, value } of read) {
    assert(!found[partition]!.has(offset), 'an offset is read once', { partition, offset });
    found[partition]!.set(offset, value);
  }
  return found;
}
