/**
 * How many messages of one channel may be under way to a queue's replicas, before the queue blocks
 * the channel, and through it the connection (`credit-flow.ts`). It is soft: what the connection's
 * reader has sent already is still taken.
 *
 * Of quorum queues 32 commands (quorum_commands_soft_limit), of streams 256 messages that a confirm
 * is due for (stream_messages_soft_limit), in all releases from 3.8 and 3.9 on.
 * Sources: `rabbit_fifo_client:enqueue`, `handle_ra_event`; `rabbit_stream_queue:deliver`,
 * `handle_event`. Differs: what a consumer settles is not counted, nor held back meanwhile.
 */
import { assert } from '../../kernel/assert.ts';
import type { CreditFlow } from '../credit-flow.ts';

export interface SoftLimits {
  /** The channel is blocked by the message with which there are so many. */
  readonly blocksFrom: number;
  /** And goes on when there are fewer than this. */
  readonly below: number;
}

export const quorumCommandsSoftLimit: SoftLimits = { blocksFrom: 33, below: 32 };
export const streamMessagesSoftLimit: SoftLimits = { blocksFrom: 256, below: 256 };

export class SoftLimit {
  readonly #limits: SoftLimits;
  readonly #underWay = new Map<CreditFlow, number>();

  constructor(limits: SoftLimits) {
    assert(limits.below <= limits.blocksFrom, 'a limit', { ...limits });
    this.#limits = limits;
  }

  /** One more of a channel is under way; what it gives is called when it is not any more. */
  sent(flow: CreditFlow): () => void {
    const count = (this.#underWay.get(flow) ?? 0) + 1;
    this.#underWay.set(flow, count);
    if (count >= this.#limits.blocksFrom) flow.block(this);
    let isUnderWay = true;
    return () => {
      assert(isUnderWay, 'it arrives once', {});
      isUnderWay = false;
      this.#arrived(flow);
    };
  }

  #arrived(flow: CreditFlow): void {
    const count = (this.#underWay.get(flow) ?? 0) - 1;
    assert(count >= 0, 'what arrives was sent', { count });
    if (count === 0) this.#underWay.delete(flow);
    else this.#underWay.set(flow, count);
    if (count < this.#limits.below) flow.unblock(this);
  }
}
