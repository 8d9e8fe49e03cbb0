/**
 * A relational database: tables, unique indexes, transactions with row locks, crash recovery. It
 * stands beside a broker so that an effect and its duplicate can be counted.
 *
 * Its model is PostgreSQL at READ COMMITTED: a statement sees what was committed when it began and
 * its own changes; a writer waits for the transaction that owns the row; a unique index makes a
 * second inserter wait for the first. Not here: other isolation levels, replication, SQL beyond
 * `sql/statement.ts`. Source: PostgreSQL documentation, chapters 13 and 28.
 */
import type { Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import { assert, present } from '../../kernel/assert.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { DATABASE_PORT, databaseProtocol } from './database-protocol.ts';
import { commitTrace, lockWaitTrace, recoveryTrace, rollbackTrace } from './database-trace.ts';
import { Executor } from './executor.ts';
import type { Outcome } from './executor.ts';
import { Session } from './session.ts';
import type { SessionOwner } from './session.ts';
import { parseStatement } from './sql/parser.ts';
import { SqlError } from './sql/sql-error.ts';
import type { SqlValue, Statement, TableDefinition } from './sql/statement.ts';
import { Table } from './table.ts';
import type { Row } from './table.ts';
import { Transaction } from './transaction.ts';
import { WriteAheadLog } from './write-ahead-log.ts';
import type { WalRecord } from './write-ahead-log.ts';

export interface DatabaseSettings {
  /** Off: a commit is told before it is synced, and a power loss may take the last ones. */
  readonly synchronousCommit: boolean;
  readonly deadlockTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** How long a commit that nobody waits for may stay in the page cache. PostgreSQL's default. */
const WAL_WRITER_DELAY_MS = 200;

/** PostgreSQL's defaults. */
const PRESETS: DatabaseSettings = {
  synchronousCommit: true,
  deadlockTimeoutMs: 1000,
  lockTimeoutMs: 0,
};

/** What views see. */
export interface DatabaseView {
  readonly kind: 'database';
  readonly commits: number;
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly rows: readonly Row[];
  }[];
  readonly sessions: readonly {
    readonly client: string;
    readonly state: string;
    readonly query: string;
    readonly waits: boolean;
  }[];
}

export function createDatabase(settings: Partial<DatabaseSettings> = {}): ProcessFactory<Database> {
  return (ports) => new Database(ports, { ...PRESETS, ...settings });
}

export class Database implements Process, SessionOwner {
  readonly ports: Ports;
  readonly deadlockTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly #synchronousCommit: boolean;
  readonly #executor = new Executor();
  readonly #log: WriteAheadLog;
  readonly #sessions = new Set<Session>();
  #syncIsDue = false;
  #transactions = 0;
  #commits = 0;
  #tables: DatabaseView['tables'] | null = null;
  #view: DatabaseView | null = null;

  constructor(ports: Ports, settings: DatabaseSettings) {
    this.ports = ports;
    this.deadlockTimeoutMs = settings.deadlockTimeoutMs;
    this.lockTimeoutMs = settings.lockTimeoutMs;
    this.#synchronousCommit = settings.synchronousCommit;
    this.#log = new WriteAheadLog(ports.disk, (what) => ports.halt(`PANIC: ${what}`));
  }

  start(): void {
    let records = 0;
    this.#log.recover((record) => {
      this.#redo(record);
      records++;
    });
    this.ports.trace.record(recoveryTrace, { records });
    this.ports.network.listen(DATABASE_PORT, databaseProtocol, (connection) => {
      const session = new Session(this, connection);
      this.#sessions.add(session);
      this.changed();
      return session;
    });
  }

  stop(): void {
    this.ports.halt('fast shutdown');
  }

  inspect(): DatabaseView {
    this.#tables ??= [...this.#executor.tables.values()].map((table) => ({
      name: table.definition.name,
      columns: table.definition.columns.map((column) => column.name),
      rows: table.rows,
    }));
    this.#view ??= {
      kind: 'database',
      commits: this.#commits,
      tables: this.#tables,
      sessions: [...this.#sessions].map((session) => session.activity),
    };
    return this.#view;
  }

  /** The committed rows of a table, for whoever looks from outside. */
  rowsOf(table: string): readonly Row[] {
    return this.#executor.tables.get(table)?.rows ?? [];
  }

  /** Executes one statement on the spot, in a transaction of its own. Throws a `SqlError`. */
  prepare(sql: string): void {
    const transaction = this.begin();
    const outcome = this.execute(parseStatement(sql), [], transaction);
    assert(outcome.kind === 'done', 'nobody else is there yet', { sql });
    this.commit(transaction, () => this.changed());
  }

  // ------------------------------------------------------------------------------ for a session

  begin(): Transaction {
    return new Transaction(++this.#transactions);
  }

  execute(
    statement: Statement,
    parameters: readonly SqlValue[],
    transaction: Transaction,
  ): Outcome {
    if (statement.kind === 'create') return this.#create(statement.table);
    const outcome = this.#executor.execute(statement, parameters, transaction);
    if (outcome.kind === 'wait') {
      const [waiter, holder] = [this.#clientOf(transaction), this.#clientOf(outcome.for)];
      this.ports.trace.record(lockWaitTrace, { waiter, holder });
    }
    return outcome;
  }

  commit(transaction: Transaction, committed: () => void): void {
    const { changes } = transaction;
    const client = this.#clientOf(transaction);
    const finish = () => {
      transaction.end(true);
      if (changes.length > 0) {
        this.#commits++;
        this.#tables = null;
        // What its owner prepares on the spot is no client's.
        if (client !== '') this.ports.trace.record(commitTrace, { client, rows: changes.length });
      }
      committed();
      this.#wake(transaction);
    };
    if (changes.length === 0) {
      finish();
      return;
    }
    this.#log.append({ kind: 'commit', changes });
    if (this.#synchronousCommit) {
      this.#log.sync(finish);
      return;
    }
    this.#syncLater();
    finish();
  }

  #syncLater(): void {
    if (this.#syncIsDue) return;
    this.#syncIsDue = true;
    this.ports.clock.after(microsOfMillis(WAL_WRITER_DELAY_MS), 'wal_writer_delay', () => {
      this.#syncIsDue = false;
      this.#log.sync(() => {});
    });
  }

  rollback(transaction: Transaction): void {
    const client = this.#clientOf(transaction);
    transaction.end(false);
    this.ports.trace.record(rollbackTrace, { client });
    this.#wake(transaction);
  }

  changed(): void {
    this.#view = null;
  }

  ended(session: Session): void {
    this.#sessions.delete(session);
    this.changed();
  }

  /** Whoever waited for it tries again, at the same instant, in the order of connecting. */
  #wake(ended: Transaction): void {
    for (const session of this.#sessions) {
      if (session.transaction?.waitsFor !== ended) continue;
      this.ports.clock.after(microsOfMillis(0), 'lock released', () => {
        if (session.transaction?.waitsFor === ended) session.retry();
      });
    }
  }

  #clientOf(transaction: Transaction): string {
    const session = [...this.#sessions].find((one) => one.transaction === transaction);
    return session?.activity.client ?? '';
  }

  // ------------------------------------------------------------------------------------- tables

  /** Not part of the transaction: it is durable at once. PostgreSQL can roll back DDL. */
  #create(definition: TableDefinition): Outcome {
    const { tables } = this.#executor;
    if (tables.has(definition.name)) {
      throw new SqlError('42P07', `relation "${definition.name}" already exists`);
    }
    tables.set(definition.name, new Table(definition));
    this.#tables = null;
    this.#log.append({ kind: 'create', table: definition });
    this.#log.sync(() => {});
    const result = { tag: 'CREATE TABLE', count: 0, columns: [], rows: [] };
    return { kind: 'done', result };
  }

  #redo(record: WalRecord): void {
    const { tables } = this.#executor;
    if (record.kind === 'create') {
      tables.set(record.table.name, new Table(record.table));
      return;
    }
    assert(record.changes.length > 0, 'a commit changes something', {});
    for (const { table, id, row } of record.changes) {
      present(tables.get(table), `table ${table} was created before`).restore(id, row);
    }
  }
}
