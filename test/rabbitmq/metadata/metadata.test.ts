/** What changes of metadata do, and what of it outlives a restart. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../engine/bytes/sha256.ts';
import type { MetadataChange } from '../../../engine/rabbitmq/metadata/metadata-change.ts';
import { hashPassword, isPassword } from '../../../engine/rabbitmq/metadata/password-hash.ts';
import { rowKey } from '../../../engine/rabbitmq/metadata/rows.ts';
import { termOf, termText } from '../../../engine/rabbitmq/metadata/term-text.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import { inject } from '../../../engine/sim/faults.ts';
import { NODE, Rig, VHOST, bind, exchange, queue } from './rig.ts';

const deleteQueue = (name: string): MetadataChange => ({ kind: 'delete-queue', vhost: '/', name });
const deleteExchange = (name: string, ifUnused = false): MetadataChange => ({
  kind: 'delete-exchange',
  vhost: '/',
  name,
  ifUnused,
});

function rig(...changes: readonly MetadataChange[]): Rig {
  const of = new Rig();
  for (const change of [VHOST, ...changes]) expect(of.commit(change)).toBe('applied');
  return of;
}

const has = ({ metadata }: Rig, table: 'rabbit_queue' | 'rabbit_exchange', name: string) =>
  metadata.tables.get(table, rowKey('/', name)) !== undefined;
const routes = ({ metadata }: Rig) =>
  [...metadata.tables.rows('rabbit_route')].map(({ binding: { source, destination } }) => [
    source,
    destination.name,
  ]);

describe('rabbitmq: metadata: what a change does', () => {
  test('rabbitmq: metadata: the second to declare is told that it was there', () => {
    const of = rig(queue('q'), exchange('x'));
    expect(of.commit(queue('q', false))).toBe('unchanged');
    expect(of.commit(exchange('x', false))).toBe('unchanged');
    expect(of.commit(VHOST)).toBe('unchanged');
    const row = of.metadata.tables.get('rabbit_queue', rowKey('/', 'q'))!;
    expect(row.record.declaration.durable).toBe(true);
  });

  test('rabbitmq: metadata: a virtual host has seven exchanges, and goes with all in it', () => {
    const of = rig(exchange('x'), queue('q'), bind('x', 'q'));
    expect([...of.metadata.tables.rows('rabbit_exchange')]).toHaveLength(8);
    expect(of.commit({ kind: 'delete-vhost', vhost: '/' })).toBe('applied');
    expect(of.rows()).toBe('');
    expect(of.commit({ kind: 'delete-vhost', vhost: '/' })).toBe('missing');
    expect(of.commit(queue('q'))).toBe('missing');
  });

  test('rabbitmq: metadata: a queue takes bindings along, and these auto-delete exchanges', () => {
    const of = rig(exchange('auto', true, true), exchange('x'), queue('q'), queue('other'));
    for (const change of [bind('auto', 'q'), bind('x', 'q'), bind('x', 'other')]) of.commit(change);
    expect(of.commit(bind('x', 'q'))).toBe('unchanged');
    expect(of.commit(deleteQueue('q'))).toBe('applied');
    expect(has(of, 'rabbit_exchange', 'auto')).toBe(false);
    expect(routes(of)).toEqual([['x', 'other']]);
    expect(of.commit(deleteQueue('q'))).toBe('unchanged');
  });

  test('rabbitmq: metadata: auto-delete goes from exchange to exchange', () => {
    const of = rig(exchange('a', true, true), exchange('b', true, true), queue('q'));
    for (const change of [bind('a', 'b', { kind: 'exchange' }), bind('b', 'q')]) of.commit(change);
    of.commit(bind('b', 'q', { unbind: true }));
    expect([has(of, 'rabbit_exchange', 'a'), has(of, 'rabbit_exchange', 'b')]).toEqual([
      false,
      false,
    ]);
    expect(routes(of)).toEqual([]);
  });

  test('rabbitmq: metadata: an exchange that must be unused', () => {
    const of = rig(exchange('x'), queue('q'), bind('x', 'q'));
    expect(of.commit(deleteExchange('x', true))).toBe('in-use');
    expect(of.commit(deleteExchange('x'))).toBe('applied');
    expect(routes(of)).toEqual([]);
    expect(of.commit(deleteExchange('x'))).toBe('unchanged');
  });

  test('rabbitmq: metadata: both ends of a binding must be there', () => {
    const of = rig(exchange('x'));
    expect(of.commit(bind('x', 'absent'))).toBe('missing');
    expect(of.commit(bind('absent', 'x', { kind: 'exchange' }))).toBe('missing');
    expect(of.commit(bind('x', 'absent', { unbind: true }))).toBe('unchanged');
  });

  test('rabbitmq: metadata: permissions need their user and their virtual host', () => {
    const of = rig();
    const permissions = { configure: '.*', write: '', read: '' };
    const set = (user: string, vhost: string) =>
      of.commit({ kind: 'set-permissions', user, vhost, permissions });
    expect(set('u', '/')).toBe('missing');
    of.commit({
      kind: 'add-user',
      user: { name: 'u', passwordHash: new Uint8Array(), tags: [] },
    });
    expect(set('u', 'other')).toBe('missing');
    expect(set('u', '/')).toBe('applied');
    expect(of.commit({ kind: 'delete-user', user: 'u' })).toBe('applied');
    expect([...of.metadata.tables.rows('rabbit_user_permission')]).toEqual([]);
  });
});

describe('rabbitmq: metadata: what outlives a restart', () => {
  test.each(['crash', 'lost', 'random', 'torn'] as const)(
    'rabbitmq: metadata: durable rows after %s, transient ones not, bindings if both ends are',
    (how) => {
      const of = rig(queue('kept'), queue('gone', false), exchange('x'), exchange('y', false));
      for (const name of ['kept', 'gone']) {
        for (const source of ['x', 'y']) of.commit(bind(source, name));
      }
      const before = of.rows('durable');
      of.restart(how);
      expect(of.rows()).toBe(before);
      expect([has(of, 'rabbit_queue', 'kept'), has(of, 'rabbit_queue', 'gone')]).toEqual([
        true,
        false,
      ]);
      expect(routes(of)).toEqual([['x', 'kept']]);
    },
  );

  test('rabbitmq: metadata: what was not answered may go with the power only', () => {
    const of = rig();
    const answer = of.send(queue('q'));
    of.world.run(() => has(of, 'rabbit_queue', 'q'));
    expect(answer()).toBeNull();
    of.restart('crash');
    expect(has(of, 'rabbit_queue', 'q')).toBe(true);
    const late = of.send(queue('late'));
    of.world.run(() => has(of, 'rabbit_queue', 'late'));
    expect(late()).toBeNull();
    of.restart('lost');
    expect(has(of, 'rabbit_queue', 'late')).toBe(false);
  });

  test('rabbitmq: metadata: transient rows are answered without the disk', () => {
    const of = rig();
    inject(of.world, { fault: 'slow-disk', host: NODE, factor: 1_000_000 });
    const answer = of.send(queue('q', false));
    of.advance(1);
    expect(answer()).toEqual({ kind: 'applied' });
  });

  test('rabbitmq: metadata: the log is dumped to the files of the tables', () => {
    const of = new Rig(1, { dumpLogWriteThreshold: 10 });
    of.commit(VHOST);
    for (let i = 0; i < 30; i++) of.commit(queue(`q${i}`));
    of.advance(100);
    expect(of.files()).toContain('rabbit_durable_queue.DCD');
    expect(of.files()).not.toContain('PREVIOUS.LOG');
    const before = of.rows();
    of.restart('lost');
    expect(of.rows()).toBe(before);
  });

  test('rabbitmq: metadata: the log is dumped after three minutes, however little is in it', () => {
    const of = rig(queue('q'));
    expect(of.files()).toEqual(['LATEST.LOG']);
    of.advance(181_000);
    expect(of.files()).toContain('rabbit_durable_queue.DCD');
  });

  test('rabbitmq: metadata: a disk that fails ends the node', () => {
    const of = rig();
    inject(of.world, { fault: 'sync-error', host: NODE, count: 1 });
    const answer = of.send(queue('q'));
    of.advance(100);
    expect(answer()).toBeNull();
    expect(of.world.hostNamed(NODE)!.process).toBeNull();
  });
});

describe('rabbitmq: metadata: passwords and terms', () => {
  test('rabbitmq: metadata: SHA-256 as Node has it', () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 200]) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff);
      const expected = createHash('sha256').update(bytes).digest('hex');
      expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(expected);
    }
  });

  test('rabbitmq: metadata: a password fits its hash and no other', () => {
    const hash = hashPassword('secret', randomStream(1, 'salt'));
    expect(hash).toHaveLength(36);
    expect([isPassword('secret', hash), isPassword('Secret', hash)]).toEqual([true, false]);
    expect(isPassword('', new Uint8Array())).toBe(false);
    const other = hashPassword('secret', randomStream(2, 'salt'));
    expect(other).not.toEqual(hash);
  });

  test('rabbitmq: metadata: terms keep their types as text', () => {
    const term = { a: [1n, -9223372036854775808n], b: Uint8Array.of(0, 255, 16), c: null, d: 'x' };
    expect(termOf(termText(term))).toEqual(term);
  });
});
