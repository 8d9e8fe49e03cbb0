/**
 * `kafka-console-consumer.sh`: prints records as they come, until it is told to stop.
 *
 * Source: `org.apache.kafka.tools.consumer.ConsoleConsumer` (4.1). Not here: options
 * (`console-consumer-options.ts`), what is printed of a record (`record-formatter.ts`).
 * Differences: of the log only the lines on what ended it are printed; with `--include` a topic
 * that is created later is not read; with `--partition` there is no group.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { consumerConfig, consumerSettings } from '../../kafka/client/config.ts';
import type { ConsumerRecord } from '../../kafka/client/consumer/completed-fetch.ts';
import { Consumer } from '../../kafka/client/consumer/consumer.ts';
import { groupConsumerConfig } from '../../kafka/client/consumer/group/group-config.ts';
import { GroupConsumer } from '../../kafka/client/consumer/group/group-consumer.ts';
import { ConfigError } from '../../kafka/config.ts';
import { topicNameProblem } from '../../kafka/controller/topic-name.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import { openAdmin } from './admin-client.ts';
import { bootstrapOf, profileOfWorld } from './admin-session.ts';
import { clientProblem } from './config-problem.ts';
import { consumerOptions, consumerWish } from './console-consumer-options.ts';
import { errorLog } from './java-log.ts';
import { JoptTable, type GivenOptions } from './jopt.ts';
import { printUsageAndExit, toldHelpOrVersion, tableOf } from './jopt-tool.ts';
import { optionsOfAll } from './option-history.ts';
import { formattedRecord } from './record-formatter.ts';
import { topicPattern } from './topic-pattern.ts';

const tables = new JoptTable(optionsOfAll('kafka-console-consumer', consumerOptions));
const HELP = 'This tool helps to read data from Kafka topics and outputs it to standard output.';
const CLASS = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
/** Group ids of consumers that were given none: `console-consumer-` and a number below. */
const ANONYMOUS_GROUPS = 100_000;
/** Closing waits so long for a group that does not answer. */
const CLOSE_MS = 30_000;
/** Until then it has joined its group and printed what there was: it waits from then on. */
const BEGINNING_MS = 6_000;

export const consoleConsumerTool: ToolProgram = {
  options: (world) => tableOf(tables, world).specs(),
  examples: [
    'kafka-console-consumer.sh --bootstrap-server broker-1:9092 --topic orders --from-beginning',
    'kafka-console-consumer.sh --bootstrap-server broker-1:9092 --topic orders --group billing ' +
      '--property print.key=true',
  ],
  start,
};

function start(call: Call): Program {
  const table = tableOf(tables, call.world);
  const fail = (...sentences: string[]): Program => ended(call, 1, sentences);
  const misuse = (sentence: string): Program => {
    printUsageAndExit(call, table, sentence);
    return {};
  };
  const unknown = (exception: string): Program =>
    fail(errorLog(call.ports, 'Unknown error when running consumer: ', CLASS), exception);
  const parsed = table.parse(call.words);
  if (!parsed.ok) return misuse(parsed.problem.message);
  const { given } = parsed;
  if (toldHelpOrVersion(call, table, given, { help: HELP, nothing: HELP })) return {};
  const number = call.ports.random('console-consumer').below(ANONYMOUS_GROUPS);
  const wish = consumerWish(given, call.world, `console-consumer-${number}`);
  if (!wish.ok) return wish.isUsage ? misuse(wish.problem) : fail(wish.problem);
  const wrong = given.malformed();
  if (wrong !== null) {
    if (wrong.message.endsWith('max-messages')) call.err('Processed a total of 0 messages');
    return unknown(`${wrong.exception}: ${wrong.message}`);
  }
  const config = 'org.apache.kafka.common.config.ConfigException';
  const problem = clientProblem(consumerSettings, wish.settings);
  if (problem !== null) return unknown(`${config}: ${problem}`);
  const found = bootstrapOf(given.value('bootstrap-server')!, call.world);
  if (!found.ok) {
    return unknown('org.apache.kafka.common.KafkaException: Failed to construct kafka consumer');
  }
  try {
    return new ConsoleConsumer(call, given, { ...wish, bootstrap: found.addresses });
  } catch (error) {
    if (error instanceof ConfigError) return unknown(`${config}: ${error.message}`);
    throw error;
  }
}

