/**
 * What holds for a stream: how large its segments are and what retention keeps, from its arguments
 * and the policy.
 *
 * Of a key that both name the policy's value holds, unlike with other types of queues.
 * Source: `rabbit_stream_queue:update_stream_conf`, `policy_precedence`; `osiris_log`.
 * Not here: what is wrong with an argument (`stream-arguments.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { DEFAULT_LOG_CONFIG, type LogConfig, UNBOUNDED } from '../../storage/log-config.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import { integerOf, textOf } from '../field-table.ts';
import { ageMs } from '../queue/age.ts';
import type { PolicyDefinition } from '../queue/queue-settings.ts';
import { FILTER_BYTES } from './chunk-filter.ts';

export interface StreamSettings {
  /** `stream-max-segment-size-bytes`: a segment that has so many bytes is full. */
  readonly segmentBytes: number;
  /** `max-length-bytes`: whole segments beyond it go; null: without bound. */
  readonly maxBytes: number | null;
  /** `max-age`: a segment whose last chunk is older goes; null: without bound. */
  readonly maxAgeMs: number | null;
  /** `stream-filter-size-bytes`: of a chunk's filter. */
  readonly filterBytes: number;
}

const SEGMENT_BYTES = 500_000_000;

export function streamSettings(args: FieldTable, policy: PolicyDefinition): StreamSettings {
  const count = (key: string): number | null => {
    const given = policy[key] ?? integerOf(tableLookup(args, `x-${key}`));
    assert(typeof given !== 'string' && typeof given !== 'boolean', 'it was checked', { key });
    return given === undefined ? null : Number(given);
  };
  const age = policy['max-age'] ?? textOf(tableLookup(args, 'x-max-age'));
  const maxAgeMs = typeof age === 'string' ? ageMs(age) : null;
  assert(age === undefined || maxAgeMs !== null, 'an age was checked', { age });
  return {
    segmentBytes: count('stream-max-segment-size-bytes') ?? SEGMENT_BYTES,
    maxBytes: count('max-length-bytes'),
    maxAgeMs,
    filterBytes: count('stream-filter-size-bytes') ?? FILTER_BYTES,
  };
}

/** A stream's log leaves retention to `stream-retention.ts`, and syncs to the operating system. */
export function logConfigOf({ segmentBytes }: StreamSettings): LogConfig {
  return {
    ...DEFAULT_LOG_CONFIG,
    segmentBytes,
    segmentMs: UNBOUNDED,
    retentionMs: -1,
    deletes: false,
    fileDeleteDelayMs: 0,
  };
}
