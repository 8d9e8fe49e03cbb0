/**
 * Values of expressions and truth of conditions, for one row.
 *
 * NULL as in SQL: a comparison with NULL is not true, arithmetic with NULL is NULL. Comparing text
 * with a number is a 42804, since nobody means it. Not here: which rows are looked at.
 */
import { SqlError } from './sql-error.ts';
import type { Comparison, Expression, SqlValue, Term } from './statement.ts';

/** Where an expression finds its values. */
export interface Scope {
  /** The value of a column; throws a 42703 where there is none. */
  column(name: string): SqlValue;
  readonly parameters: readonly SqlValue[];
}

export function valueOf(expression: Expression, scope: Scope): SqlValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'column':
      return scope.column(expression.name);
    case 'parameter': {
      const value = scope.parameters[expression.place];
      if (value !== undefined) return value;
      throw new SqlError('42P02', `there is no parameter $${expression.place + 1}`);
    }
    case 'arithmetic': {
      const left = numberOf(valueOf(expression.left, scope));
      const right = numberOf(valueOf(expression.right, scope));
      return left === null || right === null ? null : combined(expression.operator, left, right);
    }
  }
}

/** Whether all terms are true of the row. */
export function holds(where: readonly Term[], scope: Scope): boolean {
  return where.every((term) => {
    if (term.kind === 'null') return (valueOf(term.of, scope) === null) !== term.not;
    return compares(term.operator, valueOf(term.left, scope), valueOf(term.right, scope));
  });
}

/** Orders values of one column: NULL last, as PostgreSQL does. */
export function ordered(left: SqlValue, right: SqlValue): number {
  if (left === right) return 0;
  if (left === null) return 1;
  if (right === null) return -1;
  return left < right ? -1 : 1;
}

function compares(operator: Comparison, left: SqlValue, right: SqlValue): boolean {
  if (left === null || right === null) return false;
  if (typeof left !== typeof right) {
    throw new SqlError(
      '42804',
      `operator does not exist: ${typeName(left)} ${operator} ${typeName(right)}`,
    );
  }
  const order = ordered(left, right);
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function combined(operator: '+' | '-' | '*', left: number, right: number): number {
  const value = operator === '+' ? left + right : operator === '-' ? left - right : left * right;
  if (Number.isSafeInteger(value)) return value;
  throw new SqlError('22003', 'integer out of range');
}

function numberOf(value: SqlValue): number | null {
  if (typeof value !== 'string') return value;
  throw new SqlError('22P02', `invalid input syntax for type integer: "${value}"`);
}

function typeName(value: number | string): string {
  return typeof value === 'number' ? 'integer' : 'text';
}
