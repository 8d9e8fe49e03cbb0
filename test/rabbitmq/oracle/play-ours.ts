/** Plays a scenario on our components: the least of a channel around a virtual host's session. */
import { expect } from 'vitest';
import { isAmqpError } from '../../../engine/rabbitmq/amqp-error.ts';
import type { AmqpError } from '../../../engine/wire/amqp/reply-code.ts';
import type { FieldTable, FieldValue } from '../../../engine/wire/amqp/field-table.ts';
import type { Profile } from '../../../engine/rabbitmq/profiles.ts';
import type {
  ChannelSession,
  MessageContent,
} from '../../../engine/rabbitmq/vhost/channel-session.ts';
import type { ApplyTo } from '../../../engine/rabbitmq/vhost/policies.ts';
import type { DeclaredQueue, FetchedMessage } from '#engine/rabbitmq/channel/channel-host.ts';
import { answered } from '../answered.ts';
import { Node } from '../node.ts';
import {
  STEP_MS,
  type ArgsOf,
  type Happening,
  type Method,
  type Plain,
  type PlainTable,
  type Scenario,
  type Step,
  REPLY_TO,
  deliveryText,
  historyOf,
} from './scenario.ts';

interface Channel {
  readonly name: string;
  readonly session: ChannelSession;
}

const ok = 'ok';

const same = (of: unknown): unknown => of;

/** An answer that may take events: it is there when the step is over. */
class Late {
  readonly #answers: unknown[] = [];
  readonly #told: (of: never) => unknown;

  constructor(ask: (answer: (of: unknown) => void) => void, told: (of: never) => unknown = same) {
    this.#told = told;
    ask((of) => this.#answers.push(of));
  }

  get isThere(): boolean {
    return this.#answers.length > 0;
  }

  take(): unknown {
    expect(this.#answers).toHaveLength(1);
    const of = this.#answers[0]!;
    return isAmqpError(of) ? of : this.#told(of as never);
  }
}

class Player {
  readonly #node: Node;
  readonly #channels = new Map<string, Channel>();
  readonly #users: Scenario['users'];
  #happenings: Happening[] = [];
  #replyTo = '';

  constructor(profile: Profile, { users }: Scenario) {
    this.#node = new Node(profile);
    this.#users = users;
    for (const [connection, permissions] of Object.entries(users ?? {})) {
      const name = userOf(connection);
      this.#node.administer((of, done) => of.addUser(name, 'secret', [], done));
      this.#node.administer((of, done) => of.setPermissions(name, '/', permissions, done));
    }
  }

  play(step: Step): readonly string[] {
    this.#happenings = [];
    const [name, method, args] = step;
    const channel = this.#channel(name);
    const handle = this.#methods[method] as (channel: Channel, args: object) => unknown;
    let result = this.#node.act(() => handle(channel, this.#withReplyTo(args)));
    const isLate = result instanceof Late && !result.isThere;
    if (!isLate) {
      if (result instanceof Late) result = result.take();
      result = this.#node.act(() => this.#finish(channel, method, result));
    }
    this.#node.advance(method === 'wait' ? (args as ArgsOf<'wait'>).ms : STEP_MS);
    if (isLate) {
      const told = (result as Late).take();
      result = this.#node.act(() => this.#finish(channel, method, told));
    }
    return historyOf(step, result as string, this.#happenings);
  }

  #finish(channel: Channel, method: Method, result: unknown): string {
    const { name } = channel;
    if (!isAmqpError(result)) return typeof result === 'string' ? result : ok;
    if (result.code < 500) this.#closeChannel(channel);
    else this.#closeConnection(name[0]!);
    const text = errorText(result);
    // What has no reply is answered by the close only.
    if (!NO_REPLY.has(method)) return text;
    this.#happenings.push({ channel: name, text: `closed: ${text}` });
    return ok;
  }

  #withReplyTo(args: object): object {
    const entries = Object.entries(args).map(([name, value]) =>
      value === REPLY_TO ? [name, this.#replyTo] : [name, value],
    );
    return Object.fromEntries(entries) as object;
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const note = (text: string, last = false): void =>
      void this.#happenings.push({ channel: name, text, last });
    const session = this.#node.vhost.openChannel(this.#actor(name[0]!), {
      deliver: ({ consumerTag, ...delivery }, content) => {
        this.#replyTo = content.properties.replyTo ?? this.#replyTo;
        note(`deliver ${consumerTag} ${textOf(delivery, content)}`);
      },
      returned: ({ replyCode, replyText }, { body }) =>
        note(`returned ${replyCode} ${replyText} '${decode(body)}'`),
      confirmed: (tag) => note(`ack of publish ${tag}`, true),
      rejected: (tag) => note(`nack of publish ${tag}`, true),
      consumerCancelled: (tag) => note(`cancelled ${tag}`),
      timedOut: (ms) => note(`timed out after ${ms} ms`),
    });
    const channel: Channel = { name, session };
    this.#channels.set(name, channel);
    return channel;
  }

