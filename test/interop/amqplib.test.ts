/**
 * A stock amqplib against `highwater serve --amqp`: what it publishes, how it consumes, and how it
 * is told that something is wrong. The release is the one of which a real node gave the same.
 */
import {
  connect,
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  type GetMessage,
  type Message,
} from 'amqplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servedRabbit, type ServedRabbit } from './served-rabbit.ts';

let served: ServedRabbit;
let connection: ChannelModel;

beforeAll(async () => {
  served = await servedRabbit('rabbitmq-3.10');
  await served.program.start();
  connection = await connect(served.url);
});
afterAll(async () => {
  await connection.close();
  await served.clear();
});

const bodyOf = (message: Message): string => message.content.toString();
const keysOf = (messages: readonly Message[]): string[] => messages.map(bodyOf);

/** Fetches, without acknowledgement, until the queue is empty. */
async function drain(channel: Channel, queue: string): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (message === false) return messages;
    messages.push(message);
  }
}

/** What a consumer was given, in order; null: the broker cancelled it. */
async function consumed(
  channel: Channel,
  queue: string,
  options: Parameters<Channel['consume']>[2] = {},
): Promise<(ConsumeMessage | null)[]> {
  const messages: (ConsumeMessage | null)[] = [];
  await channel.consume(queue, (message) => void messages.push(message), options);
  return messages;
}

/** The sentence of the error that closes the channel, or the connection. */
function errorOf(of: Channel | ChannelModel): Promise<string> {
  return new Promise((resolve) => of.on('error', (error: Error) => resolve(error.message)));
}

/** A channel of its own on which an error is expected, and the error. */
async function failing(run: (channel: Channel) => unknown): Promise<string> {
  const channel = await connection.createChannel();
  const error = errorOf(channel);
  await Promise.resolve(run(channel)).catch(() => undefined);
  return error;
}

describe('rabbitmq: amqplib: routing', () => {
  test('direct, fanout, topic and headers exchanges route each in its own way', async () => {
    const channel = await connection.createConfirmChannel();
    const queues = ['a', 'b'].map((name) => `route-${name}`);
    for (const queue of queues) await channel.assertQueue(queue, { durable: false });
    const [a, b] = queues as [string, string];
    for (const type of ['direct', 'fanout', 'topic', 'headers']) {
      await channel.assertExchange(`route-${type}`, type, { durable: false });
    }
    await channel.bindQueue(a, 'route-direct', 'red');
    await channel.bindQueue(b, 'route-direct', 'green');
    await channel.bindQueue(a, 'route-fanout', '');
    await channel.bindQueue(b, 'route-fanout', 'whatever');
    await channel.bindQueue(a, 'route-topic', 'order.*.paid');
    await channel.bindQueue(b, 'route-topic', 'order.#');
    await channel.bindQueue(a, 'route-headers', '', { 'x-match': 'all', size: 'l', hot: true });
    await channel.bindQueue(b, 'route-headers', '', { 'x-match': 'any', size: 'l', hot: true });
    const publish = (exchange: string, key: string, headers: object = {}): void =>
      void channel.publish(exchange, key, Buffer.from(`${exchange}:${key}`), { headers });
    publish('route-direct', 'red');
    publish('route-direct', 'green');
    publish('route-fanout', 'any');
    publish('route-topic', 'order.7.paid');
    publish('route-topic', 'order.7.eu.paid');
    publish('route-headers', 'both', { size: 'l', hot: true });
    publish('route-headers', 'one', { size: 'l' });
    await channel.waitForConfirms();
    expect(keysOf(await drain(channel, a))).toEqual([
      'route-direct:red',
      'route-fanout:any',
      'route-topic:order.7.paid',
      'route-headers:both',
    ]);
    expect(keysOf(await drain(channel, b))).toEqual([
      'route-direct:green',
      'route-fanout:any',
      'route-topic:order.7.paid',
      'route-topic:order.7.eu.paid',
      'route-headers:both',
      'route-headers:one',
    ]);
  });

  test('what no binding takes goes to the alternate exchange; exchanges are bound', async () => {
    const channel = await connection.createConfirmChannel();
    const options = { durable: false };
    await channel.assertExchange('alt-rest', 'fanout', options);
    await channel.assertExchange('alt-second', 'topic', options);
    await channel.assertExchange('alt-first', 'direct', {
      ...options,
      alternateExchange: 'alt-rest',
    });
    await channel.assertQueue('alt-rest', options);
    await channel.assertQueue('alt-second', options);
    await channel.bindQueue('alt-rest', 'alt-rest', '');
    await channel.bindQueue('alt-second', 'alt-second', '#');
    await channel.bindExchange('alt-second', 'alt-first', 'known');
    channel.publish('alt-first', 'known', Buffer.from('known'));
    channel.publish('alt-first', 'unknown', Buffer.from('unknown'));
    await channel.waitForConfirms();
    expect(keysOf(await drain(channel, 'alt-second'))).toEqual(['known']);
    expect(keysOf(await drain(channel, 'alt-rest'))).toEqual(['unknown']);
    await channel.unbindExchange('alt-second', 'alt-first', 'known');
    await channel.deleteExchange('alt-first');
    await expect(channel.checkQueue('alt-second')).resolves.toMatchObject({ messageCount: 0 });
  });
});

