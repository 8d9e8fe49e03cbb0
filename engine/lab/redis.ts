/**
 * The lab's handle on Redis: one alone, or a master with a replica and a Sentinel.
 *
 * Not here: the processes themselves (`services/redis/`).
 */
import { createRedis } from '../services/redis/redis.ts';
import type { Redis, RedisParts, RedisSettings } from '../services/redis/redis.ts';
import type { RedisAddress } from '../services/redis/redis-client.ts';
import { redisNarration } from '../services/redis/redis-trace.ts';
import { createSentinel } from '../services/redis/sentinel.ts';
import { micros } from '../kernel/units.ts';
import type { Lab } from './experiment.ts';

/** A Redis, or a master with a replica and a Sentinel. */
export class RedisHosts {
  readonly address: RedisAddress;
  readonly #lab: Lab;

  constructor(
    lab: Lab,
    options: {
      readonly replicated: boolean;
      readonly settings?: Partial<RedisSettings>;
      readonly parts?: RedisParts;
    },
  ) {
    this.#lab = lab;
    lab.narrateWith(redisNarration);
    lab.addHost('redis-1', createRedis(options.settings, options.parts));
    if (!options.replicated) {
      this.address = { master: 'redis-1' };
      return;
    }
    lab.addHost(
      'redis-2',
      createRedis({ ...options.settings, replicaof: 'redis-1' }, options.parts),
    );
    const watch = { instances: ['redis-1', 'redis-2'], downAfterMs: 5000 };
    lab.addHost('sentinel-1', createSentinel(watch));
    this.address = { sentinel: 'sentinel-1' };
  }

  /** A key of `redis-1` that has not expired: its value, and the seconds that it still lives. */
  entry(key: string): { readonly value: string; readonly ttlSeconds: number | null } | null {
    const redis = this.#lab.host('redis-1');
    const view = (redis.process as Redis | null)?.inspect();
    const found = view?.keys.find(([name]) => name === key)?.[1];
    if (found === undefined) return null;
    const { value, expiresAt } = found;
    const leftMs = expiresAt === null ? null : expiresAt - redis.wall.read(micros(this.#lab.now));
    if (leftMs !== null && leftMs <= 0) return null;
    return { value, ttlSeconds: leftMs === null ? null : Math.floor(leftMs / 1000) };
  }

  /** Executes commands on the master as its owner would on the spot. */
  prepare(commands: readonly (readonly string[])[]): void {
    this.#lab.command<Redis>('redis-1', 'prepare keys', (process) => {
      for (const words of commands) process.prepare(words);
    });
  }
}
