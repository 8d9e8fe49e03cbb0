/**
 * Plays a scenario on a real broker through amqplib, which need not be a package of this project:
 * its folder is given. Whatever a scenario declared is deleted after it.
 */
import { execFileSync } from 'node:child_process';
import {
  STEP_MS,
  type ArgsOf,
  type Happening,
  type Method,
  type PlainTable,
  type Scenario,
  type Step,
  REPLY_TO,
  deliveryText,
  historyOf,
} from './scenario.ts';

interface RealMessage {
  fields: {
    deliveryTag: number;
    redelivered: boolean;
    exchange: string;
    routingKey: string;
    consumerTag?: string;
    messageCount?: number;
    replyCode?: number;
    replyText?: string;
  };
  properties: { headers?: PlainTable; expiration?: string; replyTo?: string };
  content: { toString(): string };
}

/** What is used of amqplib's channel; its methods take what the scenarios' methods say. */
interface RealChannel {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [method: string]: (...args: any[]) => any;
}

interface RealConnection {
  createChannel(): Promise<RealChannel>;
  createConfirmChannel(): Promise<RealChannel>;
  close(): Promise<void>;
  on(event: string, listener: (error: Error) => void): void;
}

interface Where {
  readonly amqplib: string;
  readonly port: number;
  readonly control: string;
}

type Connect = (url: string) => Promise<RealConnection>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `406 PRECONDITION_FAILED - ...` of amqplib's message. */
function errorText(error: Error): string {
  const match = /(\d{3}) \([\w-]+\) with message "(.*)"$/s.exec(error.message);
  return match === null ? `error: ${error.message}` : `${match[1]} ${match[2]}`;
}

export class RealBroker {
  readonly #where: Where;
  readonly #connect: Connect;
  /** Ids of methods that amqplib has no functions for. */
  readonly #ids: Readonly<Record<string, number>>;
  readonly #connections = new Map<string, RealConnection>();
  readonly #channels = new Map<string, RealChannel>();
  readonly #published = new Map<string, number>();
  #happenings: Happening[] = [];
  #users: Scenario['users'];
  #replyTo = '';

  private constructor(where: Where, connect: Connect, ids: Readonly<Record<string, number>>) {
    this.#where = where;
    this.#connect = connect;
    this.#ids = ids;
  }

  static async of(where: Where): Promise<RealBroker> {
    const library = (await import(`${where.amqplib}/channel_api.js`)) as {
      default: { connect: Connect };
    };
    const definitions = (await import(`${where.amqplib}/lib/defs.js`)) as {
      default: Readonly<Record<string, number>>;
    };
    return new RealBroker(where, (url) => library.default.connect(url), definitions.default);
  }

