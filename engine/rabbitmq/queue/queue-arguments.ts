/**
 * Which arguments queues and their consumers may have, and what is wrong with one.
 *
 * A value is checked whatever the type of the queue is; then an argument that only other types of
 * queue know is refused. One that nobody knows is ignored.
 * The texts in the errors are Erlang terms, as clients see them.
 * Source: `rabbit_amqqueue:declare_args`, `consume_args`, `check_arguments_key`.
 */
import { assert } from '../../kernel/assert.ts';
import { featureDenied, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { integerOf, isIntegerType, printed } from '../field-table.ts';
import { type FieldTable, type FieldValue, tableLookup } from '../../wire/amqp/field-table.ts';
import { EXPIRY_MS_MAX } from '../message.ts';
import type { Profile } from '../profiles.ts';
import { ageMs } from './age.ts';
import { CONSUMER_TIMEOUT } from './consumer-timeout.ts';
import type { QueueType } from './queue.ts';

/** Null, or what is wrong, as an Erlang term. */
type Check = (value: FieldValue, args: FieldTable, switches: Profile['switches']) => string | null;
/** One that is the same in all releases. */
type SameCheck = (value: FieldValue, args: FieldTable) => string | null;

const PRIORITY_MAX = 255n;

const integer: SameCheck = (of) =>
  isIntegerType(of.type) ? null : `"expected integer, got ${of.type}"`;

const nonNegative: SameCheck = (of, args) =>
  integer(of, args) ?? (integerOf(of)! < 0n ? `{value_negative,${printed(of)}}` : null);

const duration: SameCheck = (of, args) => {
  const wrong = nonNegative(of, args);
  if (wrong !== null) return wrong;
  return integerOf(of)! > BigInt(EXPIRY_MS_MAX) ? `{value_too_large,${printed(of)}}` : null;
};

const positiveDuration: SameCheck = (of, args) =>
  integerOf(of) === 0n ? '{value_zero,0}' : duration(of, args);

const positive: SameCheck = (of, args) =>
  integerOf(of) === 0n ? '{value_zero,0}' : nonNegative(of, args);

const age: SameCheck = (of, args) =>
  text(of, args) ?? (ageMs(printed(of)) === null ? 'invalid_max_age' : null);

const priority: SameCheck = (of, args) =>
  nonNegative(of, args) ??
  (integerOf(of)! > PRIORITY_MAX ? `{max_value_exceeded,${printed(of)}}` : null);

const boolean: SameCheck = (of) => (of.type === 'bool' ? null : `{unacceptable_type,${of.type}}`);

const text: SameCheck = (of) => (of.type === 'longstr' ? null : `{unacceptable_type,${of.type}}`);

const oneOf =
  (allowed: readonly string[], problem: (value: string) => string): SameCheck =>
  (of, args) =>
    text(of, args) ?? (allowed.includes(printed(of)) ? null : problem(printed(of)));

const deadLetterRoutingKey: SameCheck = (of, args) => {
  const wrong = text(of, args);
  if (wrong !== null) return wrong;
  const exchange = tableLookup(args, 'x-dead-letter-exchange');
  return exchange === undefined ? 'routing_key_but_no_dlx_defined' : null;
};

const version: Check = (of, args, { classicQueueVersion1 }) => {
  const wrong = nonNegative(of, args);
  if (wrong !== null) return wrong;
  const allowed = (classicQueueVersion1 && integerOf(of) === 1n) || integerOf(of) === 2n;
  return allowed ? null : `"unsupported queue version '${printed(of)}'"`;
};

const mode: Check = (of, args, { queueModeIsChecked }) =>
  queueModeIsChecked
    ? oneOf(['default', 'lazy'], (value) => `"unsupported queue mode '${value}'"`)(of, args)
    : null;

const leaderLocator: Check = (of, args, { minMastersIsLeaderLocator }) => {
  const locators = ['client-local', 'balanced', 'random', 'least-leaders'];
  if (minMastersIsLeaderLocator) locators.push('min-masters');
  return oneOf(locators, () => 'invalid_queue_locator_arg')(of, args);
};

/** Of all types of queues, in the order in which the broker looks at them (`declare_args`). */
const queueArguments: Readonly<Record<string, Check>> = {
  'x-expires': positiveDuration,
  'x-message-ttl': duration,
  'x-dead-letter-exchange': text,
  'x-dead-letter-routing-key': deadLetterRoutingKey,
  'x-dead-letter-strategy': oneOf(['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy'),
  'x-max-length': nonNegative,
  'x-max-length-bytes': nonNegative,
  'x-max-in-memory-length': nonNegative,
  'x-max-in-memory-bytes': nonNegative,
  'x-max-priority': priority,
  'x-overflow': oneOf(
    ['drop-head', 'reject-publish', 'reject-publish-dlx'],
    () => 'invalid_overflow',
  ),
  'x-queue-mode': mode,
  'x-queue-version': version,
  'x-single-active-consumer': boolean,
  'x-queue-type': text,
  'x-quorum-initial-group-size': positive,
  'x-max-age': age,
  'x-stream-max-segment-size-bytes': nonNegative,
  'x-initial-cluster-size': positive,
  'x-queue-leader-locator': leaderLocator,
};

/** The arguments that count when a queue is declared again, in the order of comparison. */
export const comparedArguments: readonly string[] = [
  ...Object.keys(queueArguments),
  'x-queue-master-locator',
];

/** What some type of queue knows. */
const knownArguments: ReadonlySet<string> = new Set([
  ...Object.keys(queueArguments),
  ...['x-delivery-limit', 'x-quorum-target-group-size', 'x-stream-filter-size-bytes'],
  'x-queue-master-locator',
]);

/** What a type of queue is called in errors, and the arguments that it knows. */
export interface KnownArguments {
  readonly type: string;
  readonly known: ReadonlySet<string>;
}

const classicArguments: KnownArguments = {
  type: 'rabbit_classic_queue',
  known: new Set([
    ...['x-expires', 'x-message-ttl', 'x-dead-letter-exchange', 'x-dead-letter-routing-key'],
    ...['x-max-length', 'x-max-length-bytes', 'x-max-priority', 'x-overflow', 'x-queue-mode'],
    ...['x-queue-version', 'x-single-active-consumer', 'x-queue-type', 'x-queue-master-locator'],
  ]),
};
const classicArgumentsSince40: KnownArguments = {
  ...classicArguments,
  known: new Set([...classicArguments.known, 'x-queue-leader-locator']),
};

/** `x-queue-type`, classic where it is missing; a 406 where it is not one of these. */
export function queueTypeOf(
  resource: string,
  args: FieldTable,
  known: readonly QueueType[],
): QueueType | AmqpError {
  const value = tableLookup(args, 'x-queue-type');
  if (value === undefined) return 'classic';
  const type = known.find((one) => one === printed(value));
  if (type !== undefined && value.type === 'longstr') return type;
  return invalid('x-queue-type', resource, text(value, args) ?? 'unsupported');
}

/**
 * A 406 for the arguments of a classic queue's declaration, a 541 for one that the release no
 * longer permits; null where all are well.
 */
export function checkQueueArguments(
  resource: string,
  args: FieldTable,
  { switches }: Profile,
): AmqpError | null {
  const { classicQueueLeaderLocator, queueMasterLocator } = switches;
  const known = classicQueueLeaderLocator ? classicArgumentsSince40 : classicArguments;
  const wrong = checkArguments(resource, args, known, switches);
  if (wrong !== null || queueMasterLocator) return wrong;
  if (tableLookup(args, 'x-queue-master-locator') === undefined) return null;
  return featureDenied('queue_master_locator');
}

/** A 406 for the arguments of a declaration; null where all are well. */
export function checkArguments(
  resource: string,
  args: FieldTable,
  { type, known }: KnownArguments,
  switches: Profile['switches'],
): AmqpError | null {
  for (const [name, check] of Object.entries(queueArguments)) {
    const value = tableLookup(args, name);
    const wrong = value === undefined ? null : check(value, args, switches);
    if (wrong !== null) return invalid(name, resource, wrong);
  }
  const isKnown = (name: string): boolean =>
    knownArguments.has(name) || (switches.quorumConsumerTimeout && name === CONSUMER_TIMEOUT);
  const foreign = args.find(({ name }) => isKnown(name) && !known.has(name));
  return foreign === undefined ? null : unsupported(foreign.name, resource, type);
}

/** A 406 for the arguments of a classic queue's consumer; null where all are well. */
export function checkConsumerArguments(resource: string, args: FieldTable): AmqpError | null {
  const wrong = checkPriority(resource, args);
  if (wrong !== null || tableLookup(args, 'x-stream-offset') === undefined) return wrong;
  return unsupported('x-stream-offset', resource, classicArguments.type);
}

/** A 406 where x-priority is no whole number. */
export function checkPriority(resource: string, args: FieldTable): AmqpError | null {
  const value = tableLookup(args, 'x-priority');
  const wrong = value === undefined ? null : integer(value, args);
  return wrong === null ? null : invalid('x-priority', resource, wrong);
}

/** A 406 where x-consumer-timeout, of a queue or of a consumer, is no number of milliseconds. */
export function checkConsumerTimeout(resource: string, args: FieldTable): AmqpError | null {
  const value = tableLookup(args, CONSUMER_TIMEOUT);
  const wrong = value === undefined ? null : nonNegative(value, args);
  return wrong === null ? null : invalid(CONSUMER_TIMEOUT, resource, wrong);
}

/** `x-priority`, 0 where it is missing. */
export function consumerPriority(args: FieldTable): number {
  const value = Number(integerOf(tableLookup(args, 'x-priority')) ?? 0n);
  assert(Number.isInteger(value), 'a priority was checked', { value });
  return value;
}

/** A 406 for an argument that this type of queue does not know, and another does. */
export function unsupported(name: string, resource: string, type: string): AmqpError {
  return preconditionFailed(`invalid arg '${name}' for ${resource} of queue type ${type}`);
}

/** A 406 for a value; `term` says in Erlang's words what is wrong with it. */
export function invalid(name: string, resource: string, term: string): AmqpError {
  assert(term !== '', 'a term', { name });
  return preconditionFailed(`invalid arg '${name}' for ${resource}: ${term}`);
}
