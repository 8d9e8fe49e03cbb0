/**
 * The compression of record batches: gzip (fflate), snappy, lz4 and zstd, all pure and synchronous,
 * so that a run is the same in every world. gzip is written with mtime 0.
 *
 * Decompression is bounded by the caller and stops at the bound: a batch of a few bytes may claim
 * to be gigabytes. The formats stand in `snappy.ts`, `lz4.ts` and `zstd.ts`.
 */
import { Gunzip, gzipSync } from 'fflate';
import { assert, AssertionError } from '../kernel/assert.ts';
import { ByteSink, TooLarge } from './byte-sink.ts';
import { compressLz4, decompressLz4 } from './lz4.ts';
import { Malformed } from './malformed.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';
import { decompressZstd, storeZstd } from './zstd.ts';

export type CompressionCodec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Kafka's compression.gzip.level. */
const GZIP_LEVEL = 6;
/** Deflate makes at most about 1032 bytes of one, so a piece overshoots the cap by 2 MB. */
const GZIP_PIECE_BYTES = 2048;

/** The bytes compressed. `none` returns them as they are. */
export function compress(codec: CompressionCodec, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipSync(bytes, { level: GZIP_LEVEL, mtime: 0 });
    case 'snappy':
      return compressSnappy(bytes);
    case 'lz4':
      return compressLz4(bytes);
    case 'zstd':
      return storeZstd(bytes);
  }
}

/**
 * The bytes decompressed; `corrupt` if they are no data of that codec, `too-large` if they make
 * more than `bytesMax`. Never throws on any bytes.
 */
export function decompress(
  codec: CompressionCodec,
  bytes: Uint8Array,
  bytesMax: number,
): Uint8Array | 'corrupt' | 'too-large' {
  assert(bytesMax >= 0, 'a cap', { bytesMax });
  if (codec === 'none') return bytes.length > bytesMax ? 'too-large' : bytes;
  const sink = new ByteSink(bytesMax);
  try {
    READERS[codec](bytes, sink);
  } catch (error) {
    if (error instanceof TooLarge) return 'too-large';
    if (error instanceof AssertionError) throw error;
    // Malformed, or whatever the libraries throw at bytes that are none of theirs.
    return 'corrupt';
  }
  return sink.finish();
}

const READERS = {
  gzip: decompressGzip,
  snappy: decompressSnappy,
  lz4: decompressLz4,
  zstd: decompressZstd,
} as const;

/** RFC 1952: a header of ten bytes, deflated data, a CRC-32 and the size mod 2^32. */
const GZIP_BYTES_MIN = 18;

/**
 * One member, as Kafka's clients write it. Data that was cut off leaves fflate silent; the size at
 * the end tells. The CRC-32 is not computed: the batch has its own.
 */
function decompressGzip(bytes: Uint8Array, sink: ByteSink): void {
  if (bytes.length < GZIP_BYTES_MIN) throw new Malformed('no gzip member');
  const stream = new Gunzip((chunk) => sink.append(chunk));
  for (let at = 0; at < bytes.length; at += GZIP_PIECE_BYTES) {
    const end = Math.min(at + GZIP_PIECE_BYTES, bytes.length);
    stream.push(bytes.subarray(at, end), end === bytes.length);
  }
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(bytes.length - 4);
  const size = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  if (size !== sink.length) throw new Malformed(`gzip of ${size} bytes made ${sink.length}`);
}
