/**
 * A stock rabbitmq-client against `highwater serve --amqp`, at the newest release: its publisher,
 * consumer and channels, transactions, and the errors that it is told.
 */
import { Connection, ConsumerStatus, type AsyncMessage, type Channel } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newestProfile } from '../../engine/rabbitmq/profiles.ts';
import { servedRabbit, type ServedRabbit } from './served-rabbit.ts';

let served: ServedRabbit;
let connection: Connection;

beforeAll(async () => {
  served = await servedRabbit(newestProfile);
  await served.program.start();
  connection = open();
  await connection.onConnect(10_000);
});
afterAll(async () => {
  await connection.close();
  await served.clear();
});

function open(): Connection {
  const made = new Connection({ url: served.url, retryLow: 20, retryHigh: 50 });
  // Some tests ask for errors; who has no listener would end the program.
  made.on('error', () => undefined);
  return made;
}

async function bodies(channel: Channel, queue: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (;;) {
    const message = await channel.basicGet({ queue, noAck: true });
    if (message === undefined) return found;
    found.push(message.body);
  }
}

describe('rabbitmq: rabbitmq-client: publisher and consumer', () => {
  test('a confirmed publish through a declared exchange reaches its queue', async () => {
    const publisher = connection.createPublisher({
      confirm: true,
      exchanges: [{ exchange: 'events', type: 'topic', durable: true }],
      queues: [{ queue: 'orders', durable: true }],
      queueBindings: [{ exchange: 'events', queue: 'orders', routingKey: 'order.*' }],
    });
    const returned: number[] = [];
    publisher.on('basic.return', ({ replyCode }) => void returned.push(replyCode));
    await publisher.send({ exchange: 'events', routingKey: 'order.1', durable: true }, { id: 1 });
    await publisher.send({ exchange: 'events', routingKey: 'user.1', mandatory: true }, { id: 2 });
    await expect.poll(() => returned).toEqual([312]);
    await publisher.close();
    const taken: unknown[] = [];
    const consumer = connection.createConsumer(
      { queue: 'orders', queueOptions: { passive: true }, qos: { prefetchCount: 1 } },
      ({ body }) => void taken.push(body),
    );
    await expect.poll(() => taken).toEqual([{ id: 1 }]);
    await consumer.close();
    expect((await connection.queueDeclare({ queue: 'orders', passive: true })).messageCount).toBe(
      0,
    );
  });

  test('a handler requeues or drops, and what is dropped is dead-lettered', async () => {
    const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'graves' };
    await connection.queueDeclare({ queue: 'graves', durable: true });
    const seen: AsyncMessage[] = [];
    const consumer = connection.createConsumer(
      { queue: 'tasks', queueOptions: { durable: true, arguments: dead } },
      (message) => {
        seen.push(message);
        return message.redelivered ? ConsumerStatus.DROP : ConsumerStatus.REQUEUE;
      },
    );
    await new Promise<void>((resolve) => consumer.on('ready', resolve));
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send('tasks', 'm');
    await expect.poll(() => seen.map(({ redelivered }) => redelivered)).toEqual([false, true]);
    await consumer.close();
    await publisher.close();
    const grave = await connection.basicGet({ queue: 'graves', noAck: true });
    expect(grave?.headers?.['x-death']).toMatchObject([{ reason: 'rejected', queue: 'tasks' }]);
    expect(grave?.headers?.['x-last-death-reason']).toBe('rejected');
  });

  test('a full queue refuses what is published, as an error of the send', async () => {
    const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish' } as const;
    await connection.queueDeclare({ queue: 'full', durable: true, arguments: limits });
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send('full', 'm1');
    await expect(publisher.send('full', 'm2')).rejects.toMatchObject({ code: 'NACK' });
    await publisher.close();
  });

  test('with priorities of consumers the higher is served while it can take', async () => {
    const queue = 'ranked';
    await connection.queueDeclare({ queue, durable: true });
    const taken: string[] = [];
    const consume = async (name: string, priority: number): Promise<Channel> => {
      const channel = await connection.acquire();
      await channel.basicQos({ prefetchCount: 2 });
      const args = { queue, arguments: { 'x-priority': priority } };
      await channel.basicConsume(args, () => void taken.push(name));
      return channel;
    };
    const channels = [await consume('low', 1), await consume('high', 5)];
    const publisher = connection.createPublisher({ confirm: true });
    for (const body of ['m1', 'm2', 'm3']) await publisher.send(queue, body);
    await expect.poll(() => taken).toEqual(['high', 'high', 'low']);
    await publisher.close();
    for (const channel of channels) await channel.close();
  });
});

