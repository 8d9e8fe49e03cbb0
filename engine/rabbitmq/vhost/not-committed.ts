/**
 * What a client is told where metadata could not be changed. The sentences of a time that is over
 * are those of 4.x: `rabbit_channel`, `rabbit_classic_queue`, rabbitmq.com/docs/metadata-store.
 */
import { amqpError, notFound } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { Outcome } from '../metadata/metadata-change.ts';
import { assert } from '../../kernel/assert.ts';

/** A 404 where something went meanwhile, a 541 where nobody could say in time. */
export function notCommitted(outcome: Outcome, timedOut: string): AmqpError {
  if (outcome.kind === 'unavailable') return amqpError('INTERNAL_ERROR', timedOut);
  assert(outcome.kind === 'missing', 'something was missing', { outcome: outcome.kind });
  return notFound(`${outcome.what} '${outcome.name}'`);
}
