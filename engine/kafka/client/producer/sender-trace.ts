/**
 * What a producer writes into the trace. One entry a record where a record's journey begins; one a
 * batch from then on. Not here: the sentences (`client/narration.ts`).
 */
import { traceKind } from '../../../kernel/ports.ts';

/** The application handed a record over, and it got its place in a batch. */
export const sendTrace = traceKind('producer-send', {
  partition: 'string',
  key: 'string',
  value: 'string',
  bytes: 'int',
});

/** A batch left in a Produce request. `attempt` counts from 1; `baseSequence` is -1 without one. */
export const produceTrace = traceKind('produce', {
  partition: 'string',
  broker: 'int',
  records: 'int',
  bytes: 'int',
  baseSequence: 'int',
  attempt: 'int',
});

/** A batch was acknowledged. `baseOffset` is -1 with acks=0. */
export const ackTrace = traceKind('ack', {
  partition: 'string',
  records: 'int',
  baseOffset: 'int',
});

/** A batch failed and will be sent again. */
export const retryTrace = traceKind('retry', {
  partition: 'string',
  records: 'int',
  error: 'string',
  attempt: 'int',
  backoffMs: 'int',
});

/** A batch outlived `delivery.timeout.ms`. */
export const expireTrace = traceKind('expire', {
  partition: 'string',
  records: 'int',
  indeterminate: 'bool',
});

/** A batch failed for good, or a record before it got into one. */
export const sendFailedTrace = traceKind('send-failed', {
  partition: 'string',
  records: 'int',
  error: 'string',
  indeterminate: 'bool',
});

/** A batch was too large for the broker and was split. */
export const splitTrace = traceKind('split', {
  partition: 'string',
  records: 'int',
  batches: 'int',
});
