/**
 * Redis's commands on keys: arguments, effects, replies and error texts as the real server has
 * them, and what each write becomes for the replicas and the append-only file.
 *
 * A relative expiry is propagated as an absolute one, an increment as itself, a script as the
 * writes that it made. Not here: commands about replication (`redis.ts`), EXPIRE, INCR and those
 * like them (`more-commands.ts`), EVAL (`eval.ts`).
 * Source: redis.io command reference; `expire.c`, `t_string.c`.
 */
import type { Keyspace } from './keyspace.ts';
import { bulk, failure, integer, NIL, OK } from './resp.ts';
import type { RespValue } from './resp.ts';

/** What a command works on. */
export interface CommandContext {
  readonly keys: Keyspace;
  /** Milliseconds since 1970. */
  readonly wall: number;
  /** Tells replicas and the append-only file of a write. */
  readonly propagate: (words: readonly string[]) => void;
  /** What this server knows besides (`eval.ts`). */
  readonly more: RedisCommands;
}

interface RedisCommand {
  /** Words, the name included: exactly so many, or at least, where it is negative. */
  readonly arity: number;
  readonly writes: boolean;
  readonly run: (words: readonly string[], context: CommandContext) => RespValue;
}

/** By their names, in capitals. */
export type RedisCommands = Readonly<Record<string, RedisCommand>>;

export const NOT_INTEGER = failure('ERR value is not an integer or out of range');
const SYNTAX = failure('ERR syntax error');

const everyCommand: RedisCommands = {
  PING: {
    arity: -1,
    writes: false,
    run: ([, text]) => (text === undefined ? { type: 'simple', text: 'PONG' } : bulk(text)),
  },
  GET: {
    arity: 2,
    writes: false,
    run: ([, key], { keys }) => {
      const entry = keys.get(key!);
      return entry === null ? NIL : bulk(entry.value);
    },
  },
  SET: { arity: -3, writes: true, run: set },
  DEL: { arity: -2, writes: true, run: del },
  EXISTS: {
    arity: -2,
    writes: false,
    run: ([, ...names], { keys }) =>
      integer(names.filter((name) => keys.get(name) !== null).length),
  },
  DBSIZE: { arity: 1, writes: false, run: (_, { keys }) => integer(keys.all.length) },
  FLUSHALL: {
    arity: -1,
    writes: true,
    run: (_, { keys, propagate }) => {
      keys.clear();
      propagate(['FLUSHALL']);
      return OK;
    },
  },
};

/** The command's name as this server knows it, whatever its case; null where it knows none. */
export function commandNamed(name: string, more: RedisCommands): RedisCommand | null {
  const known = name.toUpperCase();
  return everyCommand[known] ?? more[known] ?? null;
}

/** Executes a command on the keys. Never throws: what is wrong is an error reply. */
export function runCommand(words: readonly string[], context: CommandContext): RespValue {
  const [name, ...rest] = words;
  const command = commandNamed(name!, context.more);
  if (command === null) {
    const given = rest.map((word) => `'${word}' `).join('');
    return failure(`ERR unknown command '${name}', with args beginning with: ${given}`);
  }
  const { arity } = command;
  if (arity > 0 ? words.length !== arity : words.length < -arity) {
    const called = name!.toLowerCase();
    return failure(`ERR wrong number of arguments for '${called}' command`);
  }
  return command.run(words, context);
}

interface SetOptions {
  condition: 'NX' | 'XX' | null;
  expiresAt: number | null;
  keepsTtl: boolean;
  gives: boolean;
}

function set(words: readonly string[], context: CommandContext): RespValue {
  const [, key, value, ...rest] = words;
  const { keys, propagate } = context;
  const options = setOptions(rest, context.wall);
  if ('type' in options) return options;
  const old = keys.get(key!);
  const given = old === null ? NIL : bulk(old.value);
  const refused = options.condition === 'NX' ? old !== null : options.condition === 'XX' && !old;
  if (refused) return options.gives ? given : NIL;
  const expiresAt = options.keepsTtl ? (old?.expiresAt ?? null) : options.expiresAt;
  keys.set(key!, { value: value!, expiresAt });
  const expiry = expiresAt === null ? [] : ['PXAT', String(expiresAt)];
  propagate(['SET', key!, value!, ...expiry]);
  return options.gives ? given : OK;
}

function setOptions(words: readonly string[], wall: number): SetOptions | RespValue {
  const options: SetOptions = { condition: null, expiresAt: null, keepsTtl: false, gives: false };
  for (let place = 0; place < words.length; place++) {
    const word = words[place]!.toUpperCase();
    if (word === 'NX' || word === 'XX') {
      if (options.condition !== null) return SYNTAX;
      options.condition = word;
    } else if (word === 'GET') options.gives = true;
    else if (word === 'KEEPTTL') options.keepsTtl = true;
    else if (['EX', 'PX', 'EXAT', 'PXAT'].includes(word)) {
      const amount = wholeNumber(words[++place] ?? 'x');
      if (amount === null) return NOT_INTEGER;
      if (amount <= 0) return failure("ERR invalid expire time in 'set' command");
      const millis = word.startsWith('EX') ? amount * 1000 : amount;
      options.expiresAt = word.endsWith('AT') ? millis : wall + millis;
    } else return SYNTAX;
  }
  return options.keepsTtl && options.expiresAt !== null ? SYNTAX : options;
}

function del([, ...names]: readonly string[], { keys, propagate }: CommandContext): RespValue {
  const there = names.filter((name) => keys.delete(name));
  if (there.length > 0) propagate(['DEL', ...there]);
  return integer(there.length);
}

/** A whole number that is exact, else null. */
export function wholeNumber(text: string): number | null {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : null;
}
