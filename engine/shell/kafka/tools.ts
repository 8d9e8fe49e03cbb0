/** The tools of Apache Kafka, in the order of their names. */
import type { Tool } from '../program.ts';

export const kafkaTools: readonly Tool[] = [];
