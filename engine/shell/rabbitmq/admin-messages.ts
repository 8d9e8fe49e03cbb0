/**
 * `rabbitmqadmin publish message` and `get messages`, for a few messages at a time.
 *
 * Source: `rabbit_mgmt_wm_exchange_publish`, `rabbit_mgmt_wm_queue_get`. Differs: a body is shown
 * as text, there in base64 where it is none.
 */
import { assert, present } from '../../kernel/assert.ts';
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts';
import type { ClientChannel, PlainProperties } from '../../rabbitmq/client/client-channel.ts';
import type { PlainTable } from '../../rabbitmq/client/plain-table.ts';
import type { Reply } from '../../rabbitmq/client/rpc.ts';
import { isShutdownSignal } from '../../rabbitmq/client/shutdown-signal.ts';
import type { BasicProperties } from '../../wire/amqp/properties.ts';
import type { AdminCommand } from './admin-arguments.ts';
import { ACCESS_REFUSED, type AdminCall } from './admin-call.ts';
import { propertyLines } from './admin-table.ts';
import { valueJson } from './cell.ts';

/** Properties by the management plugin's names, which are AMQP's. */
const PROPERTIES: readonly (readonly [string, keyof BasicProperties])[] = [
  ['content_type', 'contentType'],
  ['content_encoding', 'contentEncoding'],
  ['delivery_mode', 'deliveryMode'],
  ['priority', 'priority'],
  ['correlation_id', 'correlationId'],
  ['reply_to', 'replyTo'],
  ['expiration', 'expiration'],
  ['message_id', 'messageId'],
  ['timestamp', 'timestamp'],
  ['type', 'type'],
  ['user_id', 'userId'],
  ['app_id', 'appId'],
];
const COLUMNS = [
  ...['payload_bytes', 'redelivered', 'exchange', 'routing_key', 'message_count', 'properties'],
  ...['payload', 'payload_encoding'],
];
const SERVER_ERROR = 'API responded with a server error: status code of 500 Internal Server Error';

function propertiesOf(given: PlainTable): PlainProperties {
  const known = PROPERTIES.flatMap(([name, own]) => {
    const value = given[name];
    return value === undefined ? [] : [[own, value] as const];
  });
  const headers = given['headers'];
  const table = typeof headers === 'object' && headers !== null ? { headers } : {};
  return { ...Object.fromEntries(known), ...table } as PlainProperties;
}

const publishMessage: AdminCommand = {
  path: ['publish', 'message'],
  about:
    'Publishes (inefficiently) message(s) to a queue or a stream. Only suitable for development ' +
    'and test environments. Prefer messaging or streaming protocol clients!',
  options: [
    {
      ...{ name: 'routing_key', letter: 'k', preset: '' },
      about: { en: 'its key; a queue at the default exchange', zh: '路由键；默认交换机下为队列名' },
    },
    {
      ...{ name: 'exchange', letter: 'e', preset: '' },
      about: { en: 'where it is published', zh: '发布到的交换机' },
    },
    {
      ...{ name: 'payload', letter: 'm', preset: 'test' },
      about: { en: 'its body', zh: '消息体' },
    },
    {
      ...{ name: 'properties', letter: 'p', preset: '{}' },
      about: { en: 'its properties, as JSON', zh: '消息属性（JSON）' },
    },
  ],
  run: (call) => {
    const given = call.json('properties');
    if (given === null) return;
    call.withChannel((channel) => {
      call.rpc(channel, 'confirm.select', {}, () => publish(call, channel, propertiesOf(given)));
    }, ACCESS_REFUSED);
  },
};

function publish(call: AdminCall, channel: ClientChannel, properties: PlainProperties): void {
  const of = {
    ...{ exchange: call.value('exchange'), routingKey: call.value('routing_key') },
    ...{ body: encodeUtf8(call.value('payload')), mandatory: true, properties },
  };
  channel.publish(of, (told) => {
    if (isShutdownSignal(told)) call.fail(told.text);
    else if (told.returned !== null) call.done('Message published but NOT routed');
    else if (told.outcome === 'ack') call.done('Message published and routed successfully');
    else call.fail(`the broker refused the message: ${told.outcome}`);
  });
}

