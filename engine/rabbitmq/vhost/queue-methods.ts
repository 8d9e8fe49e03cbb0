/**
 * queue.declare, queue.delete and queue.purge, as a virtual host answers them.
 *
 * The name of the queue that a channel declared last, for an empty name, is the channel's to know.
 * Sources: AMQP 0-9-1, section 1.7; `rabbit_channel:handle_method`,
 * `rabbit_amqqueue`.
 */
import { assert, present } from '../../kernel/assert.ts';
import { featureDenied, isAmqpError, notFound, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { DeclaredQueue } from '../channel/channel-host.ts';
import { differingArgument, differingField } from '../equivalence.ts';
import { printed } from '../field-table.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import { generatedName } from '../generated-name.ts';
import type { Answer, DeleteConditions, Queue } from '../queue/queue.ts';
import { comparedArguments, queueTypeOf } from '../queue/queue-arguments.ts';
import type { QueueDeclaration } from '../queue/queue-ports.ts';
import type { QueueRecord } from '../queue/queue-types.ts';
import { type Actor, checkExclusiveAccess, checkPermission, locked } from './actor.ts';
import { isPseudoQueue, isReplyName } from './direct-reply-to.ts';
import { notCommitted } from './not-committed.ts';
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

/**
 * queue.declare. Errors: 403 for a reserved name or a permission, 404 for a passive one that is not
 * there, 405 for another connection's, 406 for arguments or where it exists and differs, 541 for a
 * kind of queue that the release no longer has.
 */
export function declareQueue(
  vhost: VirtualHost,
  actor: Actor,
  method: QueueDeclare,
  answer: Answer<DeclaredQueue>,
): void {
  const given = withoutLineBreaks(method.queue);
  if (isPseudoQueue(given) || isReplyName(given)) {
    // Whatever was asked for, it is taken for a passive declaration.
    const resource = vhost.named('queue', given);
    const found = { queue: given, messageCount: 0, consumerCount: 1 };
    answer(vhost.replies.has(given) ? found : notFound(resource));
    return;
  }
  if (method.passive) {
    declarePassively(vhost, actor, given, answer);
    return;
  }
  const name = given === '' ? generatedName('amq.gen', vhost.context.random) : given;
  const refused =
    checkNewName('queue', given) ??
    checkPermission(vhost, actor, { kind: 'queue', name, to: 'configure' });
  if (refused !== null) {
    answer(refused);
    return;
  }
  const declaration = declarationOf(actor, name, method);
  const existing = vhost.queues.get(name);
  if (existing !== undefined) {
    declaredAgain(vhost, existing, declaration, answer);
    return;
  }
  const record = recordOf(vhost, actor, declaration);
  if (isAmqpError(record)) {
    answer(record);
    return;
  }
  vhost.commit({ kind: 'declare-queue', vhost: vhost.name, record }, (outcome) => {
    const queue = vhost.queues.get(name);
    const isIt = outcome.kind === 'applied' || outcome.kind === 'unchanged';
    if (!isIt) answer(notCommitted(outcome, timedOut(vhost, name)));
    else if (queue === undefined) answer(notFound(vhost.named('queue', name)));
    else declaredAgain(vhost, queue, declaration, answer);
  });
}

const timedOut = (vhost: VirtualHost, name: string): string =>
  `Could not declare ${vhost.named('queue', name)} on node 'rabbit@${vhost.context.links.self}' ` +
  'because the metadata store operation timed out';

function declaredAgain(
  vhost: VirtualHost,
  queue: Queue,
  declaration: QueueDeclaration,
  answer: Answer<DeclaredQueue>,
): void {
  const differs = checkEquivalence(vhost, queue, declaration);
  if (differs === null) declared(queue, answer);
  else answer(differs);
}

function declarationOf(actor: Actor, name: string, method: QueueDeclare): QueueDeclaration {
  const exclusiveOwner = method.exclusive ? actor.id : null;
  // An exclusive queue ends with its connection, so it is never durable.
  const durable = method.durable && !method.exclusive;
  const { autoDelete, arguments: args } = method;
  return { name, durable, autoDelete, exclusiveOwner, arguments: args };
}

/** What a new queue is, or why it cannot be. */
function recordOf(
  vhost: VirtualHost,
  actor: Actor,
  declaration: QueueDeclaration,
): QueueRecord | AmqpError {
  const { name, durable, exclusiveOwner, arguments: args } = declaration;
  const { profile, queueTypes, links } = vhost.context;
  const resource = vhost.named('queue', name);
  const refused = checkDeadLetterExchange(vhost, actor, name, args);
  if (refused !== null) return refused;
  const known = queueTypes.map(({ type }) => type);
  const type = queueTypeOf(resource, args, known);
  if (isAmqpError(type)) return type;
  const module = present(
    queueTypes.find((one) => one.type === type),
    'a node has classic queues',
  );
  const wrong =
    module.check(resource, declaration, profile) ??
    checkTransient(vhost, { durable, exclusive: exclusiveOwner !== null });
  if (wrong !== null) return wrong;
  const here = { leader: links.self, members: [links.self] };
  return { declaration, type, ...(module.place?.(declaration, vhost.placing(type, name)) ?? here) };
}

function declarePassively(
  vhost: VirtualHost,
  actor: Actor,
  name: string,
  answer: Answer<DeclaredQueue>,
): void {
  const queue = vhost.queues.get(name);
  if (queue === undefined) {
    answer(notFound(vhost.named('queue', name)));
    return;
  }
  assert(queue.name === name, 'a queue has its name', { name });
  // Asking counts as a use of the queue, even where the answer is that it is locked.
  declared(queue, (found) => answer(checkExclusiveAccess(vhost, actor, queue) ?? found));
}

function declared(queue: Queue, answer: Answer<DeclaredQueue>): void {
  queue.counts((counts) => answer(isAmqpError(counts) ? counts : { queue: queue.name, ...counts }));
}

function checkEquivalence(
  vhost: VirtualHost,
  existing: Queue,
  now: QueueDeclaration,
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
  if (durable || exclusive || vhost.context.profile.switches.transientNonExclusiveQueues)
    return null;
  return featureDenied('transient_nonexcl_queues');
}

export interface QueueDelete extends DeleteConditions {
  readonly queue: string;
}

/**
 * queue.delete: how many messages were ready; 0 of a queue that is not there. Errors: 403, 405, 406
 * where it is used or not empty and must not be.
 */
export function deleteQueue(
  vhost: VirtualHost,
  actor: Actor,
  { queue: given, ifUnused, ifEmpty }: QueueDelete,
  answer: Answer<number>,
): void {
  const name = withoutLineBreaks(given);
  const refused = checkPermission(vhost, actor, { kind: 'queue', name, to: 'configure' });
  const queue = vhost.queues.get(name);
  if (refused !== null || queue === undefined) {
    answer(refused ?? 0);
    return;
  }
  const locked = checkExclusiveAccess(vhost, actor, queue);
  if (locked !== null) answer(locked);
  else vhost.deleteQueue(queue, { ifUnused, ifEmpty }, answer);
}

/** queue.purge: how many messages were ready. Errors: 403, 404, 405. */
export function purgeQueue(
  vhost: VirtualHost,
  actor: Actor,
  name: string,
  answer: Answer<number>,
): void {
  const queue = readableQueue(vhost, actor, name);
  if (isAmqpError(queue)) answer(queue);
  else queue.purge(answer);
}

/** The queue, if the actor may read from it. Errors: 403, 404, 405. */
export function readableQueue(vhost: VirtualHost, actor: Actor, name: string): Queue | AmqpError {
  const refused = checkPermission(vhost, actor, { kind: 'queue', name, to: 'read' });
  if (refused !== null) return refused;
  const queue = vhost.queues.get(name);
  if (queue === undefined) return notFound(vhost.named('queue', name));
  return checkExclusiveAccess(vhost, actor, queue) ?? queue;
}
