/** `rabbitmqadmin declare ...` and `delete ...`: queues, streams, exchanges, bindings. */
import { assert } from '../../kernel/assert.ts';
import type { Localized } from '../../lab/knob.ts';
import type { PlainTable } from '../../rabbitmq/client/plain-table.ts';
import type { CallArgs, RpcName } from '../../rabbitmq/client/rpc.ts';
import type { AdminCommand, AdminOption } from './admin-arguments.ts';
import type { AdminCall } from './admin-call.ts';

const BOOLEANS = ['true', 'false'];

const name = (about: Localized): AdminOption => ({ name: 'name', isRequired: true, about });
const durable: AdminOption = {
  ...{ name: 'durable', values: BOOLEANS },
  about: { en: 'it outlives a restart; true without it', zh: '重启后保留，默认 true' },
};
const autoDelete: AdminOption = {
  ...{ name: 'auto_delete', values: BOOLEANS },
  about: { en: 'it goes when its last user does', zh: '最后一个使用者离开后自动删除' },
};
const args: AdminOption = {
  ...{ name: 'arguments', preset: '{}' },
  about: { en: 'further arguments, as JSON', zh: '其他参数（JSON）' },
};
const idempotently: AdminOption = {
  ...{ name: 'idempotently', isFlag: true },
  about: { en: 'what is not there is no error', zh: '不存在时不报错' },
};

/** Calls one method, and ends. */
function callOnce<N extends RpcName>(call: AdminCall, method: N, of: CallArgs<N>): void {
  call.withChannel((channel) => call.rpc(channel, method, of, () => call.done()));
}

function declareQueueAs(call: AdminCall, type: string, more: PlainTable): void {
  const given = call.json('arguments');
  if (given === null) return;
  assert(type !== '', 'a queue has a type', {});
  callOnce(call, 'queue.declare', {
    queue: call.value('name'),
    durable: call.isTrue('durable', true),
    autoDelete: call.isTrue('auto_delete'),
    arguments: { ...given, ...more, 'x-queue-type': type },
  });
}

const declareQueue: AdminCommand = {
  path: ['declare', 'queue'],
  about: 'Declares a queue or a stream',
  options: [
    name({ en: 'its name', zh: '队列名' }),
    {
      ...{ name: 'type', preset: 'classic' },
      about: { en: 'classic, quorum or stream', zh: 'classic、quorum 或 stream' },
    },
    ...[durable, autoDelete, args],
  ],
  run: (call) => declareQueueAs(call, call.value('type'), {}),
};

const declareStream: AdminCommand = {
  path: ['declare', 'stream'],
  about: 'Declares a stream',
  options: [
    name({ en: 'its name', zh: '流的名称' }),
    {
      ...{ name: 'expiration', isRequired: true },
      about: { en: 'how long messages are kept, as 1D', zh: '消息保留时长，如 1D' },
    },
    {
      name: 'max_length_bytes',
      about: { en: 'at most so many bytes are kept', zh: '最多保留的字节数' },
    },
    args,
  ],
  run: (call) => {
    const bytes = call.values.get('max_length_bytes');
    const size = bytes === undefined ? {} : { 'x-max-length-bytes': Number(bytes) };
    declareQueueAs(call, 'stream', { 'x-max-age': call.value('expiration'), ...size });
  },
};

const declareExchange: AdminCommand = {
  path: ['declare', 'exchange'],
  about: 'Declares an exchange',
  options: [
    name({ en: 'its name', zh: '交换机名' }),
    {
      ...{ name: 'type', preset: 'direct' },
      about: { en: 'direct, fanout, topic or headers', zh: 'direct、fanout、topic 或 headers' },
    },
    ...[durable, autoDelete, args],
  ],
  run: (call) => {
    const given = call.json('arguments');
    if (given === null) return;
    callOnce(call, 'exchange.declare', {
      ...{ exchange: call.value('name'), type: call.value('type') },
      ...{ durable: call.isTrue('durable', true), autoDelete: call.isTrue('auto_delete') },
      arguments: given,
    });
  },
};

