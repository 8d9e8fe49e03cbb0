/**
 * Scenarios as data: steps that a real broker and our components take alike, and their history.
 *
 * A step names its channel, whose first letter is its connection: `1a` and `1b` are channels of the
 * connection `1`. A channel opens at its first step, and anew after it was closed. After each step
 * all that arrives is waited for; a history has the step's result and, by channel, what arrived.
 */

/** How long a step takes: what was enough for the real broker when it was recorded. */
export const STEP_MS = 40;

/** A value of a field table in JavaScript's words; numbers are typed as amqplib types them. */
export type Plain =
  string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };
export type PlainTable = Readonly<Record<string, Plain>>;

interface Methods {
  'exchange.declare': {
    exchange: string;
    type?: string;
    passive?: true;
    durable?: boolean;
    autoDelete?: boolean;
    internal?: boolean;
    arguments?: PlainTable;
  };
  'exchange.delete': { exchange: string; ifUnused?: boolean };
  'exchange.bind': { destination: string; source: string; key?: string; arguments?: PlainTable };
  'exchange.unbind': { destination: string; source: string; key?: string; arguments?: PlainTable };
  'queue.declare': {
    queue: string;
    passive?: true;
    durable?: boolean;
    exclusive?: boolean;
    autoDelete?: boolean;
    arguments?: PlainTable;
  };
  'queue.delete': { queue: string; ifUnused?: boolean; ifEmpty?: boolean };
  'queue.purge': { queue: string };
  'queue.bind': { queue: string; exchange: string; key?: string; arguments?: PlainTable };
  'queue.unbind': { queue: string; exchange: string; key?: string; arguments?: PlainTable };
  'basic.publish': {
    exchange?: string;
    key?: string;
    body: string;
    mandatory?: boolean;
    headers?: PlainTable;
    priority?: number;
    expiration?: string;
    persistent?: boolean;
    userId?: string;
    replyTo?: string;
  };
  'basic.get': { queue: string; noAck?: boolean };
  'basic.consume': {
    queue: string;
    tag: string;
    noAck?: boolean;
    exclusive?: boolean;
    arguments?: PlainTable;
  };
  'basic.cancel': { tag: string };
  'basic.ack': { tag: number; multiple?: boolean };
  'basic.nack': { tag: number; multiple?: boolean; requeue?: boolean };
  'basic.reject': { tag: number; requeue?: boolean };
  'basic.qos': { count: number; global?: boolean };
  'basic.recover': Record<string, never>;
  /** The channel numbers what it publishes; its first step. */
  'confirm.select': Record<string, never>;
  'tx.select': Record<string, never>;
  'tx.commit': Record<string, never>;
  'tx.rollback': Record<string, never>;
  'channel.close': Record<string, never>;
  /** The connection of the channel. */
  'connection.close': Record<string, never>;
  wait: { ms: number };
  'policy.set': {
    name: string;
    pattern: string;
    definition: PlainTable;
    priority?: number;
    applyTo?: string;
    operator?: true;
  };
  'policy.clear': { name: string; operator?: true };
}

/** As a routing key or a queue: the reply-to of the last message that came with one. */
export const REPLY_TO = '$reply-to';

export type Method = keyof Methods;
export type ArgsOf<M extends Method> = Methods[M];
export type Step = {
  [M in Method]: readonly [channel: string, method: M, args: Methods[M]];
}[Method];

export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Who a connection belongs to, where it is not guest: a user with these permissions. */
  readonly users?: Readonly<Record<string, { configure: string; write: string; read: string }>>;
}

/** What happened to a channel, as a line of the history. */
export interface Happening {
  readonly channel: string;
  readonly text: string;
  /** Confirms are told last, since a broker may send them before or after deliveries. */
  readonly last?: boolean;
}

/** The history of a scenario, as text. */
export function historyOf(
  step: Step,
  result: string,
  happenings: readonly Happening[],
): readonly string[] {
  const [channel, method, args] = step;
  const ordered = [...happenings].sort(
    (left, right) =>
      Number(left.last ?? false) - Number(right.last ?? false) ||
      (left.channel < right.channel ? -1 : left.channel > right.channel ? 1 : 0),
  );
  const given = Object.keys(args).length === 0 ? '' : ` ${JSON.stringify(args)}`;
  return [
    `${channel} ${method}${given} -> ${anonymous(result)}`,
    ...ordered.map(({ channel: of, text }) => `    ${of} ${anonymous(text)}`),
  ];
}

/** Names that are drawn, and times, are not compared. */
function anonymous(text: string): string {
  return text
    .replaceAll(/amq\.gen-[\w-]{22}/g, 'amq.gen-?')
    .replaceAll(/amq\.ctag-[\w-]{22}/g, 'amq.ctag-?')
    .replaceAll(/amq\.rabbitmq\.reply-to\.[^\s']+/g, 'amq.rabbitmq.reply-to.?')
    .replaceAll(/"time":\d+/g, '"time":0');
}

/** A table with its names in order, so that two histories can be compared. */
export function inOrder(value: Plain): Plain {
  if (Array.isArray(value)) return value.map((item: Plain) => inOrder(item));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([name, of]) => [name, inOrder(of)]));
}

/** The text of a delivery. */
export function deliveryText(of: {
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: string;
  readonly headers: PlainTable;
  readonly expiration: string | undefined;
  readonly replyTo: string | undefined;
}): string {
  const { deliveryTag, redelivered, exchange, routingKey, body, headers, expiration, replyTo } = of;
  const again = redelivered ? ' redelivered' : '';
  const shown = Object.keys(headers).length === 0 ? '' : ` ${JSON.stringify(inOrder(headers))}`;
  const expires = expiration === undefined ? '' : ` expiration=${expiration}`;
  const answer = replyTo === undefined ? '' : ` reply-to=${replyTo}`;
  const place = `exchange=${exchange} key=${routingKey}`;
  return `#${deliveryTag}${again} ${place}${expires}${answer} '${body}'${shown}`;
}
