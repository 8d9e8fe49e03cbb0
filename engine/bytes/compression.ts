/**
 * The compression of record batches, whichever codecs are installed. All are pure and synchronous,
 * so that a run is the same in every world.
 *
 * `codecs.ts` installs the four that Kafka has; whoever imports it carries their libraries, and a
 * lesson in which nobody compresses does not. Decompression is bounded by the caller and stops at
 * the bound: a batch of a few bytes may claim to be gigabytes. Not here: formats (`gzip.ts`,
 * `snappy.ts`, `lz4.ts`, `zstd.ts`).
 */
import { assert, AssertionError } from '../kernel/assert.ts';
import { ByteSink, TooLarge } from './byte-sink.ts';

export type CompressionCodec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** How a codec writes, and how it reads into a sink that may throw `TooLarge`. */
export interface Codec {
  readonly compress: (bytes: Uint8Array) => Uint8Array;
  readonly decompress: (bytes: Uint8Array, sink: ByteSink) => void;
}

const installed = new Map<CompressionCodec, Codec>();

/** Makes a codec known to every batch that is read or written from now on. */
export function installCodec(name: Exclude<CompressionCodec, 'none'>, codec: Codec): void {
  installed.set(name, codec);
}

/** The bytes compressed. `none` returns them as they are. */
export function compress(codec: CompressionCodec, bytes: Uint8Array): Uint8Array {
  return codec === 'none' ? bytes : codecNamed(codec).compress(bytes);
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
  const reader = codecNamed(codec);
  const sink = new ByteSink(bytesMax);
  try {
    reader.decompress(bytes, sink);
  } catch (error) {
    if (error instanceof TooLarge) return 'too-large';
    if (error instanceof AssertionError) throw error;
    // Malformed, or whatever the libraries throw at bytes that are none of theirs.
    return 'corrupt';
  }
  return sink.finish();
}

function codecNamed(name: CompressionCodec): Codec {
  const codec = installed.get(name);
  assert(codec !== undefined, 'the codec is installed: import bytes/codecs.ts', { name });
  return codec;
}
