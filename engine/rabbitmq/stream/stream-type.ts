/** Streams as a type that a node can have. Source: `rabbit_stream_queue`. */
import type { QueueTypeModule } from '../queue/queue-types.ts';
import { checkStreamDeclaration } from './stream-arguments.ts';
import { StreamQueue } from './stream-queue.ts';

export const streams: QueueTypeModule = {
  type: 'stream',
  check: (resource, declaration) => checkStreamDeclaration(resource, declaration),
  open: (record, context) => new StreamQueue(record, context),
};
