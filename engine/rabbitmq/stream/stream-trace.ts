/** What streams write into the trace; the sentences to it are in `narration.ts`. */
import { traceKind } from '../../kernel/ports.ts';

/** Records were written as one chunk; `next` is the offset behind them. */
export const streamChunkWritten = traceKind('stream-chunk-written', {
  stream: 'string',
  firstOffset: 'int',
  next: 'int',
  bytes: 'int',
});

/** A majority of the replicas has everything below `offset`. */
export const streamCommitted = traceKind('stream-committed', { stream: 'string', offset: 'int' });

/** Retention took whole segments: the stream begins at `offset` now. */
export const streamTruncated = traceKind('stream-truncated', { stream: 'string', offset: 'int' });

/** A record was sent to a consumer, which has `credit` left. */
export const streamDelivered = traceKind('stream-delivered', {
  stream: 'string',
  consumer: 'string',
  offset: 'int',
  credit: 'int',
});
