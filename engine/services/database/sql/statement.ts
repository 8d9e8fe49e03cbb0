/**
 * What the database understands, as data: the small part of SQL that the idempotency patterns are
 * written in. Names and meanings are PostgreSQL's.
 *
 * Not here: text (`parser.ts`), execution (`../executor.ts`).
 */

/** Whole numbers, text and NULL: enough for keys, amounts and versions. */
export type SqlValue = number | string | null;

export type Expression =
  | { readonly kind: 'literal'; readonly value: SqlValue }
  | { readonly kind: 'column'; readonly name: string }
  /** `$1` is place 0. */
  | { readonly kind: 'parameter'; readonly place: number }
  | {
      readonly kind: 'arithmetic';
      readonly operator: '+' | '-' | '*';
      readonly left: Expression;
      readonly right: Expression;
    };

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** One term of a WHERE; all of them hold together (AND). */
export type Term =
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'null'; readonly of: Expression; readonly not: boolean };

export interface ColumnDefinition {
  readonly name: string;
  readonly type: 'integer' | 'text';
  readonly notNull: boolean;
  readonly preset: SqlValue;
}

/** A unique index: no two rows have the same values in these columns; NULLs are all different. */
export interface UniqueDefinition {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface TableDefinition {
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  readonly unique: readonly UniqueDefinition[];
}

export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'columns'; readonly names: readonly string[] }
  | { readonly kind: 'count' }
  | { readonly kind: 'sum'; readonly column: string };

export type Statement =
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'create'; readonly table: TableDefinition }
  | {
      readonly kind: 'insert';
      readonly table: string;
      readonly columns: readonly string[];
      readonly values: readonly Expression[];
      /** ON CONFLICT DO NOTHING. */
      readonly skipConflicts: boolean;
    }
  | {
      readonly kind: 'update';
      readonly table: string;
      readonly set: readonly { readonly column: string; readonly to: Expression }[];
      readonly where: readonly Term[];
    }
  | { readonly kind: 'delete'; readonly table: string; readonly where: readonly Term[] }
  | {
      readonly kind: 'select';
      readonly table: string;
      readonly selection: Selection;
      readonly where: readonly Term[];
      readonly orderBy: string | null;
      readonly forUpdate: boolean;
    };
