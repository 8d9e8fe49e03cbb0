/**
 * What connections tell the trace besides their machines' transitions.
 */
import { traceKind } from '../../kernel/ports.ts';

/** A hard error or a soft one: `channel` is 0 where it is the connection's own. */
export const amqpErrorKind = traceKind('amqp-error', {
  client: 'string',
  channel: 'int',
  replyCode: 'int',
  replyText: 'string',
  method: 'string',
});