describe('rabbitmq: amqplib: publishing', () => {
  test('a mandatory message without a queue comes back, and is confirmed after that', async () => {
    const channel = await connection.createConfirmChannel();
    const happened: string[] = [];
    channel.on('return', (message) => {
      const { replyCode, replyText } = message.fields as unknown as Record<string, unknown>;
      happened.push(`${String(replyCode)} ${String(replyText)} ${bodyOf(message)}`);
    });
    const confirmed = (error: unknown): void => void happened.push(error ? 'nack' : 'ack');
    channel.sendToQueue('nowhere', Buffer.from('m1'), { mandatory: true }, confirmed);
    channel.sendToQueue('nowhere', Buffer.from('m2'), {}, confirmed);
    await channel.waitForConfirms();
    expect(happened).toEqual(['312 NO_ROUTE m1', 'ack', 'ack']);
  });

  test('a full queue that rejects is a nack of the publish', async () => {
    const channel = await connection.createConfirmChannel();
    const limits = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    await channel.assertQueue('full', { durable: false, arguments: limits });
    const outcome = (body: string): Promise<string> => sent(channel, 'full', body);
    expect(await outcome('m1')).toBe('ack');
    expect(await outcome('m2')).toBe('nack');
    expect(keysOf(await drain(channel, 'full'))).toEqual(['m1']);
  });

  test('priorities, TTL and a large body', async () => {
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('prio', { durable: false, maxPriority: 5 });
    for (const priority of [0, 5, 3]) {
      channel.sendToQueue('prio', Buffer.from(`p${priority}`), { priority });
    }
    await channel.assertQueue('ttl', { durable: false, messageTtl: 30_000 });
    channel.sendToQueue('ttl', Buffer.from('short'), { expiration: '20' });
    const large = Buffer.alloc(300_000, 'x');
    await channel.assertQueue('large', { durable: false });
    channel.sendToQueue('large', large, { contentType: 'text/plain', headers: { n: 1 } });
    await channel.waitForConfirms();
    expect(keysOf(await drain(channel, 'prio'))).toEqual(['p5', 'p3', 'p0']);
    const [received] = await drain(channel, 'large');
    expect(received!.content.equals(large)).toBe(true);
    expect(received!.properties).toMatchObject({ contentType: 'text/plain', headers: { n: 1 } });
    await expect.poll(async () => (await channel.checkQueue('ttl')).messageCount).toBe(0);
  });
});

function sent(channel: ConfirmChannel, queue: string, body: string): Promise<string> {
  return new Promise((resolve) => {
    channel.sendToQueue(queue, Buffer.from(body), {}, (error: unknown) =>
      resolve(error ? 'nack' : 'ack'),
    );
  });
}

