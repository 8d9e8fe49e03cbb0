/** Quorum queues as a type that a node can have. Source: `rabbit_quorum_queue`. */
import { placeReplicas } from '../queue/replica-placing.ts';
import type { QueueTypeModule } from '../queue/queue-types.ts';
import { checkQuorumDeclaration, groupSizeOf } from './quorum-arguments.ts';
import { clusterName, QuorumQueue } from './quorum-queue.ts';
import { QuorumSystem } from './quorum-system.ts';

const QUEUE_IDS = 0x7fffffff;

export const quorumQueues: QueueTypeModule = {
  type: 'quorum',
  check: (resource, declaration, profile) => checkQuorumDeclaration(resource, declaration, profile),
  place(declaration, at) {
    const place = placeReplicas(declaration, at, groupSizeOf(declaration.arguments), 'quorum');
    return { ...place, id: at.random.below(QUEUE_IDS) };
  },
  open: (record, context) => new QuorumQueue(record, context),
  /** A queue that was deleted while this node was down has left its member's log here. */
  recovered(queues, { ports, links }) {
    if (ports.disk.list(`quorum/${links.self}`).length === 0) return;
    const { ra } = QuorumSystem.of(ports, links);
    const known = new Set<string>();
    for (const { vhost, record } of queues) known.add(clusterName(vhost, record.declaration.name));
    for (const { cluster } of [...ra.configs]) if (!known.has(cluster)) ra.remove(cluster);
  },
};
