/** The programs of RabbitMQ's tools. Not here: what is known of each before (`tool-entries.ts`). */
import type { ToolProgram } from '../program.ts';
import { perfTest } from './perf-test.ts';
import { rabbitmqDiagnostics } from './rabbitmq-diagnostics.ts';
import { rabbitmqQueues } from './rabbitmq-queues.ts';
import { rabbitmqadmin } from './rabbitmqadmin.ts';
import { rabbitmqctl } from './rabbitmqctl.ts';
import type { RabbitToolName } from './tool-entries.ts';

export const rabbitPrograms: Readonly<Record<RabbitToolName, ToolProgram>> = {
  'perf-test': perfTest,
  'rabbitmq-diagnostics': rabbitmqDiagnostics,
  'rabbitmq-queues': rabbitmqQueues,
  rabbitmqadmin,
  rabbitmqctl,
};
