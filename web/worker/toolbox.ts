/**
 * The tools of a terminal in the worker: each program is a chunk of its own, which is loaded when a
 * line names it, before the line is typed. So a line counts at the same event whether its program
 * was there or not. The codecs of compressed batches are loaded by the first line that names one.
 *
 * What can only be known by a line is enough: whatever a program is told comes from lines, also
 * through files. Not here: all tools at once (`engine/shell/toolbox.ts`).
 */
import type { Product } from '#engine/lab/terminal.ts';
import { kafkaEntries, type KafkaToolName } from '#engine/shell/kafka/tool-entries.ts';
import type { Tool, ToolEntry, ToolProgram } from '#engine/shell/program.ts';
import { rabbitEntries, type RabbitToolName } from '#engine/shell/rabbitmq/tool-entries.ts';
import { bareWords } from '#engine/shell/words.ts';

type Chunk = () => Promise<ToolProgram>;

const KAFKA: Readonly<Record<KafkaToolName, Chunk>> = {
  'kafka-broker-api-versions.sh': async () =>
    (await import('#engine/shell/kafka/broker-api-versions.ts')).brokerApiVersionsTool,
  'kafka-configs.sh': async () => (await import('#engine/shell/kafka/configs.ts')).configsTool,
  'kafka-console-consumer.sh': async () =>
    (await import('#engine/shell/kafka/console-consumer.ts')).consoleConsumerTool,
  'kafka-console-producer.sh': async () =>
    (await import('#engine/shell/kafka/console-producer.ts')).consoleProducerTool,
  'kafka-consumer-groups.sh': async () =>
    (await import('#engine/shell/kafka/consumer-groups.ts')).consumerGroupsTool,
  'kafka-consumer-perf-test.sh': async () =>
    (await import('#engine/shell/kafka/consumer-perf-test.ts')).consumerPerfTestTool,
  'kafka-delete-records.sh': async () =>
    (await import('#engine/shell/kafka/delete-records.ts')).deleteRecordsTool,
  'kafka-dump-log.sh': async () => (await import('#engine/shell/kafka/dump-log.ts')).dumpLogTool,
  'kafka-get-offsets.sh': async () =>
    (await import('#engine/shell/kafka/get-offsets.ts')).getOffsetsTool,
  'kafka-leader-election.sh': async () =>
    (await import('#engine/shell/kafka/leader-election.ts')).leaderElectionTool,
  'kafka-log-dirs.sh': async () => (await import('#engine/shell/kafka/log-dirs.ts')).logDirsTool,
  'kafka-metadata-quorum.sh': async () =>
    (await import('#engine/shell/kafka/metadata-quorum.ts')).metadataQuorumTool,
  'kafka-producer-perf-test.sh': async () =>
    (await import('#engine/shell/kafka/producer-perf-test.ts')).producerPerfTestTool,
  'kafka-reassign-partitions.sh': async () =>
    (await import('#engine/shell/kafka/reassign-partitions.ts')).reassignPartitionsTool,
  'kafka-topics.sh': async () => (await import('#engine/shell/kafka/topics.ts')).topicsTool,
  'kafka-transactions.sh': async () =>
    (await import('#engine/shell/kafka/transactions.ts')).transactionsTool,
  'zookeeper-shell.sh': async () =>
    (await import('#engine/shell/kafka/zookeeper-shell.ts')).zookeeperShellTool,
};

const RABBITMQ: Readonly<Record<RabbitToolName, Chunk>> = {
  'perf-test': async () => (await import('#engine/shell/rabbitmq/perf-test.ts')).perfTest,
  'rabbitmq-diagnostics': async () =>
    (await import('#engine/shell/rabbitmq/rabbitmq-diagnostics.ts')).rabbitmqDiagnostics,
  'rabbitmq-queues': async () =>
    (await import('#engine/shell/rabbitmq/rabbitmq-queues.ts')).rabbitmqQueues,
  rabbitmqadmin: async () =>
    (await import('#engine/shell/rabbitmq/rabbitmqadmin.ts')).rabbitmqadmin,
  rabbitmqctl: async () => (await import('#engine/shell/rabbitmq/rabbitmqctl.ts')).rabbitmqctl,
};

const CODECS = /compress|gzip|snappy|lz4|zstd/;

/** A tool that is listed from the start. */
interface Listed {
  readonly tool: Tool;
  /** Loads its program, once. */
  load(): Promise<void>;
}

function listed(entry: ToolEntry, chunk: Chunk): Listed {
  let program: ToolProgram | null = null;
  const loaded = (): ToolProgram => {
    if (program === null) throw new Error(`the program of ${entry.name} is not loaded`);
    return program;
  };
  const tool: Tool = {
    ...entry,
    options: (world) => loaded().options(world),
    wordsAfter: (words, world) => loaded().wordsAfter?.(words, world) ?? [],
    get examples() {
      return loaded().examples;
    },
    start: (call) => loaded().start(call),
  };
  return {
    tool,
    async load() {
      program ??= await chunk();
    },
  };
}

function listedAll(
  entries: readonly ToolEntry[],
  chunks: Readonly<Record<string, Chunk>>,
): readonly Listed[] {
  return entries.map((entry) => listed(entry, chunks[entry.name]!));
}

const whole = (tools: readonly Tool[]): readonly Listed[] =>
  tools.map((tool) => ({ tool, load: () => Promise.resolve() }));

const LISTED: Readonly<Record<Product, () => Promise<readonly Listed[]>>> = {
  kafka: () => Promise.resolve(listedAll(kafkaEntries, KAFKA)),
  rabbitmq: () => Promise.resolve(listedAll(rabbitEntries, RABBITMQ)),
  stores: async () => whole((await import('#engine/shell/stores/tools.ts')).storeTools),
  playground: async () =>
    whole((await import('#engine/shell/playground/tools.ts')).playgroundTools),
};

export class Toolbox {
  readonly #listed: ReadonlyMap<string, Listed>;

  private constructor(all: readonly Listed[]) {
    this.#listed = new Map(all.map((one) => [one.tool.name, one]));
  }

  static async of(products: readonly Product[]): Promise<Toolbox> {
    return new Toolbox((await Promise.all(products.map((product) => LISTED[product]()))).flat());
  }

  get tools(): readonly Tool[] {
    return [...this.#listed.values()].map(({ tool }) => tool);
  }

  /** Loads what lines need that are to be typed, or to be completed. */
  async loadFor(lines: readonly string[]): Promise<void> {
    const words = new Set(lines.flatMap(bareWords));
    const loading = [...words].flatMap((word) => this.#listed.get(word)?.load() ?? []);
    if ([...words].some((word) => CODECS.test(word))) {
      loading.push(import('#engine/shell/kafka/codecs.ts').then(() => undefined));
    }
    await Promise.all(loading);
  }
}
