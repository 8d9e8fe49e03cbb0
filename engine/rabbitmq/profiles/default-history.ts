/**
 * Defaults of settings that changed between releases: what a user who set nothing got.
 * A release has the defaults of its last patch release.
 */
import type { DefaultHistory } from '../../kernel/releases.ts';
import type { Release } from './releases.ts';

/** Pairs of (first release, value), oldest first; null: no limit. */
export const defaultHistory = {
  /** Bytes of a body. deps/rabbit/Makefile: 128 MiB, since 4.0 16 MiB. */
  max_message_size: [
    ['3.8', 134_217_728],
    ['4.0', 16_777_216],
  ],
  /**
   * Milliseconds in which a delivery must be acknowledged. deps/rabbit/Makefile: since 3.8.15
   * 15 minutes, since 3.8.17 30 minutes; before there was none.
   */
  consumer_timeout: [['3.8', 1_800_000]],
  /** Returns of a message after which a quorum queue drops it. rabbit_quorum_queue, since 4.0. */
  delivery_limit: [
    ['3.8', null],
    ['4.0', 20],
  ],
} as const satisfies Record<string, DefaultHistory<Release, number | null>>;

export type HistoricalDefault = keyof typeof defaultHistory;
