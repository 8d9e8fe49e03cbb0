/** The text of `kafka-dump-log.sh`, line by line. */
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../../engine/bytes/utf8.ts';
import { dumpLog } from '../../../engine/kafka/partition/dump-log.ts';
import { encodeSnapshot } from '../../../engine/kafka/partition/producer-snapshot.ts';
import { encodeAbortedTxns } from '../../../engine/kafka/partition/transaction-index.ts';
import { kafkaFraming } from '../../../engine/kafka/partition/log-framing.ts';
import { encodeMarker } from '../../../engine/wire/kafka/control-record.ts';
import { encodeBatch, type BatchDraft } from '../../../engine/wire/kafka/record-batch.ts';
import { FOLDER, Rig, SMALL } from '../../storage/rig.ts';

const LOG = `${FOLDER}/00000000000000000000.log`;
const TIME = 1_700_000_000_000;

function rigWith(drafts: readonly BatchDraft[]): Rig {
  const rig = new Rig();
  const { log } = rig.open({ config: { ...SMALL, segmentBytes: 1_000_000 } }, kafkaFraming);
  for (const draft of drafts) expect(log.append(encodeBatch(draft))).toBe('ok');
  log.close(() => undefined);
  rig.settle();
  return rig;
}

const record = (key: string | null, value: string | null) => ({
  timestamp: TIME,
  key: key === null ? null : encodeUtf8(key),
  value: value === null ? null : encodeUtf8(value),
});

const IDEMPOTENT: BatchDraft = {
  records: [record('k', 'one'), { ...record(null, 'two'), headers: [{ key: 'h', value: null }] }],
  baseOffset: 0,
  partitionLeaderEpoch: 3,
  producerId: 12,
  producerEpoch: 1,
  baseSequence: 2_147_483_647,
};
const MARKER: BatchDraft = {
  records: [encodeMarker({ type: 'commit', coordinatorEpoch: 4 }, TIME + 5)],
  baseOffset: 2,
  partitionLeaderEpoch: 3,
  producerId: 12,
  producerEpoch: 1,
  isTransactional: true,
  isControl: true,
};

