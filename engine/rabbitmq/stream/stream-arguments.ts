/**
 * What is wrong with the declaration of a stream, or with a consumer of one.
 *
 * Not here: what is wrong with an argument's value, whatever the type (`queue/queue-arguments.ts`).
 * Sources: `rabbit_stream_queue:declare`, `consume`, `capabilities`; `rabbit_amqqueue`.
 */
import { assert } from '../../kernel/assert.ts';
import { type FieldTable, type FieldValue, tableLookup } from '../../wire/amqp/field-table.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { amqpError, preconditionFailed } from '../amqp-error.ts';
import { integerOf, isIntegerType, printed, textOf } from '../field-table.ts';
import type { Profile } from '../profiles.ts';
import type { ConsumerOptions, ConsumingChannel } from '../queue/consumer.ts';
import { checkArguments, checkPriority, invalid, unsupported } from '../queue/queue-arguments.ts';
import type { QueueDeclaration } from '../queue/queue-ports.ts';
import { FILTER_BYTES_MAX, FILTER_BYTES_MIN, type FilterSpec } from './chunk-filter.ts';
import { offsetSpecOf } from './offset-spec.ts';

const TYPE = 'rabbit_stream_queue';
const SEGMENT_BYTES_MAX = 3_000_000_000n;
/** How names begin that the broker makes up. */
const GENERATED = 'amq.gen-';

const declarationArguments: ReadonlySet<string> = new Set([
  ...['x-max-length-bytes', 'x-queue-type', 'x-max-age', 'x-stream-max-segment-size-bytes'],
  ...['x-initial-cluster-size', 'x-queue-leader-locator'],
]);

const knownSinceFilters: ReadonlySet<string> = new Set([
  ...declarationArguments,
  'x-stream-filter-size-bytes',
]);

/** Errors: 406. */
export function checkStreamDeclaration(
  resource: string,
  { name, durable, autoDelete, exclusiveOwner, arguments: args }: QueueDeclaration,
  { switches }: Profile,
): AmqpError | null {
  if (name.startsWith(GENERATED)) {
    return preconditionFailed(`Cannot declare a server-named queue for type ${TYPE}`);
  }
  const known = switches.streamFilters ? knownSinceFilters : declarationArguments;
  const wrong = checkArguments(resource, args, { type: TYPE, known }, switches);
  if (wrong !== null) return wrong;
  const property = (what: string): AmqpError =>
    preconditionFailed(`invalid property '${what}' for ${resource}`);
  if (autoDelete) return property('auto-delete');
  if (exclusiveOwner !== null) return property('exclusive-owner');
  if (!durable) return property('non-durable');
  const segment = integerOf(tableLookup(args, 'x-stream-max-segment-size-bytes')) ?? 0n;
  assert(segment >= 0n, 'a value was checked', { resource });
  if (segment > SEGMENT_BYTES_MAX) {
    return preconditionFailed('Exceeded max value for x-stream-max-segment-size-bytes');
  }
  return checkFilterSize(tableLookup(args, 'x-stream-filter-size-bytes'));
}

function checkFilterSize(value: FieldValue | undefined): AmqpError | null {
  if (value === undefined) return null;
  if (!isIntegerType(value.type)) {
    return preconditionFailed('Invalid type for x-stream-filter-size-bytes');
  }
  const bytes = Number(integerOf(value));
  if (bytes >= FILTER_BYTES_MIN && bytes <= FILTER_BYTES_MAX) return null;
  return preconditionFailed('Invalid value for x-stream-filter-size-bytes');
}

/** What a consumer asks for by x-stream-filter; null: for everything. Other values say nothing. */
export function filterSpecOf(args: FieldTable): FilterSpec | null {
  const filter = tableLookup(args, 'x-stream-filter');
  if (filter === undefined) return null;
  const given = filter.type === 'array' ? filter.value : [filter];
  const values = given.flatMap((one) => (one.type === 'longstr' ? [textOf(one) ?? ''] : []));
  if (values.length === 0) return null;
  const unfiltered = tableLookup(args, 'x-stream-match-unfiltered');
  const matchesUnfiltered = unfiltered?.type === 'bool' && unfiltered.value;
  assert(values.length > 0, 'a value is asked for', { values });
  return { values, matchesUnfiltered };
}

/** Errors: 406; 540 for what a stream does not do. */
export function checkStreamConsumer(
  resource: string,
  channel: ConsumingChannel,
  { prefetchCount, noAck, arguments: args }: ConsumerOptions,
  { switches }: Profile,
): AmqpError | null {
  const wrong = checkConsumerArguments(resource, args);
  if (wrong !== null) return wrong;
  if (prefetchCount === 0) {
    const stream = switches.streamErrorsSayStream ? `stream ${resource}` : `'${resource}'`;
    return preconditionFailed(`consumer prefetch count is not set for ${stream}`);
  }
  if (noAck) {
    const stream = switches.streamErrorsSayStream ? 'stream' : 'stream queues';
    return notSupported(`automatic acknowledgement not supported by ${stream}`, resource);
  }
  assert(prefetchCount > 0, 'a count', { prefetchCount });
  if (!channel.limiter.isActive) return null;
  return amqpError('NOT_IMPLEMENTED', `${resource} does not support global qos`);
}

function checkConsumerArguments(resource: string, args: FieldTable): AmqpError | null {
  const offset = tableLookup(args, 'x-stream-offset');
  const wrong = checkPriority(resource, args);
  if (wrong !== null) return wrong;
  if (offset !== undefined && offsetSpecOf(offset, 0) === null) {
    const text = printed(offset);
    const value = offset.type === 'longstr' ? `<<"${text}">>` : text;
    const term = `{invalid_stream_offset_arg,{${offset.type},${value}}}`;
    return invalid('x-stream-offset', resource, term);
  }
  if (tableLookup(args, 'x-priority') === undefined) return null;
  return unsupported('x-priority', resource, TYPE);
}

/** A 540 that names the stream. */
export function notSupported(what: string, resource: string): AmqpError {
  return amqpError('NOT_IMPLEMENTED', `${what} ${resource}`);
}
