/**
 * `kafka-consumer-perf-test.sh`: reads so many records as fast as it can, and says how long that
 * took.
 *
 * Source: `org.apache.kafka.tools.ConsumerPerformance` (4.1). Not here: options
 * (`consumer-perf-options.ts`), figures (`consumer-figures.ts`). Differences: times are those of
 * the simulation; no `--print-metrics`.
 */
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { consumerSettings } from '../../kafka/client/config.ts';
import type { ConsumerRecord } from '../../kafka/client/consumer/completed-fetch.ts';
import { groupConsumerConfig } from '../../kafka/client/consumer/group/group-config.ts';
import { GroupConsumer } from '../../kafka/client/consumer/group/group-consumer.ts';
import { ConfigError } from '../../kafka/config.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { bootstrapOf, profileOfWorld } from './admin-session.ts';
import { clientProblem } from './config-problem.ts';
import { ConsumerFigures, consumerHeader } from './consumer-figures.ts';
import { consumerPerfTable, type PerfWish, perfWish } from './consumer-perf-options.ts';
import {
  configException,
  type JavaException,
  notCreated,
  tellThrown,
  withCauses,
} from './java-exception.ts';
import {
  missingOption,
  printUsageAndExit,
  tableOf,
  toldHelpOrVersion,
  unsupportedOption,
} from './jopt-tool.ts';
import { type GivenOptions } from './jopt.ts';

const HELP = 'This tool is used to verify the consumer performance.';
/** Group ids of those that were given none: `perf-consumer-` and a number below. */
const ANONYMOUS_GROUPS = 100_000;
/** How long a poll waits for records. */
const POLL_MS = 100;
/** Nobody waits for the end of one that gives up as late as this. */
const ENDLESS_MS = 60_000;

export const consumerPerfTestTool: ToolProgram = {
  options: (world) => tableOf(consumerPerfTable(0), world).specs(),
  examples: [
    'kafka-consumer-perf-test.sh --bootstrap-server broker-1:9092 --topic orders --messages 1000',
    'kafka-consumer-perf-test.sh --bootstrap-server broker-1:9092 --topic orders ' +
      '--messages 1000 --show-detailed-stats --reporting-interval 1000',
  ],
  start,
};

function start(call: Call): Program {
  const number = call.ports.random('consumer-perf').below(ANONYMOUS_GROUPS);
  const table = tableOf(consumerPerfTable(number), call.world);
  const misuse = (sentence: string): Program => {
    printUsageAndExit(call, table, sentence);
    return {};
  };
  const parsed = table.parse(call.words);
  if (!parsed.ok) return misuse(parsed.problem.message);
  const { given } = parsed;
  if (toldHelpOrVersion(call, table, given, { help: HELP, nothing: HELP })) return {};
  const problem = missingOption(given, ['topic', 'messages']) ?? unsupportedOption(given);
  if (problem !== null) return misuse(problem);
  if (!given.has('hide-header')) call.out(consumerHeader(given.has('show-detailed-stats')));
  const begun = begin(call, given);
  if (begun instanceof PerformanceRun) return begun;
  tellThrown(call, begun);
  return {};
}

/** Begins to read; else the exception that says why not. */
function begin(call: Call, given: GivenOptions): PerformanceRun | JavaException {
  const wrong = given.repeated([...given.names]) ?? given.malformed();
  if (wrong !== null) return withCauses(wrong);
  const wish = perfWish(given, call.world);
  if ('exception' in wish) return wish;
  const invalid = (message: string): JavaException => {
    return configException(message);
  };
  const problem = clientProblem(consumerSettings, wish.settings);
  if (problem !== null) return invalid(problem);
  const found = bootstrapOf(wish.bootstrap, call.world);
  if (!found.ok) return notCreated('Failed to construct kafka consumer', found.problem);
  try {
    const profile = profileOfWorld(call.world);
    const config = groupConsumerConfig(profile, wish.settings);
    return new PerformanceRun(call, wish, (listener, onRecords) => {
      const { settings, topic } = wish;
      const options = { bootstrap: found.addresses, profile, settings, topics: [topic] };
      return new GroupConsumer(call.ports, { ...options, listener, onRecords }, config);
    });
  } catch (error) {
    if (error instanceof ConfigError) return invalid(error.message);
    throw error;
  }
}

type MakeConsumer = (
  listener: { onPartitionsRevoked(): void; onPartitionsAssigned(): void },
  onRecords: (records: readonly ConsumerRecord[]) => void,
) => GroupConsumer;

/** Records that are read. */
class PerformanceRun implements Program {
  readonly #call: Call;
  readonly #wish: PerfWish;
  readonly #figures: ConsumerFigures;
  readonly #consumer: GroupConsumer;
  #lastConsumedMs: number;
  #isOver = false;

  constructor(call: Call, wish: PerfWish, make: MakeConsumer) {
    this.#call = call;
    this.#wish = wish;
    this.#lastConsumedMs = this.#now;
    this.#figures = new ConsumerFigures(wish, this.#now);
    const listener = {
      onPartitionsRevoked: () => this.#figures.revoked(this.#now),
      onPartitionsAssigned: () => this.#figures.assigned(this.#now),
    };
    this.#consumer = make(listener, (records) => this.#read(records));
    this.#consumer.start();
    this.#poll();
  }

  get isWaiting(): boolean {
    return !this.#isOver && this.#wish.timeoutMs >= ENDLESS_MS;
  }

  /** Milliseconds since 1970. */
  get #now(): number {
    return this.#call.ports.clock.wall();
  }

  /** Looks whether records have come in time, after every poll that may have brought none. */
  #poll(): void {
    if (this.#isOver) return;
    const { messages, timeoutMs } = this.#wish;
    const isLate = this.#now - this.#lastConsumedMs > timeoutMs;
    if (this.#figures.records >= messages || isLate) {
      this.#end();
      return;
    }
    this.#call.ports.clock.after(microsOfMillis(POLL_MS), 'poll', () => this.#poll());
  }

  #read(records: readonly ConsumerRecord[]): void {
    if (this.#isOver) return;
    assert(records.length > 0, 'a poll that returns has records', { topic: this.#wish.topic });
    const now = this.#now;
    this.#lastConsumedMs = now;
    for (const { key, value } of records) {
      const line = this.#figures.read((key?.length ?? 0) + (value?.length ?? 0), now);
      if (line !== null) this.#call.out(line);
    }
    if (this.#figures.records >= this.#wish.messages) this.#end();
  }

  /** What was read is committed as the consumer closes. */
  #end(): void {
    this.#isOver = true;
    const { messages, timeoutMs } = this.#wish;
    if (this.#figures.records < messages) {
      this.#call.out(
        'WARNING: Exiting before consuming the expected number of messages: timeout ' +
          `(${timeoutMs} ms) exceeded. You can use the --timeout option to increase the timeout.`,
      );
    }
    const total = this.#figures.total(this.#now);
    if (total !== null) this.#call.out(total);
    this.#consumer.close(() => this.#call.exit(0));
  }
}
