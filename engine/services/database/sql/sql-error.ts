/**
 * An error that the database answers with: PostgreSQL's SQLSTATE, its condition name, and a
 * sentence. Source: PostgreSQL documentation, appendix A "PostgreSQL Error Codes".
 *
 * Not here: bugs of the engine (`kernel/assert.ts`).
 */

const CONDITIONS = {
  '22003': 'numeric_value_out_of_range',
  '22P02': 'invalid_text_representation',
  '23502': 'not_null_violation',
  '23505': 'unique_violation',
  '25001': 'active_sql_transaction',
  '25P01': 'no_active_sql_transaction',
  '25P02': 'in_failed_sql_transaction',
  '40P01': 'deadlock_detected',
  '42601': 'syntax_error',
  '42703': 'undefined_column',
  '42701': 'duplicate_column',
  '42804': 'datatype_mismatch',
  '42P01': 'undefined_table',
  '42P02': 'undefined_parameter',
  '42P07': 'duplicate_table',
  '53100': 'disk_full',
  '55P03': 'lock_not_available',
  '58030': 'io_error',
} as const;

export type SqlState = keyof typeof CONDITIONS;

export class SqlError extends Error {
  readonly sqlState: SqlState;

  constructor(sqlState: SqlState, message: string) {
    super(message);
    this.name = 'SqlError';
    this.sqlState = sqlState;
  }

  /** The condition's name, as in `unique_violation`. */
  get condition(): string {
    return conditionOf(this.sqlState);
  }
}

export function conditionOf(sqlState: SqlState): string {
  return CONDITIONS[sqlState];
}
