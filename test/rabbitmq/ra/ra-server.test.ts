/** A Ra cluster: elections, commits, redirects, restarts, snapshots, members that come and go. */
import { describe, expect, test } from 'vitest';
import { CLUSTER, ListMachine, RaClusterWorld, THREE } from './ra-cluster.ts';

describe('rabbitmq: ra', () => {
  test('a command is applied on all members, and any node may ask', () => {
    const cluster = new RaClusterWorld();
    cluster.elect();
    for (const node of THREE) cluster.append(node);
    cluster.runFor(1000);
    expect(cluster.history.answered.length).toBe(3);
    for (const node of THREE) cluster.read(node);
    cluster.runFor(3000);
    expect(cluster.history.answered.length).toBe(6);
    for (const node of THREE) expect(cluster.listOf(node)).toBe(cluster.listOf(THREE[0]!));
    expect(cluster.problems()).toEqual([]);
  });

  test('a follower that is told of its dead leader does not wait for its silence', () => {
    const cluster = new RaClusterWorld();
    const first = cluster.elect();
    const before = cluster.world.now;
    cluster.fault({ fault: 'crash', host: first });
    cluster.run(() => cluster.leader !== null && cluster.leader !== first, 10_000);
    expect(cluster.leader).not.toBe(first);
    expect(cluster.world.now - before).toBeLessThan(400_000);
    expect(cluster.problems()).toEqual([]);
  });

  test('R15: without a majority nothing is confirmed, and nothing that was is lost', () => {
    const cluster = new RaClusterWorld();
    const first = cluster.elect();
    cluster.append(first);
    cluster.runFor(500);
    expect(cluster.history.answered.length).toBe(1);
    cluster.fault({ fault: 'isolate', host: first });
    cluster.append(first);
    cluster.runFor(12_000);
    expect(cluster.history.answered.length).toBe(1);
    const second = cluster.leader!;
    expect(second).not.toBe(first);
    cluster.append(second);
    cluster.runFor(1000);
    expect(cluster.history.answered.length).toBe(2);
    cluster.fault({ fault: 'heal' });
    cluster.runFor(20_000);
    const lists = THREE.map((node) => cluster.listOf(node));
    expect(new Set(lists).size).toBe(1);
    expect(cluster.problems()).toEqual([]);
  });

  test('a power loss of all nodes keeps what was confirmed', () => {
    const cluster = new RaClusterWorld();
    const first = cluster.elect();
    for (let count = 0; count < 5; count++) cluster.append(first);
    cluster.runFor(1000);
    expect(cluster.history.answered.length).toBe(5);
    for (const host of THREE) cluster.fault({ fault: 'power', host, unsynced: 'lost' });
    for (const host of THREE) cluster.fault({ fault: 'start', host });
    cluster.elect();
    cluster.runFor(2000);
    for (const node of THREE) expect(cluster.listOf(node)).toBe('1,2,3,4,5');
    expect(cluster.problems()).toEqual([]);
  });

  test.each([true, false])('T7: confirmed when the disk has it (sync before: %s)', (isSound) => {
    const cluster = new RaClusterWorld({ switches: { fsyncBeforeAck: isSound } });
    const first = cluster.elect();
    for (const host of THREE) cluster.fault({ fault: 'slow-disk', host, factor: 200 });
    cluster.append(first);
    cluster.run(() => cluster.history.answered.length === 1, 10_000);
    for (const host of THREE) cluster.fault({ fault: 'power', host, unsynced: 'lost' });
    for (const host of THREE) cluster.fault({ fault: 'slow-disk', host, factor: 1 });
    for (const host of THREE) cluster.fault({ fault: 'start', host });
    cluster.elect();
    cluster.runFor(2000);
    expect(cluster.listOf(first)).toBe(isSound ? '1' : '');
  });

  test('commands that come while the disk is busy share the next sync', () => {
    const cluster = new RaClusterWorld({ members: ['rabbit-1'] });
    cluster.elect();
    const syncs = (): number =>
      [...cluster.world.trace.entries()].filter(({ kind }) => kind === 'ra-wal-synced').length;
    const before = syncs();
    for (let count = 0; count < 20; count++) cluster.append('rabbit-1');
    cluster.runFor(1000);
    expect(cluster.history.answered.length).toBe(20);
    expect(syncs() - before).toBeLessThanOrEqual(3);
  });

  test('a full write-ahead log goes on in the next file, and entries go to segments', () => {
    const cluster = new RaClusterWorld({ walBytesMax: 2000 });
    const first = cluster.elect();
    for (let count = 0; count < 60; count++) {
      cluster.append(first);
      cluster.runFor(50);
    }
    expect(cluster.history.answered.length).toBe(60);
    const files = cluster.world.hostNamed(first)!.disk.list(`quorum/${first}`);
    expect(files.filter((name) => name.endsWith('.wal')).length).toBe(1);
    expect(files).not.toContain('00000001.wal');
    expect(files.some((name) => name.endsWith('/00000001.segment'))).toBe(true);
    for (const host of THREE) cluster.fault({ fault: 'power', host, unsynced: 'lost' });
    for (const host of THREE) cluster.fault({ fault: 'start', host });
    cluster.elect();
    cluster.runFor(2000);
    for (const node of THREE) expect(cluster.listOf(node).split(',').length).toBe(60);
    expect(cluster.problems()).toEqual([]);
  });

  test('the write-ahead log goes on though a server is not open, and keeps what it has', () => {
    let opens = true;
    const members = ['rabbit-1'];
    const cluster = new RaClusterWorld({ members, walBytesMax: 2000, opens: () => opens });
    cluster.elect();
    for (let count = 0; count < 5; count++) cluster.append('rabbit-1');
    cluster.runFor(1000);
    const restart = (opensNow: boolean): void => {
      opens = opensNow;
      cluster.fault({ fault: 'power', host: 'rabbit-1', unsynced: 'lost' });
      cluster.fault({ fault: 'start', host: 'rabbit-1' });
      cluster.runFor(100);
    };
    restart(false);
    const { system, caller } = cluster.process('rabbit-1');
    cluster.world.command('rabbit-1', 'open', () => {
      const other = { cluster: 'other', members, machine: new ListMachine() };
      system.open({ ...other, snapshotInterval: () => 1_000_000 }, () => undefined);
      for (let item = 0; item < 80; item++) {
        caller.command({ name: 'other', members }, item, () => undefined);
      }
    });
    cluster.runFor(3000);
    const files = cluster.world.hostNamed('rabbit-1')!.disk.list('quorum/rabbit-1');
    expect(files).not.toContain('00000001.wal');
    restart(true);
    cluster.runFor(3000);
    expect(cluster.listOf('rabbit-1')).toBe('1,2,3,4,5');
    expect(cluster.world.failure).toBeNull();
  });

  test('a snapshot takes the place of the log, and a member that was away installs it', () => {
    const cluster = new RaClusterWorld({ snapshotInterval: 20, walBytesMax: 3000 });
    const first = cluster.elect();
    const away = THREE.find((node) => node !== first)!;
    cluster.fault({ fault: 'power', host: away, unsynced: 'lost' });
    for (let count = 0; count < 70; count++) {
      cluster.append(first);
      cluster.runFor(20);
    }
    expect(cluster.server(first).log.start.offset).toBeGreaterThan(40);
    cluster.fault({ fault: 'start', host: away });
    cluster.runFor(10_000);
    expect(cluster.server(away).log.start.offset).toBeGreaterThan(40);
    expect(cluster.listOf(away)).toBe(cluster.listOf(first));
    cluster.fault({ fault: 'power', host: away, unsynced: 'lost' });
    cluster.fault({ fault: 'start', host: away });
    cluster.runFor(10_000);
    expect(cluster.listOf(away)).toBe(cluster.listOf(first));
    expect(cluster.problems()).toEqual([]);
  });

  test('a member is added when it has caught up, one is removed, the office handed over', () => {
    const nodes = [...THREE, 'rabbit-4'];
    const cluster = new RaClusterWorld({ nodes, members: THREE });
    const first = cluster.elect();
    for (let count = 0; count < 10; count++) cluster.append(first);
    cluster.runFor(1000);
    expect(cluster.change(first, 'add', 'rabbit-4')).toEqual({
      kind: 'refused',
      reason: 'NOT_CAUGHT_UP',
    });
    cluster.world.command('rabbit-4', 'open', () => cluster.process('rabbit-4').open(THREE));
    cluster.runFor(5000);
    expect(cluster.change('rabbit-4', 'add', 'rabbit-4').kind).toBe('reply');
    expect(cluster.change('rabbit-4', 'transfer', 'rabbit-4').kind).toBe('reply');
    cluster.runFor(3000);
    expect(cluster.leader).toBe('rabbit-4');
    expect(cluster.change('rabbit-4', 'remove', first).kind).toBe('reply');
    cluster.append('rabbit-4');
    cluster.runFor(2000);
    expect(cluster.server('rabbit-4').members).not.toContain(first);
    expect(cluster.history.answered.length).toBe(11);
    expect(cluster.problems()).toEqual([]);
  });

  test('a server that is removed leaves nothing on the disk', () => {
    const cluster = new RaClusterWorld({ members: ['rabbit-1'] });
    cluster.elect();
    cluster.append('rabbit-1');
    cluster.runFor(500);
    cluster.world.command('rabbit-1', 'remove', () => {
      cluster.process('rabbit-1').system.remove(CLUSTER);
    });
    cluster.runFor(500);
    const files = cluster.world.hostNamed('rabbit-1')!.disk.list('quorum/rabbit-1');
    expect(files).toEqual(['00000001.wal']);
    cluster.fault({ fault: 'crash', host: 'rabbit-1' }, { fault: 'start', host: 'rabbit-1' });
    cluster.runFor(500);
    expect(cluster.world.failure).toBeNull();
  });
});
