/**
 * What the stores tell the trace.
 *
 * Not here: when (`message-store.ts`, the indexes, `vhost-stores.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';

/** Messages reached a file of the store: the page cache. */
export const messagesWrittenKind = traceKind('messages-written', {
  file: 'string',
  messages: 'int',
  bytes: 'int',
});

/** What was written of it before is on the disk. */
export const storeSyncedKind = traceKind('store-synced', { file: 'string' });

/** A file is full, and the next one begins. */
export const storeRolledKind = traceKind('store-rolled', { file: 'string', bytes: 'int' });

/** Nobody wanted a message of the file any more. */
export const storeFileDeletedKind = traceKind('store-file-deleted', { file: 'string' });

/** A file was compacted, alone or with its neighbour. */
export const storeCompactedKind = traceKind('store-compacted', {
  file: 'string',
  merged: 'string',
  from: 'int',
  to: 'int',
});

/** The store is there again after a start. */
export const storeRecoveredKind = traceKind('store-recovered', {
  folder: 'string',
  clean: 'bool',
  messages: 'int',
  bytes: 'int',
});

/** A queue is there again; `dropped`: persistent messages that its index knew and that are gone. */
export const queueRecoveredKind = traceKind('queue-recovered', {
  queue: 'string',
  clean: 'bool',
  messages: 'int',
  dropped: 'int',
});

/** The index of a queue was written out, or synced. */
export const indexFlushedKind = traceKind('index-flushed', {
  queue: 'string',
  entries: 'int',
  synced: 'bool',
});
