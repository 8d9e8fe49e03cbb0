/** The tools of the stores around a broker: database and Redis, in the order of their names. */
import type { Tool } from '../program.ts';

export const storeTools: readonly Tool[] = [];
