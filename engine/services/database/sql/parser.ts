/**
 * From the text of a statement to the statement: recursive descent, one statement a text.
 *
 * What PostgreSQL has and this has not (OR, joins, subqueries, GROUP BY, ...) is a syntax error
 * that names the word. Not here: cutting into tokens (`tokens.ts`), what a statement does.
 */
import { SqlError } from './sql-error.ts';
import { tokensOf } from './tokens.ts';
import type { Token } from './tokens.ts';
import type {
  ColumnDefinition,
  Comparison,
  Expression,
  Selection,
  SqlValue,
  Statement,
  TableDefinition,
  Term,
  UniqueDefinition,
} from './statement.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

/** Parses one statement. Throws a `SqlError` 42601 that says where. */
export function parseStatement(sql: string): Statement {
  const parser = new Parser(tokensOf(sql));
  const statement = parser.statement();
  parser.end();
  return statement;
}

class Parser {
  readonly #tokens: readonly Token[];
  #place = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  statement(): Statement {
    const word = this.#name();
    switch (word) {
      case 'begin':
      case 'start':
        if (word === 'start') this.#word('transaction');
        return { kind: 'begin' };
      case 'commit':
        return { kind: 'commit' };
      case 'rollback':
        return { kind: 'rollback' };
      case 'create':
        return { kind: 'create', table: this.#table() };
      case 'insert':
        return this.#insert();
      case 'update':
        return this.#update();
      case 'delete':
        this.#word('from');
        return { kind: 'delete', table: this.#name(), where: this.#where() };
      case 'select':
        return this.#select();
      default:
        throw this.#unexpected(-1);
    }
  }

  end(): void {
    this.#symbolIf(';');
    if (this.#next.kind !== 'end') throw this.#unexpected();
  }

  // --------------------------------------------------------------------------------- statements

  #insert(): Statement {
    this.#word('into');
    const table = this.#name();
    const columns = this.#list(() => this.#name());
    this.#word('values');
    const values = this.#list(() => this.#expression());
    if (columns.length !== values.length) {
      throw new SqlError('42601', `INSERT has ${columns.length} columns, ${values.length} values`);
    }
    const skipConflicts = this.#wordIf('on');
    if (skipConflicts) for (const word of ['conflict', 'do', 'nothing']) this.#word(word);
    return { kind: 'insert', table, columns, values, skipConflicts };
  }

  #update(): Statement {
    const table = this.#name();
    this.#word('set');
    const set = [this.#assignment()];
    while (this.#symbolIf(',')) set.push(this.#assignment());
    return { kind: 'update', table, set, where: this.#where() };
  }

  #assignment() {
    const column = this.#name();
    this.#symbol('=');
    return { column, to: this.#expression() };
  }

  #select(): Statement {
    const selection = this.#selection();
    this.#word('from');
    const table = this.#name();
    const where = this.#where();
    let orderBy: string | null = null;
    if (this.#wordIf('order')) {
      this.#word('by');
      orderBy = this.#name();
    }
    const forUpdate = this.#wordIf('for');
    if (forUpdate) this.#word('update');
    return { kind: 'select', table, selection, where, orderBy, forUpdate };
  }

  #selection(): Selection {
    if (this.#symbolIf('*')) return { kind: 'all' };
    const names = [this.#name()];
    if ((names[0] === 'count' || names[0] === 'sum') && this.#symbolIf('(')) {
      const counts = names[0] === 'count';
      const column = counts ? '' : this.#name();
      if (counts) this.#symbol('*');
      this.#symbol(')');
      return counts ? { kind: 'count' } : { kind: 'sum', column };
    }
    while (this.#symbolIf(',')) names.push(this.#name());
    return { kind: 'columns', names };
  }

  #table(): TableDefinition {
    this.#word('table');
    const name = this.#name();
    const columns: ColumnDefinition[] = [];
    const unique: UniqueDefinition[] = [];
    this.#list(() => {
      const primary = this.#wordIf('primary');
      if (primary) this.#word('key');
      if (primary || this.#wordIf('unique')) {
        const keys = this.#list(() => this.#name());
        unique.push(uniqueOf(name, keys, primary));
      } else {
        this.#column(name, columns, unique);
      }
    });
    return { name, columns, unique };
  }

  #column(table: string, columns: ColumnDefinition[], unique: UniqueDefinition[]): void {
    const name = this.#name();
    const type = this.#name();
    const known = type === 'int' || type === 'bigint' ? 'integer' : type;
    if (known !== 'integer' && known !== 'text') {
      throw new SqlError('42601', `type "${type}" is not one of integer, bigint, text`);
    }
    let notNull = false;
    let preset: SqlValue = null;
    for (;;) {
      if (this.#wordIf('primary')) {
        this.#word('key');
        unique.push(uniqueOf(table, [name], true));
        notNull = true;
      } else if (this.#wordIf('unique')) {
        unique.push(uniqueOf(table, [name], false));
      } else if (this.#wordIf('not')) {
        this.#word('null');
        notNull = true;
      } else if (this.#wordIf('default')) {
        preset = this.#literal();
      } else break;
    }
    columns.push({ name, type: known, notNull, preset });
  }