interface Wish {
  readonly bootstrap: readonly Address[];
  readonly settings: Readonly<Record<string, string>>;
  readonly formatter: Readonly<Record<string, string>>;
}

class ConsoleConsumer implements Program {
  readonly #call: Call;
  readonly #given: GivenOptions;
  readonly #wish: Wish;
  readonly #messagesMax: number | null;
  readonly #timeoutMs: number | null;
  #consumer: Consumer | GroupConsumer | null = null;
  #count = 0;
  /** What was printed since the last line end. */
  #text = '';
  readonly #startedAt: number;
  #lastAt: number;
  #isClosing = false;

  constructor(call: Call, given: GivenOptions, wish: Wish) {
    this.#call = call;
    this.#given = given;
    this.#wish = wish;
    const [max, timeout] = [given.value('max-messages'), given.value('timeout-ms')];
    this.#messagesMax = max === null || Number(max) < 0 ? null : Number(max);
    this.#timeoutMs = timeout === null || Number(timeout) < 0 ? null : Number(timeout);
    this.#startedAt = call.ports.clock.now();
    this.#lastAt = this.#startedAt;
    // Wrong settings are told before anything is sent.
    groupConsumerConfig(profileOfWorld(call.world), wish.settings);
    this.#begin();
  }

  /** With a limit it ends by itself, if there is enough to read. */
  get isWaiting(): boolean {
    if (this.#isClosing || this.#timeoutMs !== null) return false;
    const now = this.#call.ports.clock.now();
    return this.#messagesMax === null
      ? now - this.#startedAt > microsOfMillis(BEGINNING_MS)
      : now - this.#lastAt > microsOfMillis(CLOSE_MS);
  }

  interrupt(): void {
    this.#close(130);
  }

  #begin(): void {
    const topic = this.#given.value('topic');
    const partition = this.#given.value('partition');
    if (topic !== null && topicNameProblem(topic, []) !== null) {
      this.#invalidTopic(topic);
      return;
    }
    if (topic !== null && partition !== null) this.#assign(topic, Number(partition));
    else if (topic !== null) this.#subscribe([topic]);
    else this.#include(this.#given.value('include')!);
    this.#watchTimeout();
  }

