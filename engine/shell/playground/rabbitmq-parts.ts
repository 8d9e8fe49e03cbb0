/**
 * The parts of a RabbitMQ that a playground can be given: nodes, exchanges, queues, bindings,
 * publishers.
 *
 * What is declared is declared by a client on the pane's host. Not here: consumers, which Kafka
 * has, too (`consumer-part.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { AMQP_PORT } from '../../rabbitmq/connection/amqp-listener.ts';
import { createAmqpClient } from '../../rabbitmq/client/amqp-client.ts';
import type { ClientChannel } from '../../rabbitmq/client/client-channel.ts';
import type { CallArgs, RpcName } from '../../rabbitmq/client/rpc.ts';
import { isShutdownSignal } from '../../rabbitmq/client/shutdown-signal.ts';
import type { Localized } from '../../lab/knob.ts';
import type { RabbitCluster } from '../../lab/rabbitmq.ts';
import { playgroundLimits, rabbitReleases } from '../../lab/playground/playground.ts';
import type { OptionSpec } from '../program.ts';
import { refused } from '../refusal.ts';
import { countOf, countOption, rateOption } from './kafka-parts.ts';
import { done, refuse, whenReady } from './part.ts';
import type { Adding, Part } from './part.ts';
import { numberOf, settingsOf, valueOf } from './words.ts';

const NEWEST = rabbitReleases[rabbitReleases.length - 1]!;
const QUEUE_TYPES = ['classic', 'quorum', 'stream'] as const;
const EXCHANGE_TYPES = ['direct', 'fanout', 'topic', 'headers'] as const;

export const nodeOption: OptionSpec = {
  name: '--node',
  value: 'number',
  about: { en: 'to which node it connects first; 1', zh: '先连接哪个节点，默认 1' },
};

/** The node of `--node`, or what is wrong with it. */
export function nodeOf(verb: string, rabbit: RabbitCluster, text: string): number | Localized {
  return numberOf(`${verb} --node`, text, 1, rabbit.nodeNames.length);
}

const rabbitmq: Part = {
  kind: 'rabbitmq',
  about: { en: 'a RabbitMQ of one node or more', zh: 'RabbitMQ，一个或多个节点' },
  needs: null,
  isNamed: false,
  options: [
    {
      name: '--nodes',
      value: 'number',
      about: {
        en: `1 to ${playgroundLimits.nodesMax}; 1`,
        zh: `1 到 ${playgroundLimits.nodesMax}，默认 1`,
      },
    },
    {
      name: '--release',
      value: rabbitReleases,
      about: {
        en: `behaviour and defaults of a release; ${NEWEST}`,
        zh: `采用哪个版本，默认 ${NEWEST}`,
      },
    },
  ],
  example: 'add rabbitmq --nodes 3',
  add({ call, playground, words, verb }) {
    const { nodesMax } = playgroundLimits;
    const nodes = numberOf(`${verb} --nodes`, valueOf(words, 'nodes', '1'), 1, nodesMax);
    if (typeof nodes !== 'number') return nodes;
    const release = valueOf(words, 'release', NEWEST);
    const wrong = playground.addRabbitmq(nodes, release);
    if (wrong !== null) return wrong;
    const rabbit = playground.handles.rabbitmq!;
    const names = rabbit.nodeNames.join(', ');
    whenReady(call, () => rabbit.allRunning, {
      en: `RabbitMQ ${release} is ready: ${names}`,
      zh: `RabbitMQ ${release} 已就绪：${names}`,
    });
    return null;
  },
};

/** A method with its arguments. */
type Method = { [N in RpcName]: readonly [N, CallArgs<N>] }[RpcName];

/** Calls methods one after the other on a channel of the pane's host. */
function declare({ call, playground }: Adding, methods: readonly Method[], what: Localized): void {
  const rabbit = playground.handles.rabbitmq!;
  const addresses = rabbit.nodeNames.map((host) => ({ host, port: AMQP_PORT }));
  assert(methods.length > 0 && addresses.length > 0, 'something is asked of somebody');
  const started = (client: { openChannel(): ClientChannel }): void => {
    const channel = client.openChannel();
    const next = (place: number): void => {
      const method = methods[place];
      if (method === undefined) {
        done(call, what);
        return;
      }
      channel.call(method[0], method[1] as CallArgs<RpcName>, (reply) => {
        if (isShutdownSignal(reply)) refuse(call, { en: reply.text, zh: reply.text });
        else next(place + 1);
      });
    };
    next(0);
  };
  createAmqpClient({ addresses, started })(call.ports).start();
}

const exchange: Part = {
  kind: 'exchange',
  about: { en: 'a durable exchange', zh: '持久化的交换机' },
  needs: 'rabbitmq',
  isNamed: true,
  options: [
    {
      name: '--type',
      value: EXCHANGE_TYPES,
      about: { en: 'how it routes; direct', zh: '路由方式，默认 direct' },
    },
  ],
  example: 'add exchange orders --type topic',
  add(adding) {
    const name = adding.words.names[0]!;
    const type = valueOf(adding.words, 'type', 'direct');
    declare(adding, [['exchange.declare', { exchange: name, type, durable: true }]], {
      en: `exchange ${name} (${type}) is there`,
      zh: `交换机 ${name}（${type}）已声明`,
    });
    return null;
  },
};

const bindOption: OptionSpec = {
  name: '--bind',
  value: 'text',
  about: {
    en: 'an exchange, exchange or exchange:key',
    zh: '绑定到交换机，写作 exchange 或 exchange:key',
  },
};

