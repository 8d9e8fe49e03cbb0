/**
 * What clients declared on `highwater serve --amqp --data`, after kill -9 and a new start: durable
 * queues, exchanges and the bindings between them, with which a stock amqplib goes on; the messages
 * that a quorum queue had confirmed; and those of a classic queue, after SIGTERM, too.
 */
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterEach, expect, test } from 'vitest';
import { servedRabbit, type ServedRabbit } from './served-rabbit.ts';

let served: ServedRabbit;
afterEach(() => served.clear());

async function within<T>(run: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await connect(served.url);
  // The broker is killed before the client is.
  connection.on('error', () => {});
  try {
    return await run(connection);
  } finally {
    await connection.close().catch(() => {});
  }
}

async function isThere(connection: ChannelModel, queue: string): Promise<boolean> {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return channel.checkQueue(queue).then(
    () => true,
    () => false,
  );
}

/** Mnesia, and Khepri. */
const RELEASES = ['rabbitmq-3.10', 'rabbitmq-4.2'] as const;

test.each(RELEASES)(
  'rabbitmq: amqplib: %s: definitions survive kill -9',
  async (release) => {
    served = await servedRabbit(release);
    await served.program.start();
    await within(async (connection) => {
      const channel = await connection.createChannel();
      await channel.assertExchange('orders', 'topic', { durable: true });
      await channel.assertQueue('paid', { durable: true, arguments: { 'x-max-length': 9 } });
      await channel.assertQueue('passing', { durable: false });
      await channel.bindQueue('paid', 'orders', 'order.*.paid');
      await channel.bindQueue('passing', 'orders', '#');
      await served.program.end('SIGKILL');
    });
    await served.program.start();
    await within(async (connection) => {
      expect(await isThere(connection, 'paid')).toBe(true);
      expect(await isThere(connection, 'passing')).toBe(false);
      const channel = await connection.createConfirmChannel();
      channel.publish('orders', 'order.7.paid', Buffer.from('7'));
      await channel.waitForConfirms();
      const message = await channel.get('paid', { noAck: true });
      expect(message === false ? 'nothing' : message.content.toString()).toBe('7');
      await expect(channel.assertQueue('paid', { durable: true })).rejects.toThrow('x-max-length');
    });
  },
  60_000,
);

test('rabbitmq: amqplib: what a quorum queue confirmed is there after kill -9', async () => {
  const queue = 'ledger';
  const confirmed: string[] = [];
  served = await servedRabbit('rabbitmq-3.10');
  await served.program.start();
  await within(async (connection) => {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    // The broker is killed while publishes are on their way.
    for (let number = 0; number < 400 && confirmed.length < 100; number++) {
      const body = `m${number}`;
      channel.sendToQueue(queue, Buffer.from(body), { persistent: true }, (error: unknown) => {
        if (error === null) confirmed.push(body);
      });
      if (number % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await expect.poll(() => confirmed.length).toBeGreaterThan(20);
    await served.program.end('SIGKILL');
  });
  await served.program.start();
  await within(async (connection) => {
    const channel = await connection.createChannel();
    const kept: string[] = [];
    await channel.consume(queue, (message) => void kept.push(message!.content.toString()));
    await expect.poll(() => confirmed.filter((body) => !kept.includes(body))).toEqual([]);
    expect(new Set(kept).size).toBe(kept.length);
    const numbers = kept.map((body) => Number(body.slice(1)));
    expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
  });
}, 60_000);

/** Larger than what a queue keeps in its own files (`queue_index_embed_msgs_below`). */
const LARGE = 'large '.padEnd(10_000, '.');

/** Each persistent one is followed by a transient one; all are confirmed. */
async function publishConfirmed(channel: ConfirmChannel, queue: string, bodies: readonly string[]) {
  for (const body of bodies) {
    channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
    channel.sendToQueue(queue, Buffer.from(`${body}, transient`), { persistent: false });
  }
  await channel.waitForConfirms();
}

/** All that is in the queue, of which the first few are acknowledged; ` again`: redelivered. */
async function readAll(channel: ConfirmChannel, queue: string, acknowledged: number) {
  const read: string[] = [];
  for (;;) {
    const message = await channel.get(queue);
    if (message === false) return read;
    read.push(`${message.content.toString()}${message.fields.redelivered ? ' again' : ''}`);
    if (read.length <= acknowledged) channel.ack(message);
  }
}

// Index of version 1, and of version 2: which messages were delivered is on disk after SIGTERM,
// after kill -9 all count as delivered.
test.each(RELEASES)(
  'rabbitmq: amqplib: %s: what a classic queue confirmed is there after kill -9, after SIGTERM',
  async (release) => {
    const queue = 'bills';
    const again = (body: string): string => `${body} again`;
    served = await servedRabbit(release);
    await served.program.start();
    await within(async (connection) => {
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => {});
      await channel.assertQueue(queue, { durable: true });
      await publishConfirmed(channel, queue, ['a', 'b', LARGE, 'c']);
      await served.program.end('SIGKILL');
    });
    await served.program.start();
    await within(async (connection) => {
      const channel = await connection.createConfirmChannel();
      expect(await readAll(channel, queue, 1)).toEqual(['a', 'b', LARGE, 'c'].map(again));
      await publishConfirmed(channel, queue, ['d', 'e']);
      await channel.close();
    });
    expect(await served.program.end('SIGTERM')).toBe(0);
    await served.program.start();
    await within(async (connection) => {
      const channel = await connection.createConfirmChannel();
      const left = [...['b', LARGE, 'c'].map(again), 'd', 'e'];
      expect(await readAll(channel, queue, left.length)).toEqual(left);
      await channel.close();
    });
  },
  60_000,
);
