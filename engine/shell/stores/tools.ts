/** The tools of the stores around a broker: database and Redis, in the order of their names. */
import type { Tool } from '../program.ts';
import { redisCliTool } from './redis-cli.ts';
import { sqlTool } from './sql.ts';

export const storeTools: readonly Tool[] = [redisCliTool, sqlTool];
