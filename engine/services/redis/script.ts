/**
 * The part of Lua that locks and de-duplication scripts are written in, for EVAL: `if`, `local`,
 * `return`, comparison, `redis.call`, `KEYS[n]`, `ARGV[n]`, `tonumber`, numbers, text, `nil`,
 * `false`, `true`, `and`-less conditions.
 *
 * A script runs to its end without another command in between: that is why it is atomic. What is
 * outside this part is an error that names the word. Not here: loops, functions, tables.
 * Source: redis.io, "Scripting with Lua"; conversions of replies as documented there.
 */
import { bulk, failure, integer, NIL } from './resp.ts';
import type { RespValue } from './resp.ts';

type LuaValue = string | number | boolean | null;

export interface ScriptContext {
  readonly keys: readonly string[];
  readonly argv: readonly string[];
  /** Executes a command. An error reply ends the script. */
  readonly call: (words: readonly string[]) => RespValue;
}

/** A script that cannot be parsed or executed; its message is the reply. */
export class ScriptError extends Error {}

const TOKEN = new RegExp(
  String.raw`\s*(?:(--[^\n]*)|([A-Za-z_][A-Za-z_0-9.]*)|'([^']*)'|"([^"]*)"|(\d+)` +
    String.raw`|(==|~=|<=|>=|\.\.|[-+<>=(),[\]]))`,
  'y',
);

/** Words of Lua that can begin no expression here. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['and', 'break', 'do', 'else', 'elseif', 'end', 'for', 'function', 'goto', 'if', 'in'],
  ...['local', 'not', 'or', 'repeat', 'return', 'then', 'until', 'while'],
]);

/** Runs a script. The reply, or a `ScriptError`. */
export function runScript(script: string, context: ScriptContext): RespValue {
  const runner = new ScriptRunner(tokensOf(script), context);
  return replyOf(runner.run());
}

function tokensOf(script: string): string[] {
  const tokens: string[] = [];
  const text = script.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw unexpected(text.slice(at).trim().slice(0, 12));
    const [, comment, word, single, double, number, symbol] = match;
    if (comment !== undefined) continue;
    const quoted = single ?? double;
    tokens.push(quoted !== undefined ? `'${quoted}` : (word ?? number ?? symbol)!);
  }
  return tokens;
}

const unexpected = (token: string | undefined) =>
  new ScriptError(`ERR Error compiling script: unexpected symbol near '${token ?? '<eof>'}'`);

/** Parses and executes in one walk; a branch that is not taken is parsed with `live` off. */
class ScriptRunner {
  readonly #tokens: readonly string[];
  readonly #context: ScriptContext;
  readonly #locals = new Map<string, LuaValue>();
  #place = 0;
  #returned: LuaValue | undefined;

  constructor(tokens: readonly string[], context: ScriptContext) {
    this.#tokens = tokens;
    this.#context = context;
  }

  run(): LuaValue {
    this.#block(true);
    if (this.#place < this.#tokens.length) throw unexpected(this.#peek);
    return this.#returned ?? null;
  }

  get #peek(): string | undefined {
    return this.#tokens[this.#place];
  }

  #take(token: string): boolean {
    if (this.#peek !== token) return false;
    this.#place++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw unexpected(this.#peek);
  }

