/**
 * A framing of our own for the storage room's tests: not Kafka's, so that nothing of Kafka can
 * hide in the room.
 *
 *     | size u32 | check u32 | base offset f64 | last delta u32 | epoch i32 | max timestamp f64 |
 *     | timestamp f64 of each record | padding |
 */
import type { Framing } from '../../engine/storage/framing.ts';

const HEADER_BYTES = 32;
const RECORD_BYTES = 8;

export interface TestFrame {
  readonly baseOffset: number;
  readonly epoch: number;
  readonly timestamps: readonly number[];
  readonly paddingBytes: number;
}

function view(bytes: Uint8Array, position = 0): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + position);
}

function check(bytes: Uint8Array, position: number, sizeBytes: number): number {
  let hash = 2166136261;
  for (let i = position + 8; i < position + sizeBytes; i++) {
    hash = Math.imul(hash ^ bytes[i]!, 16777619);
  }
  return hash >>> 0;
}

export function encodeFrame(frame: TestFrame): Uint8Array {
  const { baseOffset, epoch, timestamps, paddingBytes } = frame;
  const sizeBytes = HEADER_BYTES + timestamps.length * RECORD_BYTES + paddingBytes;
  const bytes = new Uint8Array(sizeBytes).fill(0x5a);
  const data = view(bytes);
  data.setUint32(0, sizeBytes);
  data.setFloat64(8, baseOffset);
  data.setUint32(16, timestamps.length - 1);
  data.setInt32(20, epoch);
  data.setFloat64(24, Math.max(...timestamps));
  timestamps.forEach((timestamp, i) => data.setFloat64(HEADER_BYTES + i * RECORD_BYTES, timestamp));
  data.setUint32(4, check(bytes, 0, sizeBytes));
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

export const testFraming: Framing = {
  headerBytesMin: HEADER_BYTES,
  header(bytes, position, into) {
    if (bytes.length - position < HEADER_BYTES) return 'short';
    const data = view(bytes, position);
    const sizeBytes = data.getUint32(0);
    const baseOffset = data.getFloat64(8);
    const lastOffset = baseOffset + data.getUint32(16);
    if (sizeBytes < HEADER_BYTES || !Number.isSafeInteger(baseOffset) || baseOffset < 0) {
      return 'bad';
    }
    into.baseOffset = baseOffset;
    into.lastOffset = lastOffset;
    into.sizeBytes = sizeBytes;
    into.epoch = data.getInt32(20);
    into.maxTimestamp = data.getFloat64(24);
    return 'ok';
  },
  valid(bytes, position, sizeBytes) {
    return view(bytes, position).getUint32(4) === check(bytes, position, sizeBytes);
  },
  find(bytes, position, _sizeBytes, { timestampMin, offsetMin }) {
    const data = view(bytes, position);
    const baseOffset = data.getFloat64(8);
    const count = data.getUint32(16) + 1;
    for (let i = 0; i < count; i++) {
      const timestamp = data.getFloat64(HEADER_BYTES + i * RECORD_BYTES);
      const offset = baseOffset + i;
      if (timestamp >= timestampMin && offset >= offsetMin) return { offset, timestamp };
    }
    return null;
  },
};
