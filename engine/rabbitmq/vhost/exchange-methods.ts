/**
 * exchange.declare and exchange.delete, as a virtual host answers them.
 * Sources: AMQP 0-9-1, section 1.6; `rabbit_channel:handle_method`, `rabbit_exchange`.
 */
import { assert } from '../../kernel/assert.ts';
import { amqpError, isAmqpError, notFound, preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { Answer } from '../queue/queue.ts';
import { differingArgument, differingField } from '../equivalence.ts';
import { type Exchange, type ExchangeDeclaration, isExchangeType } from '../exchange/exchange.ts';
import { printed } from '../field-table.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import { type Actor, checkPermission } from './actor.ts';
import {
  checkNewName,
  checkNotDefaultExchange,
  isReserved,
  withoutLineBreaks,
} from './reserved-name.ts';
import { notCommitted } from './not-committed.ts';
import type { VirtualHost } from './virtual-host.ts';

export interface ExchangeDeclare {
  readonly exchange: string;
  readonly type: string;
  readonly passive: boolean;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

/**
 * exchange.declare. Errors: 503 for an unknown type, 403 for a reserved name or a permission, 404
 * for a passive one that is not there, 406 where it exists and differs.
 */
export function declareExchange(
  vhost: VirtualHost,
  actor: Actor,
  method: ExchangeDeclare,
  answer: Answer<null>,
): void {
  const name = withoutLineBreaks(method.exchange);
  const declaration = checkDeclaration(vhost, actor, name, method);
  if (declaration === null || isAmqpError(declaration)) {
    answer(declaration);
    return;
  }
  vhost.commit({ kind: 'declare-exchange', vhost: vhost.name, declaration }, (outcome) => {
    const existing = vhost.exchanges.get(name);
    if (outcome.kind === 'applied') answer(null);
    else if (existing !== undefined) answer(checkEquivalence(vhost, existing, method));
    else answer(notCommitted(outcome, timedOut('declare', vhost.named('exchange', name))));
  });
}

const timedOut = (verb: string, resource: string): string =>
  `failed to ${verb} ${resource} because the operation timed out`;

/** What is to be declared; null: it is there and as it should be. */
function checkDeclaration(
  vhost: VirtualHost,
  actor: Actor,
  name: string,
  method: ExchangeDeclare,
): ExchangeDeclaration | AmqpError | null {
  if (method.passive) {
    const refused = checkNotDefaultExchange(name);
    if (refused !== null) return refused;
    return vhost.exchanges.has(name) ? null : notFound(vhost.named('exchange', name));
  }
  const { type } = method;
  if (!isExchangeType(type)) {
    return amqpError('COMMAND_INVALID', `unknown exchange type '${type}'`);
  }
  const refused =
    checkNotDefaultExchange(name) ??
    checkPermission(vhost, actor, { kind: 'exchange', name, to: 'configure' });
  if (refused !== null) return refused;
  const existing = vhost.exchanges.get(name);
  if (existing !== undefined) return checkEquivalence(vhost, existing, method);
  const wrong = checkNewName('exchange', name) ?? checkAlternate(vhost, actor, method);
  if (wrong !== null) return wrong;
  const { durable, autoDelete, internal, arguments: args } = method;
  return { name, type, durable, autoDelete, internal, arguments: args };
}

/** Who names an alternate exchange reads from this one and writes to that. */
function checkAlternate(
  vhost: VirtualHost,
  actor: Actor,
  { exchange, arguments: args }: ExchangeDeclare,
): AmqpError | null {
  const alternate = tableLookup(args, 'alternate-exchange');
  if (alternate === undefined) return null;
  if (alternate.type !== 'longstr') {
    return preconditionFailed(
      `invalid type '${alternate.type}' for arg 'alternate-exchange' in ` +
        vhost.named('exchange', exchange),
    );
  }
  const target = printed(alternate);
  return (
    checkPermission(vhost, actor, { kind: 'exchange', name: exchange, to: 'read' }) ??
    checkPermission(vhost, actor, { kind: 'exchange', name: target, to: 'write' })
  );
}

function checkEquivalence(
  vhost: VirtualHost,
  { declaration }: Exchange,
  method: ExchangeDeclare,
): AmqpError | null {
  const resource = vhost.named('exchange', declaration.name);
  const fields = [
    { name: 'type', current: declaration.type, received: method.type },
    { name: 'durable', current: declaration.durable, received: method.durable },
    { name: 'auto_delete', current: declaration.autoDelete, received: method.autoDelete },
    { name: 'internal', current: declaration.internal, received: method.internal },
  ];
  const tables = { current: declaration.arguments, received: method.arguments };
  return (
    differingField(resource, fields) ?? differingArgument(resource, ['alternate-exchange'], tables)
  );
}

export interface ExchangeDelete {
  readonly exchange: string;
  readonly ifUnused: boolean;
}

/**
 * exchange.delete; of one that is not there, nothing happens. Errors: 403 for the broker's own or a
 * permission, 406 where `ifUnused` and something is bound to it.
 */
export function deleteExchange(
  vhost: VirtualHost,
  actor: Actor,
  { exchange, ifUnused }: ExchangeDelete,
  answer: Answer<null>,
): void {
  const name = withoutLineBreaks(exchange);
  const resource = vhost.named('exchange', name);
  const refused =
    checkNotDefaultExchange(name) ??
    checkNotSystem(name, resource) ??
    checkPermission(vhost, actor, { kind: 'exchange', name, to: 'configure' });
  if (refused !== null) {
    answer(refused);
    return;
  }
  const change = { kind: 'delete-exchange', vhost: vhost.name, name, ifUnused } as const;
  vhost.commit(change, (outcome) => {
    assert(outcome.kind !== 'applied' || !vhost.exchanges.has(name), 'it is deleted', { name });
    if (outcome.kind === 'in-use') answer(preconditionFailed(`${resource} in use`));
    else if (outcome.kind !== 'unavailable') answer(null);
    else answer(notCommitted(outcome, timedOut('delete', resource)));
  });
}

function checkNotSystem(name: string, resource: string): AmqpError | null {
  if (!isReserved(name)) return null;
  return amqpError('ACCESS_REFUSED', `deletion of system ${resource} not allowed`);
}
