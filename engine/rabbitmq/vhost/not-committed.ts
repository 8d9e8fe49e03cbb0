/**
 * What a client is told where metadata could not be changed.
 */
import { amqpError, notFound } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { Outcome } from '../metadata/metadata-change.ts';
import { assert } from '../../kernel/assert.ts';

/** A 404 where something went meanwhile, a 541 where nobody could say. */
export function notCommitted(outcome: Outcome): AmqpError {
  if (outcome.kind === 'unavailable') return amqpError('INTERNAL_ERROR', outcome.reason);
  assert(outcome.kind === 'missing', 'something was missing', { outcome: outcome.kind });
  return notFound(`${outcome.what} '${outcome.name}'`);
}
