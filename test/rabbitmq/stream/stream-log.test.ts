/** A stream's log: its bytes, where consumers begin, retention, recovery, cuts. */
import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../../engine/bytes/utf8.ts';
import { crc32 } from '../../../engine/bytes/crc32.ts';
import { chunkEntries, encodeChunk } from '../../../engine/rabbitmq/stream/chunk.ts';
import { type StreamChunk, StreamLog } from '../../../engine/rabbitmq/stream/stream-log.ts';
import type { StreamSettings } from '../../../engine/rabbitmq/stream/stream-settings.ts';
import type { RecoveryReport } from '../../../engine/storage/recovery.ts';
import { Rig } from '../../storage/rig.ts';
import { realIndex, realSegment } from './real-segment.ts';

const FOLDER = 'stream/s';
const SETTINGS: StreamSettings = {
  ...{ segmentBytes: 300, maxBytes: null, maxAgeMs: null, filterBytes: 16 },
};

interface Opened {
  readonly log: StreamLog;
  readonly report: RecoveryReport;
}

function open(rig: Rig, more: Partial<StreamSettings> = {}): Opened {
  const opened = StreamLog.open(rig.ports, FOLDER, { ...SETTINGS, ...more });
  if (typeof opened === 'string') throw new Error(opened);
  return opened;
}

/** One chunk of each, `m<offset>` in each record, a second apart. */
function write(rig: Rig, log: StreamLog, sizes: readonly number[], epoch = 1): void {
  for (const size of sizes) {
    const first = log.nextOffset;
    const bodies = Array.from({ length: size }, (_, at) => encodeUtf8(`m${first + at}`));
    expect(log.write(bodies, epoch)).toBe('ok');
    rig.advance(1000);
  }
}

function readAll(log: StreamLog, from = log.firstOffset): string[] {
  const bodies: string[] = [];
  for (let next = from; ;) {
    const chunk = log.read(next, log.nextOffset);
    if (chunk === null) return bodies;
    if (chunk === 'corrupt') return [...bodies, 'corrupt'];
    for (const { offset, body } of chunkEntries(chunk.bytes, 0)) {
      if (offset >= from) bodies.push(decodeUtf8(body));
    }
    next = chunk.next;
  }
}

const named = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `m${from + at}`);
const files = (rig: Rig): readonly string[] => rig.disk.list(FOLDER);

