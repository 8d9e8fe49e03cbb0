/**
 * The errors that a channel has for a method whatever its queue or exchange, in the real broker's
 * words. Not here: errors of the virtual host, which come with what it answers.
 * Source: `rabbit_channel:handle_method`, `handle_consumer_timed_out`.
 */
import { assert } from '../../kernel/assert.ts';
import { amqpError, ReplyCode, type AmqpError } from '../../wire/amqp/reply-code.ts';
import { preconditionFailed } from '../amqp-error.ts';

/** A queue or the channel waited for so many milliseconds. */
export function deliveryTimeout(channel: number, timeoutMs: number): AmqpError {
  assert(channel > 0, 'channel 0 has no deliveries', { channel });
  return preconditionFailed(
    `delivery acknowledgement on channel ${channel} timed out. Timeout value used: ${timeoutMs} ` +
      'ms. This timeout value can be configured, see consumers doc guide to learn more',
  );
}

export const notImplemented = (explanation: string): AmqpError =>
  amqpError(ReplyCode.NOT_IMPLEMENTED, explanation);

export const NOT_TRANSACTIONAL = preconditionFailed('channel is not transactional');

/** A method that only the broker sends, or one of the connection on a channel. */
export function unimplemented(): AmqpError {
  return amqpError(ReplyCode.COMMAND_INVALID, 'unimplemented method');
}
