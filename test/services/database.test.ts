/** The database beside the broker: transactions, unique indexes, locks, and what a crash leaves. */
import { describe, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../engine/services/database/database.ts';
import {
  DatabaseClient,
  type QueryAnswer,
} from '../../engine/services/database/database-client.ts';
import type { DatabaseSettings } from '../../engine/services/database/database.ts';
import type { SqlValue } from '../../engine/services/database/sql/statement.ts';
import type { Ports, Process } from '../../engine/kernel/ports.ts';
import { inject } from '../../engine/sim/faults.ts';
import { World } from '../../engine/sim/world.ts';

class Application implements Process {
  readonly client: DatabaseClient;
  constructor(ports: Ports) {
    this.client = new DatabaseClient(ports.network, 'database-1');
  }
  start(): void {}
}

class Rig {
  readonly world = new World({ seed: 1, trace: true, paranoidWire: true, freeze: true });

  constructor(settings: Partial<DatabaseSettings> = {}) {
    this.world.addHost('database-1', createDatabase(settings)).start();
    for (const name of ['app-1', 'app-2']) {
      this.world.addHost(name, (ports) => new Application(ports)).start();
    }
    this.ask('app-1', 'CREATE TABLE account (id text PRIMARY KEY, balance integer NOT NULL)');
    this.ask('app-1', "INSERT INTO account (id, balance) VALUES ('a', 100)");
  }

  /** Sends a statement and does not wait. */
  send(app: string, sql: string, parameters: readonly SqlValue[] = []): () => QueryAnswer | null {
    let answer: QueryAnswer | null = null;
    this.world.command(app, sql, () => {
      const { client } = this.world.hostNamed(app)!.process as Application;
      client.query(sql, parameters, (one) => {
        answer = one;
      });
    });
    return () => answer;
  }

  /** The answer in short: the tag, or the SQLSTATE, or the rows as text. */
  ask(app: string, sql: string, parameters: readonly SqlValue[] = []): string {
    const answer = this.send(app, sql, parameters);
    const end = this.world.run(() => answer() !== null, { micros: 10_000_000, events: 5_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
    return end === 'done' ? short(answer()) : 'no answer';
  }

  sleep(millis: number): void {
    this.world.run(() => false, { micros: millis * 1000, events: 50_000 });
  }

  get balance(): SqlValue | undefined {
    return (this.world.hostNamed('database-1')!.process as Database).rowsOf('account')[0]?.[1];
  }
}

function short(answer: QueryAnswer | null): string {
  if (answer === null) return 'waits';
  if (answer.kind === 'lost') return 'lost';
  if (answer.kind === 'error') return answer.sqlState;
  return answer.columns.length > 0 ? JSON.stringify(answer.rows) : answer.tag;
}

describe('services: database', () => {
  test('a second row with the same key is a unique_violation (23505)', () => {
    const rig = new Rig();
    expect(rig.ask('app-1', "INSERT INTO account (id, balance) VALUES ('a', 1)")).toBe('23505');
    expect(
      rig.ask('app-1', "INSERT INTO account (id, balance) VALUES ('a', 1) ON CONFLICT DO NOTHING"),
    ).toBe('INSERT 0 0');
  });

  test('others see a change only when its transaction has committed', () => {
    const rig = new Rig();
    rig.ask('app-1', 'BEGIN');
    expect(rig.ask('app-1', "UPDATE account SET balance = balance - 10 WHERE id = 'a'")).toBe(
      'UPDATE 1',
    );
    expect(rig.ask('app-2', "SELECT balance FROM account WHERE id = 'a'")).toBe('[[100]]');
    expect(rig.ask('app-1', "SELECT balance FROM account WHERE id = 'a'")).toBe('[[90]]');
    expect(rig.ask('app-1', 'COMMIT')).toBe('COMMIT');
    expect(rig.ask('app-2', "SELECT balance FROM account WHERE id = 'a'")).toBe('[[90]]');
  });

  test('ROLLBACK undoes everything since BEGIN', () => {
    const rig = new Rig();
    rig.ask('app-1', 'BEGIN');
    rig.ask('app-1', "DELETE FROM account WHERE id = 'a'");
    rig.ask('app-1', "INSERT INTO account (id, balance) VALUES ('b', 1)");
    rig.ask('app-1', 'ROLLBACK');
    expect(rig.ask('app-1', 'SELECT * FROM account')).toBe('[["a",100]]');
  });

  test('after an error in a transaction all is refused until it ends (25P02)', () => {
    const rig = new Rig();
    rig.ask('app-1', 'BEGIN');
    rig.ask('app-1', "UPDATE account SET balance = 0 WHERE id = 'a'");
    expect(rig.ask('app-1', "INSERT INTO account (id, balance) VALUES ('a', 1)")).toBe('23505');
    expect(rig.ask('app-1', 'SELECT count(*) FROM account')).toBe('25P02');
    expect(rig.ask('app-1', 'COMMIT')).toBe('ROLLBACK');
    expect(rig.balance).toBe(100);
  });

  test('a writer waits for the row, and judges its WHERE again on what it finds', () => {
    const rig = new Rig();
    rig.ask('app-1', 'BEGIN');
    rig.ask('app-1', "UPDATE account SET balance = 0 WHERE id = 'a' AND balance = 100");
    const second = rig.send(
      'app-2',
      "UPDATE account SET balance = 0 WHERE id = 'a' AND balance = 100",
    );
    rig.sleep(500);
    expect(short(second())).toBe('waits');
    rig.ask('app-1', 'COMMIT');
    rig.sleep(500);
    expect(short(second())).toBe('UPDATE 0');
  });

  test('a second inserter of a key waits for the first, and is in if that rolls back', () => {
    for (const [end, then] of [
      ['COMMIT', '23505'],
      ['ROLLBACK', 'INSERT 0 1'],
    ] as const) {
      const rig = new Rig();
      const insert = "INSERT INTO account (id, balance) VALUES ('b', 1)";
      rig.ask('app-1', 'BEGIN');
      rig.ask('app-1', insert);
      const second = rig.send('app-2', insert);
      rig.sleep(100);
      expect(short(second())).toBe('waits');
      rig.ask('app-1', end);
      rig.sleep(100);
      expect(short(second())).toBe(then);
    }
  });

  test('SELECT FOR UPDATE keeps the row from other writers, not from readers', () => {
    const rig = new Rig();
    rig.ask('app-1', 'BEGIN');
    rig.ask('app-1', "SELECT * FROM account WHERE id = 'a' FOR UPDATE");
    expect(rig.ask('app-2', 'SELECT balance FROM account')).toBe('[[100]]');
    const update = rig.send('app-2', "UPDATE account SET balance = 1 WHERE id = 'a'");
    rig.sleep(100);
    expect(short(update())).toBe('waits');
    rig.ask('app-1', 'COMMIT');
    rig.sleep(100);
    expect(short(update())).toBe('UPDATE 1');
  });

  test('a deadlock ends one of the two after deadlock_timeout (40P01)', () => {
    const rig = new Rig();
    rig.ask('app-1', "INSERT INTO account (id, balance) VALUES ('b', 100)");
    rig.ask('app-1', 'BEGIN');
    rig.ask('app-2', 'BEGIN');
    rig.ask('app-1', "UPDATE account SET balance = 1 WHERE id = 'a'");
    rig.ask('app-2', "UPDATE account SET balance = 2 WHERE id = 'b'");
    const first = rig.send('app-1', "UPDATE account SET balance = 1 WHERE id = 'b'");
    const second = rig.send('app-2', "UPDATE account SET balance = 2 WHERE id = 'a'");
    rig.sleep(3000);
    expect([short(first()), short(second())].sort()).toEqual(['40P01', 'UPDATE 1']);
  });

  test('a client that dies has its open transaction rolled back', () => {
    const rig = new Rig();
    rig.ask('app-1', 'BEGIN');
    rig.ask('app-1', "UPDATE account SET balance = 0 WHERE id = 'a'");
    inject(rig.world, { fault: 'crash', host: 'app-1' });
    rig.sleep(100);
    expect(rig.ask('app-2', "UPDATE account SET balance = balance + 1 WHERE id = 'a'")).toBe(
      'UPDATE 1',
    );
    expect(rig.balance).toBe(101);
  });

  test('what was committed survives a power loss; with synchronous_commit off it may not', () => {
    for (const [synchronousCommit, left] of [
      [true, 1],
      [false, 100],
    ] as const) {
      const rig = new Rig({ synchronousCommit });
      rig.sleep(60_000);
      rig.ask('app-1', "UPDATE account SET balance = 1 WHERE id = 'a'");
      inject(rig.world, { fault: 'power', host: 'database-1' });
      inject(rig.world, { fault: 'start', host: 'database-1' });
      rig.sleep(100);
      expect(rig.balance).toBe(left);
    }
  });

  test.each([
    ['SELEC * FROM account', '42601'],
    ['SELECT * FROM nothing', '42P01'],
    ['SELECT nothing FROM account', '42703'],
    ['SELECT * FROM account WHERE id = 1', '42804'],
    ["INSERT INTO account (id) VALUES ('x')", '23502'],
    ['CREATE TABLE account (id text)', '42P07'],
    ['COMMIT', '25P01'],
    ["SELECT * FROM account WHERE id = 'a' OR id = 'b'", '42601'],
    ['SELECT * FROM account WHERE id = $1', '42P02'],
  ])('%s is refused with %s', (sql, sqlState) => {
    expect(new Rig().ask('app-1', sql)).toBe(sqlState);
  });
});
