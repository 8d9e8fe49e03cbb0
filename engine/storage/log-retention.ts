/**
 * Which segments retention takes: from the oldest on, as long as one rule holds for each.
 *
 * Rules in the real broker's order (source: UnifiedLog.deleteOldSegments): below the log start
 * offset; more bytes than `retention.bytes`; older than `retention.ms`. Never at or above the high
 * watermark, never the active segment (invariant K17): where every segment is due, the log rolls
 * an empty one first, as the real broker does.
 *
 * Not here: the deletion itself (`log.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { LogConfig } from './log-config.ts';

export type RetentionReason = 'log-start-offset' | 'retention.bytes' | 'retention.ms';

/** A segment that retention took. */
export interface DeletedSegment {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  readonly reason: RetentionReason;
}

/** What the rules look at. */
export interface RetainedSegment {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  readonly largestTimestamp: number;
}

export interface RetentionInput {
  readonly segments: readonly RetainedSegment[];
  readonly config: LogConfig;
  readonly nowMs: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Nothing that is not wholly below it may go. */
  readonly highWatermark: number;
}

/** How many of the oldest segments this rule takes. */
export function deletableSegments(input: RetentionInput, reason: RetentionReason): number {
  const { segments, highWatermark, logEndOffset } = input;
  assert(segments.length > 0, 'a log has a segment');
  assert(highWatermark <= logEndOffset, 'invariant K1', { highWatermark, logEndOffset });
  const due = rule(input, reason);
  let count = 0;
  for (const segment of segments) {
    const next = segments[count + 1];
    const upperBound = next?.baseOffset ?? logEndOffset;
    const lastAndEmpty = next === undefined && segment.sizeBytes === 0;
    if (highWatermark < upperBound || lastAndEmpty || !due(segment, next)) break;
    count += 1;
  }
  return count;
}

type Rule = (segment: RetainedSegment, next: RetainedSegment | undefined) => boolean;

function rule(input: RetentionInput, reason: RetentionReason): Rule {
  const { segments, config, nowMs, logStartOffset } = input;
  if (reason === 'log-start-offset') {
    return (_segment, next) => next !== undefined && next.baseOffset <= logStartOffset;
  }
  if (reason === 'retention.ms') {
    if (!config.deletes || config.retentionMs < 0) return () => false;
    return (segment) => nowMs - segment.largestTimestamp > config.retentionMs;
  }
  if (!config.deletes || config.retentionBytes < 0) return () => false;
  let excessBytes = -config.retentionBytes;
  for (const segment of segments) excessBytes += segment.sizeBytes;
  return (segment) => {
    if (excessBytes < segment.sizeBytes) return false;
    excessBytes -= segment.sizeBytes;
    return true;
  };
}