describe('kafka: dump log', () => {
  test('prints batches and records as kafka-dump-log.sh does', () => {
    const rig = rigWith([IDEMPOTENT, MARKER]);
    const text = dumpLog(rig.disk, [LOG], { printDataLog: true }).replaceAll(/crc: \d+/g, 'crc: #');
    expect(text.split('\n')).toEqual([
      `Dumping ${LOG}`,
      'Log starting offset: 0',
      'baseOffset: 0 lastOffset: 1 count: 2 baseSequence: 2147483647 lastSequence: 0 ' +
        'producerId: 12 producerEpoch: 1 partitionLeaderEpoch: 3 isTransactional: false ' +
        'isControl: false deleteHorizonMs: OptionalLong.empty position: 0 ' +
        `CreateTime: ${TIME} size: 85 magic: 2 compresscodec: none crc: # isvalid: true`,
      `| offset: 0 CreateTime: ${TIME} keySize: 1 valueSize: 3 sequence: 2147483647 ` +
        'headerKeys: [] key: k payload: one',
      `| offset: 1 CreateTime: ${TIME} keySize: -1 valueSize: 3 sequence: 0 ` +
        'headerKeys: [h] payload: two',
      'baseOffset: 2 lastOffset: 2 count: 1 baseSequence: -1 lastSequence: -1 ' +
        'producerId: 12 producerEpoch: 1 partitionLeaderEpoch: 3 isTransactional: true ' +
        'isControl: true deleteHorizonMs: OptionalLong.empty position: 85 ' +
        `CreateTime: ${TIME + 5} size: 78 magic: 2 compresscodec: none crc: # isvalid: true`,
      `| offset: 2 CreateTime: ${TIME + 5} keySize: 4 valueSize: 6 sequence: -1 ` +
        'headerKeys: [] endTxnMarker: COMMIT coordinatorEpoch: 4',
      '',
    ]);
  });

  test('without --print-data-log only batches are printed, --deep-iteration adds metadata', () => {
    const rig = rigWith([IDEMPOTENT]);
    expect(dumpLog(rig.disk, [LOG])).not.toContain('| offset');
    const deep = dumpLog(rig.disk, [LOG], { deepIteration: true });
    expect(deep).toContain('| offset: 0');
    expect(deep).not.toContain('payload');
    const bare = dumpLog(rig.disk, [LOG], { printDataLog: true, skipRecordMetadata: true });
    expect(bare).toContain('\n| key: k payload: one\n');
  });

  test('a bad checksum is isvalid: false, a torn tail invalid bytes, a gap comes last', () => {
    const rig = rigWith([IDEMPOTENT, { ...MARKER, baseOffset: 9 }]);
    rig.disk.rot(LOG, 80, 0);
    const file = rig.disk.open(LOG);
    file.write(file.size(), new Uint8Array(7));
    const lines = dumpLog(rig.disk, [LOG], { deepIteration: true }).split('\n');
    expect(lines[2]).toMatch(/isvalid: false$/);
    expect(lines.slice(-4)).toEqual([
      'Found 7 invalid bytes at the end of 00000000000000000000.log',
      `Non-consecutive offsets in ${LOG}`,
      '  1 is followed by 9',
      '',
    ]);
  });

  test('indexes are printed and checked against the log', () => {
    const drafts = Array.from({ length: 12 }, (_, i) => ({
      records: [{ ...record('key', 'value'), timestamp: TIME + i }],
      baseOffset: i,
    }));
    const rig = rigWith(drafts);
    const index = LOG.replace('.log', '.index');
    const timeIndex = LOG.replace('.log', '.timeindex');
    expect(dumpLog(rig.disk, [index, timeIndex])).toBe(
      [
        `Dumping ${index}`,
        'offset: 2 position: 152',
        'offset: 4 position: 304',
        'offset: 6 position: 456',
        'offset: 8 position: 608',
        'offset: 10 position: 760',
        `Dumping ${timeIndex}`,
        `timestamp: ${TIME + 2} offset: 2`,
        `timestamp: ${TIME + 4} offset: 4`,
        `timestamp: ${TIME + 6} offset: 6`,
        `timestamp: ${TIME + 8} offset: 8`,
        `timestamp: ${TIME + 10} offset: 10`,
        `timestamp: ${TIME + 11} offset: 11`,
        '',
      ].join('\n'),
    );
    rig.disk.rot(index, 7, 2);
    rig.disk.rot(timeIndex, 7, 0);
    rig.disk.rot(timeIndex, 12 + 11, 5);
    const options = { verifyIndexOnly: true };
    expect(dumpLog(rig.disk, [index, timeIndex], options).split('\n')).toEqual([
      `Dumping ${index}`,
      `Dumping ${timeIndex}`,
      `Mismatches in :${index}`,
      '  Index offset: 2, log offset: -1',
      `Found timestamp mismatch in :${timeIndex}`,
      `  Index timestamp: ${TIME + 3}, log timestamp: ${TIME + 2}`,
      'The following indexed offsets are not found in the log.',
      'Indexed offset: 36, found log offset: -1',
      '',
    ]);
  });

  test('an empty index and other files have their sentence', () => {
    const rig = rigWith([IDEMPOTENT]);
    const index = LOG.replace('.log', '.index');
    expect(dumpLog(rig.disk, [index, 'data/nothing.txt'])).toBe(
      `Dumping ${index}\n${index} is empty.\nDumping data/nothing.txt\n` +
        'Ignoring unknown file data/nothing.txt\n',
    );
  });

  test('producers at an offset, and aborted transactions, a line each', () => {
    const rig = rigWith([IDEMPOTENT]);
    const [snapshot, aborted] = ['snapshot', 'txnindex'].map((end) => LOG.replace('log', end));
    const batch = { baseSequence: 4, lastSequence: 5, firstOffset: 7, lastOffset: 8 };
    const of = { producerEpoch: 1, coordinatorEpoch: 3, lastTimestamp: TIME };
    const bytes = encodeSnapshot([
      { ...of, producerId: 12, batches: [{ ...batch, timestamp: TIME }], currentTxnFirstOffset: 7 },
      { ...of, producerId: 13, batches: [], currentTxnFirstOffset: -1 },
    ]);
    rig.disk.open(snapshot!).write(0, bytes);
    const one = { producerId: 12, firstOffset: 1, lastOffset: 5, lastStableOffset: 6 };
    rig.disk.open(aborted!).write(0, encodeAbortedTxns([one]));
    const text = dumpLog(rig.disk, [snapshot!, aborted!]);
    expect(text.split('\n')).toEqual([
      `Dumping ${snapshot!}`,
      'producerId: 12 producerEpoch: 1 coordinatorEpoch: 3 ' +
        `currentTxnFirstOffset: OptionalLong[7] lastTimestamp: ${TIME} firstSequence: 4 ` +
        `lastSequence: 5 lastOffset: 8 offsetDelta: 1 timestamp: ${TIME}`,
      'producerId: 13 producerEpoch: 1 coordinatorEpoch: 3 ' +
        `currentTxnFirstOffset: OptionalLong.empty lastTimestamp: ${TIME} `,
      `Dumping ${aborted!}`,
      'version: 0 producerId: 12 firstOffset: 1 lastOffset: 5 lastStableOffset: 6',
      '',
    ]);
    rig.disk.rot(snapshot!, 20, 0);
    expect(dumpLog(rig.disk, [snapshot!])).toContain('Snapshot is corrupt');
  });
});