/** What is not to be acknowledged is gone when it is fetched; the rest returns with the channel. */
const ACK_MODES: Readonly<Record<string, { readonly noAck: boolean; readonly reject?: boolean }>> =
  {
    ack_requeue_false: { noAck: true },
    ack_requeue_true: { noAck: false },
    reject_requeue_false: { noAck: false, reject: false },
    reject_requeue_true: { noAck: false, reject: true },
  };

const getMessages: AdminCommand = {
  path: ['get', 'messages'],
  about:
    'Fetches (via polling, very inefficiently) message(s) from a queue. Not available for ' +
    'streams. Only suitable for development and test environments',
  options: [
    {
      ...{ name: 'queue', letter: 'q', isRequired: true },
      about: { en: 'the queue', zh: '队列' },
    },
    {
      ...{ name: 'count', letter: 'c', preset: '1' },
      about: { en: 'at most so many', zh: '最多取几条' },
    },
    {
      ...{ name: 'ack_mode', letter: 'a', preset: 'ack_requeue_false' },
      about: {
        en: 'what becomes of them: (ack|reject)_requeue_(true|false)',
        zh: '取出后如何处理：(ack|reject)_requeue_(true|false)',
      },
    },
  ],
  run: (call) => {
    const count = call.count('count');
    if (count === null) return;
    const mode = call.value('ack_mode');
    if (!Object.hasOwn(ACK_MODES, mode)) {
      call.fail(SERVER_ERROR);
      return;
    }
    call.withChannel((channel) => fetch(call, channel, count, mode));
  },
};

type Got = Extract<Reply<'basic.get'>, { name: 'basic.get-ok' }>;

function fetch(call: AdminCall, channel: ClientChannel, count: number, mode: string): void {
  const { noAck, reject } = ACK_MODES[mode]!;
  const got: Got[] = [];
  const finish = (): void => {
    // Rejected at the end: one that is requeued at once would be fetched again.
    if (reject !== undefined) for (const one of got) rejectOne(channel, one, reject);
    call.table({ columns: COLUMNS, rows: got.map(row) });
  };
  const step = (): void => {
    if (got.length >= count) return finish();
    call.rpc(channel, 'basic.get', { queue: call.value('queue'), noAck }, (reply) => {
      if (reply.name === 'basic.get-empty') return finish();
      got.push(reply);
      step();
    });
  };
  step();
}

function rejectOne(channel: ClientChannel, { args, content }: Got, requeue: boolean): void {
  const { properties, body } = present(content, 'a message has a content');
  assert(args.deliveryTag > 0, 'a delivery', { tag: args.deliveryTag });
  channel.reject({ ...args, consumerTag: '', properties, body, connection: 1 }, requeue);
}

function row({ args, content }: Got): readonly string[] {
  const { properties, body } = present(content, 'a message has a content');
  const text = decodeUtf8(body);
  return [
    String(body.length),
    String(args.redelivered),
    args.exchange,
    args.routingKey,
    String(args.messageCount),
    propertyLines(propertyList(properties)),
    text,
    'string',
  ];
}

function propertyList(properties: BasicProperties): (readonly [string, unknown])[] {
  const list: (readonly [string, unknown])[] = PROPERTIES.flatMap(([name, own]) => {
    const value = properties[own];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { headers } = properties;
  if (headers !== undefined && headers.length > 0) {
    const entries = headers.map(({ name, value }) => [name, valueJson(value)] as const);
    list.push(['headers', Object.fromEntries(entries)]);
  }
  return list.sort(([left], [right]) => (left < right ? -1 : 1));
}

export const messaging: readonly AdminCommand[] = [publishMessage, getMessages];
