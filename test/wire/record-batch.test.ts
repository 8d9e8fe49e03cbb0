/**
 * Record batches: the bytes that Kafka's own writers make, all codecs, what may be changed in
 * place, and what hostile bytes cannot do.
 */
import '../../engine/bytes/codecs.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CompressionCodec } from '#engine/bytes/compression.ts';
import { crc32c } from '#engine/bytes/crc32c.ts';
import { encodeUtf8 } from '#engine/bytes/utf8.ts';
import { decodeMarker, encodeMarker } from '#engine/wire/kafka/control-record.ts';
import {
  BATCH_HEADER_BYTES,
  encodeBatch,
  isBatchProblem,
  readBatchHeader,
  readRecords,
  scanBatches,
  setBaseOffset,
  setLogAppendTime,
  setMaxTimestamp,
  setPartitionLeaderEpoch,
  validateBatch,
  type BatchDraft,
  type BatchHeader,
} from '#engine/wire/kafka/record-batch.ts';
import { recordSize, type BatchRecord, type RecordDraft } from '#engine/wire/kafka/record.ts';

const CODECS: readonly CompressionCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const CAP = 1_000_000;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function headerOf(bytes: Uint8Array, position = 0): BatchHeader {
  const header = readBatchHeader(bytes, position);
  if (isBatchProblem(header)) throw new Error(header);
  return header;
}

function recordsOf(bytes: Uint8Array, position = 0): readonly BatchRecord[] {
  const records = readRecords(bytes, headerOf(bytes, position), CAP);
  if (isBatchProblem(records)) throw new Error(records);
  return records;
}

const record = (value: string, timestamp = 1000): RecordDraft => ({
  timestamp,
  key: null,
  value: encodeUtf8(value),
});

const nullable = fc.option(fc.uint8Array({ maxLength: 100 }));
const drafts: fc.Arbitrary<RecordDraft> = fc.record({
  timestamp: fc.integer({ min: -1, max: 2 ** 45 }),
  key: nullable,
  value: nullable,
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 5 }), value: nullable }), {
    maxLength: 3,
  }),
});

