/**
 * `kafka-producer-perf-test.sh`: sends records as fast as it is told, and says how long that took.
 *
 * Source: `org.apache.kafka.tools.ProducerPerformance` (4.1). Not here: the figures
 * (`producer-figures.ts`). Differences: what a payload contains does not matter, so it is of one
 * letter; times are those of the simulation; no `--print-metrics`.
 */
import { utf8Size } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { type Micros, micros } from '../../kernel/units.ts';
import { producerConfig, producerSettings } from '../../kafka/client/config.ts';
import {
  producerTransactions,
  transactionsOf,
} from '../../kafka/client/producer/producer-transactions.ts';
import { Producer } from '../../kafka/client/producer/producer.ts';
import { ConfigError } from '../../kafka/config.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import {
  bootstrapOf,
  messageOf,
  profileOfWorld,
  propertiesFile,
  propertiesOf,
} from './admin-session.ts';
import {
  type Arguments,
  type Grammar,
  parseArguments,
  specsOf,
  tellError,
  tellHelp,
} from './argparse.ts';
import { clientProblem } from './config-problem.ts';
import { exceptionOf } from './java-log.ts';
import { ProducerFigures } from './producer-figures.ts';
import { SplittableRandom } from './splittable-random.ts';

const grammar: Grammar = {
  name: 'producer-performance',
  helpExit: 1,
  arguments: [
    {
      flags: ['--topic'],
      metavar: 'TOPIC',
      kind: 'topic',
      isRequired: true,
      about: { en: 'the topic', zh: '主题' },
    },
    {
      flags: ['--num-records'],
      metavar: 'NUM-RECORDS',
      type: 'Long',
      kind: 'number',
      isRequired: true,
      about: { en: 'how many records', zh: '消息条数' },
    },
    {
      flags: ['--payload-delimiter'],
      metavar: 'PAYLOAD-DELIMITER',
      about: {
        en: 'what parts values in --payload-file (a new line)',
        zh: '--payload-file 中消息值的分隔符（默认换行）',
      },
    },
    {
      flags: ['--throughput'],
      metavar: 'THROUGHPUT',
      kind: 'number',
      isRequired: true,
      about: { en: 'records a second; -1: as fast as it goes', zh: '每秒条数；-1 表示不限速' },
    },
    {
      flags: ['--producer-props'],
      metavar: 'PROP-NAME=PROP-VALUE',
      isMany: true,
      about: {
        en: 'settings of the producer, bootstrap.servers among them',
        zh: '生产者配置，包括 bootstrap.servers',
      },
    },
    {
      flags: ['--producer.config'],
      metavar: 'CONFIG-FILE',
      kind: 'file',
      about: { en: 'a file of such settings', zh: '配置文件' },
    },
    { flags: ['--print-metrics'], about: { en: 'unsupported', zh: '不支持' } },
    {
      flags: ['--transactional-id'],
      metavar: 'TRANSACTIONAL-ID',
      about: { en: 'the transactional id', zh: '事务 ID' },
    },
    {
      flags: ['--transaction-duration-ms'],
      metavar: 'TRANSACTION-DURATION',
      type: 'Long',
      kind: 'number',
      about: {
        en: 'how long a transaction stays open (3000)',
        zh: '每个事务打开多久（默认 3000）',
      },
    },
    {
      flags: ['--record-size'],
      metavar: 'RECORD-SIZE',
      type: 'Integer',
      kind: 'number',
      isOneOf: true,
      about: { en: 'bytes of a value', zh: '消息值的字节数' },
    },
    {
      flags: ['--payload-file'],
      metavar: 'PAYLOAD-FILE',
      kind: 'file',
      isOneOf: true,
      about: { en: 'values from a file, by chance', zh: '从文件中随机选取消息值' },
    },
    {
      flags: ['--payload-monotonic'],
      isOneOf: true,
      about: { en: 'values that count up', zh: '递增的数字作为消息值' },
    },
  ],
};
/** As it is typed. */
const NEW_LINE = '\\n';
const TRANSACTION_DURATION_MS = 3000;
const SECOND = 1_000_000;
const ENDLESS_SECONDS = 60;
/** Records that are handed over in one event where nothing limits them. */
const BURST = 100;
/** How long a handover of so many takes. */
const BURST_MICROS = micros(1000);

export const producerPerfTestTool: ToolProgram = {
  options: () => specsOf(grammar),
  examples: [
    'kafka-producer-perf-test.sh --topic orders --num-records 1000 --record-size 100 ' +
      '--throughput -1 --producer-props bootstrap.servers=broker-1:9092',
    'kafka-producer-perf-test.sh --topic orders --num-records 1000 --record-size 100 ' +
      '--throughput 100 --producer-props bootstrap.servers=broker-1:9092 acks=1',
  ],
  start,
};