describe('rabbitmq: amqplib: consuming', () => {
  test('prefetch holds deliveries back until one is acknowledged', async () => {
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('prefetch', { durable: false });
    for (const body of ['m1', 'm2', 'm3']) channel.sendToQueue('prefetch', Buffer.from(body));
    await channel.waitForConfirms();
    await channel.prefetch(2);
    const messages = await consumed(channel, 'prefetch');
    await expect.poll(() => messages.length).toBe(2);
    const waiting = await channel.checkQueue('prefetch');
    expect(waiting).toMatchObject({ messageCount: 1, consumerCount: 1 });
    channel.ack(messages[0]!);
    await expect.poll(() => messages.map((one) => bodyOf(one!))).toEqual(['m1', 'm2', 'm3']);
  });

  test('a nack requeues, and what comes again says so; the rest is dead-lettered', async () => {
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('dead', { durable: false });
    await channel.assertExchange('dlx', 'fanout', { durable: false });
    await channel.bindQueue('dead', 'dlx', '');
    await channel.assertQueue('work', { durable: false, deadLetterExchange: 'dlx' });
    channel.sendToQueue('work', Buffer.from('m'), { headers: { kept: 'yes' } });
    await channel.waitForConfirms();
    const first = (await channel.get('work')) as GetMessage;
    expect(first.fields.redelivered).toBe(false);
    channel.nack(first, false, true);
    const second = (await channel.get('work')) as GetMessage;
    expect(second.fields.redelivered).toBe(true);
    channel.reject(second, false);
    await expect.poll(async () => (await channel.checkQueue('dead')).messageCount).toBe(1);
    const [letter] = await drain(channel, 'dead');
    const { headers } = letter!.properties;
    expect(headers).toMatchObject({ kept: 'yes', 'x-first-death-queue': 'work' });
    expect(headers?.['x-death']).toMatchObject([
      { count: 1, reason: 'rejected', queue: 'work', exchange: '', 'routing-keys': ['work'] },
    ]);
  });

  test('of several consumers one is active, and the next when it ends', async () => {
    const [first, second] = [await connection.createChannel(), await connection.createChannel()];
    const sac = { 'x-single-active-consumer': true };
    await first.assertQueue('sac', { durable: false, arguments: sac });
    const one = await consumed(first, 'sac', { noAck: true });
    const other = await consumed(second, 'sac', { noAck: true });
    for (const body of ['m1', 'm2']) first.sendToQueue('sac', Buffer.from(body));
    await expect.poll(() => one.length).toBe(2);
    await first.close();
    second.sendToQueue('sac', Buffer.from('m3'));
    await expect.poll(() => other.length).toBe(1);
    expect(bodyOf(other[0]!)).toBe('m3');
  });

  test('a consumer whose queue is deleted is cancelled', async () => {
    const channel = await connection.createChannel();
    await channel.assertQueue('goes', { durable: false });
    const messages = await consumed(channel, 'goes');
    await channel.deleteQueue('goes');
    await expect.poll(() => messages).toEqual([null]);
  });

  test('an unacknowledged message comes again when the channel ends', async () => {
    const [first, second] = [await connection.createChannel(), await connection.createChannel()];
    await first.assertQueue('again', { durable: false });
    first.sendToQueue('again', Buffer.from('m'));
    const messages = await consumed(first, 'again');
    await expect.poll(() => messages.length).toBe(1);
    await first.close();
    const message = (await second.get('again')) as GetMessage;
    expect(message.fields.redelivered).toBe(true);
  });
});

describe('rabbitmq: amqplib: errors', () => {
  test('404, 405, 406 and 403 close the channel with the broker’s sentence', async () => {
    const other = await connect(served.url);
    const channel = await other.createChannel();
    await channel.assertQueue('locked', { exclusive: true });
    await channel.assertQueue('declared', { durable: false });
    const sentences = await Promise.all([
      failing((one) => one.checkQueue('absent')),
      failing((one) => one.publish('absent', '', Buffer.from('m'))),
      failing((one) => one.checkQueue('locked')),
      failing((one) => one.assertQueue('declared', { durable: true })),
      failing((one) => one.ack({ fields: { deliveryTag: 7 } } as Message)),
      failing((one) => one.assertExchange('amq.mine', 'direct')),
    ]);
    const [absent, noExchange, locked, inequivalent, unknownTag, reserved] = sentences;
    expect(absent).toContain(`404 (NOT-FOUND) with message "NOT_FOUND - no queue 'absent'`);
    expect(noExchange).toContain(`NOT_FOUND - no exchange 'absent' in vhost '/'`);
    expect(locked).toContain(`405 (RESOURCE-LOCKED) with message "RESOURCE_LOCKED - cannot obtain`);
    expect(inequivalent).toContain(`inequivalent arg 'durable' for queue 'declared'`);
    expect(unknownTag).toContain('PRECONDITION_FAILED - unknown delivery tag 7');
    expect(reserved).toContain('403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - exchange name');
    await other.close();
  });

  test('a wrong password is a 403, and an unknown virtual host is refused', async () => {
    const wrong = `amqp://guest:wrong@127.0.0.1:${served.port}`;
    await expect(connect(wrong)).rejects.toThrow('403 (ACCESS-REFUSED)');
    // amqplib says no more of the 530.
    await expect(connect(`${served.url}/absent`)).rejects.toThrow(
      'got <ConnectionClose channel:0>',
    );
  });

  test('server-named and exclusive queues end with their connection', async () => {
    const own = await connect(served.url);
    const channel = await own.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    expect(queue).toMatch(/^amq\.gen-[\w-]{22}$/);
    await own.close();
    expect(await failing((one) => one.checkQueue(queue))).toContain(`no queue '${queue}'`);
  });
});
