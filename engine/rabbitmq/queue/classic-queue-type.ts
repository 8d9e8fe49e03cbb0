/** Classic queues as a type that a node can have. Source: `rabbit_classic_queue`. */
import { RemoteQueue } from '../cluster/remote-queue.ts';
import { ClassicQueue } from './classic-queue.ts';
import { checkQueueArguments } from './queue-arguments.ts';
import type { QueueTypeModule } from './queue-types.ts';

export const classicQueues: QueueTypeModule = {
  type: 'classic',
  check: (resource, { arguments: args }) => checkQueueArguments(resource, args),
  open: (record, context) =>
    record.leader === context.links.self
      ? new ClassicQueue(record.declaration, context)
      : new RemoteQueue(record, context),
};
