/** The tools of RabbitMQ, in the order of their names. */
import type { Tool } from '../program.ts';

export const rabbitTools: readonly Tool[] = [];
