/**
 * The options of `perf-test` that are here, and what its words come to.
 *
 * Source: PerfTest 2.22.1, commons-cli. Not here: the run (`perf-test-run.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { PlainTable } from '../../rabbitmq/client/plain-table.ts';
import type { OptionSpec } from '../program.ts';

/** What the words ask for. Counts: 0 is no limit. */
export interface PerfTestSettings {
  readonly producers: number;
  readonly consumers: number;
  readonly queue: string;
  readonly exchange: string;
  readonly type: string;
  readonly routingKey: string;
  readonly uri: string;
  /** Messages a second of each; 0: as fast as it goes. */
  readonly rate: number;
  readonly consumerRate: number;
  /** Unconfirmed messages at most; -1: no confirms. */
  readonly confirm: number;
  readonly producerMessages: number;
  readonly consumerMessages: number;
  readonly size: number;
  readonly prefetch: number;
  readonly timeLimitS: number;
  readonly intervalS: number;
  readonly multiAckEvery: number;
  readonly autoAck: boolean;
  readonly isPredeclared: boolean;
  readonly isPersistent: boolean;
  readonly isMandatory: boolean;
  readonly autoDelete: boolean;
  readonly queueArguments: PlainTable;
}

type Kind = 'number' | 'text' | 'flag';

interface Spec {
  readonly letter: string;
  readonly name: string;
  readonly kind: Kind;
  readonly about: OptionSpec['about'];
}

function spec(letter: string, name: string, kind: Kind, en: string, zh: string): Spec {
  return { letter, name, kind, about: { en, zh } };
}

const SPECS: readonly Spec[] = [
  spec('x', 'producers', 'number', 'producers; 1 without it', '生产者数，默认 1'),
  spec('y', 'consumers', 'number', 'consumers; 1 without it', '消费者数，默认 1'),
  spec('u', 'queue', 'text', 'the queue', '队列名'),
  spec('e', 'exchange', 'text', 'the exchange; direct without it', '交换机，默认 direct'),
  spec('t', 'type', 'text', 'its type; direct without it', '交换机类型，默认 direct'),
  spec('k', 'routing-key', 'text', 'the routing key', '路由键'),
  spec('h', 'uri', 'text', 'where to connect: amqp://rabbit-1', '连接地址，如 amqp://rabbit-1'),
  spec('r', 'rate', 'number', 'messages a second of each producer', '每个生产者每秒消息数'),
  spec(
    'R',
    'consumer-rate',
    'number',
    'messages a second of each consumer',
    '每个消费者每秒消息数',
  ),
  spec('c', 'confirm', 'number', 'unconfirmed messages at most', '未确认消息上限（开启发布确认）'),
  spec('C', 'pmessages', 'number', 'messages of each producer', '每个生产者的消息总数'),
  spec('D', 'cmessages', 'number', 'messages of each consumer', '每个消费者的消息总数'),
  spec('s', 'size', 'number', 'bytes of a message; 12 without it', '消息大小（字节），默认 12'),
  spec('q', 'qos', 'number', 'the prefetch of a consumer', '消费者预取数'),
  spec('z', 'time', 'number', 'seconds that it runs', '运行秒数'),
  spec('i', 'interval', 'number', 'seconds between two lines', '每隔几秒打印一行'),
  spec('A', 'multi-ack-every', 'number', 'acknowledges so many at once', '每多少条批量确认一次'),
  spec('a', 'autoack', 'flag', 'no acknowledgements', '自动确认'),
  spec('p', 'predeclared', 'flag', 'queue and exchange are there', '使用已声明的队列和交换机'),
  spec('f', 'flag', 'text', 'persistent, mandatory', '消息标志：persistent、mandatory'),
  spec('ad', 'auto-delete', 'text', 'false: the queue stays', 'false 表示队列不自动删除'),
  spec('qa', 'queue-args', 'text', 'x-max-length=10,...', '队列参数，如 x-max-length=10'),
  spec('qq', 'quorum-queue', 'flag', 'a quorum queue', '使用仲裁队列'),
  spec('sq', 'stream-queue', 'flag', 'a stream', '使用流'),
];

export const perfTestOptions: readonly OptionSpec[] = SPECS.map(
  ({ letter, name, kind, about }) => ({
    ...{ name: `--${name}`, aliases: [`-${letter}`], about },
    ...(kind === 'flag' ? {} : { value: name === 'queue' ? 'queue' : kind }),
  }),
);

export type ReadSettings =
  | { readonly ok: true; readonly settings: PerfTestSettings }
  /** `isUsage`: the options are shown behind it. */
  | { readonly ok: false; readonly problem: string; readonly isUsage: boolean };

