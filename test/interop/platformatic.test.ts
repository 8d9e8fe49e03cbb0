/**
 * A stock @platformatic/kafka, which asks for newer versions than kafkajs (Fetch 12 and up,
 * JoinGroup 6 and up), against `highwater serve`: admin, produce, a group of two, transactions.
 */
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import type { MessagesStream } from '@platformatic/kafka';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

type TextStream = MessagesStream<string, string, string, string>;

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
  const admin = new Admin(base());
  for (const topic of ['plain', 'shared', 'ledger']) {
    await admin.createTopics({ topics: [topic], partitions: 4, replicas: 3 });
  }
  await admin.close();
});
afterAll(() => served.clear());

const base = () => ({ clientId: 'interop', bootstrapBrokers: [...served.addresses], retries: 10 });

function producer(options: { readonly transactionalId?: string; idempotent?: true } = {}) {
  return new Producer({ ...base(), serializers: stringSerializers, ...options });
}

function consumer(groupId: string) {
  const timeouts = { sessionTimeout: 10_000, heartbeatInterval: 500, rebalanceTimeout: 15_000 };
  return new Consumer({ ...base(), groupId, deserializers: stringDeserializers, ...timeouts });
}

/** Leaves the group. Of its two signatures the types choose the one without a promise. */
const closed = (member: Consumer<string, string, string, string>) =>
  new Promise<void>((resolve, reject) => {
    member.close(true, (error) => (error === null ? resolve() : reject(error)));
  });

/** The values of a topic from its start until the one that says it is the last. */
async function readTo(last: string, topic: string, isolationLevel: number): Promise<string[]> {
  const reader = consumer(`reader-${topic}-${isolationLevel}`);
  const stream = await reader.consume({
    ...{ topics: [topic], mode: MessagesStreamModes.EARLIEST, isolationLevel, maxWaitTime: 200 },
  });
  const values: string[] = [];
  for await (const { value } of stream) {
    if (value === last) break;
    values.push(value);
  }
  await closed(reader);
  return values.sort();
}

test('@platformatic/kafka: what is written with acks=all is read back', async () => {
  const writer = producer();
  const written = Array.from({ length: 500 }, (_, place) => `v${place}`);
  const messages = written.map((value) => ({ topic: 'plain', key: 'one key', value }));
  await writer.send({ messages, acks: -1 });
  await writer.send({ messages: [{ topic: 'plain', key: 'one key', value: 'end' }], acks: -1 });
  await writer.close();
  expect(await readTo('end', 'plain', 0)).toEqual(written.toSorted());
});

test('@platformatic/kafka: two members share the partitions, and one takes over', async () => {
  const writer = producer();
  const send = (round: string) =>
    writer.send({
      messages: Array.from({ length: 40 }, (_, place) => {
        return { topic: 'shared', partition: place % 4, value: `${round}${place}` };
      }),
      acks: -1,
    });
  const seen = new Map<string, Set<string>>([
    ['first', new Set()],
    ['second', new Set()],
  ]);
  const join = async (name: string) => {
    const member = consumer('sharers');
    const stream: TextStream = await member.consume({
      ...{ topics: ['shared'], mode: MessagesStreamModes.COMMITTED, fallbackMode: 'earliest' },
      ...{ autocommit: true, maxWaitTime: 200 },
    });
    stream.on('data', ({ value }) => void seen.get(name)!.add(value));
    return member;
  };
  const count = (round: string) =>
    new Set([...seen.values()].flatMap((one) => [...one]).filter((v) => v.startsWith(round))).size;
  const first = await join('first');
  await send('a');
  await expect.poll(() => count('a'), { timeout: 30_000 }).toBe(40);
  const second = await join('second');
  await expect.poll(() => second.assignments?.length ?? 0, { timeout: 30_000 }).toBe(1);
  await expect
    .poll(() => second.assignments?.[0]?.partitions.length ?? 0, { timeout: 30_000 })
    .toBe(2);
  await send('b');
  await expect.poll(() => count('b'), { timeout: 30_000 }).toBe(40);
  // a fetch of before may have given some of them to the first, too
  const ofSecond = () => [...seen.get('second')!].filter((value) => value.startsWith('b'));
  await expect.poll(() => ofSecond().length, { timeout: 30_000 }).toBe(20);
  await closed(second);
  await send('c');
  await expect.poll(() => count('c'), { timeout: 30_000 }).toBe(40);
  await closed(first);
  await writer.close();
});

test('@platformatic/kafka: a transaction is read all or not at all', async () => {
  const writer = producer({ transactionalId: 'ledger-1', idempotent: true });
  for (const [round, commits] of [true, false, true].entries()) {
    const transaction = await writer.beginTransaction();
    for (let partition = 0; partition < 4; partition++) {
      await transaction.send({ messages: [{ topic: 'ledger', partition, value: `t${round}` }] });
    }
    await (commits ? transaction.commit() : transaction.abort());
  }
  const end = await writer.beginTransaction();
  await end.send({ messages: [{ topic: 'ledger', partition: 0, value: 'end' }] });
  await end.commit();
  await writer.close();
  const reader = consumer('all-of-ledger');
  const stream = await reader.consume({
    ...{ topics: ['ledger'], mode: MessagesStreamModes.EARLIEST, isolationLevel: 1 },
    maxWaitTime: 200,
  });
  const values: string[] = [];
  for await (const { value } of stream) {
    values.push(value);
    if (values.length === 9) break;
  }
  await closed(reader);
  expect(values.sort().join(' ')).toBe('end t0 t0 t0 t0 t2 t2 t2 t2');
});
