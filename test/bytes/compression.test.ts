/**
 * Compression: what is compressed comes back, what others compressed is read (Node's zlib, and
 * frames made by the lz4, zstd and snappy reference tools), and no bytes can harm the reader.
 */
import '../../engine/bytes/codecs.ts';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress, decompress, type CompressionCodec } from '#engine/bytes/compression.ts';
import { encodeUtf8 } from '#engine/bytes/utf8.ts';

const CODECS: readonly CompressionCodec[] = ['gzip', 'snappy', 'lz4', 'zstd'];
const CAP = 1_000_000;
const RUNS = { seed: 11, numRuns: 100 };
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** Bytes that repeat: a word of the alphabet after another. */
const repetitive = fc
  .array(fc.constantFrom('order', 'created', '{"id":', 'aaaaaaaaaaaaaaaa', '7'), { maxLength: 400 })
  .map((words) => encodeUtf8(words.join('')));

describe.each(CODECS)('compression: %s', (codec) => {
  test('any bytes come back, and twice gives the same bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 3000 }), repetitive), (bytes) => {
        const compressed = compress(codec, bytes);
        expect(compress(codec, bytes)).toEqual(compressed);
        expect(decompress(codec, compressed, CAP)).toEqual(bytes);
      }),
      RUNS,
    );
  });

  test('several blocks come back', () => {
    const noise = Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 13);
    expect(decompress(codec, compress(codec, noise), CAP)).toEqual(noise);
  });

  test('one byte more than the cap is too large, the cap itself is not', () => {
    const compressed = compress(codec, new Uint8Array(70_000));
    expect(decompress(codec, compressed, 69_999)).toBe('too-large');
    expect(decompress(codec, compressed, 70_000)).toHaveLength(70_000);
  });

  test('cut anywhere it is corrupt', () => {
    const compressed = compress(codec, encodeUtf8('a message and a message and a message'));
    for (let end = 0; end < compressed.length; end++) {
      const cut = decompress(codec, compressed.subarray(0, end), CAP);
      // Snappy in xerial framing has no end: its bare header is a stream of no blocks.
      const whole = codec === 'snappy' && end === 16;
      if (!whole) expect(cut, `cut at ${end}`).toBe('corrupt');
    }
  });

  test('with any byte changed it is read or refused, and nothing is thrown', () => {
    const compressed = compress(codec, encodeUtf8('a message and a message and a message'));
    for (let at = 0; at < compressed.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const changed = compressed.slice();
        changed[at] = (changed[at] as number) ^ change;
        const read = decompress(codec, changed, 10_000);
        if (typeof read !== 'string') expect(read.length).toBeLessThanOrEqual(10_000);
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const read = decompress(codec, noise, 10_000);
        expect(typeof read === 'string' || read.length <= 10_000).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('compression: what others write', () => {
  const TEXT = encodeUtf8('highwater highwater highwater highwater high\n');

  test('gzip of Node’s zlib is read, ours is read by it, and carries no time', () => {
    expect(decompress('gzip', new Uint8Array(gzipSync(TEXT)), CAP)).toEqual(TEXT);
    const ours = compress('gzip', TEXT);
    expect(new Uint8Array(gunzipSync(ours))).toEqual(TEXT);
    expect([...ours.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
  });

  test('a bomb of 20 MB in 20 KB stops at the cap', () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(20_000_000)));
    expect(bomb.length).toBeLessThan(25_000);
    expect(decompress('gzip', bomb, CAP)).toBe('too-large');
  });

  test('lz4 1.9 with checksums and content size is read', () => {
    expect(decompress('lz4', bytesOf(LZ4_CLI), CAP)).toEqual(TEXT);
  });

  test('zstd 1.5 with compressed blocks and a checksum is read', () => {
    expect(decompress('zstd', bytesOf(ZSTD_CLI), CAP)).toEqual(TEXT);
  });

  test('snappy without xerial framing is read (librdkafka writes it)', () => {
    // Length 45; a literal of 10 bytes; copies of 34 bytes from 10 back; a literal.
    const raw = `2d24${Buffer.from('highwater ').toString('hex')}860a00000a`;
    expect(decompress('snappy', bytesOf(raw), CAP)).toEqual(TEXT);
  });

  test('an lz4 frame begins as that of the reference tool, with independent 64 KB blocks', () => {
    expect(Buffer.from(compress('lz4', TEXT).subarray(0, 7)).toString('hex')).toBe(
      '04224d18604082',
    );
  });
});

describe('compression: hostile claims', () => {
  test('snappy: a literal of 2^32 bytes is corrupt and ends', () => {
    expect(decompress('snappy', bytesOf('0afcffffffff00000000'), CAP)).toBe('corrupt');
  });

  test('snappy: a declared 4 GB is refused before anything is allocated', () => {
    expect(decompress('snappy', bytesOf('ffffffff0f00'), CAP)).toBe('too-large');
  });

  test('snappy: more or less than declared, and a copy from the block before, are corrupt', () => {
    expect(decompress('snappy', bytesOf('0204616263'), CAP)).toBe('corrupt');
    expect(decompress('snappy', bytesOf('0108616263'), CAP)).toBe('corrupt');
    expect(decompress('snappy', bytesOf('0408616263'), CAP)).toBe('corrupt');
    const xerial = '82534e4150505900' + '00000001' + '00000001';
    expect(decompress('snappy', bytesOf(`${xerial}00000006040c61626364`), CAP)).toHaveLength(4);
    const second = '00000003' + '040104';
    expect(decompress('snappy', bytesOf(`${xerial}00000006040c61626364${second}`), CAP)).toBe(
      'corrupt',
    );
  });

  test('lz4: in written blocks the last match begins 12 bytes before the end, or earlier', () => {
    // Seven literals and a match that would begin 11 bytes before the end: so it stays literal.
    const bytes = encodeUtf8('abcdabcdabcdabc');
    expect(compress('lz4', bytes.subarray(0, 15)).length).toBe(7 + 4 + 15 + 4);
    const longer = encodeUtf8('abcdabcdabcdabcdabcdabcd');
    expect(compress('lz4', longer).length).toBeLessThan(7 + 4 + 24 + 4);
  });

  test('lz4: a block that claims 2 GB is corrupt', () => {
    expect(decompress('lz4', bytesOf('04224d18604082ffffff7f00'), CAP)).toBe('corrupt');
  });

  test('lz4: a block larger than the frame allows is corrupt, even if it is there', () => {
    const frame = new Uint8Array(7 + 4 + 65_537 + 4);
    frame.set(bytesOf('04224d1860408201000180'));
    expect(decompress('lz4', frame, CAP)).toBe('corrupt');
    frame.set(bytesOf('00000180'), 7);
    expect(decompress('lz4', frame.subarray(0, frame.length - 1), CAP)).toHaveLength(65_536);
  });

  test('lz4: a match before the beginning is corrupt', () => {
    expect(decompress('lz4', bytesOf('04224d1860408205000000104105000000000000'), CAP)).toBe(
      'corrupt',
    );
  });

  test('zstd: a window of 2 TB is corrupt, without one byte of it', () => {
    expect(decompress('zstd', bytesOf('28b52ffd00f8010000'), CAP)).toBe('corrupt');
  });

  test('zstd: a repeated byte that makes more than the cap is too large', () => {
    expect(decompress('zstd', bytesOf('28b52ffd0058030010ff'), 1000)).toBe('too-large');
  });
});

/** `lz4 -9 -BX --content-size -B4` and `zstd -19` of the text above. */
const LZ4_CLI =
  '04224d187c402d000000000000006314000000af68696768776174657220' +
  '0a000b50686967680a46602cfd00000000c64a49f5';
const ZSTD_CLI = '28b52ffd242d8d000058686967687761746572200a0100750a128c7cc2d8';