function start(call: Call): Program {
  if (call.words.length === 0) {
    tellHelp(call, grammar);
    call.exit(0);
    return {};
  }
  const given = parseArguments(call, grammar);
  if (given === null) return {};
  const problem = misuseOf(given);
  if (problem !== null) {
    tellError(call, grammar, problem);
    return {};
  }
  const settings = settingsOf(call, given);
  const values = typeof settings === 'string' ? null : payloadsOf(call, given);
  const thrown =
    typeof settings === 'string'
      ? settings
      : typeof values === 'string'
        ? values
        : run(call, given, settings, values);
  if (thrown !== null) {
    call.err(`Exception in thread "main" ${thrown}`);
    call.exit(1);
  }
  const [count = 0, throughput = 0] = ['--num-records', '--throughput'].map((name) =>
    Number(given.values.get(name)?.[0]),
  );
  // Nobody waits for the end of one that goes on for minutes.
  return { isWaiting: throughput > 0 && count / throughput >= ENDLESS_SECONDS };
}

/** Source: `ConfigPostProcessor`. */
function misuseOf({ values }: Arguments): string | null {
  const number = (name: string): number | null => {
    const word = values.get(name)?.[0];
    return word === undefined ? null : Number(word);
  };
  if ((number('--num-records') ?? 1) <= 0) return '--num-records should be greater than zero';
  if ((number('--record-size') ?? 1) <= 0) return '--record-size should be greater than zero';
  if (!values.has('--producer-props') && !values.has('--producer.config')) {
    return 'Either --producer-props or --producer.config must be specified.';
  }
  if ((number('--transaction-duration-ms') ?? 1) <= 0) {
    return '--transaction-duration-ms should be greater than zero';
  }
  return values.has('--print-metrics')
    ? '--print-metrics is unsupported: this simulation does not have it'
    : null;
}

function settingsOf(call: Call, { values }: Arguments): Record<string, string> | string {
  const file = values.get('--producer.config')?.[0] ?? null;
  const read = propertiesFile(file, call.world);
  if (read === null) return `java.nio.file.NoSuchFileException: ${file!}`;
  const settings = { ...read };
  for (const pair of values.get('--producer-props') ?? []) {
    if (!pair.includes('=')) return `java.lang.IllegalArgumentException: Invalid property: ${pair}`;
    Object.assign(settings, propertiesOf([pair]));
  }
  const id = values.get('--transactional-id')?.[0];
  if (id !== undefined) settings['transactional.id'] = id;
  else if (values.has('--transaction-duration-ms')) {
    settings['transactional.id'] ??= 'performance-producer-default-transactional-id';
  }
  return settings;
}

/** The values of `--payload-file`, null without it; a text is the exception in their place. */
function payloadsOf(call: Call, { values }: Arguments): readonly string[] | null | string {
  const name = values.get('--payload-file')?.[0];
  if (name === undefined) return null;
  call.out(`Reading payloads from: ${name}`);
  const text = call.world.files.get(name) ?? '';
  if (text === '') {
    const why = 'File does not exist or empty file provided.';
    return `java.lang.IllegalArgumentException: ${why}`;
  }
  const parting = values.get('--payload-delimiter')?.[0] ?? NEW_LINE;
  const payloads = text.split(parting === NEW_LINE ? '\n' : parting);
  // What ends the last value begins no other.
  if (payloads[payloads.length - 1] === '') payloads.pop();
  call.out(`Number of messages read: ${payloads.length}`);
  return payloads;
}

/** Begins to send; else the exception that says why not. */
function run(
  call: Call,
  given: Arguments,
  settings: Record<string, string>,
  payloads: readonly string[] | null,
): string | null {
  const { 'bootstrap.servers': servers = '', ...rest } = settings;
  const found = bootstrapOf(servers, call.world);
  const refused = 'org.apache.kafka.common.KafkaException: Failed to construct kafka producer';
  if (!found.ok) return refused;
  const profile = profileOfWorld(call.world);
  const known = Object.keys(rest).filter((name) => Object.hasOwn(producerSettings, name));
  const own = Object.fromEntries(known.map((name) => [name, rest[name]!]));
  const problem = clientProblem(producerSettings, own);
  if (problem !== null) return `org.apache.kafka.common.config.ConfigException: ${problem}`;
  try {
    const config = producerConfig(profile, own);
    const isTransactional = config['transactional.id'] !== '';
    const producer = new Producer(
      call.ports,
      {
        ...{ bootstrap: found.addresses, profile, settings: own },
        ...(isTransactional ? { transactions: producerTransactions } : {}),
      },
      config,
    );
    const run = new PerformanceRun(call, given, producer, { isTransactional, payloads });
    run.start(config['max.block.ms']);
    return null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `org.apache.kafka.common.config.ConfigException: ${error.message}`;
  }
}

interface PerformanceOptions {
  readonly isTransactional: boolean;
  readonly payloads: readonly string[] | null;
}