const ends: readonly AdminOption[] = [
  {
    ...{ name: 'source', isRequired: true },
    about: { en: 'the exchange that it begins at', zh: '源交换机' },
  },
  {
    ...{ name: 'destination_type', isRequired: true },
    about: { en: 'queue or exchange', zh: 'queue 或 exchange' },
  },
  {
    ...{ name: 'destination', isRequired: true },
    about: { en: 'what it leads to', zh: '目标' },
  },
  {
    ...{ name: 'routing_key', isRequired: true },
    about: { en: 'its key', zh: '路由键' },
  },
];

/** Whether the words mean an exchange as the destination. */
function toExchange(call: AdminCall): boolean {
  return call.value('destination_type') === 'exchange';
}

const declareBinding: AdminCommand = {
  path: ['declare', 'binding'],
  about: 'Creates a binding between a source exchange and a destination (a queue or an exchange)',
  options: [...ends, args],
  run: (call) => {
    const given = call.json('arguments');
    if (given === null) return;
    const common = { routingKey: call.value('routing_key'), arguments: given };
    const [source, destination] = [call.value('source'), call.value('destination')];
    if (toExchange(call)) callOnce(call, 'exchange.bind', { ...common, source, destination });
    else callOnce(call, 'queue.bind', { ...common, exchange: source, queue: destination });
  },
};

const deleteBinding: AdminCommand = {
  path: ['delete', 'binding'],
  about: 'Deletes a binding',
  options: [...ends, args, idempotently],
  run: (call) => {
    const given = call.json('arguments');
    if (given === null) return;
    const routingKey = call.value('routing_key');
    const [source, destination] = [call.value('source'), call.value('destination')];
    const kind = toExchange(call) ? 'exchange' : 'queue';
    const isSame = (one: BindingEnds): boolean =>
      one.source === source && one.destination === destination && one.routingKey === routingKey;
    call.ask(
      (node) =>
        [...node.metadata.tables.rows('rabbit_route')].some(
          ({ vhost, binding: { source: from, destination: to, routingKey: key } }) =>
            vhost === call.vhost &&
            to.kind === kind &&
            isSame({ source: from, destination: to.name, routingKey: key }),
        ),
      (isThere) => {
        const common = { routingKey, arguments: given };
        if (!isThere) return absent(call);
        if (kind === 'exchange') {
          callOnce(call, 'exchange.unbind', { ...common, source, destination });
        } else {
          callOnce(call, 'queue.unbind', { ...common, exchange: source, queue: destination });
        }
      },
    );
  },
};

interface BindingEnds {
  readonly source: string;
  readonly destination: string;
  readonly routingKey: string;
}

function absent(call: AdminCall): void {
  if (call.isTrue('idempotently')) call.done();
  else call.notFound();
}

const deleteQueue: AdminCommand = {
  path: ['delete', 'queue'],
  about: 'Deletes a queue',
  options: [name({ en: 'its name', zh: '队列名' }), idempotently],
  run: (call) => {
    const queue = call.value('name');
    call.ask(
      (node) => node.vhosts.get(call.vhost)?.queues.has(queue) ?? false,
      (isThere) => {
        if (isThere) callOnce(call, 'queue.delete', { queue });
        else absent(call);
      },
    );
  },
};

const deleteExchange: AdminCommand = {
  path: ['delete', 'exchange'],
  about: 'Deletes an exchange',
  options: [name({ en: 'its name', zh: '交换机名' }), idempotently],
  run: (call) => {
    const exchange = call.value('name');
    call.ask(
      (node) => node.vhosts.get(call.vhost)?.exchanges.has(exchange) ?? false,
      (isThere) => {
        if (isThere) callOnce(call, 'exchange.delete', { exchange });
        else absent(call);
      },
    );
  },
};

const purgeQueue: AdminCommand = {
  path: ['purge', 'queue'],
  about: '(DELETES ALL MESSAGES) Purges (permanently removes unacknowledged messages from) a queue',
  options: [name({ en: 'its name', zh: '队列名' })],
  run: (call) => callOnce(call, 'queue.purge', { queue: call.value('name') }),
};

export const declaring: readonly AdminCommand[] = [
  ...[declareQueue, declareStream, declareExchange, declareBinding],
  ...[deleteQueue, deleteExchange, deleteBinding, purgeQueue],
];
