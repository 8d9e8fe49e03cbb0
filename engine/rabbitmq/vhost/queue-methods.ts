/**
 * queue.declare, queue.delete and queue.purge, as a virtual host answers them.
 *
 * The name of the queue that a channel declared last, for an empty name, is the channel's to know.
 * Only classic queues are here. Sources: AMQP 0-9-1, section 1.7; `rabbit_channel:handle_method`,
 * `rabbit_amqqueue`.
 */
import { assert } from '../../kernel/assert.ts';
import { amqpError, isAmqpError, notFound, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { differingArgument, differingField } from '../equivalence.ts';
import { printed } from '../field-table.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import { generatedName } from '../generated-name.ts';
import type { ClassicQueue } from '../queue/classic-queue.ts';
import { checkQueueArguments, comparedArguments } from '../queue/queue-arguments.ts';
import { type Actor, checkExclusiveAccess, checkPermission, locked } from './actor.ts';
import { checkNewName, withoutLineBreaks } from './reserved-name.ts';
import type { VirtualHost } from './virtual-host.ts';

export interface QueueDeclare {
  /** Empty: the broker makes up a name. */
  readonly queue: string;
  readonly passive: boolean;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}

/** What declare-ok says. */
export interface DeclaredQueue {
  readonly queue: string;
  readonly messageCount: number;
  readonly consumerCount: number;
}

/**
 * queue.declare. Errors: 403 for a reserved name or a permission, 404 for a passive one that is not
 * there, 405 for another connection's, 406 for arguments or where it exists and differs, 541 for a
 * kind of queue that the release no longer has.
 */
export function declareQueue(
  vhost: VirtualHost,
  actor: Actor,
  method: QueueDeclare,
): DeclaredQueue | AmqpError {
  const given = withoutLineBreaks(method.queue);
  if (method.passive) return declarePassively(vhost, actor, given);
  const reserved = checkNewName('queue', given);
  if (reserved !== null) return reserved;
  const name = given === '' ? generatedName('amq.gen', vhost.ports.random) : given;
  const refused = checkPermission(vhost, actor, { kind: 'queue', name, to: 'configure' });
  if (refused !== null) return refused;
  const exclusiveOwner = method.exclusive ? actor.id : null;
  // An exclusive queue ends with its connection, so it is never durable.
  const durable = method.durable && !method.exclusive;
  const { autoDelete, arguments: args } = method;
  const declaration = { name, durable, autoDelete, exclusiveOwner, arguments: args };
  const existing = vhost.queues.get(name);
  if (existing !== undefined) {
    const differs = checkEquivalence(vhost, existing, declaration);
    return differs ?? declared(existing);
  }
  const wrong =
    checkDeadLetterExchange(vhost, actor, name, args) ??
    checkQueueArguments(vhost.named('queue', name), args) ??
    checkTransient(vhost, { durable, exclusive: method.exclusive });
  if (wrong !== null) return wrong;
  return declared(vhost.addQueue(declaration));
}

function declarePassively(
  vhost: VirtualHost,
  actor: Actor,
  name: string,
): DeclaredQueue | AmqpError {
  const queue = vhost.queues.get(name);
  if (queue === undefined) return notFound(vhost.named('queue', name));
  assert(queue.name === name, 'a queue has its name', { name });
  // Asking counts as a use of the queue, even where the answer is that it is locked.
  const found = declared(queue);
  return checkExclusiveAccess(vhost, actor, queue) ?? found;
}

function declared(queue: ClassicQueue): DeclaredQueue {
  queue.touch();
  const { name, readyCount: messageCount, consumerCount } = queue;
  return { queue: name, messageCount, consumerCount };
}

function checkEquivalence(
  vhost: VirtualHost,
  existing: ClassicQueue,
  now: ClassicQueue['declaration'],
): AmqpError | null {
  const { declaration } = existing;
  const resource = vhost.named('queue', declaration.name);
  if (declaration.exclusiveOwner !== now.exclusiveOwner) return locked(vhost, existing);
  const fields = [
    { name: 'durable', current: declaration.durable, received: now.durable },
    { name: 'auto_delete', current: declaration.autoDelete, received: now.autoDelete },
  ];
  const tables = { current: declaration.arguments, received: now.arguments };
  return differingField(resource, fields) ?? differingArgument(resource, comparedArguments, tables);
}

/** Who names a dead-letter exchange reads from the queue and writes to that. */
function checkDeadLetterExchange(
  vhost: VirtualHost,
  actor: Actor,
  queue: string,
  args: FieldTable,
): AmqpError | null {
  const exchange = tableLookup(args, 'x-dead-letter-exchange');
  if (exchange === undefined) return null;
  if (exchange.type !== 'longstr') {
    return preconditionFailed(
      `invalid type '${exchange.type}' for arg 'x-dead-letter-exchange' in ` +
        vhost.named('queue', queue),
    );
  }
  const name = printed(exchange);
  return (
    checkPermission(vhost, actor, { kind: 'queue', name: queue, to: 'read' }) ??
    checkPermission(vhost, actor, { kind: 'exchange', name, to: 'write' })
  );
}

function checkTransient(
  vhost: VirtualHost,
  { durable, exclusive }: { readonly durable: boolean; readonly exclusive: boolean },
): AmqpError | null {
  if (durable || exclusive || vhost.ports.profile.switches.transientNonExclusiveQueues) return null;
  return amqpError(
    'INTERNAL_ERROR',
    'Feature `transient_nonexcl_queues` is deprecated.\nBy default, this feature is not ' +
      'permitted anymore.',
  );
}

export interface QueueDelete {
  readonly queue: string;
  readonly ifUnused: boolean;
  readonly ifEmpty: boolean;
}

/**
 * queue.delete: how many messages were ready; 0 of a queue that is not there. Errors: 403, 405, 406
 * where it is used or not empty and must not be.
 */
export function deleteQueue(
  vhost: VirtualHost,
  actor: Actor,
  { queue: given, ifUnused, ifEmpty }: QueueDelete,
): number | AmqpError {
  const name = withoutLineBreaks(given);
  const refused = checkPermission(vhost, actor, { kind: 'queue', name, to: 'configure' });
  if (refused !== null) return refused;
  const queue = vhost.queues.get(name);
  if (queue === undefined) return 0;
  const locked = checkExclusiveAccess(vhost, actor, queue);
  if (locked !== null) return locked;
  const resource = vhost.named('queue', name);
  if (ifEmpty && queue.readyCount > 0) return preconditionFailed(`${resource} not empty`);
  if (ifUnused && queue.consumerCount > 0) return preconditionFailed(`${resource} in use`);
  const count = queue.readyCount;
  vhost.removeQueue(queue);
  assert(!vhost.queues.has(name), 'it is deleted', { name });
  return count;
}

/** queue.purge: how many messages were ready. Errors: 403, 404, 405. */
export function purgeQueue(vhost: VirtualHost, actor: Actor, name: string): number | AmqpError {
  const queue = readableQueue(vhost, actor, name);
  return isAmqpError(queue) ? queue : queue.purge();
}

/** The queue, if the actor may read from it. Errors: 403, 404, 405. */
export function readableQueue(
  vhost: VirtualHost,
  actor: Actor,
  name: string,
): ClassicQueue | AmqpError {
  const refused = checkPermission(vhost, actor, { kind: 'queue', name, to: 'read' });
  if (refused !== null) return refused;
  const queue = vhost.queues.get(name);
  if (queue === undefined) return notFound(vhost.named('queue', name));
  return checkExclusiveAccess(vhost, actor, queue) ?? queue;
}