  /** Reads one partition, from an offset or an end. */
  #assign(topic: string, partition: number): void {
    const { 'group.id': _, ...settings } = this.#wish.settings;
    const offset = this.#given.value('offset')!;
    const isEnd = offset === 'earliest' || offset === 'latest';
    const from = this.#given.has('from-beginning') ? 'earliest' : offset;
    const reset = { 'auto.offset.reset': isEnd ? from : 'latest', 'enable.auto.commit': 'false' };
    const profile = profileOfWorld(this.#call.world);
    const options = {
      bootstrap: this.#wish.bootstrap,
      profile,
      settings: { ...settings, ...reset },
      assignment: [{ topic, partition }],
      onRecords: (records: readonly ConsumerRecord[]) => this.#print(records),
    };
    const config = consumerConfig(profile, options.settings);
    const consumer = new Consumer(this.#call.ports, options, config);
    this.#consumer = consumer;
    consumer.start();
    if (!isEnd) consumer.seek({ topic, partition }, Number(offset));
  }

  #subscribe(topics: readonly string[]): void {
    const profile = profileOfWorld(this.#call.world);
    const { bootstrap, settings } = this.#wish;
    const options = {
      bootstrap,
      profile,
      settings,
      topics,
      onRecords: (records: readonly ConsumerRecord[]) => this.#print(records),
      onError: ({ reason }: { readonly reason: string }) => this.#failed(reason),
    };
    const config = groupConsumerConfig(profile, settings);
    const consumer = new GroupConsumer(this.#call.ports, options, config);
    this.#consumer = consumer;
    consumer.start();
  }

  /** Reads all topics of a pattern that there are. */
  #include(text: string): void {
    const pattern = topicPattern(text);
    const admin = openAdmin(this.#call, this.#given.value('bootstrap-server')!);
    if (!pattern.ok || 'exception' in admin) {
      this.#failed(pattern.ok ? 'KafkaException' : pattern.problem);
      return;
    }
    admin.describeTopics(null, (result) => {
      admin.close();
      const names = (result.ok ? result.value : []).map(({ name }) => name ?? '');
      const wanted = names.filter((name) => pattern.matches(name) && !name.startsWith('__'));
      if (!this.#isClosing && wanted.length > 0) this.#subscribe(wanted);
    });
  }

  #print(records: readonly ConsumerRecord[]): void {
    if (this.#isClosing) return;
    const left = this.#messagesMax === null ? records.length : this.#messagesMax - this.#count;
    for (const record of records.slice(0, left)) {
      this.#text += formattedRecord(record, this.#wish.formatter);
    }
    this.#flush();
    this.#count += Math.min(left, records.length);
    this.#lastAt = this.#call.ports.clock.now();
    if (this.#messagesMax === null || this.#count < this.#messagesMax) return;
    this.#giveBack(records.slice(left));
    this.#close(0);
  }

  /** Positions go back to what was not printed, so that it is not committed. */
  #giveBack(unread: readonly ConsumerRecord[]): void {
    const seen = new Set<string>();
    assert(this.#consumer !== null, 'somebody has read', { unread: unread.length });
    for (const { topic, partition, offset } of unread) {
      const name = `${topic}-${partition}`;
      if (seen.has(name)) continue;
      seen.add(name);
      this.#consumer.seek({ topic, partition }, offset);
    }
  }

  #flush(): void {
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#call.out(line);
  }

  /** From the last record on, or from the start: so long none comes, and it is over. */
  #watchTimeout(): void {
    if (this.#timeoutMs === null) return;
    const wait = micros(
      this.#lastAt + microsOfMillis(this.#timeoutMs) - this.#call.ports.clock.now(),
    );
    this.#call.ports.clock.after(micros(Math.max(1, wait)), 'timeout-ms', () => {
      if (this.#isClosing) return;
      const silent = this.#call.ports.clock.now() - this.#lastAt;
      if (silent < microsOfMillis(this.#timeoutMs!)) this.#watchTimeout();
      else this.#stopped('org.apache.kafka.common.errors.TimeoutException: null');
    });
  }

  #invalidTopic(topic: string): void {
    const group = this.#wish.settings['group.id'];
    const who = `[Consumer clientId=${this.#wish.settings['client.id']}, groupId=${group}]`;
    const sentence = `${who} Metadata response reported invalid topics [${topic}]`;
    this.#call.err(errorLog(this.#call.ports, sentence, 'org.apache.kafka.clients.Metadata'));
    this.#stopped(
      `org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [${topic}]`,
    );
  }

  #failed(reason: string): void {
    if (!this.#isClosing) this.#stopped(`org.apache.kafka.clients.consumer.${reason}`);
  }

  /** An exception of the loop is told, it ends the tool, and it is no failure. */
  #stopped(exception: string): void {
    const sentence = 'Error processing message, terminating consumer process: ';
    this.#call.err(errorLog(this.#call.ports, sentence, CLASS));
    this.#call.err(exception);
    this.#close(0);
  }

  #close(code: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { clock } = this.#call.ports;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      this.#call.err(`${this.#text}Processed a total of ${this.#count} messages`);
      clock.after(micros(0), 'exit', () => this.#call.exit(code));
    };
    clock.after(microsOfMillis(CLOSE_MS), 'close', end);
    if (this.#consumer === null) end();
    else this.#consumer.close(end);
  }
}
