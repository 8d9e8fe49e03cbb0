/**
 * What the stores of a node are set to, and what its release does with them.
 *
 * The defaults are the real ones; lessons and tests make files small. Source: `rabbit`'s
 * application environment (deps/rabbit/Makefile) and the constants of the modules that are named.
 */
import { assert } from '../../kernel/assert.ts';
import type { Profile } from '../profiles.ts';

export interface StoreSettings {
  /** `msg_store_file_size_limit`: from then on a file is full. */
  readonly fileSizeLimit: number;
  /** `queue_index_embed_msgs_below`: larger messages are in the store that queues share. */
  readonly embedMessagesBelow: number;
  /** `queue_index_max_journal_entries`, version 1. */
  readonly journalEntriesMax: number;
  /** `queue_index_segment_entry_count`; 4096 for version 2. */
  readonly segmentEntries: number;
}

export const defaultStoreSettings: StoreSettings = Object.freeze({
  fileSizeLimit: 16_777_216,
  embedMessagesBelow: 4096,
  journalEntriesMax: 32_768,
  segmentEntries: 4096,
});

/** What a message store does, by release. */
export interface MessageStoreBehaviour {
  readonly fileSizeLimit: number;
  /** At the latest after so long is flushed what waits. */
  readonly syncIntervalMs: number;
  /** Whether a flush ends with fsync before anybody is told. */
  readonly syncs: boolean;
  /** Two files are merged to one; else one is compacted in place. */
  readonly mergesFiles: boolean;
  /** Gallery 23. */
  readonly scanDropsTail: boolean;
}

const SYNC_INTERVAL_MS = 25;
const FLUSH_INTERVAL_MS = 200;

export function messageStoreBehaviour(
  { switches }: Profile,
  { fileSizeLimit }: StoreSettings,
): MessageStoreBehaviour {
  assert(fileSizeLimit > 0, 'msg_store_file_size_limit', { fileSizeLimit });
  const syncs = switches.messageStoreSyncs;
  return {
    fileSizeLimit,
    syncIntervalMs: syncs ? SYNC_INTERVAL_MS : FLUSH_INTERVAL_MS,
    syncs,
    mergesFiles: switches.messageStoreMergesFiles,
    scanDropsTail: switches.messageStoreScanDropsTail,
  };
}
