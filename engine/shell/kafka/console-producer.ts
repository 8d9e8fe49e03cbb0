/**
 * `kafka-console-producer.sh`: each line that it reads becomes a record.
 *
 * Source: `org.apache.kafka.tools.ConsoleProducer` (4.1). Not here: lines (`line-reader.ts`),
 * options (`console-producer-options.ts`). Difference: of the log only the lines on records that
 * failed are printed.
 */
import { utf8Size } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { producerConfig, producerSettings } from '../../kafka/client/config.ts';
import { Producer, type ProducerRecord } from '../../kafka/client/producer/producer.ts';
import type { ProduceResult } from '../../kafka/client/producer/produce-result.ts';
import { ConfigError } from '../../kafka/config.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import { bootstrapOf, isAddressList, messageOf, profileOfWorld } from './admin-session.ts';
import { clientProblem } from './config-problem.ts';
import { producerOptions, producerSettingsOf, settingsOf } from './console-producer-options.ts';
import { errorLog, exceptionOf } from './java-log.ts';
import { JoptTable } from './jopt.ts';
import {
  missingOption,
  printUsageAndExit,
  toldHelpOrVersion,
  unsupportedOption,
  tableOf,
} from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';
import { LineReader } from './line-reader.ts';

const tables = new JoptTable(optionsOfAll('kafka-console-producer', producerOptions));
const HELP = 'This tool helps to read data from standard input and publish it to Kafka.';
const CALLBACK = 'org.apache.kafka.clients.producer.internals.ErrorLoggingCallback';
/** So long a line keeps the shell busy; what is sent after it is told when it comes. */
const PATIENCE_MS = 5_000;

export const consoleProducerTool: ToolProgram = {
  options: (world) => tableOf(tables, world).specs(),
  examples: [
    'kafka-console-producer.sh --bootstrap-server broker-1:9092 --topic orders',
    "echo 'a:1' | kafka-console-producer.sh --bootstrap-server broker-1:9092 --topic orders " +
      '--property parse.key=true --property key.separator=:',
  ],
  start,
};

function start(call: Call): Program {
  const table = tableOf(tables, call.world);
  const parsed = table.parse(call.words);
  const fail = (sentence: string): Program => ended(call, 1, [sentence]);
  const misuse = (sentence: string): Program => {
    printUsageAndExit(call, table, sentence);
    return {};
  };
  if (!parsed.ok) return misuse(parsed.problem.message);
  const { given } = parsed;
  if (toldHelpOrVersion(call, table, given, { help: HELP, nothing: HELP })) return {};
  const missing = missingOption(given, ['topic']);
  if (missing !== null) return misuse(missing);
  const bootstrap = given.value('bootstrap-server');
  if (bootstrap === null) return misuse('Error while validating the bootstrap address\n');
  if (!isAddressList(bootstrap)) {
    return misuse('Please provide valid host:port like host1:9091,host2:9092\n');
  }
  const unsupported = unsupportedOption(given);
  if (unsupported !== null) return misuse(unsupported);
  const wrong = given.malformed() ?? given.repeated(['topic', 'bootstrap-server', 'timeout']);
  if (wrong !== null) return fail(wrong.message);
  const settings = producerSettingsOf(given, call.world);
  const reader = settingsOf(given, 'reader-config', 'property', call.world);
  if (!settings.ok || !reader.ok) {
    const file = settings.ok ? (reader.ok ? '' : reader.missing) : settings.missing;
    return fail(`java.nio.file.NoSuchFileException: ${file}`);
  }
  const found = bootstrapOf(bootstrap, call.world);
  const config = 'org.apache.kafka.common.config.ConfigException';
  if (!found.ok) return fail(`${config}: ${found.problem}`);
  const problem = clientProblem(producerSettings, settings.settings);
  if (problem !== null) return fail(`${config}: ${problem}`);
  const profile = profileOfWorld(call.world);
  try {
    const options = { bootstrap: found.addresses, profile, settings: settings.settings };
    const read = producerConfig(profile, settings.settings);
    const producer = new Producer(call.ports, options, read);
    const topic = given.value('topic')!;
    const lines = new LineReader(topic, reader.settings);
    return new ConsoleProducer(call, producer, {
      lines,
      isSync: given.has('sync'),
      maxBlockMs: read['max.block.ms'],
      clientId: read['client.id'],
    });
  } catch (error) {
    if (error instanceof ConfigError) return fail(`${config}: ${error.message}`);
    throw error;
  }
}

