/**
 * The reader, the writer and what they are made of, against vectors from outside: Kafka's
 * `ByteUtilsTest` and `UtilsTest`, RFC 3720, and what Node itself makes of UTF-8 and base64url.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUuid, uuidFromBytes, writeUuid, ZERO_UUID } from '#engine/bytes/base64url.ts';
import { crc32c } from '#engine/bytes/crc32c.ts';
import { Malformed } from '#engine/bytes/malformed.ts';
import { murmur2 } from '#engine/bytes/murmur2.ts';
import { Reader } from '#engine/bytes/reader.ts';
import { decodeUtf8, encodeUtf8, utf8Size } from '#engine/bytes/utf8.ts';
import { uvarintSize, varintSize, varlongSize } from '#engine/bytes/varint.ts';
import { Writer } from '#engine/bytes/writer.ts';

const RUNS = { seed: 7, numRuns: 300 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

function written(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(0);
  write(writer);
  return writer.finish();
}

/** Against the definition, one bit at a time. */
function expectCrc(bytes: Uint8Array, start: number, end: number): void {
  let crc = 0xffffffff;
  for (let i = start; i < end; i++) {
    crc ^= bytes[i] as number;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  expect(crc32c(bytes, start, end)).toBe(~crc >>> 0);
}

describe('bytes: varint', () => {
  const VECTORS: readonly [number, string][] = [
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [8191, 'fe7f'],
    [-8192, 'ff7f'],
    [8192, '808001'],
    [1048575, 'feff7f'],
    [-1048577, '81808001'],
    [134217728, '8080808001'],
    [2147483647, 'feffffff0f'],
    [-2147483648, 'ffffffff0f'],
  ];
  const LONG_VECTORS: readonly [number, string][] = [
    ...VECTORS,
    [17179869183, 'feffffff7f'],
    [-17179869184, 'ffffffff7f'],
    [17179869184, '808080808001'],
    [-2199023255553, '81808080808001'],
    [281474976710655, 'feffffffffff7f'],
    [-281474976710656, 'ffffffffffff7f'],
    [281474976710656, '8080808080808001'],
    [-281474976710657, '8180808080808001'],
  ];

  test.each(VECTORS)('%d as a varint is %s (ByteUtilsTest)', (value, expected) => {
    const bytes = written((writer) => writer.varint(value));
    expect(hex(bytes)).toBe(expected);
    expect(varintSize(value)).toBe(bytes.length);
    expect(new Reader(bytes).varint()).toBe(value);
  });

  test.each(LONG_VECTORS)('%d as a varlong is %s (ByteUtilsTest)', (value, expected) => {
    const bytes = written((writer) => writer.varlong(value));
    expect(hex(bytes)).toBe(expected);
    expect(varlongSize(value)).toBe(bytes.length);
    expect(new Reader(bytes).varlong()).toBe(value);
  });

  test('every safe integer comes back from a varlong, every uint32 from a uvarint', () => {
    const safe = fc.maxSafeInteger();
    const uint32 = fc.integer({ min: 0, max: 0xffffffff });
    const extremes = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    fc.assert(
      fc.property(fc.oneof(safe, fc.constantFrom(...extremes)), uint32, (long, int) => {
        const bytes = written((writer) => {
          writer.varlong(long);
          writer.uvarint(int);
        });
        expect(bytes.length).toBe(varlongSize(long) + uvarintSize(int));
        const reader = new Reader(bytes);
        expect([reader.varlong(), reader.uvarint()]).toEqual([long, int]);
      }),
      RUNS,
    );
  });

  test('overlong, endless and too large varints are malformed', () => {
    for (const bad of ['8000', '80808000', 'ffffffff1f', 'ffffffffff01', '80', '']) {
      expect(() => new Reader(bytesOf(bad)).uvarint(), bad).toThrow(Malformed);
    }
    for (const bad of ['8000', 'ffffffffffffffffff01', 'feffffffffffffff7f', '80', '']) {
      expect(() => new Reader(bytesOf(bad)).varlong(), bad).toThrow(Malformed);
    }
  });
});

describe('bytes: reader and writer', () => {
  test('fixed-width integers are big endian and two’s complement', () => {
    const bytes = written((writer) => {
      writer.int8(-2);
      writer.int16(-2);
      writer.uint16(0xfffe);
      writer.int32(-2);
      writer.uint32(0xfffffffe);
      writer.int64(-2);
      writer.int64(0x1fffffffffffff);
    });
    expect(hex(bytes)).toBe('fefffefffefffffffefffffffefffffffffffffffe001fffffffffffff');
    const reader = new Reader(bytes);
    expect([reader.int8(), reader.int16(), reader.uint16()]).toEqual([-2, -2, 0xfffe]);
    expect([reader.int32(), reader.uint32()]).toEqual([-2, 0xfffffffe]);
    expect([reader.int64(), reader.int64()]).toEqual([-2, Number.MAX_SAFE_INTEGER]);
    expect(reader.remaining).toBe(0);
  });

  test('an int64 beyond 2^53 is malformed, not rounded', () => {
    for (const bad of ['0020000000000000', 'ffe0000000000000', '7fffffffffffffff']) {
      expect(() => new Reader(bytesOf(bad)).int64(), bad).toThrow(Malformed);
    }
    expect(new Reader(bytesOf('ffe0000000000001')).int64()).toBe(Number.MIN_SAFE_INTEGER);
  });

  test('a reader never reads beyond its end, and a negative count is malformed', () => {
    const reader = new Reader(new Uint8Array(10), 0, 3);
    expect(() => reader.int32()).toThrow(Malformed);
    expect(() => reader.view(4)).toThrow(Malformed);
    expect(() => reader.take(-1)).toThrow(Malformed);
    expect(reader.view(3).length).toBe(3);
  });

  test('a value that does not fit its field is a bug of ours', () => {
    const writer = new Writer();
    expect(() => writer.int8(128)).toThrow(/not an int8/);
    expect(() => writer.int16(-32769)).toThrow(/not an int16/);
    expect(() => writer.uint16(-1)).toThrow(/not an uint16/);
    expect(() => writer.int32(2147483648)).toThrow(/not an int32/);
    expect(() => writer.uint32(-1)).toThrow(/not an uint32/);
    expect(() => writer.int64(2 * Number.MAX_SAFE_INTEGER)).toThrow(/not an int64/);
    expect(() => writer.int32(1.5)).toThrow(/not an int32/);
  });
});

describe('bytes: UTF-8', () => {
  test('any text is written as Java writes it: a lone surrogate is a question mark', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const text = String.fromCharCode(...units);
        const expected = Buffer.from(text.replace(/\p{Surrogate}/gu, '?'));
        expect(hex(encodeUtf8(text))).toBe(expected.toString('hex'));
        expect(utf8Size(text)).toBe(expected.length);
      }),
      RUNS,
    );
  });

  test('any bytes are read as the Unicode standard reads them', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const likely = fc.constantFrom(
      0x41,
      0x80,
      0xbf,
      0xc2,
      0xe0,
      0xed,
      0xa0,
      0xef,
      0xf0,
      0xf4,
      0x8f,
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(likely, fc.integer({ min: 0, max: 255 }))), (units) => {
        const bytes = Uint8Array.from(units);
        expect(decodeUtf8(bytes)).toBe(decoder.decode(bytes));
      }),
      { seed: 7, numRuns: 2000 },
    );
  });
});

