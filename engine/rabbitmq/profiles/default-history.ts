/**
 * Defaults of settings that changed between releases: what a user who set nothing got.
 * A release has the defaults of its last patch release.
 */
import { assert } from '../../kernel/assert.ts';
import { compareReleases, type Release } from './releases.ts';

type History = readonly (readonly [Release, number | null])[];

/** Pairs of (first release, value), oldest first; null: no limit. */
const defaultHistory = {
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
} as const satisfies Record<string, History>;

export type HistoricalDefault = keyof typeof defaultHistory;
export const historicalDefaults = Object.keys(defaultHistory) as readonly HistoricalDefault[];

/** The default of a setting in a release. */
export function defaultAt(key: HistoricalDefault, release: Release): number | null {
  const history: History = defaultHistory[key];
  const first = history[0];
  assert(first?.[0] === '3.8', 'a history begins with the first release', { key });
  let value = first[1];
  for (const [since, next] of history) if (compareReleases(release, since) >= 0) value = next;
  return value;
}
