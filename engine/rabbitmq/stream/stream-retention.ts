/**
 * Which segments a stream's retention takes: whole ones, the oldest first, never the last.
 *
 * A stream is looked at when it begins a segment, and when its settings change. Unlike Kafka's,
 * which keeps at least `retention.bytes`, it keeps at most `max-length-bytes` where it has more
 * than one segment. Source: `osiris_log:eval_max_bytes`, `eval_age`.
 */
import { assert } from '../../kernel/assert.ts';
import type { SegmentInfo } from '../../storage/segment.ts';
import { SEGMENT_HEADER_BYTES } from './chunk-index.ts';
import type { StreamSettings } from './stream-settings.ts';

/** The first offset of what stays. */
export function retainedFrom(
  segments: readonly SegmentInfo[],
  { maxBytes, maxAgeMs }: StreamSettings,
  nowMs: number,
): number {
  const last = segments[segments.length - 1];
  assert(last !== undefined, 'a log has a segment', {});
  let first = segments.length - 1;
  let bytes = fileBytes(last);
  while (first > 0) {
    bytes += fileBytes(segments[first - 1]!);
    if (maxBytes !== null && bytes > maxBytes) break;
    first -= 1;
  }
  while (maxAgeMs !== null && first < segments.length - 1) {
    if (segments[first]!.maxTimestamp >= nowMs - maxAgeMs) break;
    first += 1;
  }
  assert(first < segments.length, 'the last segment stays', { first, count: segments.length });
  return segments[first]!.baseOffset;
}

function fileBytes({ sizeBytes }: SegmentInfo): number {
  return sizeBytes + SEGMENT_HEADER_BYTES;
}
