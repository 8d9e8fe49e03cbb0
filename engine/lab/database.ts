/**
 * The lab's handle on the database: one on a host of its own, its tables, its rows.
 *
 * Not here: the process itself (`services/database/`).
 */
import { createDatabase } from '../services/database/database.ts';
import type { Database, DatabaseSettings } from '../services/database/database.ts';
import type { Row } from '../services/database/table.ts';
import { databaseNarration } from '../services/database/database-trace.ts';
import type { Lab } from './experiment.ts';

/** A database on a host of its own, with its tables. */
export class DatabaseHost {
  readonly name: string;
  readonly #lab: Lab;

  constructor(lab: Lab, name: string, settings: Partial<DatabaseSettings> = {}) {
    this.#lab = lab;
    this.name = name;
    lab.narrateWith(databaseNarration);
    lab.addHost(name, createDatabase(settings));
  }

  /** Executes statements as its owner would on the spot, one after the other. */
  prepare(statements: readonly string[]): void {
    this.#lab.command<Database>(this.name, 'prepare tables', (process) => {
      for (const sql of statements) process.prepare(sql);
    });
  }

  /** The committed rows of a table; none while it is down. */
  rows(table: string): readonly Row[] {
    return (this.#lab.host(this.name).process as Database | null)?.rowsOf(table) ?? [];
  }
}
