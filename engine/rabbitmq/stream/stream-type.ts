/** Streams as a type that a node can have. Source: `rabbit_stream_queue`. */
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { integerOf } from '../field-table.ts';
import type { QueueTypeModule } from '../queue/queue-types.ts';
import { placeReplicas } from '../queue/replica-placing.ts';
import { checkStreamDeclaration } from './stream-arguments.ts';
import { streamFolder } from './stream-member.ts';
import { StreamQueue } from './stream-queue.ts';

const STREAM_IDS = 0x7fffffff;

export const streams: QueueTypeModule = {
  type: 'stream',
  check: (resource, declaration, profile) => checkStreamDeclaration(resource, declaration, profile),
  /** Without x-initial-cluster-size every node has a copy. */
  place(declaration, at) {
    const size = integerOf(tableLookup(declaration.arguments, 'x-initial-cluster-size'));
    const place = placeReplicas(declaration, at, Number(size ?? at.links.members.length), 'stream');
    return { ...place, id: at.random.below(STREAM_IDS) };
  },
  open: (record, context) => new StreamQueue(record, context),
  /** A stream that was deleted while this node was down has left its copy here. */
  recovered(queues, { ports: { disk } }) {
    const known = new Set<string>();
    for (const { vhost, record } of queues) {
      if (record.type === 'stream') known.add(streamFolder(vhost, record));
    }
    const folders = disk.list('stream').map((path) => `stream/${path.replace(/\/[^/]*$/, '')}`);
    for (const folder of new Set(folders)) if (!known.has(folder)) disk.remove(folder);
  },
};
