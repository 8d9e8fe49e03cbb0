/**
 * queue.bind, queue.unbind, exchange.bind and exchange.unbind, as a virtual host answers them.
 *
 * What is bound is written to and the source is read from. To unbind what is not bound, or not
 * there, is no error. Source: `rabbit_channel:binding_action`, `rabbit_binding`.
 */
import { notFound } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { type Binding, type Destination, bindingOf } from '../exchange/binding.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Outcome } from '../metadata/metadata-change.ts';
import type { Answer } from '../queue/queue.ts';
import {
  type Actor,
  checkExclusiveAccess,
  checkPermission,
  checkTopicPermission,
} from './actor.ts';
import { notCommitted } from './not-committed.ts';
import { checkNotDefaultExchange, withoutLineBreaks } from './reserved-name.ts';
import type { VirtualHost } from './virtual-host.ts';

export interface Bind {
  /** The exchange that messages come from. */
  readonly source: string;
  readonly destination: Destination;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/**
 * Errors: 403 for a permission or the default exchange, 404 for what is not there, 405 for another
 * connection's queue, 406 for arguments that the type of exchange refuses.
 */
export function bind(vhost: VirtualHost, actor: Actor, method: Bind, answer: Answer<null>): void {
  const checked = check(vhost, actor, method);
  const wrong = checked.refused ?? checkEnds(vhost, actor, checked);
  if (checked.refused !== null || wrong !== null) {
    answer(wrong);
    return;
  }
  const { binding } = checked;
  vhost.commit({ kind: 'bind', vhost: vhost.name, binding }, (outcome) => {
    if (outcome.kind === 'applied' || outcome.kind === 'unchanged') answer(null);
    else if (outcome.kind === 'missing') answer(notFound(missingEnd(vhost, outcome, binding)));
    else answer(notCommitted(outcome, timedOut('add', vhost, binding)));
  });
}

const timedOut = (verb: string, vhost: VirtualHost, { source, destination }: Binding): string =>
  `Could not ${verb} binding from ${vhost.named('exchange', source)} to ` +
  `${vhost.named(destination.kind, destination.name)} because the operation timed out`;

/** What is wrong with the ends of a new binding, or its arguments. */
function checkEnds(
  vhost: VirtualHost,
  actor: Actor,
  { source, binding }: Extract<Checked, { refused: null }>,
): AmqpError | null {
  const { kind, name } = binding.destination;
  const queue = kind === 'queue' ? vhost.queues.get(name) : undefined;
  const exists = queue !== undefined || (kind === 'exchange' && vhost.exchanges.has(name));
  if (source === undefined) return notFound(vhost.named('exchange', binding.source));
  if (!exists) return notFound(vhost.named(kind, name));
  return (
    source.checkBinding(binding.arguments) ??
    (queue === undefined ? null : checkExclusiveAccess(vhost, actor, queue))
  );
}

/** The end that went while the binding was being made. */
function missingEnd(
  vhost: VirtualHost,
  { what }: Extract<Outcome, { kind: 'missing' }>,
  { source, destination }: Binding,
): string {
  const isSource = what === 'exchange' && !vhost.exchanges.has(source);
  return isSource
    ? vhost.named('exchange', source)
    : vhost.named(destination.kind, destination.name);
}

/** Errors: 403 for a permission or the default exchange, 405 for another connection's queue. */
export function unbind(vhost: VirtualHost, actor: Actor, method: Bind, answer: Answer<null>): void {
  const checked = check(vhost, actor, method);
  if (checked.refused !== null) {
    answer(checked.refused);
    return;
  }
  const { source, binding } = checked;
  const { kind, name } = binding.destination;
  const queue = kind === 'queue' ? vhost.queues.get(name) : undefined;
  const isBound = source?.bindings.has(binding.id) === true;
  const refused = queue === undefined ? null : checkExclusiveAccess(vhost, actor, queue);
  if (!isBound || refused !== null) {
    answer(isBound ? refused : null);
    return;
  }
  vhost.commit({ kind: 'unbind', vhost: vhost.name, binding }, (outcome) => {
    const isKnown = outcome.kind !== 'unavailable';
    answer(isKnown ? null : notCommitted(outcome, timedOut('delete', vhost, binding)));
  });
}

type Checked =
  | { readonly refused: AmqpError }
  | {
      readonly refused: null;
      readonly source: Exchange | undefined;
      readonly binding: Binding;
    };

/** What may be refused before anything is looked for, and the binding that is meant. */
function check(vhost: VirtualHost, actor: Actor, method: Bind): Checked {
  const sourceName = withoutLineBreaks(method.source);
  const destination = {
    kind: method.destination.kind,
    name: withoutLineBreaks(method.destination.name),
  };
  const isDefault = destination.kind === 'exchange' ? destination.name : 'no exchange';
  const refused =
    checkPermission(vhost, actor, { ...destination, to: 'write' }) ??
    checkNotDefaultExchange(isDefault) ??
    checkNotDefaultExchange(sourceName) ??
    checkPermission(vhost, actor, { kind: 'exchange', name: sourceName, to: 'read' });
  if (refused !== null) return { refused };
  const { routingKey } = method;
  const source = vhost.exchanges.get(sourceName);
  if (source?.declaration.type === 'topic') {
    const topic = { exchange: sourceName, routingKey, to: 'read' } as const;
    const forbidden = checkTopicPermission(vhost, actor, topic);
    if (forbidden !== null) return { refused: forbidden };
  }
  const binding = bindingOf(sourceName, destination, method);
  return { refused: null, source, binding };
}