  async play(scenario: Scenario): Promise<readonly string[]> {
    this.#users = scenario.users;
    for (const [connection, { configure, write, read }] of Object.entries(scenario.users ?? {})) {
      this.#control('add_user', `user${connection}`, 'secret');
      this.#control('set_permissions', '-p', '/', `user${connection}`, configure, write, read);
    }
    const lines: string[] = [];
    for (const step of scenario.steps) {
      this.#happenings = [];
      const result = await this.#perform(step);
      const [, method, args] = step;
      await pause(method === 'wait' ? (args as ArgsOf<'wait'>).ms : STEP_MS);
      lines.push(...historyOf(step, result, this.#happenings));
    }
    await this.#cleanUp(scenario);
    return lines;
  }

  #control(...args: string[]): string {
    return execFileSync(this.#where.control, args, { encoding: 'utf8', timeout: 60_000 });
  }

  async #perform([name, method, args]: Step): Promise<string> {
    if (method === 'wait') return 'ok';
    if (method === 'policy.set' || method === 'policy.clear') return this.#policy(method, args);
    if (method === 'connection.close') {
      await this.#closeConnection(name[0]!);
      return 'ok';
    }
    const channel = await this.#channel(name, method === 'confirm.select');
    try {
      return (await this.#call(name, channel, method, args)) ?? 'ok';
    } catch (error) {
      this.#channels.delete(name);
      // The channel's or connection's own event says the same, and more where this error is bare.
      await pause(STEP_MS);
      const closed = this.#happenings.find(({ text }) => text.startsWith('closed: '));
      this.#happenings = this.#happenings.filter((of) => of !== closed);
      const text = closed?.text.slice('closed: '.length) ?? errorText(error as Error);
      return text;
    }
  }

  async #call(
    name: string,
    channel: RealChannel,
    method: Method,
    given: object,
  ): Promise<string | undefined> {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    const args = this.#withReplyTo(given) as any;
    const { key = '', queue, exchange } = args;
    const table = args.arguments ?? {};
    const flags = { durable: false, autoDelete: false, ...args, arguments: table };
    switch (method) {
      case 'exchange.declare':
        if (args.passive) await channel.checkExchange!(exchange);
        else await channel.assertExchange!(exchange, args.type, flags);
        return undefined;
      case 'exchange.delete':
        await channel.deleteExchange!(exchange, args);
        return undefined;
      case 'exchange.bind':
        await channel.bindExchange!(args.destination, args.source, key, table);
        return undefined;
      case 'exchange.unbind':
        await channel.unbindExchange!(args.destination, args.source, key, table);
        return undefined;
      case 'queue.declare': {
        const declared = await (args.passive
          ? channel.checkQueue!(queue)
          : channel.assertQueue!(queue, flags));
        const { messageCount, consumerCount } = declared;
        return `${declared.queue} messages=${messageCount} consumers=${consumerCount}`;
      }
      case 'queue.delete':
        return `messages=${(await channel.deleteQueue!(queue, args)).messageCount}`;
      case 'queue.purge':
        return `messages=${(await channel.purgeQueue!(queue)).messageCount}`;
      case 'queue.bind':
        await channel.bindQueue!(queue, exchange, key, table);
        return undefined;
      case 'queue.unbind':
        await channel.unbindQueue!(queue, exchange, key, table);
        return undefined;
      default:
        return this.#basic(name, channel, method, args);
    }
  }

  #withReplyTo(args: object): object {
    const entries = Object.entries(args).map(([name, value]) =>
      value === REPLY_TO ? [name, this.#replyTo] : [name, value],
    );
    return Object.fromEntries(entries) as object;
  }

  /** The methods of the class basic, and what ends a channel's work. */
  async #basic(
    name: string,
    channel: RealChannel,
    method: Method,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    args: any,
  ): Promise<string | undefined> {
    const { tag, queue, multiple = false, requeue = true } = args;
    const message = { fields: { deliveryTag: tag } };
    switch (method) {
      case 'basic.publish':
        return this.#publish(name, channel, args);
      case 'basic.get': {
        const got: RealMessage | false = await channel.get!(queue, { noAck: args.noAck ?? false });
        if (got === false) return 'empty';
        this.#replyTo = got.properties.replyTo ?? this.#replyTo;
        return `${textOf(got)} messages=${got.fields.messageCount}`;
      }
      case 'basic.consume':
        return this.#consume(name, channel, args);
      case 'basic.cancel':
        await channel.cancel!(tag);
        return undefined;
      case 'basic.ack':
        channel.ack!(message, multiple);
        return undefined;
      case 'basic.nack':
        channel.nack!(message, multiple, requeue);
        return undefined;
      case 'basic.reject':
        channel.reject!(message, requeue);
        return undefined;
      case 'basic.qos':
        await channel.prefetch!(args.count, args.global ?? false);
        return undefined;
      case 'basic.recover':
        await channel.recover!();
        return undefined;
      case 'tx.select':
      case 'tx.commit':
      case 'tx.rollback': {
        const { TxSelect, TxSelectOk, TxCommit, TxCommitOk, TxRollback, TxRollbackOk } = this.#ids;
        const [ask, reply] = {
          'tx.select': [TxSelect, TxSelectOk],
          'tx.commit': [TxCommit, TxCommitOk],
          'tx.rollback': [TxRollback, TxRollbackOk],
        }[method];
        await channel.rpc!(ask, {}, reply);
        return undefined;
      }
      case 'channel.close':
        this.#channels.delete(name);
        await channel.close!();
        return undefined;
      default:
        return undefined;
    }
  }

  #publish(name: string, channel: RealChannel, args: ArgsOf<'basic.publish'>): undefined {
    const { exchange = '', key = '', body, persistent, ...options } = args;
    const number = (this.#published.get(name) ?? 0) + 1;
    this.#published.set(name, number);
    const mode = persistent === undefined ? {} : { persistent };
    channel.publish!(
      ...[exchange, key, Buffer.from(body), { ...options, ...mode }],
      (error: Error | null) => {
        const text = `${error === null ? 'ack' : 'nack'} of publish ${number}`;
        this.#happenings.push({ channel: name, text, last: true });
      },
    );
  }