describe('rabbitmq: a stream on disk', () => {
  it('CRC-32 gives the check value of the standard', () => {
    expect(crc32(encodeUtf8('123456789'))).toBe(0xcbf43926);
  });

  it('a chunk has the bytes that osiris_log draws', () => {
    const facts = { firstOffset: 5, epoch: 1, timestamp: 0x1a1 };
    const hex = [...encodeChunk(facts, [encodeUtf8('ab'), encodeUtf8('c')])]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    const data = '00000002' + '6162' + '00000001' + '63';
    const crc = crc32(Uint8Array.from(Buffer.from(data, 'hex')));
    expect(hex).toBe(
      ['50000002', '00000002', '00000000000001a1', '0000000000000001', '0000000000000005'].join(
        '',
      ) +
        crc.toString(16).padStart(8, '0') +
        ['0000000b', '00000000', '00000000'].join('') +
        data,
    );
  });

  it('a segment of a real RabbitMQ 3.10.8 is read, and its index is what ours would be', () => {
    const rig = new Rig();
    const name = `${FOLDER}/00000000000000000008`;
    rig.disk.open(`${name}.segment`).write(0, realSegment);
    rig.disk.open(`${name}.index`).write(0, realIndex);
    const { log, report } = open(rig);
    expect(report).toMatchObject({ framesScanned: 3, bytesCut: 0, indexesRebuilt: [] });
    expect([log.firstOffset, log.nextOffset, log.lastEpoch]).toEqual([8, 11, 1]);
    const [entry] = chunkEntries((log.read(9, 11) as StreamChunk).bytes, 0);
    expect(decodeUtf8(entry!.body.slice(-5))).toBe('body6');
    // Ours says of every chunk that clients published it: the first one's type is the difference.
    const ours = rig.bytes(`${name}.index`);
    expect([...ours].filter((byte, at) => byte !== realIndex[at])).toEqual([0]);
    expect(rig.bytes(`${name}.segment`)).toEqual(realSegment);
  });

  it('files are named and headed as Osiris does it', () => {
    const rig = new Rig();
    write(rig, open(rig).log, [1]);
    expect(files(rig)).toEqual(['00000000000000000000.index', '00000000000000000000.segment']);
    expect(decodeUtf8(rig.bytes(`${FOLDER}/00000000000000000000.segment`).slice(0, 4))).toBe(
      'OSIL',
    );
    expect(rig.bytes(`${FOLDER}/00000000000000000000.index`).length).toBe(8 + 29);
  });

  it('a segment is full when it has its bytes, not before it would have them', () => {
    const rig = new Rig();
    const { log } = open(rig);
    // A chunk is 48 + 4 + 2 = 54 bytes: with the header 5 of them are 278, and 6 are 332.
    write(rig, log, [1, 1, 1, 1, 1, 1]);
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0]);
    write(rig, log, [1]);
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 6]);
    expect(readAll(log)).toEqual(named(0, 7));
  });

  it('where a consumer begins', () => {
    const rig = new Rig();
    rig.advance(1_000_000);
    const { log } = open(rig);
    expect(log.begin('last')).toBe(0);
    write(rig, log, [3, 2, 4]);
    expect(log.begin('first')).toBe(0);
    expect(log.begin('last')).toBe(5);
    expect(log.begin('next')).toBe(9);
    expect([0, 2, 3, 4, 8, 9, 50].map((offset) => log.begin({ offset }))).toEqual([
      0, 0, 3, 3, 5, 9, 9,
    ]);
    const at = (timestampMs: number): number => log.begin({ timestampMs });
    expect([at(-5), at(1_000_000), at(1_000_001), at(1_002_000), at(1_002_001)]).toEqual([
      0, 0, 3, 5, 9,
    ]);
  });

  it('a time is found though the clock stepped back in between', () => {
    const rig = new Rig();
    rig.advance(100_000);
    const { log } = open(rig);
    write(rig, log, [1, 1]);
    rig.nowMicros -= 50_000_000;
    write(rig, log, [1, 1]);
    expect(log.begin({ timestampMs: 100_500 })).toBe(1);
    expect(log.begin({ timestampMs: 51_000 })).toBe(0);
    expect(log.begin({ timestampMs: 102_000 })).toBe(4);
  });

  it('nothing at or above the end that is asked for is read', () => {
    const rig = new Rig();
    const { log } = open(rig);
    write(rig, log, [2, 2]);
    expect(log.read(0, 1)).toBeNull();
    expect(log.read(2, 2)).toBeNull();
    expect(log.read(0, 2)).toMatchObject({ firstOffset: 0, next: 2 });
    expect(log.read(2, 3)).toBeNull();
  });

  it('a chunk that has rotted is not read', () => {
    const rig = new Rig();
    const { log } = open(rig);
    write(rig, log, [1, 1]);
    rig.disk.rot(`${FOLDER}/00000000000000000000.segment`, 8 + 48 + 4, 0);
    expect(readAll(log)).toEqual(['corrupt']);
  });
});

