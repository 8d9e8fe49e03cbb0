/**
 * A message in one queue: its position, its size, when it expires, and whether it was delivered.
 *
 * A message that is routed to several queues has one of these in each. The position is the number
 * of the publication in this queue: a message that is requeued has its old one (invariant R7).
 */
import type { Micros } from '../../kernel/units.ts';
import type { HeldMessage } from './queue.ts';

export interface QueuedMessage extends HeldMessage {
  /** 0 where the queue has no priorities. */
  readonly priority: number;
  /** Bytes of the body: what x-max-length-bytes counts. */
  readonly bytes: number;
  /** From then on it is expired; null: never. */
  readonly expiresAt: Micros | null;
  /** Invariant R6: whether it was delivered before, hence `redelivered` at the next delivery. */
  delivered: boolean;
}
