/**
 * What a client and the database say to each other: a statement with its parameters, and a result
 * or an error. One query of a connection at a time is executed; more wait in order.
 *
 * It is not PostgreSQL's protocol: no lesson is about that. Errors are PostgreSQL's.
 */
import { jsonProtocol } from '../json-protocol.ts';
import type { SqlState } from './sql/sql-error.ts';
import type { SqlValue } from './sql/statement.ts';

export interface Query {
  readonly kind: 'query';
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export interface QueryResult {
  readonly kind: 'result';
  readonly id: number;
  /** As in `UPDATE 1`. */
  readonly tag: string;
  readonly count: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface QueryError {
  readonly kind: 'error';
  readonly id: number;
  readonly sqlState: SqlState;
  readonly message: string;
}

export type DatabaseMessage = Query | QueryResult | QueryError;

export const DATABASE_PORT = 5432;

export const databaseProtocol = jsonProtocol<DatabaseMessage>('database', (message) => {
  if (message.kind === 'query') return message.sql;
  return message.kind === 'result' ? message.tag : `ERROR ${message.sqlState}`;
});