interface Options {
  readonly lines: LineReader;
  readonly isSync: boolean;
  readonly maxBlockMs: number;
  readonly clientId: string;
}

class ConsoleProducer implements Program {
  readonly prompt = '>';
  readonly #call: Call;
  readonly #producer: Producer;
  readonly #options: Options;
  /** With `--sync`: lines that wait for the record before them. */
  readonly #waiting: string[] = [];
  #outstanding = 0;
  #lines = 0;
  #isImpatient = false;
  #isClosing = false;
  #isAtEnd = false;

  constructor(call: Call, producer: Producer, options: Options) {
    this.#call = call;
    this.#producer = producer;
    this.#options = options;
    producer.start();
  }

  get isWaiting(): boolean {
    if (this.#isClosing || !this.#call.isTyped) return false;
    return this.#outstanding === 0 || this.#isImpatient;
  }

  line(text: string): void {
    if (this.#isClosing) return;
    if (this.#options.isSync && this.#outstanding > 0) this.#waiting.push(text);
    else this.#take(text);
  }

  end(): void {
    this.#isAtEnd = true;
    if (this.#waiting.length === 0) this.#close(0);
  }

  /** What was typed is sent before the tool ends. */
  interrupt(): void {
    this.#close(130);
  }

  #take(text: string): void {
    const read = this.#options.lines.read(text);
    if (read.ok) this.#send(read.record);
    else {
      this.#call.err(`org.apache.kafka.common.KafkaException: ${read.problem}`);
      this.#close(1);
    }
  }

  #send(record: ProducerRecord): void {
    const number = ++this.#lines;
    this.#outstanding++;
    this.#isImpatient = false;
    const { clock } = this.#call.ports;
    clock.after(microsOfMillis(PATIENCE_MS), 'patience', () => {
      if (number === this.#lines) this.#isImpatient = true;
    });
    this.#producer.send(record, (result) => {
      this.#outstanding--;
      assert(this.#outstanding >= 0, 'each record is done with once', { number });
      if (!result.ok) this.#tell(record, result);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#take(next);
      else if (this.#isAtEnd) this.#close(0);
    });
  }

  #tell(record: ProducerRecord, result: ProduceResult & { ok: false }): void {
    const { topic } = record;
    const [key, value] = [sizeOf(record.key), sizeOf(record.value)];
    const sizes = `key: ${key}, value: ${value}`;
    const sentence = `Error when sending message to topic ${topic} with ${sizes} with error:`;
    const { errorCode, partition } = result;
    if (errorCode === ErrorCode.INVALID_TOPIC_EXCEPTION) {
      const who = `[Producer clientId=${this.#options.clientId}]`;
      const told = `${who} Metadata response reported invalid topics [${topic}]`;
      this.#call.err(errorLog(this.#call.ports, told, 'org.apache.kafka.clients.Metadata'));
    }
    this.#call.err(errorLog(this.#call.ports, sentence, CALLBACK));
    const isUnknown = partition < 0 && errorCode === ErrorCode.REQUEST_TIMED_OUT;
    const reason =
      errorCode === ErrorCode.INVALID_TOPIC_EXCEPTION
        ? `Invalid topics: [${topic}]`
        : isUnknown
          ? `Topic ${topic} not present in metadata after ${this.#options.maxBlockMs} ms.`
          : messageOf(errorCode);
    this.#call.err(`${exceptionOf(errorCode)}: ${reason}`);
  }

  #close(code: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#producer.close(() => {
      // Callbacks of the last records come before the end.
      this.#call.ports.clock.after(micros(0), 'exit', () => this.#call.exit(code));
    });
  }
}

function sizeOf(content: ProducerRecord['value'] | undefined): string {
  if (content === null || content === undefined) return 'null';
  const bytes = typeof content === 'string' ? utf8Size(content) : content.length;
  return `${bytes} bytes`;
}
