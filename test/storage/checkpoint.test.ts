/** The small text files of a log directory: their text, and what a crash leaves of them. */
import { describe, expect, test } from 'vitest';
import { CheckpointFile } from '../../engine/storage/checkpoint-file.ts';
import { takeCleanShutdown, writeCleanShutdown } from '../../engine/storage/clean-shutdown.ts';
import {
  logFolder,
  parseLogFolder,
  parseSegmentName,
  RECOVERY_POINT_CHECKPOINT,
  segmentPath,
} from '../../engine/storage/log-directory.ts';
import { readMetaProperties, writeMetaProperties } from '../../engine/storage/meta-properties.ts';
import { OffsetCheckpoint } from '../../engine/storage/offset-checkpoint.ts';
import {
  readPartitionMetadata,
  writePartitionMetadata,
} from '../../engine/storage/partition-metadata.ts';
import { Rig } from './rig.ts';

const text = (rig: Rig, path: string): string => String.fromCharCode(...rig.bytes(path));
const put = (rig: Rig, path: string, content: string): void => {
  const file = rig.disk.open(path);
  file.truncate(0);
  file.write(
    0,
    Uint8Array.from(content, (char) => char.charCodeAt(0)),
  );
};
const PATH = `data/${RECOVERY_POINT_CHECKPOINT}`;
const ENTRIES = [
  { topic: 'pay', partition: 0, offset: 41 },
  { topic: 'pay-ments', partition: 11, offset: 0 },
];

describe('storage: offset checkpoint', () => {
  test('has the text of the real file and reads it back', () => {
    const rig = new Rig();
    const checkpoint = new OffsetCheckpoint(rig.disk, PATH);
    expect(checkpoint.read()).toEqual({ ok: false, error: 'absent' });
    const results: string[] = [];
    checkpoint.write(ENTRIES, (result) => results.push(result));
    rig.settle();
    expect(results).toEqual(['ok']);
    expect(text(rig, PATH)).toBe('0\n2\npay 0 41\npay-ments 11 0\n');
    expect(checkpoint.read()).toEqual({ ok: true, entries: ENTRIES });
  });

  test('a text cut at any byte is torn', () => {
    const rig = new Rig();
    const whole = '0\n2\npay 0 41\npay-ments 11 0\n';
    for (let length = 0; length < whole.length; length++) {
      put(rig, PATH, whole.slice(0, length));
      expect(new OffsetCheckpoint(rig.disk, PATH).read()).toEqual({ ok: false, error: 'torn' });
    }
  });

  test.each(['1\n0\n', '0\n-1\n', '0\n1\npay 0 x\n', '0\n1\npay 0 1 2\n', '0\n0\nx'])(
    'a text that is none of ours is torn: %j',
    (content) => {
      const rig = new Rig();
      put(rig, PATH, content);
      expect(new OffsetCheckpoint(rig.disk, PATH).read()).toEqual({ ok: false, error: 'torn' });
    },
  );

  test('texts that come while one is written are coalesced to the newest', () => {
    const rig = new Rig();
    const file = new CheckpointFile(rig.disk, PATH);
    const done: string[] = [];
    file.write('a', () => done.push('a'));
    file.write('b', () => done.push('b'));
    file.write('c', () => done.push('c'));
    rig.settle();
    expect([file.read(), done, rig.syncs]).toEqual(['c', ['a', 'b', 'c'], 4]);
  });

  test('a loss of power at any moment leaves the old text or the new one', () => {
    for (let settled = 0; settled <= 4; settled++) {
      const rig = new Rig();
      const file = new CheckpointFile(rig.disk, PATH);
      file.write('old');
      rig.settle();
      file.write('new');
      rig.settle(settled);
      rig.losePower('lost', settled);
      expect(file.read()).toBe(settled < 2 ? 'old' : 'new');
    }
  });

  test('a disk that fails leaves the old text and says so', () => {
    const rig = new Rig();
    const file = new CheckpointFile(rig.disk, PATH);
    const done: string[] = [];
    file.write('old');
    rig.settle();
    rig.disk.failSyncs(1);
    file.write('new', (result) => done.push(result));
    rig.settle();
    expect([file.read(), done]).toEqual(['old', ['EIO']]);
    rig.disk.limitTo(rig.disk.usedBytes);
    file.write('much longer than that', (result) => done.push(result));
    expect([file.read(), done]).toEqual(['old', ['EIO', 'ENOSPC']]);
  });
});

describe('storage: log directory', () => {
  test('names are those of the real broker', () => {
    expect(logFolder('data', 'pay', 3)).toBe('data/pay-3');
    expect(parseLogFolder('pay-me-12')).toEqual({ topic: 'pay-me', partition: 12 });
    expect(parseLogFolder('pay')).toBeNull();
    expect(parseLogFolder('pay-1.0a-delete')).toBeNull();
    expect(segmentPath('d/p-0', 42, '.index')).toBe('d/p-0/00000000000000000042.index');
    expect(parseSegmentName('00000000000000000042.log')).toEqual({
      baseOffset: 42,
      suffix: '.log',
    });
    expect(parseSegmentName('42.log')).toBeNull();
    expect(parseSegmentName('00000000000000000042.log.deleted')).toBeNull();
  });

  test('meta.properties and partition.metadata are read back', () => {
    const rig = new Rig();
    const meta = { clusterId: 'Lw9', nodeId: 2, directoryId: 'Hk3' };
    expect(readMetaProperties(rig.disk, 'data')).toBeNull();
    writeMetaProperties(rig.disk, 'data', meta);
    writePartitionMetadata(rig.disk, 'data/pay-0', '3zzOk2wBTrqTbVb6SrGuqg');
    rig.settle();
    expect(readMetaProperties(rig.disk, 'data')).toEqual(meta);
    expect(readPartitionMetadata(rig.disk, 'data/pay-0')).toBe('3zzOk2wBTrqTbVb6SrGuqg');
    expect(text(rig, 'data/pay-0/partition.metadata')).toBe(
      'version: 0\ntopic_id: 3zzOk2wBTrqTbVb6SrGuqg',
    );
    put(rig, 'data/meta.properties', 'version=1\nnode.id=2\n');
    expect(readMetaProperties(rig.disk, 'data')).toBeNull();
  });

  test('.kafka_cleanshutdown is good for one start', () => {
    const rig = new Rig();
    expect(takeCleanShutdown(rig.disk, 'data')).toBeNull();
    writeCleanShutdown(rig.disk, 'data', 17);
    rig.settle();
    expect(text(rig, 'data/.kafka_cleanshutdown')).toBe('{"version":0,"brokerEpoch":17}');
    expect(takeCleanShutdown(rig.disk, 'data')).toBe(17);
    expect(takeCleanShutdown(rig.disk, 'data')).toBeNull();
  });
});
