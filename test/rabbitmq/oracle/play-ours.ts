/** Plays a scenario on our components: the least of a channel around a virtual host. */
import { type AmqpError, isAmqpError } from '../../../engine/rabbitmq/amqp-error.ts';
import type { FieldTable, FieldValue } from '../../../engine/rabbitmq/field-table.ts';
import type { Message } from '../../../engine/rabbitmq/message.ts';
import type { Profile } from '../../../engine/rabbitmq/profiles.ts';
import {
  ChannelConsumers,
  type Delivery,
} from '../../../engine/rabbitmq/queue/channel-consumers.ts';
import type { Settlement } from '../../../engine/rabbitmq/queue/classic-queue.ts';
import {
  consume,
  deliverMessage,
  get,
  routeMessage,
} from '../../../engine/rabbitmq/vhost/basic-methods.ts';
import { bind, unbind } from '../../../engine/rabbitmq/vhost/binding-methods.ts';
import {
  declareExchange,
  deleteExchange,
} from '../../../engine/rabbitmq/vhost/exchange-methods.ts';
import type { ApplyTo } from '../../../engine/rabbitmq/vhost/policies.ts';
import {
  declareQueue,
  deleteQueue,
  purgeQueue,
} from '../../../engine/rabbitmq/vhost/queue-methods.ts';
import { Node } from '../node.ts';
import {
  type ArgsOf,
  type Happening,
  type Method,
  type Plain,
  type PlainTable,
  type Scenario,
  type Step,
  deliveryText,
  historyOf,
} from './scenario.ts';

/** Virtual time that a step takes, about what it took when the real one was recorded. */
const STEP_MS = 40;

interface Channel {
  readonly name: string;
  readonly consumers: ChannelConsumers;
  /** The number of the last publish; null: confirms are not selected. */
  published: number | null;
}

const ok = 'ok';

class Player {
  readonly #node: Node;
  readonly #channels = new Map<string, Channel>();
  readonly #users: Scenario['users'];
  #happenings: Happening[] = [];

  constructor(profile: Profile, { users }: Scenario) {
    this.#node = new Node(profile);
    this.#users = users;
    for (const [connection, permissions] of Object.entries(users ?? {})) {
      this.#node.users.add(userOf(connection), []);
      this.#node.users.setPermissions(userOf(connection), '/', permissions);
    }
  }

  play(step: Step): readonly string[] {
    this.#happenings = [];
    const [name, method, args] = step;
    const result = this.#node.act(() => this.#perform(name, method, args));
    this.#node.advance(method === 'wait' ? (args as ArgsOf<'wait'>).ms : STEP_MS);
    return historyOf(step, result, this.#happenings);
  }

  #perform(name: string, method: Method, args: object): string {
    const channel = this.#channel(name);
    const handle = this.#methods[method] as (channel: Channel, args: object) => unknown;
    const result = handle(channel, args);
    if (!isAmqpError(result)) return typeof result === 'string' ? result : ok;
    this.#close(channel, result);
    const text = errorText(result);
    // What has no reply is answered by the close only.
    if (!NO_REPLY.has(method)) return text;
    this.#happenings.push({ channel: name, text: `closed: ${text}` });
    return ok;
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const note = (text: string): void => void this.#happenings.push({ channel: name, text });
    const port = {
      deliver: (tag: string, delivery: Delivery) => note(`deliver ${tag} ${textOf(delivery)}`),
      cancel: (tag: string) => note(`cancelled ${tag}`),
    };
    const { switches } = this.#node.profile;
    const random = this.#node.ports.random(`channel ${name}`);
    const consumers = new ChannelConsumers(port, random, {
      globalQosIsPermitted: switches.globalQos,
    });
    const channel: Channel = { name, consumers, published: null };
    this.#channels.set(name, channel);
    return channel;
  }

