/**
 * Defaults of settings that changed between releases: what a user who set nothing got.
 *
 * Not here: the tables of settings, which mark such a default with `byProfile`. Settings that a
 * release did not know yet have their first default there too.
 */
import type { DefaultHistory } from '../../kernel/releases.ts';
import type { Release } from './releases.ts';

const LONG_MAX_TEXT = '9223372036854775807';

/**
 * Pairs of (first release, value), oldest first. Sources: KIP-679 (acks and idempotence; because
 * of KAFKA-13598 3.0.0 and 3.1.0 left idempotence off, 3.0.1 and 3.1.1 have it); KIP-91 (retries);
 * KIP-1030 (linger.ms, timestamps of the future); KIP-106 (unclean election); KIP-537 (replica
 * lag); KAFKA-4203 (message size).
 */
export const defaultHistory = {
  acks: [
    ['0.8', '1'],
    ['3.0', 'all'],
  ],
  'enable.idempotence': [
    ['0.8', 'false'],
    ['3.0', 'true'],
  ],
  retries: [
    ['0.8', '0'],
    ['2.1', '2147483647'],
  ],
  'linger.ms': [
    ['0.8', '0'],
    ['4.0', '5'],
  ],
  'unclean.leader.election.enable': [
    ['0.8', 'true'],
    ['0.11', 'false'],
  ],
  'replica.lag.time.max.ms': [
    ['0.8', '10000'],
    ['2.5', '30000'],
  ],
  'message.max.bytes': [
    ['0.8', '1000012'],
    ['2.5', '1048588'],
  ],
  'log.message.timestamp.after.max.ms': [
    ['0.8', LONG_MAX_TEXT],
    ['4.0', '3600000'],
  ],
} as const satisfies Record<string, DefaultHistory<Release, string>>;

export type HistoricalDefault = keyof typeof defaultHistory;