describe("rabbitmq: a stream's retention takes whole segments, when one begins", () => {
  const bases = (log: StreamLog): number[] => log.segments.map(({ baseOffset }) => baseOffset);
  const chunks = (count: number): number[] => Array.from({ length: count }, () => 1);

  it('by bytes: at most so many stay, but for the last segment', () => {
    const rig = new Rig();
    const { log } = open(rig, { maxBytes: 700 });
    write(rig, log, chunks(12));
    expect(bases(log)).toEqual([0, 6]);
    // The third begins: 332 + 332 + 62 bytes are too many.
    write(rig, log, chunks(1));
    expect(bases(log)).toEqual([6, 12]);
    expect(log.firstOffset).toBe(6);
    expect(files(rig).filter((name) => name.startsWith('00000000000000000000'))).not.toContain(
      '00000000000000000000.segment',
    );
    rig.advance(0);
    expect(files(rig)).toHaveLength(4);
    expect(readAll(log)).toEqual(named(6, 13));
    expect(log.begin('first')).toBe(6);
    expect(log.begin({ offset: 2 })).toBe(6);
  });

  it('by bytes less than a segment has: the last stays', () => {
    const rig = new Rig();
    const { log } = open(rig, { maxBytes: 1 });
    write(rig, log, chunks(20));
    expect(bases(log)).toEqual([18]);
  });

  it('by age: of the newest chunk of a segment, and never the last segment', () => {
    const rig = new Rig();
    const { log } = open(rig, { maxAgeMs: 9000 });
    write(rig, log, chunks(13));
    expect(bases(log)).toEqual([0, 6, 12]);
    rig.advance(60_000);
    expect(bases(log)).toEqual([0, 6, 12]);
    write(rig, log, chunks(6));
    expect(bases(log)).toEqual([12, 18]);
  });

  it('new settings hold at once', () => {
    const rig = new Rig();
    const { log } = open(rig);
    write(rig, log, chunks(20));
    log.updateSettings({ ...SETTINGS, maxBytes: 500 });
    expect(bases(log)).toEqual([12, 18]);
  });
});

describe('rabbitmq: a stream after a stop', () => {
  it('a crash of the process loses nothing', () => {
    const rig = new Rig();
    write(rig, open(rig).log, [3, 1, 2, 1, 1, 4, 1]);
    rig.crash();
    const { log, report } = open(rig);
    expect(report).toMatchObject({ framesScanned: 7, bytesCut: 0, indexesRebuilt: [] });
    expect(readAll(log)).toEqual(named(0, 13));
    write(rig, log, [1], 2);
    expect(log.epochEnds).toEqual([
      { epoch: 1, endOffset: 13 },
      { epoch: 2, endOffset: 14 },
    ]);
  });

  it('what was written was never synced: a loss of power leaves a prefix of it', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const rig = new Rig();
      write(rig, open(rig).log, [3, 1, 2, 1, 1, 4, 1, 2, 2]);
      expect(rig.syncs).toBe(0);
      rig.losePower(seed % 3 === 0 ? 'lost' : seed % 3 === 1 ? 'random' : 'torn', seed);
      const { log } = open(rig);
      expect(readAll(log)).toEqual(named(0, log.nextOffset));
      write(rig, log, [2]);
      expect(readAll(log)).toEqual(named(0, log.nextOffset));
    }
  });

  it('an index that is gone is built again, and equals the one that was', () => {
    const rig = new Rig();
    write(rig, open(rig).log, [3, 1, 2]);
    const path = `${FOLDER}/00000000000000000000.index`;
    const before = rig.bytes(path);
    rig.disk.remove(path);
    const { log } = open(rig);
    expect(rig.bytes(path)).toEqual(before);
    expect(log.begin({ offset: 4 })).toBe(4);
  });

  it('a replica cuts what the writer of a newer epoch does not have', () => {
    const rig = new Rig();
    const { log } = open(rig);
    write(rig, log, [2, 2], 1);
    write(rig, log, [3, 1], 2);
    const ends = [
      { epoch: 1, endOffset: 4 },
      { epoch: 2, endOffset: 7 },
      { epoch: 4, endOffset: 9 },
    ];
    expect(log.truncateTo(ends, 0)).toBe('ok');
    expect([log.nextOffset, log.lastEpoch]).toEqual([7, 2]);
    expect(log.truncateTo([{ epoch: 1, endOffset: 2 }], 0)).toBe('ok');
    expect(log.epochEnds).toEqual([{ epoch: 1, endOffset: 2 }]);
    expect(readAll(log)).toEqual(named(0, 2));
    // The writer's retention took all that the replica has: it begins where the writer does.
    expect(log.truncateTo([{ epoch: 5, endOffset: 40 }], 30)).toBe('ok');
    expect([log.firstOffset, log.nextOffset]).toEqual([30, 30]);
  });
});