describe('bytes: uuid', () => {
  test('16 bytes are 22 characters of base64url, and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = uuidFromBytes(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        const back = new Uint8Array(16);
        writeUuid(text, back, 0);
        expect(back).toEqual(bytes);
      }),
      RUNS,
    );
    expect(uuidFromBytes(new Uint8Array(16))).toBe(ZERO_UUID);
  });

  test('another length, another character and unused bits are no uuid', () => {
    for (const bad of ['', `${ZERO_UUID}A`, `${ZERO_UUID.slice(1)}+`, `${ZERO_UUID.slice(1)}B`]) {
      expect(isUuid(bad), bad).toBe(false);
    }
    expect(isUuid('é'.repeat(22))).toBe(false);
    expect(isUuid(ZERO_UUID)).toBe(true);
  });
});

describe('bytes: checksums', () => {
  test('CRC-32C has its check value and the vectors of RFC 3720 B.4', () => {
    expect(crc32c(encodeUtf8('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  test('CRC-32C eight bytes a step is CRC-32C bit by bit, at every length and place', () => {
    const bytes = Uint8Array.from({ length: 80 }, (_, i) => Math.imul(i + 3, 0x9e3779b1) >>> 24);
    for (let start = 0; start < 10; start++) {
      for (let end = start; end <= bytes.length; end++) expectCrc(bytes, start, end);
    }
  });

  test('CRC-32C in two lanes is CRC-32C bit by bit, around each whole number of lanes', () => {
    const bytes = Uint8Array.from({ length: 7000 }, (_, i) => Math.imul(i + 3, 0x9e3779b1) >>> 24);
    for (const start of [0, 1, 6]) {
      for (let end = start; end <= bytes.length; end += 61) expectCrc(bytes, start, end);
      for (const lanes of [1, 2, 3, 4, 6]) {
        for (let past = -9; past <= 9; past++) {
          expectCrc(bytes, start, start + 1024 * lanes + past);
        }
      }
    }
  });

  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('murmur2 of %s is %d (UtilsTest)', (text, expected) => {
    expect(murmur2(encodeUtf8(text))).toBe(expected);
  });
});
