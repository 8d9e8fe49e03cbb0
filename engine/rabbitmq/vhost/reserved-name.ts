/**
 * Names that only the broker gives: the default exchange's, which is empty, and all under `amq.`.
 * Source: `rabbit_channel:check_name`, `check_not_default_exchange`, `strip_cr_lf`.
 */
import { amqpError } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';

const RESERVED = 'amq.';

/** A name without line breaks, which the broker takes away. */
export const withoutLineBreaks = (name: string): string => name.replaceAll(/[\r\n]/g, '');

export const isReserved = (name: string): boolean => name.startsWith(RESERVED);

/** A 403 for a new thing with a reserved name. */
export function checkNewName(kind: 'queue' | 'exchange', name: string): AmqpError | null {
  if (!isReserved(name)) return null;
  return amqpError('ACCESS_REFUSED', `${kind} name '${name}' contains reserved prefix 'amq.*'`);
}

/** A 403 for what cannot be done to the default exchange. */
export function checkNotDefaultExchange(name: string): AmqpError | null {
  if (name !== '') return null;
  return amqpError('ACCESS_REFUSED', 'operation not permitted on the default exchange');
}
