/** Quorum queues as a type that a node can have. Source: `rabbit_quorum_queue`. */
import { placeReplicas } from '../queue/replica-placing.ts';
import type { QueueTypeModule } from '../queue/queue-types.ts';
import { checkQuorumDeclaration, groupSizeOf } from './quorum-arguments.ts';
import { QuorumQueue } from './quorum-queue.ts';

export const quorumQueues: QueueTypeModule = {
  type: 'quorum',
  check: (resource, declaration, profile) => checkQuorumDeclaration(resource, declaration, profile),
  place: (declaration, at) =>
    placeReplicas(declaration, at, groupSizeOf(declaration.arguments), 'quorum'),
  open: (record, context) => new QuorumQueue(record, context),
};
