/**
 * gzip (RFC 1952) of record batches, by fflate: written with mtime 0, so that the same bytes make
 * the same bytes in every world; read by streaming, piece by piece, and stopped at the bound.
 *
 * Not here: the choice of a codec (`compression.ts`).
 */
import { Gunzip, gzipSync } from 'fflate';
import type { ByteSink } from './byte-sink.ts';
import { Malformed } from './malformed.ts';

/** Kafka's compression.gzip.level. */
const GZIP_LEVEL = 6;
/** Deflate makes at most about 1032 bytes of one, so a piece overshoots the cap by 2 MB. */
const GZIP_PIECE_BYTES = 2048;

export function compressGzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: GZIP_LEVEL, mtime: 0 });
}

/** RFC 1952: a header of ten bytes, deflated data, a CRC-32 and the size mod 2^32. */
const GZIP_BYTES_MIN = 18;

/**
 * One member, as Kafka's clients write it. Data that was cut off leaves fflate silent; the size at
 * the end tells. The CRC-32 is not computed: the batch has its own.
 */
export function decompressGzip(bytes: Uint8Array, sink: ByteSink): void {
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
