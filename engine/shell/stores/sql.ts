/**
 * `sql`: statements for the lab's database, one in the words of its line or one a line that is
 * typed; rows and errors as PostgreSQL's `psql` prints them, for the database's errors are its.
 *
 *     $ sql "select id, paid from orders where id = 1"
 *
 * It is a tool of ours: `psql` has many more commands. Not here: what statements there are
 * (`services/database/sql/`). Source: psql 16, aligned output; PostgreSQL 16, Appendix A.
 */
import { assert } from '../../kernel/assert.ts';
import { DatabaseClient, type QueryAnswer } from '../../services/database/database-client.ts';
import type { SqlValue } from '../../services/database/sql/statement.ts';
import type { Call, Program, Tool } from '../program.ts';

export const sqlTool: Tool = {
  name: 'sql',
  about: {
    en: 'executes statements on the database: select, insert, update, delete',
    zh: '在数据库中执行语句：select、insert、update、delete',
  },
  options: () => [],
  examples: ['sql "select * from orders"', 'sql "delete from orders where id = 1"'],
  start,
};

function start(call: Call): Program {
  const database = call.world.handles.database;
  if (database === undefined) {
    call.err('sql: there is no database in this world');
    call.exit(2);
    return {};
  }
  const client = new DatabaseClient(call.ports.network, database.name);
  if (call.words.length === 0) return session(call, client);
  client.query(call.words.join(' '), [], (answer) => {
    call.exit(tell(call, answer) ? 0 : 1);
  });
  return {};
}

/** A statement a line, within one connection, so that BEGIN and COMMIT mean something. */
function session(call: Call, client: DatabaseClient): Program {
  let waiting = 0;
  let isOver = false;
  const done = (): void => {
    if (isOver && waiting === 0) call.exit(0);
  };
  return {
    prompt: 'sql> ',
    get isWaiting() {
      return waiting === 0;
    },
    line: (text) => {
      const statement = text.trim().replace(/;$/, '');
      if (statement === '') return;
      if (/^(?:\\q|quit|exit)$/i.test(statement)) {
        isOver = true;
        done();
        return;
      }
      waiting++;
      client.query(statement, [], (answer) => {
        waiting--;
        tell(call, answer);
        done();
      });
    },
    end: () => {
      isOver = true;
      done();
    },
  };
}

/** Prints an answer; whether it was a result. */
function tell(call: Call, answer: QueryAnswer): boolean {
  if (answer.kind === 'lost') {
    call.err('server closed the connection unexpectedly');
    return false;
  }
  if (answer.kind === 'error') {
    call.err(`ERROR:  ${answer.message}`);
    return false;
  }
  const { columns, rows, tag } = answer;
  if (columns.length === 0) {
    call.out(tag);
    return true;
  }
  for (const line of aligned(
    columns,
    rows.map((row) => row.map(textOf)),
  ))
    call.out(line);
  call.out(`(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`);
  return true;
}

function textOf(value: SqlValue): string {
  return value === null ? '' : String(value);
}

/** Titles in the middle, values to the left, numbers to the right. */
function aligned(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, place) =>
    Math.max(column.length, ...rows.map((row) => row[place]?.length ?? 0)),
  );
  const head = columns.map((column, place) => {
    const room = widths[place]! - column.length;
    assert(room >= 0, 'a column is as wide as its title', { column });
    const before = Math.floor(room / 2);
    return ` ${' '.repeat(before)}${column}${' '.repeat(room - before)} `;
  });
  const body = rows.map((row) =>
    row
      .map((cell, place) => {
        const isNumber = /^-?\d+(?:\.\d+)?$/.test(cell);
        const width = widths[place]!;
        return ` ${isNumber ? cell.padStart(width) : cell.padEnd(width)} `;
      })
      .join('|')
      .trimEnd(),
  );
  return [head.join('|'), widths.map((width) => '-'.repeat(width + 2)).join('+'), ...body];
}
