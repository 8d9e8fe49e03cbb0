/** What classic queues keep on disk, and when a publisher is told. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../engine/kernel/ports.ts';
import { micros } from '../../../engine/kernel/units.ts';
import { profileOf } from '../../../engine/rabbitmq/profiles.ts';
import { FlushTimer } from '../../../engine/rabbitmq/store/flush-timer.ts';
import {
  defaultStoreSettings,
  messageStoreBehaviour,
} from '../../../engine/rabbitmq/store/store-settings.ts';
import { md5 } from '../../../engine/bytes/md5.ts';
import { queueFolder, vhostFolder } from '../../../engine/rabbitmq/store/store-folder.ts';
import {
  decodeStoredMessage,
  encodeStoredMessage,
} from '../../../engine/rabbitmq/store/stored-message.ts';
import { message, Rig, TestQueue } from './rig.ts';

const small = (name: string) => message(name, { bytes: 20 });
const large = (name: string) => message(name, { bytes: 400 });
const names = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => `m${at + from}`);

describe('rabbitmq: store: names and octets', () => {
  test('rabbitmq: store: the folder of the virtual host / has the real name', () => {
    expect(vhostFolder('/')).toBe('msg_stores/vhosts/628WB79CIFDYO9LJI6DKMI09L');
    expect(queueFolder('/', 'orders')).toMatch(/^msg_stores.*\/queues\/[0-9A-Z]{20,25}$/);
  });

  test('rabbitmq: store: MD5 is that of others', () => {
    for (const bytes of [0, 1, 55, 56, 63, 64, 65, 1000]) {
      const octets = new Uint8Array(bytes).map((_, at) => at * 7);
      const expected = createHash('md5').update(octets).digest();
      expect([...md5(octets)], String(bytes)).toEqual([...expected]);
    }
  });

  test('rabbitmq: store: a message comes back as it was, and torn octets give none', () => {
    const of = {
      ...message('a.b', { bytes: 300 }),
      routingKeys: ['a.b', 'second'],
      deaths: [],
    };
    const octets = encodeStoredMessage(of);
    expect(decodeStoredMessage(octets)).toEqual(of);
    expect(decodeStoredMessage(octets.subarray(0, 12))).toBeNull();
    expect(decodeStoredMessage(new Uint8Array(50))).toBeNull();
  });
});

describe.each([
  ['3.12', 1],
  ['3.12', 2],
  ['4.3', 2],
] as const)('rabbitmq: store: %s, index version %i', (release, version) => {
  const rig = () => new Rig(`rabbitmq-${release}`, { version });

  test('rabbitmq: store: what was confirmed is there after a crash, in order, marked', () => {
    const world = rig();
    const queue = new TestQueue(world.open());
    for (const name of names(30))
      queue.publish(Number(name.slice(1)) % 3 === 0 ? large(name) : small(name));
    expect(queue.confirmed).toEqual([]);
    world.idle();
    expect([...queue.confirmed].sort()).toEqual([...names(30)].sort());
    world.crash();
    const after = new TestQueue(world.open());
    expect(after.names).toEqual(names(30));
    expect(after.messages.recovered.every(({ delivered }) => delivered)).toBe(true);
    expect(after.messages.recovered[0]!.message).toEqual(large('m0'));
    expect(world.failures).toEqual([]);
  });

  test('rabbitmq: store: a clean shutdown says what was delivered, and where all is', () => {
    const world = rig();
    const queue = new TestQueue(world.open());
    for (const name of names(12)) queue.publish(large(name));
    queue.deliver(0);
    queue.deliver(1);
    queue.ack(0);
    world.restart();
    const after = new TestQueue(world.open());
    expect(after.names).toEqual(names(11, 1));
    const delivered = after.messages.recovered.map((of) => of.delivered);
    expect(delivered).toEqual([true, ...Array.from({ length: 10 }, () => false)]);
    expect(world.traced('store-recovered').at(-1)).toMatchObject({ clean: true, messages: 11 });
    expect(world.files().some((path) => path.endsWith('clean.dot'))).toBe(false);
  });

  test('rabbitmq: store: what was acknowledged does not come back, and its files go', () => {
    const world = rig();
    const queue = new TestQueue(world.open());
    const positions = names(40).map((name) => queue.publish(large(name)));
    world.idle();
    expect(world.store().length).toBeGreaterThan(5);
    queue.ack(...positions);
    world.advance(20_000);
    world.settle();
    expect(world.store().length).toBeLessThanOrEqual(1);
    world.crash();
    expect(new TestQueue(world.open()).names).toEqual([]);
  });

  test('rabbitmq: store: a message of several queues is stored once and goes with the last', () => {
    const world = rig();
    const [first, second] = [new TestQueue(world.open('a')), new TestQueue(world.open('b'))];
    const shared = large('shared');
    const at = [first.publish(shared), second.publish(shared)] as const;
    world.idle();
    expect(world.stores.store.locations.messages.size).toBe(1);
    expect([first.confirmed, second.confirmed]).toEqual([['shared'], ['shared']]);
    first.ack(at[0]);
    world.advance(2000);
    world.settle();
    expect(world.stores.store.locations.messages.size).toBe(1);
    world.crash();
    const [left, right] = [new TestQueue(world.open('a')), new TestQueue(world.open('b'))];
    expect([left.names, right.names]).toEqual([[], ['shared']]);
    expect([...world.stores.store.locations.messages.values()][0]).toMatchObject({ refCount: 1 });
    right.ack(at[1]);
    expect(world.stores.store.locations.messages.size).toBe(0);
  });

  test('rabbitmq: store: delivered and acknowledged before the flush: never written', () => {
    const world = rig();
    const queue = new TestQueue(world.open());
    const at = queue.publish(large('fast'));
    queue.deliver(at);
    queue.ack(at);
    world.idle();
    expect(queue.confirmed).toEqual(['fast']);
    expect(world.traced('messages-written')).toEqual([]);
  });

  test('rabbitmq: store: a transient message is not stored, and gone after a restart', () => {
    const world = rig();
    const queue = new TestQueue(world.open());
    queue.publish(message('brief', { persistent: false }));
    expect(queue.confirmed).toEqual(['brief']);
    queue.publish(small('lasting'));
    world.restart();
    expect(new TestQueue(world.open()).names).toEqual(['lasting']);
  });

  test('rabbitmq: store: an expiry is the same moment after a restart', () => {
    const world = rig();
    const queue = new TestQueue(world.open());
    queue.publish(small('mortal'), { ttlMs: 5000, now: world.nowMicros });
    world.advance(2000);
    world.settle();
    world.crash();
    expect(world.open().recovered[0]!.expiresAt).toBe(5_000_000);
  });

  test('rabbitmq: store: positions are new after each restart', () => {
    const world = rig();
    const first = new TestQueue(world.open());
    const at = first.publish(small('a'));
    world.idle();
    first.ack(at);
    world.advance(2000);
    world.settle();
    world.crash();
    const second = new TestQueue(world.open());
    second.publish(small('b'));
    world.idle();
    world.crash();
    expect(new TestQueue(world.open()).names).toEqual(['b']);
  });

  test('rabbitmq: store: a deleted queue leaves nothing, and confirms what waited', () => {
    const world = rig();
    const queue = new TestQueue(world.open());
    queue.publish(large('a'));
    world.idle();
    queue.publish(large('b'));
    queue.publish(small('c'));
    queue.messages.delete();
    expect(queue.confirmed).toEqual(['a', 'b', 'c']);
    expect(world.stores.store.locations.messages.size + world.stores.store.waitingCount).toBe(0);
    expect(world.files().filter((path) => path.includes('/queues/'))).toEqual([]);
  });
});

describe('rabbitmq: store: what a release does before it confirms', () => {
  test('rabbitmq: store: until 3.12 a confirm waits for the sync of store and journal', () => {
    const world = new Rig('rabbitmq-3.12');
    const queue = new TestQueue(world.open());
    queue.publish(large('l'));
    queue.publish(small('s'));
    world.advance(0);
    expect([queue.confirmed, world.syncsOpen]).toEqual([[], 2]);
    world.settleOne();
    world.settle();
    expect([...queue.confirmed].sort()).toEqual(['l', 's']);
    world.losePower();
    expect(new TestQueue(world.open()).names).toEqual(['l', 's']);
  });

  test('rabbitmq: store: in 4.3 nothing is synced: what survives a crash', () => {
    for (const event of ['crash', 'power'] as const) {
      const world = new Rig('rabbitmq-4.3');
      const queue = new TestQueue(world.open());
      queue.publish(large('l'));
      queue.publish(small('s'));
      world.advance(0);
      expect([[...queue.confirmed].sort(), world.syncsOpen]).toEqual([['l', 's'], 0]);
      if (event === 'crash') world.crash();
      else world.losePower();
      expect(new TestQueue(world.open()).names, event).toEqual(event === 'crash' ? ['l', 's'] : []);
    }
  });

  test('rabbitmq: store: in 3.13 the journal is synced (small messages), the store is not', () => {
    const world = new Rig('rabbitmq-3.13');
    const queue = new TestQueue(world.open());
    queue.publish(large('l'));
    queue.publish(small('s'));
    world.idle();
    expect([...queue.confirmed].sort()).toEqual(['l', 's']);
    world.losePower();
    const after = new TestQueue(world.open());
    expect([after.names, after.messages.dropped]).toEqual([['s'], 1]);
  });

  test.each([
    ['3.12', 25],
    ['4.3', 200],
  ] as const)(
    'rabbitmq: store: %s flushes a store that is never idle after %i ms',
    (release, ms) => {
      const { fileSizeLimit, ...settings } = defaultStoreSettings;
      const profile = profileOf(`rabbitmq-${release}`);
      const behaviour = messageStoreBehaviour(profile, { fileSizeLimit, ...settings });
      const world = new Rig(`rabbitmq-${release}`);
      let timer: FlushTimer | null = null;
      let flushedAt = -1;
      const { clock } = world.ports;
      const busy: Clock = {
        ...clock,
        // Something came while the process was busy: it is never idle.
        after: (delay, label, fire) => {
          if (delay > 0) return clock.after(delay, label, fire);
          return clock.after(micros(1000), label, () => {
            timer?.added();
            fire();
          });
        },
      };
      const options = { intervalMs: behaviour.syncIntervalMs, label: 'test' };
      timer = new FlushTimer(busy, options, () => (flushedAt = world.nowMicros));
      timer.added();
      world.advance(1000);
      expect(flushedAt).toBe(ms * 1000);
    },
  );
});
