/** The tools of RabbitMQ, in the order of their names. */
import type { Tool } from '../program.ts';
import { perfTest } from './perf-test.ts';
import { rabbitmqDiagnostics } from './rabbitmq-diagnostics.ts';
import { rabbitmqQueues } from './rabbitmq-queues.ts';
import { rabbitmqadmin } from './rabbitmqadmin.ts';
import { rabbitmqctl } from './rabbitmqctl.ts';

export const rabbitTools: readonly Tool[] = [
  ...[perfTest, rabbitmqDiagnostics, rabbitmqQueues, rabbitmqadmin, rabbitmqctl],
];