describe('kafka wire: record batch', () => {
  test('the bytes of a batch of one record, field by field (KIP-98)', () => {
    const bytes = encodeBatch({
      records: [
        {
          timestamp: 1002,
          key: encodeUtf8('k'),
          value: null,
          headers: [{ key: 'h', value: encodeUtf8('v') }],
        },
      ],
      baseOffset: 5,
      partitionLeaderEpoch: 3,
      producerId: 9,
      producerEpoch: 1,
      baseSequence: 4,
      baseTimestamp: 1000,
      isTransactional: true,
    });
    const body =
      '0010' + // attributes: transactional
      '00000000' + // lastOffsetDelta
      '00000000000003e8' + // baseTimestamp
      '00000000000003ea' + // maxTimestamp
      '0000000000000009' + // producerId
      '0001' + // producerEpoch
      '00000004' + // baseSequence
      '00000001' + // records
      '16' + // length 11
      '00' + // attributes
      '04' + // timestampDelta 2
      '00' + // offsetDelta
      '026b' + // key
      '01' + // value: null
      '02' + // one header
      '0268' + // its key
      '0276'; // its value
    const crc = crc32c(new Uint8Array(Buffer.from(body, 'hex')));
    expect(hex(bytes)).toBe(
      '0000000000000005' + // baseOffset
        '0000003d' + // batchLength
        '00000003' + // partitionLeaderEpoch
        '02' + // magic
        crc.toString(16).padStart(8, '0') +
        body,
    );
    expect(bytes.length).toBe(12 + 0x3d);
  });

  test.each(CODECS)('%s: any records come back with their offsets, times and headers', (codec) => {
    fc.assert(
      fc.property(fc.array(drafts, { minLength: 1, maxLength: 8 }), (records) => {
        const bytes = encodeBatch({ records, codec, baseOffset: 100 });
        const header = headerOf(bytes);
        expect(header).toMatchObject({ codec, baseOffset: 100, recordsCount: records.length });
        expect(header.lastOffset).toBe(99 + records.length);
        expect(header.maxTimestamp).toBe(Math.max(...records.map((of) => of.timestamp)));
        expect(validateBatch(bytes, header)).toBeNull();
        const expected = records.map((of, i) => ({ ...of, offset: 100 + i }));
        expect(readRecords(bytes, header, CAP)).toEqual(expected);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test('the size of a record is known without writing it', () => {
    fc.assert(
      fc.property(drafts, (draft) => {
        const size = recordSize(draft, 0, 0);
        expect(encodeBatch({ records: [draft] }).length).toBe(BATCH_HEADER_BYTES + size);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test('compaction leaves gaps, and an empty batch that keeps its last offset', () => {
    const records = [
      { ...record('a'), offsetDelta: 2 },
      { ...record('b'), offsetDelta: 5 },
    ];
    const bytes = encodeBatch({ records, baseOffset: 10, lastOffsetDelta: 9 });
    expect(recordsOf(bytes).map((of) => of.offset)).toEqual([12, 15]);
    expect(headerOf(bytes).lastOffset).toBe(19);
    const empty = encodeBatch({ records: [], baseOffset: 10, lastOffsetDelta: 9, producerId: 1 });
    expect(headerOf(empty)).toMatchObject({ recordsCount: 0, lastOffset: 19, sizeBytes: 61 });
    expect(recordsOf(empty)).toEqual([]);
  });

  test('every field of the header is read as it was written', () => {
    const draft: BatchDraft = {
      records: [record('a', 5), record('b', 7)],
      baseOffset: 2 ** 40,
      partitionLeaderEpoch: 8,
      codec: 'lz4',
      timestampType: 'append',
      producerId: 2 ** 33,
      producerEpoch: 12,
      baseSequence: 2147483647,
      isTransactional: true,
      isControl: true,
      hasDeleteHorizon: true,
      baseTimestamp: 5,
      maxTimestamp: 99,
    };
    const { records: _records, ...fields } = draft;
    expect(headerOf(encodeBatch(draft))).toMatchObject({ ...fields, lastOffsetDelta: 1 });
  });
});

describe('kafka wire: record batch in place', () => {
  test('offset and leader epoch change without the CRC', () => {
    const bytes = encodeBatch({ records: [record('a'), record('b')] });
    const { crc } = headerOf(bytes);
    setBaseOffset(bytes, 0, 2 ** 41 + 7);
    setPartitionLeaderEpoch(bytes, 0, 17);
    const header = headerOf(bytes);
    expect(header).toMatchObject({ baseOffset: 2 ** 41 + 7, partitionLeaderEpoch: 17, crc });
    expect(validateBatch(bytes, header)).toBeNull();
    expect(recordsOf(bytes).map((of) => of.offset)).toEqual([2 ** 41 + 7, 2 ** 41 + 8]);
  });

  test('the append time replaces the time of each record, and the CRC follows', () => {
    const first = encodeBatch({ records: [record('x')] });
    const second = encodeBatch({ records: [record('a', 1), record('b', 2)] });
    const bytes = new Uint8Array(Buffer.concat([first, second]));
    setLogAppendTime(bytes, first.length, 5000);
    const header = headerOf(bytes, first.length);
    expect(header).toMatchObject({ timestampType: 'append', maxTimestamp: 5000, baseTimestamp: 1 });
    expect(validateBatch(bytes, header)).toBeNull();
    expect(recordsOf(bytes, first.length).map((of) => of.timestamp)).toEqual([5000, 5000]);
    setMaxTimestamp(bytes, first.length, 'create', 2);
    expect(bytes.subarray(first.length)).toEqual(second);
    expect(bytes.subarray(0, first.length)).toEqual(first);
  });

  test('what is no whole batch is not changed', () => {
    const bytes = encodeBatch({ records: [record('a')] });
    expect(() => setBaseOffset(bytes.subarray(0, bytes.length - 1), 0, 1)).toThrow(/cut off/);
    expect(() => setPartitionLeaderEpoch(bytes, 1, 1)).toThrow(/no batch|cut off|magic/);
    expect(() => setBaseOffset(bytes, 0, -1)).toThrow(/not an offset/);
  });
});

describe('kafka wire: record batches in a buffer', () => {
  const parts = [1, 2, 3].map((n) =>
    encodeBatch({
      records: Array.from({ length: n }, (_, i) => record(`${n}.${i}`)),
      baseOffset: n * 10,
    }),
  );
  const buffer = new Uint8Array(Buffer.concat(parts));

  test('batches follow one another; a tail that is cut off is no error', () => {
    const whole = scanBatches(buffer);
    expect(whole.batches.map((of) => of.baseOffset)).toEqual([10, 20, 30]);
    expect(whole).toMatchObject({ validBytes: buffer.length, problem: null });
    const third = (parts[0] as Uint8Array).length + (parts[1] as Uint8Array).length;
    for (let end = third + 1; end < buffer.length; end++) {
      const cut = scanBatches(buffer.subarray(0, end));
      expect(cut, `cut at ${end}`).toMatchObject({ validBytes: third, problem: 'incomplete' });
      expect(cut.batches).toHaveLength(2);
    }
  });

  test('each kind of damage has its name', () => {
    const damaged = (at: number, byte: number): Uint8Array => {
      const bytes = (parts[1] as Uint8Array).slice();
      bytes[at] = byte;
      return bytes;
    };
    expect(readBatchHeader(damaged(16, 1))).toBe('magic');
    expect(readBatchHeader(damaged(8, 0xff))).toBe('length');
    expect(readBatchHeader(damaged(11, 48))).toBe('length');
    expect(readBatchHeader(damaged(8, 0x7f))).toBe('incomplete');
    expect(readBatchHeader(damaged(22, 0x05))).toBe('codec');
    expect(readBatchHeader(damaged(0, 0x80))).toBe('field');
    expect(readBatchHeader(damaged(60, 3))).toBe('field');
    const changed = damaged(70, 0xee);
    expect(validateBatch(changed, headerOf(changed))).toBe('crc');
    const fewer = damaged(60, 1);
    expect(readRecords(fewer, headerOf(fewer), CAP)).toBe('records');
    const squeezed = damaged(22, 1);
    expect(readRecords(squeezed, headerOf(squeezed), CAP)).toBe('codec');
  });

  test('a count beyond the bytes, offsets that repeat and a wrong record size are refused', () => {
    const two = encodeBatch({ records: [record('a'), record('b')], lastOffsetDelta: 1_000_000 });
    const change = (at: number, byte: number): string => {
      const bytes = two.slice();
      bytes[at] = byte;
      const read = readRecords(bytes, headerOf(bytes), CAP);
      return isBatchProblem(read) ? read : 'read';
    };
    // Of a record: length, attributes, timestamp, offset, key, value length, value, headers.
    expect(change(61, two[61] as number)).toBe('read');
    expect(change(58, 0x0f)).toBe('records');
    expect(change(61 + 8 + 3, 0)).toBe('records');
    expect(change(61 + 7, 0x03)).toBe('records');
    expect(change(61 + 5, 0x00)).toBe('records');
    expect(change(61, 0x10)).toBe('records');
  });

  test('records that decompress to more than the cap are refused', () => {
    for (const codec of CODECS.slice(1)) {
      const records = [record('a'.repeat(50_000))];
      const bomb = encodeBatch({ records, codec });
      expect(readRecords(bomb, headerOf(bomb), 49_999), codec).toBe('too-large');
    }
  });

  test('any byte changed, the CRC tells, and reading anyway never throws', () => {
    for (const codec of CODECS) {
      const records = Array.from({ length: 5 }, (_, i) => ({
        ...record(`value ${i}`),
        headers: [{ key: 'h', value: null }],
      }));
      const good = encodeBatch({ records, codec });
      for (let at = 0; at < good.length; at++) {
        for (const change of [0x01, 0x40, 0x80, 0xff]) {
          const bytes = good.slice();
          bytes[at] = (bytes[at] as number) ^ change;
          const header = readBatchHeader(bytes);
          if (isBatchProblem(header)) continue;
          if (at >= 17) expect(validateBatch(bytes, header), `${codec} at ${at}`).toBe('crc');
          const read = readRecords(bytes, header, 10_000);
          if (!isBatchProblem(read)) expect(read.length).toBeLessThanOrEqual(5);
        }
      }
    }
  });

  test('noise is never a batch, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        if (noise.length > 16) noise[16] = 2;
        const { batches, problem } = scanBatches(noise);
        for (const header of batches) expect(readRecords(noise, header, 1000)).toBeTypeOf('string');
        expect(problem === null).toBe(noise.length === 0);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});

describe('kafka wire: control records', () => {
  test.each(['commit', 'abort'] as const)('a %s marker is one control record (KIP-98)', (type) => {
    const marker = { type, coordinatorEpoch: 6 };
    const bytes = encodeBatch({
      records: [encodeMarker(marker, 50)],
      isControl: true,
      isTransactional: true,
      producerId: 3,
      producerEpoch: 0,
    });
    const [read] = recordsOf(bytes);
    expect(headerOf(bytes).isControl).toBe(true);
    expect(hex(read?.key as Uint8Array)).toBe(type === 'commit' ? '00000001' : '00000000');
    expect(hex(read?.value as Uint8Array)).toBe('000000000006');
    expect(decodeMarker(read as BatchRecord)).toEqual(marker);
  });

  test('another type, and bytes that are no marker, give null', () => {
    const [plain] = recordsOf(encodeBatch({ records: [record('v')] }));
    const base = plain as BatchRecord;
    const value = Uint8Array.of(0, 0, 0, 0, 0, 1);
    expect(decodeMarker(base)).toBeNull();
    expect(decodeMarker({ ...base, key: Uint8Array.of(0, 0, 0, 2), value })).toBeNull();
    expect(decodeMarker({ ...base, key: Uint8Array.of(0, 0), value })).toBeNull();
  });
});
