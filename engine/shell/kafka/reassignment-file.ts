/**
 * What `kafka-reassign-partitions.sh` reads and prints as JSON: partitions with their replicas, and
 * topics that are to move.
 *
 * Source: `ReassignPartitionsCommand.parsePartitionReassignmentData`, `parseExecuteAssignmentArgs`,
 * `parseGenerateAssignmentArgs`, `formatAsReassignmentJson`. Not here: the text as JSON
 * (`json-file.ts`). Difference: log directories other than `any` are refused, for a broker has one.
 */
import { assert } from '../../kernel/assert.ts';
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import { COMMAND_FAILED, type JavaException, OPERATION_FAILED } from './java-exception.ts';
import { type Json, parseJson } from './json-file.ts';

/** A partition and the node ids that it has or shall have, the preferred leader first. */
export interface Assigned extends TopicPartition {
  readonly replicas: readonly number[];
}

type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly thrown: JavaException };

const VERSION = 1;

function refused(
  message: string,
  exception = COMMAND_FAILED,
): { ok: false; thrown: JavaException } {
  return { ok: false, thrown: { exception, message } };
}

function rootOf(text: string): Read<Json> {
  const json = parseJson(text);
  if (!json.ok) {
    const message = json.problem;
    const cause = { exception: 'com.fasterxml.jackson.core.io.JsonEOFException', message };
    return { ok: false, thrown: { exception: OPERATION_FAILED, message, cause } };
  }
  const version = json.value.field('version')?.number ?? VERSION;
  if (version === VERSION) return json;
  return refused(`Not supported version field value ${version}`, OPERATION_FAILED);
}

/** By topic, then by partition. */
export function byPartition(left: TopicPartition, right: TopicPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** The partitions of a reassignment. */
export function readAssignments(text: string): Read<readonly Assigned[]> {
  const root = rootOf(text);
  if (!root.ok) return root;
  const assigned: Assigned[] = [];
  for (const one of root.value.field('partitions')?.elements ?? []) {
    const topic = one.field('topic')?.text ?? '';
    const partition = one.field('partition')?.number ?? -1;
    const replicas = (one.field('replicas')?.elements ?? []).map(({ number }) => number ?? -1);
    const dirs = one.field('log_dirs')?.elements?.map((dir) => dir.text ?? '') ?? null;
    const problem = dirs === null ? null : problemOfDirs({ topic, partition, replicas }, dirs);
    if (problem !== null) return refused(problem);
    assigned.push({ topic, partition, replicas });
  }
  return { ok: true, value: assigned };
}

function problemOfDirs(assigned: Assigned, dirs: readonly string[]): string | null {
  const { replicas } = assigned;
  if (dirs.length !== replicas.length) {
    return (
      `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list ` +
      `[${dirs.join(', ')}] for partition ${nameOf(assigned)}`
    );
  }
  const other = dirs.find((dir) => dir !== 'any');
  if (other === undefined) return null;
  return `log_dirs '${other}' is unsupported: a broker here has one; allowed is 'any'`;
}

/** As `readAssignments`, and fit to be executed. */
export function readPlan(text: string): Read<readonly Assigned[]> {
  const read = readAssignments(text);
  if (!read.ok) return read;
  const assigned = read.value;
  if (assigned.length === 0) return refused('Partition reassignment list cannot be empty');
  if (assigned.some(({ replicas }) => replicas.length === 0)) {
    return refused('Partition replica list cannot be empty');
  }
  const twice = duplicates(assigned.map(nameOf));
  if (twice.length > 0) {
    return refused(
      `Partition reassignment contains duplicate topic partitions: ${twice.join(',')}`,
    );
  }
  const repeated = assigned
    .map((one) => ({ name: nameOf(one), twice: duplicates(one.replicas) }))
    .filter((one) => one.twice.length > 0);
  if (repeated.length === 0) return read;
  const told = repeated.map(
    (one) => `${one.name} contains multiple entries for ${one.twice.join(',')}`,
  );
  return refused(`Partition replica lists may not contain duplicate entries: ${told.join('. ')}`);
}

/** The topics and the brokers of `--generate`. */
export function readTopicsToMove(
  text: string,
  brokerList: string,
): Read<{ readonly topics: readonly string[]; readonly brokers: readonly number[] }> {
  const words = brokerList.split(',');
  const wrong = words.find((word) => !/^[+-]?\d{1,9}$/.test(word));
  if (wrong !== undefined) {
    return refused(`For input string: "${wrong}"`, 'java.lang.NumberFormatException');
  }
  const brokers = words.map(Number);
  const twice = duplicates(brokers);
  if (twice.length > 0) {
    return refused(`Broker list contains duplicate entries: [${twice.join(', ')}]`);
  }
  const root = rootOf(text);
  if (!root.ok) return root;
  const topics = (root.value.field('topics')?.elements ?? []).map(
    (one) => one.field('topic')?.text ?? '',
  );
  const repeated = duplicates(topics);
  if (repeated.length > 0) {
    return refused(
      `List of topics to reassign contains duplicate entries: [${repeated.join(', ')}]`,
    );
  }
  return { ok: true, value: { topics, brokers } };
}

/** What stands more than once, each named once. */
function duplicates<T>(all: readonly T[]): T[] {
  return [...new Set(all.filter((one, place) => all.indexOf(one) !== place))];
}

/** As JSON, in the order of topics and partitions. */
export function formatAssignments(assigned: readonly Assigned[]): string {
  const partitions = [...assigned].sort(byPartition).map(({ topic, partition, replicas }) => {
    assert(partition >= 0, 'a partition', { topic, partition });
    return { topic, partition, replicas, log_dirs: replicas.map(() => 'any') };
  });
  return JSON.stringify({ version: VERSION, partitions });
}
