/**
 * What clients declared on `highwater serve --amqp --data`, after kill -9 and a new start: durable
 * queues, exchanges and the bindings between them, with which a stock amqplib goes on.
 */
import { connect, type ChannelModel } from 'amqplib';
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
