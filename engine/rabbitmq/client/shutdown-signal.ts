/**
 * What a client's call can come to besides its answer, as a value: the broker closed the channel or
 * the connection with an error, or the connection is gone.
 *
 * Source: `com.rabbitmq.client.ShutdownSignalException` and `AlreadyClosedException`.
 */
import { replyText, type AmqpError } from '../../wire/amqp/reply-code.ts';

export interface ShutdownSignal {
  readonly kind: 'shutdown-signal';
  /**
   * `closed`: nothing was sent, since the channel or the connection was closed already. `channel`
   * and `connection`: it was closed before the answer came; whether the broker did what was asked
   * is not known.
   */
  readonly of: 'closed' | 'channel' | 'connection';
  /** What the broker said; null where the connection broke without a word. */
  readonly error: AmqpError | null;
  /** For people. */
  readonly text: string;
}

export const alreadyClosed: ShutdownSignal = Object.freeze({
  kind: 'shutdown-signal',
  of: 'closed',
  error: null,
  text: 'already closed',
});

/** The signal of a channel or a connection that the broker closes. */
export function closedBy(of: 'channel' | 'connection', error: AmqpError): ShutdownSignal {
  return { kind: 'shutdown-signal', of, error, text: `${error.code} ${replyText(error)}` };
}

/** The signal of a connection that broke. */
export function brokenBy(text: string): ShutdownSignal {
  return { kind: 'shutdown-signal', of: 'connection', error: null, text };
}

/** Tells a signal from an answer. */
export function isShutdownSignal(of: unknown): of is ShutdownSignal {
  return typeof of === 'object' && of !== null && (of as ShutdownSignal).kind === 'shutdown-signal';
}