  #block(live: boolean): void {
    for (;;) {
      const token = this.#peek;
      if (token === undefined || token === 'end' || token === 'else') return;
      this.#statement(live && this.#returned === undefined);
    }
  }

  #statement(live: boolean): void {
    if (this.#take('return')) {
      const value = this.#expression(live);
      if (live) this.#returned = value;
    } else if (this.#take('if')) {
      const holds = this.#condition(live);
      this.#expect('then');
      this.#block(live && holds);
      if (this.#take('else')) this.#block(live && !holds);
      this.#expect('end');
    } else if (this.#take('local')) {
      const name = this.#tokens[this.#place++]!;
      this.#expect('=');
      const value = this.#expression(live);
      if (live) this.#locals.set(name, value);
    } else {
      this.#expression(live);
    }
  }

  #condition(live: boolean): boolean {
    if (this.#take('not')) return !this.#condition(live);
    const left = this.#expression(live);
    const operator = this.#peek;
    if (operator === undefined || !['==', '~=', '<', '<=', '>', '>='].includes(operator)) {
      return left !== null && left !== false;
    }
    this.#place++;
    const right = this.#expression(live);
    if (!live) return false;
    if (operator === '==') return left === right;
    if (operator === '~=') return left !== right;
    if (typeof left !== 'number' || typeof right !== 'number') {
      throw new ScriptError('ERR attempt to compare values that are not numbers');
    }
    if (operator === '<') return left < right;
    if (operator === '<=') return left <= right;
    return operator === '>' ? left > right : left >= right;
  }

  #expression(live: boolean): LuaValue {
    let left = this.#primary(live);
    for (;;) {
      const operator = ['+', '-', '..'].find((one) => this.#take(one));
      if (operator === undefined) return left;
      const right = this.#primary(live);
      if (!live) continue;
      if (operator === '..') left = `${String(left)}${String(right)}`;
      else left = arithmetic(operator, left, right);
    }
  }

  #primary(live: boolean): LuaValue {
    const token = this.#tokens[this.#place++];
    if (token === undefined) throw unexpected(token);
    if (token.startsWith("'")) return token.slice(1);
    if (/^\d+$/.test(token)) return Number(token);
    if (token === '(') return this.#inParentheses(live);
    if (token === 'nil' || token === 'false' || token === 'true') {
      return token === 'nil' ? null : token === 'true';
    }
    if (token === 'redis.call') return this.#call(live);
    if (token === 'tonumber') return this.#toNumber(live);
    if (token === 'KEYS' || token === 'ARGV') return this.#argument(token, live);
    if (!/^[A-Za-z_]\w*$/.test(token) || RESERVED.has(token)) throw unexpected(token);
    if (live && !this.#locals.has(token)) {
      throw new ScriptError(
        `ERR Script attempted to access nonexistent global variable '${token}'`,
      );
    }
    return this.#locals.get(token) ?? null;
  }

  #inParentheses(live: boolean): LuaValue {
    const value = this.#expression(live);
    this.#expect(')');
    return value;
  }

  #call(live: boolean): LuaValue {
    this.#expect('(');
    const words = [this.#expression(live)];
    while (this.#take(',')) words.push(this.#expression(live));
    this.#expect(')');
    if (!live) return null;
    const reply = this.#context.call(words.map(String));
    if (reply.type === 'error') throw new ScriptError(reply.text);
    return luaOf(reply);
  }

  #toNumber(live: boolean): LuaValue {
    this.#expect('(');
    const value = this.#expression(live);
    this.#expect(')');
    return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  }

  #argument(token: 'KEYS' | 'ARGV', live: boolean): LuaValue {
    this.#expect('[');
    const place = this.#expression(live);
    this.#expect(']');
    const list = token === 'KEYS' ? this.#context.keys : this.#context.argv;
    return live ? (list[Number(place) - 1] ?? null) : null;
  }
}

function arithmetic(operator: string, left: LuaValue, right: LuaValue): number {
  const [one, two] = [Number(left), Number(right)];
  if (left === null || right === null || !Number.isSafeInteger(one + two)) {
    throw new ScriptError('ERR attempt to perform arithmetic on a value that is not a number');
  }
  return operator === '+' ? one + two : one - two;
}

/** A nil reply is false in Lua, a status its text. */
function luaOf(reply: RespValue): LuaValue {
  if (reply.type === 'integer') return reply.value;
  if (reply.type === 'bulk') return reply.text ?? false;
  return reply.type === 'simple' ? reply.text : null;
}

/** True is 1, false and nil are nil. */
function replyOf(value: LuaValue): RespValue {
  if (value === true) return integer(1);
  if (value === null || value === false) return NIL;
  return typeof value === 'number' ? integer(value) : bulk(value);
}

/** The reply for a script that failed. */
export function scriptFailure(error: ScriptError): RespValue {
  return failure(error.message);
}
