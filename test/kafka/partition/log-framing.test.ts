/** Record batches as the frames of a log. */
import { describe, expect, test } from 'vitest';
import { kafkaFraming } from '../../../engine/kafka/partition/log-framing.ts';
import { frameHeader } from '../../../engine/storage/framing.ts';
import { encodeBatch } from '../../../engine/wire/kafka/record-batch.ts';
import { readAll, Rig } from '../../storage/rig.ts';

const value = Uint8Array.of(104, 105);

function batch(baseOffset: number, epoch: number, timestamps: readonly number[]): Uint8Array {
  return encodeBatch({
    baseOffset,
    partitionLeaderEpoch: epoch,
    records: timestamps.map((timestamp) => ({ timestamp, key: null, value })),
  });
}

describe('kafka: log framing', () => {
  test('a frame is a record batch', () => {
    const bytes = new Uint8Array(500);
    const frame = batch(5_000_000_000, 7, [1_700_000_000_000, 1_700_000_000_005]);
    bytes.set(frame, 100);
    const header = frameHeader();
    expect(kafkaFraming.header(bytes, 100, header)).toBe('ok');
    expect(header).toEqual({
      baseOffset: 5_000_000_000,
      lastOffset: 5_000_000_001,
      sizeBytes: frame.length,
      epoch: 7,
      maxTimestamp: 1_700_000_000_005,
    });
    expect(kafkaFraming.valid(bytes, 100, frame.length)).toBe(true);
  });

  test('a changed byte behind the checksum makes it invalid; offset and epoch do not', () => {
    const frame = batch(0, 0, [1]);
    for (let at = 0; at < frame.length; at++) {
      const changed = frame.slice();
      changed[at]! ^= 1;
      const outside = at < 17;
      expect(kafkaFraming.valid(changed, 0, changed.length)).toBe(outside);
    }
  });

  test('zeros, other magics and negative fields are no frame; too few bytes are short', () => {
    const header = frameHeader();
    const frame = batch(0, 0, [1]);
    const change = (at: number, to: number): Uint8Array => {
      const changed = frame.slice();
      changed[at] = to;
      return changed;
    };
    expect(kafkaFraming.header(new Uint8Array(100), 0, header)).toBe('bad');
    expect(kafkaFraming.header(change(16, 1), 0, header)).toBe('bad');
    expect(kafkaFraming.header(change(0, 0x80), 0, header)).toBe('bad');
    expect(kafkaFraming.header(change(8, 0x80), 0, header)).toBe('bad');
    expect(kafkaFraming.header(change(23, 0x80), 0, header)).toBe('bad');
    expect(kafkaFraming.header(change(35, 0x80), 0, header)).toBe('bad');
    expect(kafkaFraming.header(frame.subarray(0, 60), 0, header)).toBe('short');
  });

  test('a log of record batches recovers and is looked up by time, inside of a batch too', () => {
    const rig = new Rig();
    const { log } = rig.open({}, kafkaFraming);
    const frames: Uint8Array[] = [];
    for (let i = 0; i < 30; i++) {
      frames.push(batch(i * 3, i < 20 ? 1 : 2, [10 * i, 10 * i + 7, 10 * i + 3]));
      expect(log.append(frames[i]!)).toBe('ok');
    }
    expect(log.offsetForTimestamp(204)).toEqual({ offset: 61, timestamp: 207, epoch: 2 });
    expect(log.offsetOfMaxTimestamp()).toEqual({ offset: 88, timestamp: 297, epoch: 2 });
    expect(log.offsetForTimestamp(298)).toBeNull();
    rig.crash();
    const again = rig.open({ clean: false }, kafkaFraming);
    expect(again.report.framesScanned).toBe(30);
    expect(readAll(again.log)).toEqual(readAll(log));
  });
});