const OTHERS: readonly string[] = [
  ...['b', 'B', 'ca', 'cri', 'E', 'ew', 'K', 'L', 'm', 'mf', 'mp', 'n', 'na', 'P', 'Q', 'qp'],
  ...['qpf', 'qpt', 're', 'S', 'sb', 'st', 'udsc', 'vl', 'vr', 'vs', 'X', 'Y', 'H', 'd', 'o'],
];

export function readPerfTest(words: readonly string[]): ReadSettings {
  const values = new Map<string, string[]>();
  for (let place = 0; place < words.length; place++) {
    const word = words[place]!;
    const [flag = '', inline] = word.split(/=(.*)/s);
    const known = SPECS.find(({ letter, name }) => flag === `-${letter}` || flag === `--${name}`);
    if (known === undefined) {
      const isForeign = OTHERS.includes(flag.replace(/^-+/, ''));
      const problem = isForeign
        ? `Option ${flag} is not supported here`
        : `Unrecognized option: ${word}`;
      return { ok: false, problem: `Parsing failed. Reason: ${problem}`, isUsage: !isForeign };
    }
    const value = known.kind === 'flag' ? 'true' : (inline ?? words[++place]);
    if (value === undefined) {
      const reason = `Missing argument for option: ${known.letter}`;
      return { ok: false, problem: `Parsing failed. Reason: ${reason}`, isUsage: true };
    }
    if (known.kind === 'number' && !/^-?\d{1,9}$/.test(value)) {
      const what = `java.lang.NumberFormatException: For input string: "${value}"`;
      return { ok: false, problem: `Main thread caught exception: ${what}`, isUsage: false };
    }
    values.set(known.name, [...(values.get(known.name) ?? []), value]);
  }
  return { ok: true, settings: settingsOf(values) };
}

function settingsOf(values: ReadonlyMap<string, readonly string[]>): PerfTestSettings {
  const text = (name: string, otherwise: string): string => values.get(name)?.at(-1) ?? otherwise;
  const number = (name: string, otherwise: number): number => Number(text(name, String(otherwise)));
  const has = (name: string): boolean => values.has(name);
  const flags = (values.get('flag') ?? []).flatMap((one) => one.split(','));
  const isKept = has('quorum-queue') || has('stream-queue');
  const settings: PerfTestSettings = {
    ...{ producers: number('producers', 1), consumers: number('consumers', 1) },
    ...{ queue: text('queue', ''), exchange: text('exchange', 'direct') },
    ...{ type: text('type', 'direct'), routingKey: text('routing-key', '') },
    uri: text('uri', 'amqp://localhost'),
    ...{ rate: number('rate', 0), consumerRate: number('consumer-rate', 0) },
    ...{ confirm: number('confirm', -1), size: Math.max(12, number('size', 12)) },
    producerMessages: number('pmessages', 0),
    consumerMessages: number('cmessages', 0),
    ...{ prefetch: number('qos', 0), timeLimitS: number('time', 0) },
    ...{ intervalS: Math.max(1, number('interval', 1)), autoAck: has('autoack') },
    multiAckEvery: number('multi-ack-every', 0),
    isPredeclared: has('predeclared'),
    isPersistent: flags.includes('persistent') || isKept,
    isMandatory: flags.includes('mandatory'),
    autoDelete: !isKept && text('auto-delete', 'true') === 'true',
    queueArguments: {
      ...argumentsOf(text('queue-args', '')),
      ...(has('quorum-queue') ? { 'x-queue-type': 'quorum' } : {}),
      ...(has('stream-queue') ? { 'x-queue-type': 'stream' } : {}),
    },
  };
  assert(settings.producers >= 0 || settings.consumers >= 0, 'who runs', { settings });
  return settings;
}

/** `x-max-length=10,x-overflow=reject-publish` */
function argumentsOf(text: string): PlainTable {
  const pairs = text.split(',').filter((pair) => pair !== '');
  const entries = pairs.map((pair) => {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    return [name, /^-?\d{1,15}$/.test(value) ? Number(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

/** What is printed of the options, where a word is none of them. */
export function perfTestUsage(): readonly string[] {
  const names = SPECS.map(
    ({ letter, name, kind }) => ` -${letter},--${name}${kind === 'flag' ? '' : ' <arg>'}`,
  );
  const width = Math.max(...names.map((name) => name.length)) + 3;
  const lines = SPECS.map(({ about }, place) => `${names[place]!.padEnd(width)}${about.en}`);
  return ['usage: <program>', ...lines];
}
