/**
 * The process of a queue with mirrors, as its leader's node makes it; an ordinary classic queue.
 * Not here: who leads (`mirrored-queue.ts`).
 */
import type { ClassicQueue } from '../../queue/classic-queue.ts';
import type { QueueLog } from '../../queue/queue-log.ts';
import type { PolicyDefinition } from '../../queue/queue-settings.ts';
import type { MirrorLog } from './mirror-log.ts';

export interface QueueProcess {
  /** What the node has on disk of it; null: nothing. */
  stored(): QueueLog | null;
  open(log: QueueLog, policy: PolicyDefinition): ClassicQueue;
}

/** Of the node that leads. */
export interface Leading {
  readonly process: ClassicQueue;
  readonly log: MirrorLog;
}
