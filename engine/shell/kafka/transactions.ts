/**
 * `kafka-transactions.sh`: transactions and the producers behind them are listed, described and
 * ended (KIP-664, KIP-994).
 *
 * Source: `org.apache.kafka.tools.TransactionsCommand` (4.1; since 3.0). Not here: the arguments
 * (`transactions-grammar.ts`), the calls (`client/cluster-administration.ts`). Differences:
 * `find-hanging` asks no coordinator; abort by a producer's id is unsupported.
 */
import { assert } from '../../kernel/assert.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import type { AdminResult } from '../../kafka/client/admin-call.ts';
import { describeCluster } from '../../kafka/client/administration.ts';
import {
  abortTransaction,
  describeProducers,
  describeTransactions,
  listTransactions,
  transactionCoordinatorOf,
} from '../../kafka/client/cluster-administration.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import { openAdmin } from './admin-client.ts';
import { problemOf, propertiesFile } from './admin-session.ts';
import { type Arguments, parseArguments, specsOf } from './argparse.ts';
import { tellUncaught } from './java-exception.ts';
import { lookUpLeader } from './leader-lookup.ts';
import { paddedTable } from './padded-table.ts';
import { terminateTransaction } from './transaction-termination.ts';
import { transactionsGrammar } from './transactions-grammar.ts';

const RETRY = microsOfMillis(100);
const ATTEMPTS_MAX = 300;

export const transactionsTool: ToolProgram = {
  options: () => specsOf(transactionsGrammar),
  wordsAfter: (words) =>
    words.length === 0 ? transactionsGrammar.commands!.map(({ name }) => name) : [],
  examples: [
    'kafka-transactions.sh --bootstrap-server broker-1:9092 list',
    'kafka-transactions.sh --bootstrap-server broker-1:9092 describe --transactional-id pay-1',
  ],
  start,
};

function start(call: Call): Program {
  if (call.words.some((word) => word === '-v' || word === '--version')) {
    call.out('4.1.1 (Commit:be816b82d25370ce)');
    call.exit(0);
    return {};
  }
  const given = parseArguments(call, transactionsGrammar);
  if (given === null) return {};
  const file = given.values.get('--command-config')?.[0] ?? null;
  const settings = propertiesFile(file, call.world);
  const problem = settings === null ? noSettings(file!) : misuseOf(given);
  if (problem !== null) return ended(call, 1, [problem]);
  const admin = openAdmin(call, given.values.get('--bootstrap-server')![0]!, settings!);
  if ('exception' in admin) tellUncaught(call, admin);
  else new TransactionsCommand(call, given, admin).run();
  return {};
}

/** Source: `TransactionsCommand.buildAdminClient`, which is called before any command. */
function noSettings(file: string): string {
  return told('Failed to load admin client properties', file);
}

/** Source: `TransactionsCommand.printErrorAndExit`. */
function told(what: string, why: string): string {
  return `${what}: ${why}. Enable debug logging for additional detail.`;
}

/** What the real tool checks after the arguments were read. */
function misuseOf({ command, values }: Arguments): string | null {
  if (command === 'find-hanging' && !values.has('--topic') && !values.has('--broker-id')) {
    return (
      'The `find-hanging` command requires either --topic or --broker-id to limit the scope of ' +
      'the search'
    );
  }
  if (command !== 'abort' || values.has('--start-offset')) return null;
  if (!values.has('--producer-id')) {
    return (
      'The transaction to abort must be identified either with --start-offset (for brokers on ' +
      '3.0 or above) or with --producer-id, --producer-epoch, and --coordinator-epoch ' +
      '(for older brokers)'
    );
  }
  const missing = ['--producer-epoch', '--coordinator-epoch'].find((name) => !values.has(name));
  return missing === undefined
    ? 'abort by --producer-id is unsupported: name --start-offset'
    : `Missing required argument ${missing}`;
}

type Failed = Extract<AdminResult<unknown>, { readonly ok: false }>;

/** A command under way. */
class TransactionsCommand {
  readonly #call: Call;
  readonly #given: Arguments;
  readonly #admin: Admin;

  constructor(call: Call, given: Arguments, admin: Admin) {
    this.#call = call;
    this.#given = given;
    this.#admin = admin;
  }

  run(): void {
    const { command } = this.#given;
    assert(command !== null, 'a command was named', {});
    if (command === 'list') this.#list();
    else if (command === 'describe') this.#describe(this.#text('--transactional-id'));
    else if (command === 'describe-producers') this.#describeProducers();
    else if (command === 'abort') this.#abort();
    else if (command === 'find-hanging') this.#findHanging();
    else terminateTransaction(this.#call, this.#given);
  }

  #text(name: string): string {
    return this.#given.values.get(name)?.[0] ?? '';
  }