/** Records on their way. */
class PerformanceRun {
  readonly #call: Call;
  readonly #producer: Producer;
  readonly #figures: ProducerFigures;
  readonly #topic: string;
  readonly #count: number;
  readonly #throughput: number;
  readonly #size: number | null;
  /** Null: values are made. */
  readonly #payloads: readonly string[] | null;
  readonly #random = new SplittableRandom();
  /** Null without transactions. */
  readonly #durationMs: number | null;
  #began: Micros;
  #transactionBegan: Micros;
  #sent = 0;
  #done = 0;

  constructor(
    call: Call,
    { values }: Arguments,
    producer: Producer,
    { isTransactional, payloads }: PerformanceOptions,
  ) {
    const number = (name: string): number => Number(values.get(name)?.[0]);
    this.#call = call;
    this.#payloads = payloads;
    this.#producer = producer;
    this.#topic = values.get('--topic')![0]!;
    this.#count = number('--num-records');
    this.#throughput = number('--throughput');
    this.#size = values.has('--record-size') ? number('--record-size') : null;
    const named = values.get('--transaction-duration-ms')?.[0];
    const durationMs = named === undefined ? TRANSACTION_DURATION_MS : Number(named);
    this.#durationMs = isTransactional ? durationMs : null;
    this.#began = call.ports.clock.now();
    this.#transactionBegan = this.#began;
    this.#figures = new ProducerFigures(this.#began);
  }

  start(blockMs: number): void {
    assert(blockMs >= 0, 'milliseconds', { blockMs });
    this.#producer.start();
    if (this.#durationMs === null) {
      this.#more();
      return;
    }
    transactionsOf(this.#producer).initTransactions((errorCode) => {
      if (errorCode === ErrorCode.NONE) this.#beginTransaction();
      else this.#fail(errorCode);
    });
  }

  get #now(): Micros {
    return this.#call.ports.clock.now();
  }

  #fail(errorCode: number): void {
    const told = `${exceptionOf(errorCode)}: ${messageOf(errorCode)}`;
    this.#call.err(`Exception in thread "main" ${told}`);
    this.#call.exit(1);
  }

  #beginTransaction(): void {
    transactionsOf(this.#producer).beginTransaction();
    this.#transactionBegan = this.#now;
    this.#more();
  }

  /** Sends what is due, and looks again later. */
  #more(): void {
    const due = this.#due();
    for (let left = due; left > 0; left--) this.#send();
    if (this.#sent >= this.#count) {
      this.#end();
      return;
    }
    const duration = this.#durationMs;
    if (duration !== null && this.#now - this.#transactionBegan >= duration * 1000) {
      transactionsOf(this.#producer).commitTransaction((errorCode) => {
        if (errorCode === ErrorCode.NONE) this.#beginTransaction();
        else this.#fail(errorCode);
      });
      return;
    }
    this.#call.ports.clock.after(BURST_MICROS, 'throughput', () => this.#more());
  }

  /** How many records may be sent now. */
  #due(): number {
    const left = this.#count - this.#sent;
    if (this.#throughput <= 0) return Math.min(left, BURST);
    const until = Math.floor(((this.#now - this.#began) * this.#throughput) / SECOND) + 1;
    return Math.max(0, Math.min(left, until - this.#sent));
  }

  #send(): void {
    const number = this.#sent++;
    const payloads = this.#payloads;
    const value =
      payloads !== null
        ? payloads[this.#random.below(payloads.length)]!
        : this.#size === null
          ? String(number)
          : 'A'.repeat(this.#size);
    const bytes = utf8Size(value);
    const sentAt = this.#now;
    this.#producer.send({ topic: this.#topic, value }, (result) => {
      this.#done++;
      if (result.ok) {
        for (const line of this.#figures.acked(sentAt, this.#now, bytes)) this.#call.out(line);
      } else {
        const { errorCode } = result;
        const timedOut = errorCode === ErrorCode.REQUEST_TIMED_OUT;
        const sentence = timedOut
          ? `Topic ${this.#topic} not present in metadata after ${this.#blockMs} ms.`
          : messageOf(errorCode);
        this.#call.err(`${exceptionOf(errorCode)}: ${sentence}`);
      }
      if (this.#done === this.#count && this.#durationMs === null) this.#tell();
    });
  }

  get #blockMs(): number {
    return Math.floor((this.#now - this.#began) / 1000);
  }

  #end(): void {
    if (this.#durationMs === null) {
      this.#producer.flush(() => undefined);
      return;
    }
    transactionsOf(this.#producer).commitTransaction((errorCode) => {
      if (errorCode === ErrorCode.NONE) this.#tell();
      else this.#fail(errorCode);
    });
  }

  #tell(): void {
    this.#call.out(this.#figures.total(this.#now));
    this.#call.exit(0);
  }
}
