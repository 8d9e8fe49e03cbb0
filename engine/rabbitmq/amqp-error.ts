/**
 * What the broker refuses, as a value: a reply code and the sentence that follows the code's name.
 *
 * A soft error closes the channel, a hard one the connection; who sends the close, and with which
 * method's ids, is not here (`connection/`, `channel/`). Codes: AMQP 0-9-1, section 1.5, as
 * RabbitMQ uses them. The sentences are RabbitMQ's, since clients and people search for them.
 */
import { assert } from '../kernel/assert.ts';
import { amqpError as errorOf, ReplyCode, type AmqpError } from '../wire/amqp/reply-code.ts';

/** The refusals that have a sentence here. */
type ErrorName =
  | 'ACCESS_REFUSED'
  | 'NOT_FOUND'
  | 'RESOURCE_LOCKED'
  | 'PRECONDITION_FAILED'
  | 'COMMAND_INVALID'
  | 'NOT_ALLOWED'
  | 'NOT_IMPLEMENTED'
  | 'INTERNAL_ERROR';

/** The channel knows the method that failed. */
export function amqpError(name: ErrorName, explanation: string): AmqpError {
  assert(explanation.length > 0, 'an error has a sentence', { name });
  return errorOf(ReplyCode[name], explanation);
}

/** Tells an error from what a function gives where nothing is wrong. */
export function isAmqpError(of: unknown): of is AmqpError {
  return typeof of === 'object' && of !== null && (of as AmqpError).kind === 'amqp-error';
}

export const preconditionFailed = (text: string): AmqpError =>
  amqpError('PRECONDITION_FAILED', text);

/** How the broker names a thing in its sentences (`rabbit_misc:rs`). */
export function named(kind: 'queue' | 'exchange', name: string, vhost: string): string {
  return `${kind} '${name}' in vhost '${vhost}'`;
}

export const notFound = (resource: string): AmqpError => amqpError('NOT_FOUND', `no ${resource}`);

/** A 541 for a deprecated feature that the release no longer permits by default. */
export function featureDenied(feature: string): AmqpError {
  return amqpError(
    'INTERNAL_ERROR',
    `Feature \`${feature}\` is deprecated.\nBy default, this feature is not permitted anymore.`,
  );
}
