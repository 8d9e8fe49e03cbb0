/**
 * What a consumer writes into the trace: one entry a partition and poll, and one for each thing
 * that happens to a position. Not here: the sentences (`client/narration.ts`).
 */
import { traceKind } from '../../../kernel/ports.ts';

/** A poll returned records of a partition to the application. */
export const deliverTrace = traceKind('consumer-poll', {
  partition: 'string',
  firstOffset: 'int',
  lastOffset: 'int',
  records: 'int',
  leaderEpoch: 'int',
});

/** A position was set by the reset policy. */
export const resetTrace = traceKind('reset', {
  partition: 'string',
  strategy: 'string',
  offset: 'int',
});

/** The application moved a position. */
export const seekTrace = traceKind('seek', { partition: 'string', offset: 'int' });

/** A position is beyond the log's end in its epoch: what was consumed is no longer there. */
export const truncationDetectedTrace = traceKind('truncation-detected', {
  partition: 'string',
  position: 'int',
  divergentOffset: 'int',
});

/** The leader named a follower to read from. */
export const preferredReplicaTrace = traceKind('preferred-read-replica', {
  partition: 'string',
  replica: 'int',
});

/** Positions are durable. */
export const commitTrace = traceKind('commit', { partition: 'string', offset: 'int' });

/** The broker refused a partition of a request; the consumer acts on it and goes on. */
export const fetchErrorTrace = traceKind('fetch-error', {
  partition: 'string',
  offset: 'int',
  error: 'string',
});

/** The application was told of an error; the partition rests until a seek. */
export const consumerErrorTrace = traceKind('consumer-error', {
  partition: 'string',
  error: 'string',
});