describe('rabbitmq: rabbitmq-client: requests and replies', () => {
  test('a request is answered by direct reply-to, without a queue for answers', async () => {
    const server = connection.createConsumer(
      { queue: 'requests', queueOptions: { durable: true } },
      async ({ body }, reply) => reply(`answer to ${String(body)}`),
    );
    await new Promise<void>((resolve) => server.on('ready', resolve));
    const client = connection.createRPCClient({ confirm: true });
    const answers = await Promise.all(['one', 'two'].map((body) => client.send('requests', body)));
    expect(answers.map(({ body }) => body as unknown)).toEqual(['answer to one', 'answer to two']);
    await client.close();
    await server.close();
  });
});

describe('rabbitmq: rabbitmq-client: transactions', () => {
  test('what is published or acknowledged holds from the commit on', async () => {
    const channel = await connection.acquire();
    await channel.queueDeclare({ queue: 'tx', durable: true });
    await channel.txSelect();
    await channel.basicPublish('tx', 'rolled back');
    await channel.txRollback();
    await channel.basicPublish('tx', 'committed');
    expect(await channel.basicGet({ queue: 'tx' })).toBeUndefined();
    await channel.txCommit();
    const message = await channel.basicGet({ queue: 'tx' });
    expect(message?.body).toBe('committed');
    channel.basicAck({ deliveryTag: message!.deliveryTag });
    await channel.txRollback();
    await channel.close();
    const again = await connection.basicGet({ queue: 'tx', noAck: true });
    expect([again?.body, again?.redelivered]).toEqual(['committed', true]);
  });
});

describe('rabbitmq: rabbitmq-client: errors', () => {
  test('each closes the channel only, with the name of its code', async () => {
    const other = open();
    const owner = await other.acquire();
    await owner.queueDeclare({ queue: 'mine', exclusive: true });
    const refused = async (run: (channel: Channel) => Promise<unknown>): Promise<string> => {
      const channel = await connection.acquire();
      const error = (await run(channel).then(
        () => ({ code: 'none' }),
        (reason: unknown) => reason,
      )) as { code: string };
      expect(channel.active).toBe(false);
      return error.code;
    };
    expect(await refused((one) => one.queueDeclare({ queue: 'absent', passive: true }))).toBe(
      'NOT_FOUND',
    );
    expect(await refused((one) => one.queueDeclare({ queue: 'mine', passive: true }))).toBe(
      'RESOURCE_LOCKED',
    );
    expect(await refused((one) => one.exchangeDelete({ exchange: 'amq.topic' }))).toBe(
      'ACCESS_REFUSED',
    );
    await owner.queueDeclare({ queue: 'kept', durable: true });
    expect(await refused((one) => one.queueDeclare({ queue: 'kept', autoDelete: true }))).toBe(
      'PRECONDITION_FAILED',
    );
    await owner.close();
    await other.close();
  });

  test('a queue that is neither durable nor exclusive is no longer to be had', async () => {
    const other = open();
    await expect(other.queueDeclare({ queue: 'transient' })).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
    });
    await other.close();
  });
});

describe('rabbitmq: rabbitmq-client: a node that stops', () => {
  test('closes with 320, and the client comes back and goes on', async () => {
    const codes: unknown[] = [];
    connection.on('error', ({ code }: { code?: string }) => void codes.push(code));
    await served.program.end('SIGTERM');
    await served.program.start();
    await connection.onConnect(10_000);
    expect(codes[0]).toBe('CONNECTION_FORCED');
    const channel = await connection.acquire();
    const { queue } = await channel.queueDeclare({ exclusive: true });
    await channel.basicPublish(queue, 'm');
    await expect.poll(() => bodies(channel, queue)).toEqual(['m']);
    await channel.close();
  });
});
