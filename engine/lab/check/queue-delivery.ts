/**
 * Verdicts on a history with queues: those of `delivery.ts`, but a message is duplicated where it
 * is more than once in one queue's end, since one message goes to each queue that is bound.
 *
 * `final` is what consumers processed and what is left (`lab/rabbitmq.ts`), hence: `lost` is
 * confirmed, and neither processed nor left; `dirtyRead` was delivered, and neither processed nor
 * left (automatic acknowledgement); `unobserved` is left and was never delivered; `reordered` was
 * processed behind a message of the same publisher that was published after it.
 */
import type { History } from '../history.ts';
import { judgeDelivery, type DeliveryVerdict } from './delivery.ts';

export interface QueueVerdict extends DeliveryVerdict {
  /** Deliveries with the flag `redelivered`. */
  readonly redelivered: number;
}

export function judgeQueues(history: History): QueueVerdict {
  const verdict = judgeDelivery(history);
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { id, partition } of history.final ?? []) {
    const key = `${partition} ${id}`;
    if (seen.has(key)) twice.add(id);
    seen.add(key);
  }
  const redelivered = history.delivered.filter((one) => one.redelivered === true).length;
  return { ...verdict, duplicated: [...twice], redelivered };
}