  #number(name: string): number | null {
    const word = this.#given.values.get(name)?.[0];
    return word === undefined ? null : Number(word);
  }

  #fail(what: string, sentence: string): void {
    this.#call.err(told(what, sentence));
    this.#call.exit(1);
  }

  #failed(what: string, callName: string, result: Failed): void {
    this.#fail(what, problemOf(callName, result).replace(/\.$/, ''));
  }

  #table(titles: readonly string[], rows: readonly (readonly string[])[]): void {
    for (const line of paddedTable(titles, rows)) this.#call.out(line);
    this.#call.exit(0);
  }

  /** All brokers that run. */
  #brokers(what: string, callName: string, then: (ids: readonly number[]) => void): void {
    describeCluster(this.#admin, (result) => {
      if (!result.ok) this.#failed(what, callName, result);
      else {
        const alive = result.value.brokers.filter(({ isFenced }) => !isFenced);
        then(alive.map(({ brokerId }) => brokerId).sort((left, right) => left - right));
      }
    });
  }

  #list(): void {
    const what = 'Failed to list transactions';
    const durationMs = this.#number('--duration-filter');
    const pattern = this.#text('--transactional-id-pattern');
    const filters = {
      ...(durationMs === null ? {} : { durationMs }),
      ...(pattern === '' ? {} : { pattern }),
    };
    this.#brokers(what, 'listTransactions(api=METADATA)', (ids) => {
      const rows: string[][] = [];
      let waiting = ids.length;
      for (const id of ids) {
        listTransactions(this.#admin, id, filters, (result) => {
          if (!result.ok) {
            this.#failed(what, 'listTransactions(api=LIST_TRANSACTIONS)', result);
            return;
          }
          for (const one of result.value.transactionStates) {
            const { transactionalId, producerId, transactionState } = one;
            rows.push([transactionalId, String(id), String(producerId), transactionState]);
          }
          if (--waiting > 0) return;
          rows.sort((left, right) => (left[0]! < right[0]! ? -1 : 1));
          this.#table(['TransactionalId', 'Coordinator', 'ProducerId', 'TransactionState'], rows);
        });
      }
    });
  }

  /** The coordinator's topic is made when somebody asks for it first; that takes a moment. */
  #describe(id: string, attempts = 0): void {
    const what = `Failed to describe transaction state of transactional-id \`${id}\``;
    transactionCoordinatorOf(this.#admin, id, (found) => {
      if (!found.ok) {
        const isNotYet = found.errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE;
        if (isNotYet && attempts < ATTEMPTS_MAX) {
          this.#call.ports.clock.after(RETRY, 'retry.backoff.ms', () => {
            this.#describe(id, attempts + 1);
          });
          return;
        }
        this.#failed(what, 'describeTransactions(api=FIND_COORDINATOR)', found);
        return;
      }
      describeTransactions(this.#admin, found.value, [id], (result) => {
        const state = result.value?.[0];
        if (state === undefined || state.errorCode !== ErrorCode.NONE) {
          this.#fail(
            what,
            `DescribeTransactions request for transactionalId \`${id}\` failed because the ID ` +
              'could not be found',
          );
          return;
        }
        const { transactionStartTimeMs: since, topics } = state;
        const isOpen = since >= 0 && topics.length > 0;
        const partitions = topics.flatMap(({ topic, partitions: of }) =>
          of.map((partition) => `${topic}-${partition}`),
        );
        const titles = [
          ...['CoordinatorId', 'TransactionalId', 'ProducerId', 'ProducerEpoch'],
          ...['TransactionState', 'TransactionTimeoutMs', 'CurrentTransactionStartTimeMs'],
          ...['TransactionDurationMs', 'TopicPartitions'],
        ];
        const row = [
          ...[String(found.value), id, String(state.producerId), String(state.producerEpoch)],
          ...[state.transactionState, String(state.transactionTimeoutMs)],
          ...(isOpen
            ? [String(since), String(this.#call.ports.clock.wall() - since)]
            : ['None', 'None']),
          partitions.join(','),
        ];
        this.#table(titles, [row]);
      });
    });
  }

  /** The leader of the partition that is named, or the broker that is. */
  #replica(what: string, then: (brokerId: number) => void): void {
    const named = this.#number('--broker-id');
    if (named !== null) {
      then(named);
      return;
    }
    const callName = 'describeProducers(api=METADATA)';
    lookUpLeader(this.#call, this.#admin, callName, this.#partition(), (leader) => {
      if (typeof leader === 'string') this.#fail(what, leader);
      else then(leader);
    });
  }

  #partition(): { readonly topic: string; readonly partition: number } {
    return { topic: this.#text('--topic'), partition: this.#number('--partition') ?? 0 };
  }

  #describeProducers(): void {
    const { topic, partition } = this.#partition();
    const named = this.#number('--broker-id');
    const where = named === null ? 'leader' : `broker ${named}`;
    const what = `Failed to describe producers for partition ${topic}-${partition} on ${where}`;
    this.#replica(what, (brokerId) => {
      describeProducers(this.#admin, brokerId, { topic, partition }, (result) => {
        if (!result.ok) {
          this.#failed(what, 'describeProducers(api=DESCRIBE_PRODUCERS)', result);
          return;
        }
        const titles = [
          ...['ProducerId', 'ProducerEpoch', 'LatestCoordinatorEpoch', 'LastSequence'],
          ...['LastTimestamp', 'CurrentTransactionStartOffset'],
        ];
        const rows = result.value.flatMap(({ activeProducers }) =>
          activeProducers.map((one) => [
            ...[String(one.producerId), String(one.producerEpoch), String(one.coordinatorEpoch)],
            ...[String(one.lastSequence), String(one.lastTimestamp)],
            one.currentTxnStartOffset < 0 ? 'None' : String(one.currentTxnStartOffset),
          ]),
        );
        this.#table(titles, rows);
      });
    });
  }

  #abort(): void {
    const { topic, partition } = this.#partition();
    const offset = this.#number('--start-offset')!;
    const what = `Failed to abort transaction in partition ${topic}-${partition}`;
    this.#replica(what, (leaderId) => {
      describeProducers(this.#admin, leaderId, { topic, partition }, (result) => {
        if (!result.ok) {
          this.#failed(what, 'describeProducers(api=DESCRIBE_PRODUCERS)', result);
          return;
        }
        const all = result.value.flatMap(({ activeProducers }) => activeProducers);
        const open = all.find(({ currentTxnStartOffset }) => currentTxnStartOffset === offset);
        if (open === undefined) {
          this.#call.err(
            `Could not find any open transactions starting at offset ${offset} on partition ` +
              `${topic}-${partition}`,
          );
          this.#call.exit(1);
          return;
        }
        const { producerId, producerEpoch } = open;
        // A transaction that has no marker yet knows no coordinator's epoch.
        const coordinatorEpoch = Math.max(0, open.coordinatorEpoch);
        const marked = { topic, partition, producerId, producerEpoch, coordinatorEpoch };
        abortTransaction(this.#admin, leaderId, marked, (written) => {
          if (written.ok) this.#call.exit(0);
          else this.#failed(what, 'abortTransaction(api=WRITE_TXN_MARKERS)', written);
        });
      });
    });
  }

  #findHanging(): void {
    const titles = [
      ...['Topic', 'Partition', 'ProducerId', 'ProducerEpoch', 'CoordinatorEpoch', 'StartOffset'],
      ...['LastTimestamp', 'Duration(min)'],
    ];
    const topic = this.#text('--topic');
    const brokerId = this.#number('--broker-id');
    const what = 'Failed to list producers';
    this.#admin.describeTopics(topic === '' ? null : [topic], (result) => {
      const named = this.#number('--partition');
      const found = (result.value ?? [])
        .flatMap(({ name, partitions }) => partitions.map((one) => ({ topic: name ?? '', ...one })))
        .filter(({ partitionIndex }) => named === null || partitionIndex === named)
        .filter(({ replicaNodes }) => brokerId === null || replicaNodes.includes(brokerId));
      const rows: string[][] = [];
      let waiting = found.length;
      if (waiting === 0) this.#table(titles, rows);
      for (const { topic: ofTopic, partitionIndex: partition, leaderId } of found) {
        const asked = { topic: ofTopic, partition };
        describeProducers(this.#admin, brokerId ?? leaderId, asked, (described) => {
          if (!described.ok) {
            this.#failed(what, 'describeProducers(api=DESCRIBE_PRODUCERS)', described);
            return;
          }
          for (const { activeProducers } of described.value) {
            for (const one of activeProducers) {
              const minutes = this.#minutesSince(one.lastTimestamp);
              if (one.currentTxnStartOffset < 0 || minutes === null) continue;
              rows.push([
                ...[ofTopic, String(partition), String(one.producerId), String(one.producerEpoch)],
                ...[String(one.coordinatorEpoch), String(one.currentTxnStartOffset)],
                ...[String(one.lastTimestamp), String(minutes)],
              ]);
            }
          }
          if (--waiting === 0) this.#table(titles, rows);
        });
      }
    });
  }

  /** Null where it is not so long that a transaction hangs. */
  #minutesSince(timestamp: number): number | null {
    const minutes = Math.floor((this.#call.ports.clock.wall() - timestamp) / 60_000);
    return minutes >= (this.#number('--max-transaction-timeout') ?? 15) ? minutes : null;
  }
}