  // -------------------------------------------------------------------------------- expressions

  #where(): Term[] {
    if (!this.#wordIf('where')) return [];
    const terms = [this.#term()];
    while (this.#wordIf('and')) terms.push(this.#term());
    return terms;
  }

  #term(): Term {
    const left = this.#expression();
    if (this.#wordIf('is')) {
      const not = this.#wordIf('not');
      this.#word('null');
      return { kind: 'null', of: left, not };
    }
    const operator = this.#next.text;
    if (this.#next.kind !== 'symbol' || !COMPARISONS.has(operator)) throw this.#unexpected();
    this.#place++;
    const right = this.#expression();
    return { kind: 'compare', operator: operator as Comparison, left, right };
  }

  #expression(): Expression {
    let left = this.#factor();
    for (;;) {
      const operator = (['+', '-'] as const).find((one) => this.#symbolIf(one));
      if (operator === undefined) return left;
      left = { kind: 'arithmetic', operator, left, right: this.#factor() };
    }
  }

  #factor(): Expression {
    let left = this.#primary();
    while (this.#symbolIf('*')) {
      left = { kind: 'arithmetic', operator: '*', left, right: this.#primary() };
    }
    return left;
  }

  #primary(): Expression {
    const { kind, text } = this.#next;
    if (kind === 'parameter') {
      this.#place++;
      return { kind: 'parameter', place: Number(text) - 1 };
    }
    if (kind === 'word' && text !== 'null') return { kind: 'column', name: this.#name() };
    if (this.#symbolIf('(')) {
      const inner = this.#expression();
      this.#symbol(')');
      return inner;
    }
    return { kind: 'literal', value: this.#literal() };
  }

  #literal(): SqlValue {
    const minus = this.#symbolIf('-');
    const { kind, text } = this.#next;
    if (minus && kind !== 'number') throw this.#unexpected();
    this.#place++;
    if (kind === 'number') return wholeNumber(`${minus ? '-' : ''}${text}`);
    if (kind === 'text') return text;
    if (kind === 'word' && text === 'null') return null;
    throw this.#unexpected(-1);
  }

  // ------------------------------------------------------------------------------------- tokens

  get #next(): Token {
    return this.#tokens[this.#place]!;
  }

  #list<T>(item: () => T): T[] {
    this.#symbol('(');
    const items = [item()];
    while (this.#symbolIf(',')) items.push(item());
    this.#symbol(')');
    return items;
  }

  #name(): string {
    const { kind, text } = this.#next;
    if (kind !== 'word') throw this.#unexpected();
    this.#place++;
    return text;
  }

  #word(word: string): void {
    if (!this.#wordIf(word)) throw this.#unexpected();
  }

  #wordIf(word: string): boolean {
    return this.#take('word', word);
  }

  #symbol(symbol: string): void {
    if (!this.#symbolIf(symbol)) throw this.#unexpected();
  }

  #symbolIf(symbol: string): boolean {
    return this.#take('symbol', symbol);
  }

  #take(kind: Token['kind'], text: string): boolean {
    const found = this.#next.kind === kind && this.#next.text === text;
    if (found) this.#place++;
    return found;
  }

  #unexpected(behind = 0): SqlError {
    const token = this.#tokens[this.#place + behind]!;
    const where = token.kind === 'end' ? 'at end of input' : `at or near "${token.text}"`;
    return new SqlError('42601', `syntax error ${where}`);
  }
}

/** Named as PostgreSQL names an index that nobody named. */
function uniqueOf(table: string, columns: readonly string[], primary: boolean): UniqueDefinition {
  const name = primary ? `${table}_pkey` : `${table}_${columns.join('_')}_key`;
  return { name, columns };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new SqlError('22003', `value ${text} is out of range for type integer`);
}
