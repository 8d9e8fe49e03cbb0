/**
 * A Redis with all commands that the engine has, for drills and playgrounds. A lesson takes those
 * that its handlers use (`redis.ts`).
 */
import type { RedisParts } from '../services/redis/redis.ts';
import { scripting } from '../services/redis/eval.ts';
import { moreCommands } from '../services/redis/more-commands.ts';

export const wholeRedis: RedisParts = { commands: { ...moreCommands, ...scripting } };
