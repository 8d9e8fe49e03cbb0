/** ZooKeeper: znodes, versions, sequential and ephemeral ones, watches, sessions, the log. */
import { describe, expect, test } from 'vitest';
import { adler32 } from '../../engine/bytes/adler32.ts';
import { encodeUtf8 } from '../../engine/bytes/utf8.ts';
import type { Clock } from '../../engine/kernel/ports.ts';
import { micros, millis } from '../../engine/kernel/units.ts';
import { OpCode } from '../../engine/wire/zookeeper/messages.ts';
import { OPEN_ACL_UNSAFE } from '../../engine/wire/zookeeper/records.ts';
import { CreateMode } from '../../engine/zookeeper/change-check.ts';
import { SessionTracker } from '../../engine/zookeeper/session-tracker.ts';
import { Rig } from './rig.ts';

const { EPHEMERAL, EPHEMERAL_SEQUENTIAL, PERSISTENT_SEQUENTIAL } = CreateMode;
const acl = OPEN_ACL_UNSAFE;

describe('zookeeper: znodes', () => {
  test('a znode has a path, data and a version that grows by one', () => {
    const rig = new Rig();
    expect(rig.create(1, '/brokers', 'b')).toBe('/brokers');
    expect(rig.set(1, '/brokers', 'c')).toBe('version 1');
    expect(rig.get(2, '/brokers')).toBe('c');
    expect(rig.stat('/brokers')).toMatchObject({ version: 1, dataLength: 1, numChildren: 0 });
  });

  test.each([
    ['a parent that is not there', (rig: Rig) => rig.create(1, '/a/b'), 'NONODE'],
    ['a znode that is there', (rig: Rig) => rig.create(1, '/zookeeper'), 'NODEEXISTS'],
    ['no path', (rig: Rig) => rig.create(1, 'a'), 'BADARGUMENTS'],
    ['a path with an empty part', (rig: Rig) => rig.create(1, '/a//b'), 'BADARGUMENTS'],
    ['a path that ends with /', (rig: Rig) => rig.create(1, '/a/'), 'BADARGUMENTS'],
    ['a container', (rig: Rig) => rig.create(1, '/a', '', 4), 'UNIMPLEMENTED'],
    ['the root', (rig: Rig) => rig.delete(1, '/'), 'BADARGUMENTS'],
    ['what is not there', (rig: Rig) => rig.delete(1, '/a'), 'NONODE'],
    ['data of what is not there', (rig: Rig) => rig.get(1, '/a'), 'NONODE'],
  ])('%s is refused', (_what, ask, error) => {
    expect(ask(new Rig(1))).toBe(error);
  });

  test('a write or deletion with an old version is refused: a compare-and-set', () => {
    const rig = new Rig();
    rig.create(1, '/controller_epoch', '1');
    expect(rig.set(1, '/controller_epoch', '2', 0)).toBe('version 1');
    expect(rig.set(2, '/controller_epoch', '2', 0)).toBe('BADVERSION');
    expect(rig.delete(2, '/controller_epoch', 0)).toBe('BADVERSION');
    expect(rig.delete(2, '/controller_epoch', 1)).toBe('OK');
  });

  test('a znode with children is not deleted, and an ephemeral one has none', () => {
    const rig = new Rig(1);
    rig.create(1, '/a');
    rig.create(1, '/a/b', '', EPHEMERAL);
    expect(rig.delete(1, '/a')).toBe('NOTEMPTY');
    expect(rig.create(1, '/a/b/c')).toBe('NOCHILDRENFOREPHEMERALS');
  });

  test('the number of a sequential znode is how many children its parent ever had', () => {
    const rig = new Rig();
    rig.create(1, '/q');
    expect(rig.create(1, '/q/n-', '', PERSISTENT_SEQUENTIAL)).toBe('/q/n-0000000000');
    rig.create(2, '/q/other');
    rig.delete(2, '/q/other');
    expect(rig.create(2, '/q/n-', '', EPHEMERAL_SEQUENTIAL)).toBe('/q/n-0000000002');
    expect(rig.list(1, '/q')).toBe('n-0000000000 n-0000000002');
  });

  test('cversion counts creations and deletions; the fresh root has -1', () => {
    const rig = new Rig(1);
    expect(rig.stat('/')).toMatchObject({ cversion: -1, numChildren: 1 });
    rig.create(1, '/a');
    expect(rig.stat('/')).toMatchObject({ cversion: 0, numChildren: 2 });
    rig.delete(1, '/a');
    expect(rig.stat('/')).toMatchObject({ cversion: 1, numChildren: 1 });
  });

  test('a multi happens whole or not at all, and says which part failed', () => {
    const rig = new Rig(1);
    const create = (path: string) =>
      ({ type: OpCode.create, body: { path, data: null, acl, flags: 0 } }) as const;
    const check = { type: OpCode.check, body: { path: '/a', version: 7 } } as const;
    const write = { type: OpCode.setData, body: { path: '/a', data: null, version: 0 } } as const;
    const gone = { type: OpCode.delete, body: { path: '/a', version: 1 } } as const;
    expect(rig.multi(1, [create('/a'), check, create('/b')])).toBe(
      'BADVERSION: OK BADVERSION RUNTIMEINCONSISTENCY',
    );
    expect(rig.exists(1, '/a')).toBe('NONODE');
    expect(rig.multi(1, [create('/a'), create('/a/b')])).toBe('OK: OK OK');
    rig.delete(1, '/a/b');
    expect(rig.multi(1, [write, gone])).toBe('OK: OK OK');
    expect(rig.exists(1, '/a')).toBe('NONODE');
  });
});

