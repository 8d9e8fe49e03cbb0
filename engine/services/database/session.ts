/**
 * One connection to the database: its queries one after the other, its transaction, and its wait
 * for another one's lock.
 *
 * After an error inside a transaction every statement but ROLLBACK (and COMMIT, which then rolls
 * back) is refused with 25P02, as in PostgreSQL. When the connection ends, an open transaction is
 * rolled back; one whose commit is being synced is not. Not here: locks and tables.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Connection, Ports, Receiver, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Query } from './database-protocol.ts';
import type { Outcome, StatementResult } from './executor.ts';
import { sessionMachine } from './session.machine.ts';
import { parseStatement } from './sql/parser.ts';
import { SqlError } from './sql/sql-error.ts';
import type { SqlValue, Statement } from './sql/statement.ts';
import type { Transaction } from './transaction.ts';

/** What a session asks of the database that it belongs to. */
export interface SessionOwner {
  readonly ports: Ports;
  readonly deadlockTimeoutMs: number;
  /** 0: waits without end, as PostgreSQL does unless told otherwise. */
  readonly lockTimeoutMs: number;
  begin(): Transaction;
  execute(statement: Statement, parameters: readonly SqlValue[], transaction: Transaction): Outcome;
  /** Makes the changes durable, then visible; `committed` follows, at once or later. */
  commit(transaction: Transaction, committed: () => void): void;
  rollback(transaction: Transaction): void;
  /** Something that a view shows has changed. */
  changed(): void;
  ended(session: Session): void;
}

const NO_ROWS = { count: 0, columns: [], rows: [] };

export class Session implements Receiver {
  readonly #owner: SessionOwner;
  readonly #connection: Connection;
  readonly #machine: MachineRunner<typeof sessionMachine>;
  readonly #queries: Query[] = [];
  #current: { readonly query: Query; readonly statement: Statement } | null = null;
  /** The transaction of BEGIN, or of the one statement that is being executed. */
  #transaction: Transaction | null = null;
  #explicit = false;
  #failed = false;
  #open = true;
  #timers: TimerId[] = [];

  constructor(owner: SessionOwner, connection: Connection) {
    this.#owner = owner;
    this.#connection = connection;
    const { clock, trace } = owner.ports;
    const instance = connection.remote.host;
    this.#machine = new MachineRunner({ machine: sessionMachine, instance, clock, trace });
  }

  /** As in `pg_stat_activity`: state, client, the last statement, whom it waits for. */
  get activity() {
    return {
      client: this.#connection.remote.host,
      state: this.#machine.state,
      query: this.#current?.query.sql ?? '',
      waits: this.#waits,
    };
  }

  get #waits(): boolean {
    return (this.#transaction?.waitsFor ?? null) !== null;
  }

  get transaction(): Transaction | null {
    return this.#transaction;
  }

  received(message: unknown): void {
    this.#queries.push(message as Query);
    this.#next();
  }