  #closeChannel(channel: Channel): void {
    this.#channels.delete(channel.name);
    channel.session.close();
  }

  #closeConnection(connection: string): void {
    for (const channel of [...this.#channels.values()]) {
      if (channel.name.startsWith(connection)) this.#closeChannel(channel);
    }
    this.#node.vhost.connectionClosed(this.#actor(connection));
  }

  #actor(connection: string): { user: string; id: string } {
    const isKnown = this.#users !== undefined && Object.hasOwn(this.#users, connection);
    return { user: isKnown ? userOf(connection) : 'guest', id: connection };
  }

  readonly #methods: {
    [M in Method]: (channel: Channel, args: ArgsOf<M>) => AmqpError | string | null | void | Late;
  } = {
    'exchange.declare': ({ session }, args) =>
      answered((answer) =>
        session.declareExchange(
          {
            ...{ type: '', passive: false, durable: false, autoDelete: false, internal: false },
            ...args,
            arguments: tableOf(args.arguments),
          },
          answer,
        ),
      ),
    'exchange.delete': ({ session }, { exchange, ifUnused = false }) =>
      answered((answer) => session.deleteExchange({ exchange, ifUnused }, answer)),
    'exchange.bind': ({ session }, args) =>
      answered((answer) => session.bindExchange(bindingOf(args), answer)),
    'exchange.unbind': ({ session }, args) =>
      answered((answer) => session.unbindExchange(bindingOf(args), answer)),
    'queue.declare': ({ session }, args) => {
      const declare = {
        ...{ passive: false, durable: false, exclusive: false, autoDelete: false },
        ...args,
        arguments: tableOf(args.arguments),
      };
      return new Late(
        (answer) => session.declareQueue(declare, answer),
        ({ queue, messageCount, consumerCount }: DeclaredQueue) =>
          `${queue} messages=${messageCount} consumers=${consumerCount}`,
      );
    },
    'queue.delete': ({ session }, { queue, ifUnused = false, ifEmpty = false }) =>
      new Late((answer) => session.deleteQueue({ queue, ifUnused, ifEmpty }, answer), counted),
    'queue.purge': ({ session }, args) =>
      new Late((answer) => session.purgeQueue(args, answer), counted),
    'queue.bind': ({ session }, args) =>
      answered((answer) => session.bindQueue(bindingOf(args), answer)),
    'queue.unbind': ({ session }, args) =>
      answered((answer) => session.unbindQueue(bindingOf(args), answer)),
    'basic.publish': ({ session }, args) => {
      const { exchange = '', key: routingKey = '', body, mandatory = false, ...more } = args;
      const { persistent, headers, ...properties } = more;
      const mode = persistent === undefined ? {} : { deliveryMode: persistent ? 2 : 1 };
      return session.publish(
        { exchange, routingKey, mandatory, immediate: false },
        {
          properties: { ...properties, ...mode, headers: tableOf(headers) },
          body: new TextEncoder().encode(body),
        },
      );
    },
    'basic.get': ({ session }, { queue, noAck = false }) => {
      return new Late(
        (answer) => session.get({ queue, noAck }, answer),
        (of: FetchedMessage | null) => {
          if (of === null) return 'empty';
          const { reply, content } = of;
          this.#replyTo = content.properties.replyTo ?? this.#replyTo;
          return `${textOf(reply, content)} messages=${reply.messageCount}`;
        },
      );
    },
    'basic.consume': ({ session }, { tag, noAck = false, exclusive = false, ...args }) => {
      const table = tableOf(args.arguments);
      const consumer = { queue: args.queue, consumerTag: tag, noAck, exclusive, arguments: table };
      return new Late((answer) => session.consume(consumer, answer));
    },
    'basic.cancel': ({ session }, { tag }) => new Late((answer) => session.cancel(tag, answer)),
    'basic.ack': ({ session }, { tag: deliveryTag, multiple = false }) =>
      session.ack({ deliveryTag, multiple }),
    'basic.nack': ({ session }, { tag: deliveryTag, multiple = false, requeue = true }) =>
      session.nack({ deliveryTag, multiple, requeue }),
    'basic.reject': ({ session }, { tag: deliveryTag, requeue = true }) =>
      session.nack({ deliveryTag, multiple: false, requeue }),
    'basic.qos': ({ session }, { count, global = false }) =>
      session.setPrefetch({ prefetchSize: 0, prefetchCount: count, global }),
    'basic.recover': ({ session }) => session.recover(),
    'confirm.select': ({ session }) => session.selectConfirms(),
    'tx.select': ({ session }) => session.selectTransactions(),
    'tx.commit': ({ session }) => new Late((answer) => session.commit(answer)),
    'tx.rollback': ({ session }) => session.rollback(),
    'channel.close': (channel) => this.#closeChannel(channel),
    'connection.close': ({ name }) => this.#closeConnection(name[0]!),
    wait: () => {},
    'policy.set': (_channel, { operator, definition, priority = 0, applyTo = 'all', ...rest }) => {
      const policy = { ...rest, priority, applyTo: applyTo as ApplyTo };
      const settings = definition as Record<string, string | number>;
      const by = operator === true ? 'operator' : 'user';
      let wrong: string | null = null;
      this.#node.administration.setPolicy(
        '/',
        { ...policy, definition: settings },
        by,
        (problem) => {
          wrong = problem;
        },
      );
      return wrong === null ? ok : 'refused';
    },
    'policy.clear': (_channel, { name, operator }) => {
      const by = operator === true ? 'operator' : 'user';
      this.#node.administration.clearPolicy('/', name, by, () => {});
    },
  };
}

