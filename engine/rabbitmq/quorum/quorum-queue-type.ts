/** Quorum queues as a type that a node can have. Source: `rabbit_quorum_queue`. */
import type { QueueTypeModule } from '../queue/queue-types.ts';
import { checkQuorumDeclaration } from './quorum-arguments.ts';
import { placeQuorum } from './quorum-placing.ts';
import { QuorumQueue } from './quorum-queue.ts';

export const quorumQueues: QueueTypeModule = {
  type: 'quorum',
  check: (resource, declaration, profile) => checkQuorumDeclaration(resource, declaration, profile),
  place: placeQuorum,
  open: (record, context) => new QuorumQueue(record, context),
};