  closed(): void {
    this.#open = false;
    this.#queries.length = 0;
    this.#forgetTimers();
    const committing = this.#current?.statement.kind === 'commit' || !this.#explicit;
    if (!committing || this.#waits) this.#abort();
    this.#machine.dispose();
    this.#owner.ended(this);
  }

  /** The one that it waited for has ended: the statement is executed again. */
  retry(): void {
    assert(this.#current !== null, 'a statement waits', { client: this.activity.client });
    assert(this.#transaction !== null, 'it waits in a transaction', {});
    this.#transaction.waitsFor = null;
    this.#forgetTimers();
    this.#guarded(() => this.#run());
  }

  // ------------------------------------------------------------------------------------ queries

  #next(): void {
    const query = this.#queries[0];
    if (query === undefined || this.#current !== null || !this.#open) return;
    this.#queries.shift();
    this.#machine.send({ type: 'QUERY' });
    this.#owner.ports.cost.charge('request', 1);
    let statement: Statement;
    try {
      statement = parseStatement(query.sql);
    } catch (error) {
      this.#current = { query, statement: { kind: 'rollback' } };
      this.#refuse(error);
      return;
    }
    this.#current = { query, statement };
    this.#guarded(() => this.#perform(statement));
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#refuse(error);
    }
    this.#owner.changed();
  }

  #perform(statement: Statement): void {
    if (this.#failed && statement.kind !== 'rollback' && statement.kind !== 'commit') {
      const text =
        'current transaction is aborted, commands ignored until end of transaction block';
      throw new SqlError('25P02', text);
    }
    switch (statement.kind) {
      case 'begin':
        if (this.#explicit) throw new SqlError('25001', 'a transaction is already in progress');
        this.#transaction = this.#owner.begin();
        this.#explicit = true;
        this.#answer({ tag: 'BEGIN', ...NO_ROWS });
        return;
      case 'rollback':
      case 'commit':
        this.#end(statement.kind);
        return;
      default:
        this.#transaction ??= this.#owner.begin();
        this.#run();
    }
  }

  #run(): void {
    const { query, statement } = this.#current!;
    const transaction = this.#transaction!;
    const outcome = this.#owner.execute(statement, query.parameters, transaction);
    if (outcome.kind === 'wait') {
      this.#wait(transaction, outcome.for);
    } else if (this.#explicit) {
      this.#answer(outcome.result);
    } else {
      this.#commit(outcome.result);
    }
  }

  #end(how: 'commit' | 'rollback'): void {
    if (!this.#explicit) throw new SqlError('25P01', 'there is no transaction in progress');
    if (how === 'commit' && !this.#failed) {
      this.#commit({ tag: 'COMMIT', ...NO_ROWS });
      return;
    }
    this.#abort();
    this.#explicit = false;
    this.#failed = false;
    this.#answer({ tag: 'ROLLBACK', ...NO_ROWS });
  }

  #commit(result: StatementResult): void {
    this.#owner.commit(this.#transaction!, () => {
      this.#transaction = null;
      this.#explicit = false;
      this.#answer(result);
      this.#owner.changed();
    });
  }

  /** Undoes what the transaction did and lets go of its locks; the block may go on, failed. */
  #abort(): void {
    const transaction = this.#transaction;
    if (transaction === null) return;
    transaction.waitsFor = null;
    this.#owner.rollback(transaction);
    this.#transaction = null;
  }

  #answer(result: StatementResult): void {
    const { id } = this.#current!.query;
    if (this.#open) this.#connection.send({ kind: 'result', id, ...result });
    this.#done();
  }

  #refuse(error: unknown): void {
    if (!(error instanceof SqlError)) throw error;
    const { id } = this.#current!.query;
    this.#forgetTimers();
    this.#abort();
    this.#failed = this.#explicit;
    const { sqlState, message } = error;
    if (this.#open) this.#connection.send({ kind: 'error', id, sqlState, message });
    this.#done();
  }

  #done(): void {
    this.#current = null;
    if (!this.#open) return;
    const leaves = this.#failed ? 'failed transaction' : 'transaction';
    this.#machine.send({ type: 'DONE', leaves: this.#explicit ? leaves : 'nothing' });
    this.#next();
  }

  // --------------------------------------------------------------------------------------- locks

  /** A deadlock is looked for when the wait has lasted `deadlock_timeout`, as in PostgreSQL. */
  #wait(transaction: Transaction, owner: Transaction): void {
    transaction.waitsFor = owner;
    const { deadlockTimeoutMs, lockTimeoutMs } = this.#owner;
    this.#after(deadlockTimeoutMs, 'deadlock_timeout', () => {
      if (transaction.deadlocked) throw new SqlError('40P01', 'deadlock detected');
    });
    if (lockTimeoutMs === 0) return;
    this.#after(lockTimeoutMs, 'lock_timeout', () => {
      throw new SqlError('55P03', 'canceling statement due to lock timeout');
    });
  }

  #after(delayMs: number, label: string, check: () => void): void {
    const { clock } = this.#owner.ports;
    const fire = () => {
      this.#guarded(check);
    };
    this.#timers.push(clock.after(microsOfMillis(delayMs), label, fire));
  }

  #forgetTimers(): void {
    for (const timer of this.#timers) this.#owner.ports.clock.cancel(timer);
    this.#timers = [];
  }
}