function bindingOf<A extends { key?: string; arguments?: PlainTable }>(
  args: A,
): Omit<A, 'arguments'> & { routingKey: string; arguments: FieldTable } {
  return { ...args, routingKey: args.key ?? '', arguments: tableOf(args.arguments) };
}

const NO_REPLY: ReadonlySet<Method> = new Set<Method>([
  ...(['basic.publish', 'basic.ack', 'basic.nack', 'basic.reject'] as const),
]);

const userOf = (connection: string): string => `user${connection}`;

const counted = (count: number): string => `messages=${count}`;

const NAMES: Readonly<Record<number, string>> = {
  403: 'ACCESS_REFUSED',
  404: 'NOT_FOUND',
  405: 'RESOURCE_LOCKED',
  406: 'PRECONDITION_FAILED',
  503: 'COMMAND_INVALID',
  530: 'NOT_ALLOWED',
  540: 'NOT_IMPLEMENTED',
  541: 'INTERNAL_ERROR',
};

const errorText = ({ code, explanation }: AmqpError): string =>
  `${code} ${NAMES[code]} - ${explanation}`;

interface Delivered {
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
}

function textOf(
  { deliveryTag, redelivered, exchange, routingKey }: Delivered,
  { properties, body }: MessageContent,
): string {
  const headers = plainOf({ type: 'table', value: properties.headers ?? [] }) as PlainTable;
  const { expiration, replyTo } = properties;
  const place = { deliveryTag, redelivered, exchange, routingKey };
  return deliveryText({ ...place, body: decode(body), headers, expiration, replyTo });
}

const decode = (body: Uint8Array): string => new TextDecoder().decode(body);

function plainOf(of: FieldValue): Plain {
  switch (of.type) {
    case 'table':
      return Object.fromEntries(of.value.map(({ name, value }) => [name, plainOf(value)]));
    case 'array':
      return of.value.map(plainOf);
    case 'void':
      return null;
    case 'longstr':
    case 'binary':
      return typeof of.value === 'string' ? of.value : [...of.value];
    default:
      return typeof of.value === 'bigint' ? Number(of.value) : of.value;
  }
}

function tableOf(table: PlainTable = {}): FieldTable {
  return Object.entries(table).map(([name, value]) => ({ name, value: fieldOf(value) }));
}

/** As amqplib types it: the smallest signed type that has room. */
function fieldOf(value: Plain): FieldValue {
  if (value === null) return { type: 'void' };
  if (typeof value === 'string') return { type: 'longstr', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return numberOf(value);
  if (Array.isArray(value)) return { type: 'array', value: value.map((of: Plain) => fieldOf(of)) };
  return { type: 'table', value: tableOf(value as PlainTable) };
}

function numberOf(value: number): FieldValue {
  if (!Number.isInteger(value)) return { type: 'double', value };
  if (value < 0x80 && value >= -0x80) return { type: 'byte', value };
  if (value < 0x8000 && value >= -0x8000) return { type: 'short', value };
  if (value < 0x80000000 && value >= -0x80000000) return { type: 'signedint', value };
  return { type: 'long', value: BigInt(value) };
}

/** The history of a scenario on our components, with a release's behaviour. */
export function playOurs(scenario: Scenario, profile: Profile): readonly string[] {
  const player = new Player(profile, scenario);
  return scenario.steps.flatMap((step) => player.play(step));
}