  async #consume(
    name: string,
    channel: RealChannel,
    args: ArgsOf<'basic.consume'>,
  ): Promise<string> {
    const { queue, tag, ...options } = args;
    let consumerTag = tag;
    const take = (message: RealMessage | null): void => {
      consumerTag = message?.fields.consumerTag ?? consumerTag;
      this.#replyTo = message?.properties.replyTo ?? this.#replyTo;
      const text =
        message === null ? `cancelled ${tag}` : `deliver ${consumerTag} ${textOf(message)}`;
      this.#happenings.push({ channel: name, text });
    };
    const reply = await channel.consume!(queue, take, { consumerTag: tag, ...options });
    return reply.consumerTag;
  }

  #policy(method: 'policy.set' | 'policy.clear', given: object): string {
    const operator = (given as ArgsOf<'policy.clear'>).operator === true ? 'operator_' : '';
    if (method === 'policy.clear') {
      this.#control(`clear_${operator}policy`, '-p', '/', (given as ArgsOf<typeof method>).name);
      return 'ok';
    }
    const args = given as ArgsOf<'policy.set'>;
    const flags = ['--priority', `${args.priority ?? 0}`, '--apply-to', args.applyTo ?? 'all'];
    try {
      const definition = JSON.stringify(args.definition);
      this.#control(
        `set_${operator}policy`,
        '-p',
        '/',
        args.name,
        args.pattern,
        definition,
        ...flags,
      );
      return 'ok';
    } catch {
      return 'refused';
    }
  }

  async #channel(name: string, confirms: boolean): Promise<RealChannel> {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const connection = await this.#connection(name[0]!);
    const channel = await (confirms
      ? connection.createConfirmChannel()
      : connection.createChannel());
    this.#published.set(name, 0);
    channel.on!('error', (error: Error) => {
      this.#channels.delete(name);
      this.#happenings.push({ channel: name, text: `closed: ${errorText(error)}` });
    });
    channel.on!('return', ({ fields, content }: RealMessage) => {
      const text = `returned ${fields.replyCode} ${fields.replyText} '${content.toString()}'`;
      this.#happenings.push({ channel: name, text });
    });
    this.#channels.set(name, channel);
    return channel;
  }

  async #connection(name: string): Promise<RealConnection> {
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const isKnown = this.#users !== undefined && Object.hasOwn(this.#users, name);
    const who = isKnown ? `user${name}:secret` : 'guest:guest';
    const connection = await this.#connect(`amqp://${who}@127.0.0.1:${this.#where.port}`);
    connection.on('error', (error) => {
      this.#connections.delete(name);
      for (const channel of [...this.#channels.keys()]) {
        if (channel.startsWith(name)) this.#channels.delete(channel);
      }
      this.#happenings.push({ channel: `${name}a`, text: `closed: ${errorText(error)}` });
    });
    this.#connections.set(name, connection);
    return connection;
  }

  async #closeConnection(name: string): Promise<void> {
    const connection = this.#connections.get(name);
    this.#connections.delete(name);
    for (const channel of [...this.#channels.keys()]) {
      if (channel.startsWith(name)) this.#channels.delete(channel);
    }
    await connection?.close();
  }

  async #cleanUp({ steps, users }: Scenario): Promise<void> {
    for (const name of [...this.#connections.keys()]) await this.#closeConnection(name);
    const connection = await this.#connect(`amqp://guest:guest@127.0.0.1:${this.#where.port}`);
    const channel = await connection.createChannel();
    for (const [, method, given] of steps) {
      const args = given as { queue?: string; exchange?: string };
      if (method === 'queue.declare' && args.queue) await channel.deleteQueue!(args.queue);
      const { exchange } = args;
      if (method === 'exchange.declare' && exchange && !exchange.startsWith('amq.')) {
        await channel.deleteExchange!(exchange);
      }
    }
    await connection.close();
    const left = new Set<string>();
    for (const [, method, given] of steps) {
      const key = JSON.stringify(policyOf(given));
      if (method === 'policy.set') left.add(key);
      if (method === 'policy.clear') left.delete(key);
    }
    for (const key of left) {
      try {
        this.#policy('policy.clear', JSON.parse(key) as ArgsOf<'policy.clear'>);
      } catch {
        // One that was refused is not there.
      }
    }
    for (const name of Object.keys(users ?? {})) this.#control('delete_user', `user${name}`);
  }
}

function policyOf(given: object): object {
  const { name, operator } = given as ArgsOf<'policy.clear'>;
  return { name, operator };
}

function textOf({ fields, properties, content }: RealMessage): string {
  const { deliveryTag, redelivered, exchange, routingKey } = fields;
  return deliveryText({
    ...{ deliveryTag, redelivered, exchange, routingKey },
    body: content.toString(),
    headers: plain(properties.headers ?? {}),
    expiration: properties.expiration,
    replyTo: properties.replyTo,
  });
}

/** amqplib gives a timestamp as an object that says so. */
function plain(headers: PlainTable): PlainTable {
  const text = JSON.stringify(headers, (_name, value: unknown) => {
    const marked = value as { '!'?: string; value?: unknown } | null;
    return marked !== null && typeof marked === 'object' && marked['!'] !== undefined
      ? marked.value
      : value;
  });
  return JSON.parse(text) as PlainTable;
}