describe('zookeeper: watches', () => {
  test('a watch fires once, and before its reader can see the change', () => {
    const rig = new Rig();
    rig.create(1, '/controller', '1');
    rig.heard(2);
    rig.get(2, '/controller', true);
    rig.set(1, '/controller', '2');
    rig.set(1, '/controller', '3');
    rig.sleep(100);
    expect(rig.heard(2)).toEqual(['NodeDataChanged /controller']);
  });

  test('exists watches what is not there yet', () => {
    const rig = new Rig();
    rig.heard(2);
    rig.exists(2, '/controller', true);
    rig.create(1, '/controller', '1');
    rig.sleep(100);
    expect(rig.heard(2)).toEqual(['NodeCreated /controller']);
  });

  test('children are watched apart from data', () => {
    const rig = new Rig();
    rig.create(1, '/ids');
    rig.heard(2);
    rig.list(2, '/ids', true);
    rig.set(1, '/ids', 'x');
    rig.sleep(100);
    expect(rig.heard(2)).toEqual([]);
    rig.create(1, '/ids/1');
    rig.sleep(100);
    expect(rig.heard(2)).toEqual(['NodeChildrenChanged /ids']);
  });

  test('who watches data and children of a deleted znode hears of it once', () => {
    const rig = new Rig();
    rig.create(1, '/a');
    rig.heard(2);
    rig.get(2, '/a', true);
    rig.list(2, '/a', true);
    rig.delete(1, '/a');
    rig.sleep(100);
    expect(rig.heard(2)).toEqual(['NodeDeleted /a']);
  });

  test('after a broken connection watches are set again, and what was missed is told', () => {
    const rig = new Rig();
    for (const path of ['/data', '/children', '/quiet']) rig.create(1, path, '0');
    rig.get(2, '/data', true);
    rig.get(2, '/quiet', true);
    rig.list(2, '/children', true);
    rig.exists(2, '/new', true);
    rig.heard(2);
    rig.inject({ fault: 'isolate', host: 'app-2' });
    rig.set(1, '/data', '1');
    rig.create(1, '/children/1');
    rig.create(1, '/new');
    rig.sleep(4500);
    expect(rig.heard(2)).toEqual(['disconnected']);
    rig.inject({ fault: 'heal' });
    rig.sleep(5000);
    expect(rig.heard(2).filter((heard) => heard.startsWith('Node'))).toEqual([
      'NodeDataChanged /data',
      'NodeCreated /new',
      'NodeChildrenChanged /children',
    ]);
    rig.set(1, '/quiet', '1');
    rig.sleep(100);
    expect(rig.heard(2)).toEqual(['NodeDataChanged /quiet']);
  });
});

