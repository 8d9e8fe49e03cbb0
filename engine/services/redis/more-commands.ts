/**
 * Commands that change or tell a key's time to live, and those that count. They are handed in, for
 * a page whose Redis is asked for none of them does not carry them.
 *
 * Not here: the expiry of SET (`commands.ts`). Difference: a real server always has them.
 * Source: redis.io command reference; `expire.c`, `t_string.c`.
 */
import { type CommandContext, NOT_INTEGER, type RedisCommands, wholeNumber } from './commands.ts';
import { failure, integer } from './resp.ts';
import type { RespValue } from './resp.ts';

export const moreCommands: RedisCommands = {
  EXPIRE: { arity: 3, writes: true, run: (words, context) => expire(words, context, 1000) },
  PEXPIRE: { arity: 3, writes: true, run: (words, context) => expire(words, context, 1) },
  PEXPIREAT: { arity: 3, writes: true, run: expireAt },
  PERSIST: { arity: 2, writes: true, run: persist },
  TTL: {
    arity: 2,
    writes: false,
    run: ([, key], context) => timeToLive(key!, context, 1000),
  },
  PTTL: { arity: 2, writes: false, run: ([, key], context) => timeToLive(key!, context, 1) },
  INCR: { arity: 2, writes: true, run: ([, key], context) => increase(key!, 1, context) },
  DECR: { arity: 2, writes: true, run: ([, key], context) => increase(key!, -1, context) },
  INCRBY: {
    arity: 3,
    writes: true,
    run: ([, key, by], context) => {
      const amount = wholeNumber(by!);
      return amount === null ? NOT_INTEGER : increase(key!, amount, context);
    },
  },
};

function expire(
  [name, key, amount]: readonly string[],
  context: CommandContext,
  unitMs: number,
): RespValue {
  const units = wholeNumber(amount!);
  if (units === null) return NOT_INTEGER;
  const at = context.wall + units * unitMs;
  if (Number.isSafeInteger(at)) return expireAt(['PEXPIREAT', key!, String(at)], context);
  return failure(`ERR invalid expire time in '${name!.toLowerCase()}' command`);
}

function expireAt([, key, at]: readonly string[], context: CommandContext): RespValue {
  const { keys, propagate, wall } = context;
  const expiresAt = wholeNumber(at!);
  if (expiresAt === null) return NOT_INTEGER;
  const entry = keys.get(key!);
  if (entry === null) return integer(0);
  if (expiresAt <= wall) {
    keys.delete(key!);
    propagate(['DEL', key!]);
  } else {
    keys.set(key!, { value: entry.value, expiresAt });
    propagate(['PEXPIREAT', key!, String(expiresAt)]);
  }
  return integer(1);
}

function persist([, key]: readonly string[], { keys, propagate }: CommandContext): RespValue {
  const entry = keys.get(key!);
  if (entry === null || entry.expiresAt === null) return integer(0);
  keys.set(key!, { value: entry.value, expiresAt: null });
  propagate(['PERSIST', key!]);
  return integer(1);
}

/** -2: no such key; -1: no expiry. TTL rounds to the nearest second. */
function timeToLive(key: string, { keys, wall }: CommandContext, unitMs: number): RespValue {
  const entry = keys.get(key);
  if (entry === null) return integer(-2);
  if (entry.expiresAt === null) return integer(-1);
  const left = entry.expiresAt - wall;
  return integer(unitMs === 1 ? left : Math.floor((left + 500) / unitMs));
}

function increase(key: string, by: number, { keys, propagate }: CommandContext): RespValue {
  const entry = keys.get(key);
  const before = wholeNumber(entry?.value ?? '0');
  if (before === null) return NOT_INTEGER;
  const value = before + by;
  if (!Number.isSafeInteger(value)) {
    return failure('ERR increment or decrement would overflow');
  }
  keys.set(key, { value: String(value), expiresAt: entry?.expiresAt ?? null });
  propagate(['INCRBY', key, String(by)]);
  return integer(value);
}