/** The bindings of `--bind exchange:key`. */
function bindingsOf({ words }: Adding, queue: string): Method[] {
  return (words.values.get('bind') ?? []).map((text) => {
    const [source = '', ...key] = text.split(':');
    return ['queue.bind', { queue, exchange: source, routingKey: key.join(':') }] as const;
  });
}

const queue: Part = {
  kind: 'queue',
  about: { en: 'a durable queue', zh: '持久化的队列' },
  needs: 'rabbitmq',
  isNamed: true,
  options: [
    {
      name: '--type',
      value: QUEUE_TYPES,
      about: {
        en: 'classic, quorum or stream; classic',
        zh: 'classic、quorum 或 stream，默认 classic',
      },
    },
    bindOption,
    {
      name: '--arg',
      value: 'text',
      about: { en: 'an argument, x-max-length=100', zh: '参数，如 x-max-length=100' },
    },
  ],
  example: 'add queue jobs --type quorum --bind orders:new',
  add(adding) {
    const { words, verb } = adding;
    const name = words.names[0]!;
    const type = valueOf(words, 'type', 'classic');
    const given = settingsOf(verb, words, 'arg');
    if ('wrong' in given) return given.wrong as Localized;
    const args: Record<string, string | number> = { 'x-queue-type': type };
    for (const [key, value] of Object.entries(given)) {
      args[key] = /^\d{1,15}$/.test(value) ? Number(value) : value;
    }
    const made: Method = ['queue.declare', { queue: name, durable: true, arguments: args }];
    declare(adding, [made, ...bindingsOf(adding, name)], {
      en: `queue ${name} (${type}) is there`,
      zh: `队列 ${name}（${type}）已声明`,
    });
    return null;
  },
};

const binding: Part = {
  kind: 'binding',
  about: { en: 'a binding of a queue that is there', zh: '给已有队列加一个绑定' },
  needs: 'rabbitmq',
  isNamed: true,
  options: [bindOption],
  example: 'add binding jobs --bind orders:new',
  add(adding) {
    const name = adding.words.names[0]!;
    const methods = bindingsOf(adding, name);
    if (methods.length === 0) return refused(`${adding.verb} --bind`, '', 'exchange:key');
    declare(adding, methods, { en: `queue ${name} is bound`, zh: `队列 ${name} 已绑定` });
    return null;
  },
};

/** Why a client cannot work with a queue: there is none of the name; or null. */
export function queueRefusal(verb: string, rabbit: RabbitCluster, name: string): Localized | null {
  const known = rabbit.nodeNames.flatMap((_, place) => rabbit.queueNames(place + 1));
  if (known.includes(name)) return null;
  const names = [...new Set(known)].join(', ');
  const there =
    names === '' ? ["none, type 'add queue jobs'", '无，请输入“add queue jobs”'] : [names, names];
  return {
    en: `${verb} --queue: there is no '${name}'; there are: ${there[0]}`,
    zh: `${verb} --queue：没有“${name}”，现有：${there[1]}`,
  };
}

const publisher: Part = {
  kind: 'publisher',
  about: { en: 'an application that publishes messages', zh: '发布消息的应用' },
  needs: 'rabbitmq',
  isNamed: true,
  options: [
    {
      name: '--queue',
      value: 'queue',
      about: { en: 'by the default exchange', zh: '经默认交换机发到队列' },
    },
    { name: '--exchange', value: 'exchange', about: { en: 'to an exchange', zh: '发到交换机' } },
    {
      name: '--routing-key',
      value: 'text',
      about: { en: 'with --exchange', zh: '与 --exchange 一起用' },
    },
    {
      ...rateOption,
      about: { en: `${rateOption.about.en}; 10/s`, zh: `${rateOption.about.zh}，默认 10/s` },
    },
    countOption,
    { name: '--persistent', about: { en: 'messages are persistent', zh: '消息持久化' } },
    {
      name: '--mandatory',
      about: { en: 'what no queue takes comes back', zh: '无法路由的消息退回' },
    },
    { name: '--no-confirm', about: { en: 'without publisher confirms', zh: '不用发布确认' } },
    nodeOption,
  ],
  example: 'add publisher shop --queue jobs --rate 10/s',
  add({ call, playground, words, verb }) {
    const name = words.names[0]!;
    const rabbit = playground.handles.rabbitmq!;
    const to = valueOf(words, 'queue', '');
    const source = valueOf(words, 'exchange', '');
    if ((to === '') === (source === '')) return refused(verb, '', '--queue, --exchange');
    const wrong = to === '' ? null : queueRefusal(verb, rabbit, to);
    if (wrong !== null) return wrong;
    const count = countOf(verb, valueOf(words, 'count', ''));
    if (count !== null && typeof count !== 'number') return count;
    const node = nodeOf(verb, rabbit, valueOf(words, 'node', '1'));
    if (typeof node !== 'number') return node;
    const rate = valueOf(words, 'rate', '10/s');
    const refusal = playground.addPublisher(name, {
      exchange: source,
      routingKey: to === '' ? valueOf(words, 'routing-key', '') : to,
      ...{ rate, count, node },
      persistent: words.values.has('persistent'),
      mandatory: words.values.has('mandatory'),
      confirm: !words.values.has('no-confirm'),
    });
    if (refusal !== null) return refusal;
    const where = to === '' ? source : to;
    done(call, {
      en: `${name} publishes ${rate} to ${where} from now on`,
      zh: `${name} 从现在起以 ${rate} 向 ${where} 发布`,
    });
    return null;
  },
};

export const rabbitParts: readonly Part[] = [rabbitmq, exchange, queue, binding, publisher];
