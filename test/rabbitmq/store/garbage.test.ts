/** How the message store gets rid of holes: merging until 3.12, compaction in place since 3.13. */
import { describe, expect, test } from 'vitest';
import type { ProfileName } from '../../../engine/rabbitmq/profiles.ts';
import type { SwitchName } from '../../../engine/rabbitmq/profiles/switches.ts';
import { encodeRecord, scanRecords } from '../../../engine/rabbitmq/store/rdq-file.ts';
import { encodeStoredMessage } from '../../../engine/rabbitmq/store/stored-message.ts';
import { message, Rig, TestQueue } from './rig.ts';

const large = (name: string) => message(name, { bytes: 400 });

/** 30 messages in files of five; of each file the one at `kept` stays. */
function withHoles(rig: Rig, kept: (at: number) => boolean): TestQueue {
  const queue = new TestQueue(rig.open());
  const positions = Array.from({ length: 30 }, (_, at) => queue.publish(large(`m${at}`)));
  rig.idle();
  queue.ack(...positions.filter((_, at) => !kept(at)));
  return queue;
}

const bytesOnDisk = (rig: Rig): number =>
  [...rig.stores.store.locations.files.values()].reduce((sum, { fileBytes }) => sum + fileBytes, 0);

describe('rabbitmq: store: garbage', () => {
  test('rabbitmq: store: until 3.12 neighbours that fit into one file are merged', () => {
    const rig = new Rig('rabbitmq-3.12');
    const queue = withHoles(rig, (at) => at % 5 === 2);
    const before = bytesOnDisk(rig);
    rig.settle();
    expect(rig.traced('store-compacted').length).toBeGreaterThan(0);
    expect(rig.traced('store-compacted').every(({ merged }) => merged !== '')).toBe(true);
    expect(bytesOnDisk(rig)).toBeLessThan(before);
    expect(rig.store().some((path) => path.endsWith('.rdt'))).toBe(false);
    for (const name of queue.names) expect(name).toMatch(/^m/);
    rig.advance(1000);
    rig.settle();
    rig.losePower();
    expect(new TestQueue(rig.open()).names).toEqual(queue.names);
  });

  test('rabbitmq: store: since 3.13 a file is compacted in place after 15 s', () => {
    const rig = new Rig('rabbitmq-4.3');
    const queue = withHoles(rig, (at) => at % 5 > 2);
    rig.advance(14_000);
    rig.settle();
    expect(rig.traced('store-compacted')).toEqual([]);
    rig.advance(2000);
    rig.settle();
    const compacted = rig.traced('store-compacted');
    expect(compacted.length).toBe(6);
    for (const { from, to, merged } of compacted) {
      expect([merged, Number(to) * 2 < Number(from)]).toEqual(['', true]);
    }
    rig.crash();
    expect(new TestQueue(rig.open()).names).toEqual(queue.names);
  });

  test('rabbitmq: store: a file that is more than half full is left alone', () => {
    const rig = new Rig('rabbitmq-4.3');
    withHoles(rig, (at) => at % 5 > 1);
    rig.advance(20_000);
    rig.settle();
    expect(rig.traced('store-compacted')).toEqual([]);
  });

  test('rabbitmq: store: the power goes at each sync of a merge, and nothing is lost', () => {
    let moments = 0;
    for (let stop = 0; stop < 12; stop++) {
      for (const unsynced of ['lost', 'random', 'torn'] as const) {
        const rig = new Rig('rabbitmq-3.12');
        const queue = withHoles(rig, (at) => at % 5 === 1 || at % 5 === 3);
        for (let done = 0; done < stop && rig.syncsOpen > 0; done++) rig.settleOne();
        if (rig.syncsOpen > 0) moments += 1;
        rig.losePower(unsynced, stop + 1);
        const after = new TestQueue(rig.open());
        for (const name of queue.names) expect(after.names).toContain(name);
        rig.idle();
        rig.crash();
        const again = new TestQueue(rig.open());
        for (const name of queue.names) expect(again.names).toContain(name);
        expect(rig.store().some((path) => path.endsWith('.rdt'))).toBe(false);
      }
    }
    expect(moments).toBeGreaterThan(5);
  });

  test('rabbitmq: store: a crash in a compaction leaves every message once', () => {
    const rig = new Rig('rabbitmq-4.3');
    const queue = withHoles(rig, (at) => at % 5 > 2);
    rig.advance(16_000);
    expect(rig.syncsOpen).toBeGreaterThan(0);
    rig.crash();
    expect(new TestQueue(rig.open()).names).toEqual(queue.names);
  });
});

/** A body of 64-bit numbers: read as sizes, each ends four octets before the end of the file. */
function numbers(first: number, count: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * count));
  for (let at = 0; at < count; at++) view.setUint32(at * 8 + 4, first - at * 8);
  return new Uint8Array(view.buffer);
}

describe('rabbitmq: store: the tail that a scan drops (gallery 23)', () => {
  function run(name: ProfileName, quirks: Partial<Record<SwitchName, boolean>> = {}) {
    const plain = [0, 1, 2, 3, 4].map((at) => message(`m${at}`, { bytes: 400 }));
    const sizes = plain.map((of) => encodeRecord('0'.repeat(32), encodeStoredMessage(of)).length);
    const behind = sizes.slice(1).reduce((sum, size) => sum + size, 0);
    const body = behind - (sizes[1]! - 401);
    const bodies = plain.map((of, at) =>
      at === 1 ? message('m1', { body: numbers(body - 4, 50) }) : of,
    );
    const rig = new Rig(name, { quirks, version: 2 });
    const queue = new TestQueue(rig.open());
    const positions = bodies.map((of) => queue.publish(of));
    rig.idle();
    expect(queue.confirmed.length).toBe(5);
    queue.publish(large('next'));
    rig.idle();
    queue.ack(positions[1]!, positions[2]!, positions[3]!);
    rig.advance(16_000);
    rig.settle();
    rig.restart();
    return { rig, after: new TestQueue(rig.open()) };
  }

  test('rabbitmq: store: green: a message at the end survives compaction', () => {
    const { rig, after } = run('rabbitmq-4.3');
    expect(rig.traced('store-compacted').length).toBe(1);
    expect([after.names, after.messages.dropped]).toEqual([['m0', 'm4', 'next'], 0]);
  });

  test('rabbitmq: store: red: the octets of a removed message end the scan too early', () => {
    const quirk = run('rabbitmq-4.3', { messageStoreScanDropsTail: true });
    expect([quirk.after.names, quirk.after.messages.dropped]).toEqual([['m0', 'next'], 1]);
    const release = run('rabbitmq-3.13');
    expect([release.after.names, release.after.messages.dropped]).toEqual([['m0', 'next'], 1]);
  });

  test('rabbitmq: store: the sizes that the scan of 3.13 took for unread octets', () => {
    const record = (size: number): Uint8Array => {
      const bytes = new Uint8Array(size);
      new DataView(bytes.buffer).setUint32(4, size - 9);
      bytes.fill(1, 8, size - 1);
      bytes[size - 1] = 255;
      return bytes;
    };
    const dropped = [];
    for (let size = 80; size < 120; size++) {
      const file = new Uint8Array(100);
      new DataView(file.buffer).setUint32(4, size);
      file.set(record(60), 40);
      const options = { dropsTail: true };
      const judge = ({ offset }: { offset: number }) => (offset === 40 ? 'wanted' : 'no');
      if (scanRecords(file, judge, options).length === 0) dropped.push(size);
      expect(scanRecords(file, judge, { dropsTail: false }).length).toBe(1);
    }
    expect(dropped).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
  });
});
