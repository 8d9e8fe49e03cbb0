/**
 * What is wrong with the declaration of a quorum queue, or with a consumer of one.
 *
 * Not here: what is wrong with an argument's value, whatever the type (`queue/queue-arguments.ts`).
 * Sources: `rabbit_quorum_queue:declare`, `consume`, `capabilities`; `rabbit_queue_type_util`.
 */
import { assert } from '../../kernel/assert.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { amqpError, preconditionFailed } from '../amqp-error.ts';
import { integerOf } from '../field-table.ts';
import type { Profile } from '../profiles.ts';
import type { ConsumingChannel } from '../queue/consumer.ts';
import { CONSUMER_TIMEOUT } from '../queue/consumer-timeout.ts';
import {
  checkArguments,
  checkConsumerTimeout,
  checkPriority,
  unsupported,
} from '../queue/queue-arguments.ts';
import type { DeleteConditions } from '../queue/queue.ts';
import type { QueueDeclaration } from '../queue/queue-ports.ts';

const TYPE = 'rabbit_quorum_queue';
/** How names begin that the broker makes up. */
const GENERATED = 'amq.gen-';
/** `?DEFAULT_QUORUM_INITIAL_GROUP_SIZE` */
const GROUP_SIZE = 3;

const declarationArguments: ReadonlySet<string> = new Set([
  ...['x-dead-letter-exchange', 'x-dead-letter-routing-key', 'x-expires', 'x-max-length'],
  ...['x-max-length-bytes', 'x-max-in-memory-length', 'x-max-in-memory-bytes', 'x-overflow'],
  ...['x-single-active-consumer', 'x-queue-type', 'x-quorum-initial-group-size'],
  ...['x-delivery-limit', 'x-queue-leader-locator', 'x-quorum-target-group-size'],
]);

/** Errors: 406. */
export function checkQuorumDeclaration(
  resource: string,
  { name, durable, autoDelete, exclusiveOwner, arguments: args }: QueueDeclaration,
  { switches }: Profile,
): AmqpError | null {
  if (name.startsWith(GENERATED)) {
    return preconditionFailed(`Cannot declare a server-named queue for type ${TYPE}`);
  }
  const known = new Set(declarationArguments);
  if (switches.quorumMessageTtl) known.add('x-message-ttl');
  if (switches.deadLetterStrategies) known.add('x-dead-letter-strategy');
  if (switches.quorumConsumerTimeout) known.add(CONSUMER_TIMEOUT);
  const wrong =
    checkArguments(resource, args, { type: TYPE, known }, switches) ??
    (switches.quorumConsumerTimeout ? checkConsumerTimeout(resource, args) : null);
  if (wrong !== null) return wrong;
  const property = (what: string): AmqpError =>
    preconditionFailed(`invalid property '${what}' for ${resource}`);
  if (autoDelete) return property('auto-delete');
  if (exclusiveOwner !== null) return property('exclusive-owner');
  return durable ? null : property('non-durable');
}

/** Errors: 406; 540 where the channel has a limit of its own. */
export function checkQuorumConsumer(
  resource: string,
  channel: ConsumingChannel,
  args: FieldTable,
  { switches }: Profile,
): AmqpError | null {
  const wrong =
    checkPriority(resource, args) ??
    (switches.quorumConsumerTimeout ? checkConsumerTimeout(resource, args) : null);
  if (wrong !== null) return wrong;
  if (tableLookup(args, 'x-stream-offset') !== undefined) {
    return unsupported('x-stream-offset', resource, TYPE);
  }
  assert(resource !== '', 'a queue', {});
  if (!channel.limiter.isActive) return null;
  return amqpError('NOT_IMPLEMENTED', `${resource} does not support global qos`);
}

/** A quorum queue is not deleted on a condition: 540. */
export function checkQuorumDelete(
  resource: string,
  { ifUnused, ifEmpty }: DeleteConditions,
): AmqpError | null {
  if (!ifUnused && !ifEmpty) return null;
  const flag = ifUnused ? 'if-unused' : 'if-empty';
  return amqpError(
    'NOT_IMPLEMENTED',
    `cannot delete ${resource}. queue.delete operations with ${flag} flag set are not ` +
      'supported by quorum queues',
  );
}

/** basic.get from a queue with a single active consumer: 405. */
export function singleActiveGet(resource: string): AmqpError {
  return amqpError(
    'RESOURCE_LOCKED',
    `cannot obtain access to locked ${resource}. basic.get operations are not supported by ` +
      'quorum queues with single active consumer',
  );
}

/** How many members a new queue has. */
export function groupSizeOf(args: FieldTable): number {
  const size = integerOf(tableLookup(args, 'x-quorum-initial-group-size'));
  assert(size === undefined || size > 0n, 'a value was checked', { size: Number(size ?? 0n) });
  return size === undefined ? GROUP_SIZE : Number(size);
}