describe('zookeeper: sessions', () => {
  test('the ephemeral znodes of a dead client go when its session has expired, not before', () => {
    const rig = new Rig();
    rig.create(1, '/controller', '1', EPHEMERAL);
    rig.heard(2);
    rig.exists(2, '/controller', true);
    rig.inject({ fault: 'crash', host: 'app-1' });
    rig.sleep(5000);
    expect(rig.get(2, '/controller')).toBe('1');
    rig.sleep(5000);
    expect(rig.heard(2)).toEqual(['NodeDeleted /controller']);
  });

  test('a client that closes its session takes its ephemeral znodes with it at once', () => {
    const rig = new Rig();
    rig.create(1, '/id', '', EPHEMERAL);
    rig.close(1);
    expect(rig.exists(2, '/id')).toBe('NONODE');
    expect(rig.server.inspect().sessions).toHaveLength(1);
  });

  test('a client that is back in time keeps its session; one that is too late has lost it', () => {
    const rig = new Rig();
    rig.create(1, '/id', '', EPHEMERAL);
    const { session } = rig.app(1).client;
    rig.heard(1);
    rig.inject({ fault: 'isolate', host: 'app-1' });
    rig.sleep(4500);
    rig.inject({ fault: 'heal' });
    rig.sleep(5000);
    expect(rig.heard(1)).toEqual(['disconnected', 'connected']);
    expect(rig.app(1).client.session).toBe(session);
    rig.inject({ fault: 'isolate', host: 'app-1' });
    rig.sleep(20_000);
    expect(rig.exists(2, '/id')).toBe('NONODE');
    rig.inject({ fault: 'heal' });
    rig.sleep(10_000);
    expect(rig.heard(1)).toEqual(['disconnected', 'expired']);
    expect(rig.app(1).client.state).toBe('CLOSED');
    expect(rig.create(1, '/late')).toBe('SESSIONEXPIRED');
  });

  test('a paused client wakes up with an expired session: the zombie does not know it', () => {
    const rig = new Rig();
    rig.create(1, '/controller', '1', EPHEMERAL);
    rig.inject({ fault: 'pause', host: 'app-1' });
    rig.sleep(12_000);
    expect(rig.create(2, '/controller', '2', EPHEMERAL)).toBe('/controller');
    expect(rig.app(1).client.state).toBe('CONNECTED');
    rig.inject({ fault: 'resume', host: 'app-1' });
    rig.sleep(5000);
    expect(rig.heard(1)).toContain('expired');
  });

  test.each([
    [1000, 4000],
    [6000, 6000],
    [90_000, 40_000],
  ])('with ticks of two seconds, who asks for %i ms is given %i', (asked, given) => {
    const clock = { now: () => micros(0), wall: () => millis(0), after: () => 0, cancel: () => {} };
    const tracker = new SessionTracker(clock as unknown as Clock, 2000, () => {});
    expect(tracker.negotiated(asked)).toBe(given);
  });
});

describe('zookeeper: the log', () => {
  test('what was acknowledged survives power loss, sessions and ephemeral znodes included', () => {
    const rig = new Rig();
    rig.create(1, '/a', 'x');
    rig.set(1, '/a', 'y');
    rig.create(1, '/q');
    rig.create(1, '/q/n-', '', PERSISTENT_SEQUENTIAL);
    rig.create(2, '/id', '', EPHEMERAL);
    rig.create(1, '/gone');
    rig.delete(1, '/gone');
    const before = rig.server.inspect().znodes;
    const { zxid } = rig.server.inspect();
    rig.inject({ fault: 'power', host: 'zk-1' }, { fault: 'start', host: 'zk-1' });
    rig.sleep(4000);
    expect(rig.server.inspect().znodes).toEqual(before);
    expect(rig.server.inspect().zxid).toBe(zxid);
    expect(rig.create(1, '/q/n-', '', PERSISTENT_SEQUENTIAL)).toBe('/q/n-0000000001');
    expect(rig.exists(2, '/id')).toBe('OK');
  });

  test('a server whose disk is full stops before it acknowledges anything', () => {
    const rig = new Rig(1);
    rig.inject({ fault: 'disk-full', host: 'zk-1', capacityBytes: 0 });
    expect(rig.create(1, '/a')).toBe('CONNECTIONLOSS');
    expect(rig.world.hostNamed('zk-1')!.process).toBeNull();
  });

  test('Adler-32 of RFC 1950 is that of zlib', () => {
    expect(adler32(new Uint8Array(0))).toBe(1);
    expect(adler32(encodeUtf8('Wikipedia'))).toBe(0x11e60398);
    expect(adler32(new Uint8Array(100_000).fill(255))).toBe(0x149a302c);
  });
});