  #close(channel: Channel, { code }: AmqpError): void {
    if (code < 500) {
      this.#closeChannel(channel);
      return;
    }
    this.#closeConnection(channel.name[0]!);
  }

  #closeChannel(channel: Channel): void {
    this.#channels.delete(channel.name);
    channel.consumers.close();
  }

  #closeConnection(connection: string): void {
    for (const channel of [...this.#channels.values()]) {
      if (channel.name.startsWith(connection)) this.#closeChannel(channel);
    }
    this.#node.vhost.connectionClosed(Number(connection));
  }

  #actor({ name }: Channel): { user: string; connection: number } {
    const connection = name[0]!;
    const isKnown = this.#users !== undefined && Object.hasOwn(this.#users, connection);
    return { user: isKnown ? userOf(connection) : 'guest', connection: Number(connection) };
  }

  #bind(
    how: typeof bind,
    channel: Channel,
    {
      kind,
      to,
      source,
      args,
    }: {
      kind: 'queue' | 'exchange';
      to: string;
      source: string;
      args: { key?: string; arguments?: PlainTable };
    },
  ): AmqpError | null {
    return how(this.#node.vhost, this.#actor(channel), {
      source,
      destination: { kind, name: to },
      routingKey: args.key ?? '',
      arguments: tableOf(args.arguments),
    });
  }

  #publish(channel: Channel, args: ArgsOf<'basic.publish'>): AmqpError | null {
    const { vhost } = this.#node;
    const { exchange = '', key = '', body, mandatory, persistent, headers, ...properties } = args;
    const routed = routeMessage(vhost, this.#actor(channel), {
      exchange,
      routingKey: key,
      properties: {
        ...properties,
        headers: tableOf(headers),
        ...(persistent === undefined ? {} : { deliveryMode: persistent ? 2 : 1 }),
      },
      body: new TextEncoder().encode(body),
    });
    if (isAmqpError(routed)) return routed;
    const number = channel.published === null ? null : (channel.published += 1);
    let refused = false;
    const queues = deliverMessage(vhost, routed, {
      confirmed: () => {},
      rejected: () => {
        refused = true;
      },
    });
    const { name } = channel;
    if (queues.length === 0 && mandatory === true) {
      this.#happenings.push({ channel: name, text: `returned 312 NO_ROUTE '${body}'` });
    }
    if (number !== null) {
      const text = `${refused ? 'nack' : 'ack'} of publish ${number}`;
      this.#happenings.push({ channel: name, text, last: true });
    }
    return null;
  }

  #settle(
    { consumers }: Channel,
    { tag, multiple }: { tag: number; multiple?: boolean },
    how: Settlement,
  ): AmqpError | null {
    const taken = consumers.take(tag, multiple ?? false);
    if (isAmqpError(taken)) return taken;
    consumers.settle(taken, how);
    return null;
  }

  readonly #methods: {
    [M in Method]: (channel: Channel, args: ArgsOf<M>) => AmqpError | string | null | void;
  } = {
    'exchange.declare': (channel, args) =>
      declareExchange(this.#node.vhost, this.#actor(channel), {
        ...{ type: '', passive: false, durable: false, autoDelete: false, internal: false },
        ...args,
        arguments: tableOf(args.arguments),
      }),
    'exchange.delete': (channel, { exchange, ifUnused = false }) =>
      deleteExchange(this.#node.vhost, this.#actor(channel), { exchange, ifUnused }),
    'exchange.bind': (channel, { destination: to, source, ...args }) =>
      this.#bind(bind, channel, { kind: 'exchange', to, source, args }),
    'exchange.unbind': (channel, { destination: to, source, ...args }) =>
      this.#bind(unbind, channel, { kind: 'exchange', to, source, args }),
    'queue.declare': (channel, args) => {
      const result = declareQueue(this.#node.vhost, this.#actor(channel), {
        ...{ passive: false, durable: false, exclusive: false, autoDelete: false },
        ...args,
        arguments: tableOf(args.arguments),
      });
      if (isAmqpError(result)) return result;
      return `${result.queue} messages=${result.messageCount} consumers=${result.consumerCount}`;
    },
    'queue.delete': (channel, { queue, ifUnused = false, ifEmpty = false }) =>
      counted(deleteQueue(this.#node.vhost, this.#actor(channel), { queue, ifUnused, ifEmpty })),
    'queue.purge': (channel, { queue }) =>
      counted(purgeQueue(this.#node.vhost, this.#actor(channel), queue)),
    'queue.bind': (channel, { queue: to, exchange: source, ...args }) =>
      this.#bind(bind, channel, { kind: 'queue', to, source, args }),
    'queue.unbind': (channel, { queue: to, exchange: source, ...args }) =>
      this.#bind(unbind, channel, { kind: 'queue', to, source, args }),
    'basic.publish': (channel, args) => this.#publish(channel, args),
    'basic.get': (channel, { queue, noAck = false }) => {
      const { vhost } = this.#node;
      const result = get(vhost, this.#actor(channel), channel.consumers, { queue, noAck });
      if (result === null) return 'empty';
      if (isAmqpError(result)) return result;
      return `${textOf(result.delivery)} messages=${result.messageCount}`;
    },
    'basic.consume': (channel, { queue, tag, noAck = false, exclusive = false, ...args }) => {
      let consumerTag = '';
      const refused = consume(this.#node.vhost, this.#actor(channel), channel.consumers, {
        ...{ queue, consumerTag: tag, noAck, exclusive, arguments: tableOf(args.arguments) },
        accepted: (accepted) => {
          consumerTag = accepted;
        },
      });
      return refused ?? consumerTag;
    },
    'basic.cancel': ({ consumers }, { tag }) => consumers.cancel(tag),
    'basic.ack': (channel, args) => this.#settle(channel, args, 'ack'),
    'basic.nack': (channel, { requeue = true, ...args }) =>
      this.#settle(channel, args, requeue ? 'requeue' : 'discard'),
    'basic.reject': (channel, { requeue = true, ...args }) =>
      this.#settle(channel, args, requeue ? 'requeue' : 'discard'),
    'basic.qos': ({ consumers }, { count, global = false }) =>
      consumers.qos({ prefetchSize: 0, prefetchCount: count, global }),
    'basic.recover': ({ consumers }) => consumers.recover(true),
    'confirm.select': (channel) => {
      channel.published = 0;
    },
    'channel.close': (channel) => this.#closeChannel(channel),
    'connection.close': ({ name }) => this.#closeConnection(name[0]!),
    wait: () => {},
    'policy.set': (_channel, { operator, definition, priority = 0, applyTo = 'all', ...rest }) => {
      const policy = { ...rest, priority, applyTo: applyTo as ApplyTo };
      const settings = definition as Record<string, string | number>;
      const by = operator === true ? 'operator' : 'user';
      const wrong = this.#node.vhost.setPolicy({ ...policy, definition: settings }, by);
      return wrong === null ? ok : 'refused';
    },
    'policy.clear': (_channel, { name, operator }) => {
      this.#node.vhost.clearPolicy(name, operator === true ? 'operator' : 'user');
    },
  };
}

const NO_REPLY: ReadonlySet<Method> = new Set<Method>([
  ...(['basic.publish', 'basic.ack', 'basic.nack', 'basic.reject'] as const),
]);

const userOf = (connection: string): string => `user${connection}`;

const counted = (result: number | AmqpError): string | AmqpError =>
  isAmqpError(result) ? result : `messages=${result}`;

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

function textOf({ deliveryTag, redelivered, message }: Delivery): string {
  const { exchange, properties, body } = message;
  return deliveryText({
    ...{ deliveryTag, redelivered, exchange, routingKey: message.routingKeys[0]! },
    body: new TextDecoder().decode(body),
    headers: headersOf(message),
    expiration: properties.expiration,
  });
}

function headersOf({ properties }: Message): PlainTable {
  return plainOf({ type: 'table', value: properties.headers ?? [] }) as PlainTable;
}

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
