/**
 * What quorum queues tell the trace.
 *
 * Not here: their members' roles and logs (`ra/ra-trace.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';

/** The node of the leader has heard that all queues have a dead letter: the source drops it. */
export const deadLettersConfirmedKind = traceKind('dead-letters-confirmed', {
  queue: 'string',
  count: 'int',
});

/** A node puts a message into the log of a quorum queue, as the publisher's number so and so. */
export const quorumEnqueueKind = traceKind('quorum-enqueue', { queue: 'string', seq: 'int' });

/** A majority has it: the publisher may be told. */
export const quorumConfirmKind = traceKind('quorum-confirm', { queue: 'string', seq: 'int' });
