/**
 * The channels of this node that publish to one queue of another node, and the credit that its
 * process grants them (`credit-flow.ts`).
 *
 * The process knows a channel by its number. Not here: what is published (`remote-queue.ts`), who
 * grants (`queue-gateway.ts`). Source: `rabbit_classic_queue:deliver`, its use of `credit_flow`.
 */
import { assert } from '../../kernel/assert.ts';
import type { CreditFlow } from '../credit-flow.ts';

export class RemoteSenders {
  readonly #numbers = new Map<CreditFlow, number>();
  readonly #flows = new Map<number, CreditFlow>();
  readonly #ended: (number: number) => void;
  #last = 0;

  /** `ended`: the channel of the number is gone. */
  constructor(ended: (number: number) => void) {
    this.#ended = ended;
  }

  /** A message of the channel is sent: the channel's number. */
  sent(flow: CreditFlow): number {
    let number = this.#numbers.get(flow);
    if (number === undefined) number = this.#add(flow);
    flow.send(this);
    return number;
  }

  #add(flow: CreditFlow): number {
    const number = ++this.#last;
    this.#numbers.set(flow, number);
    this.#flows.set(number, flow);
    flow.whenEnded(() => {
      this.#numbers.delete(flow);
      this.#flows.delete(number);
      this.#ended(number);
    });
    assert(this.#numbers.size === this.#flows.size, 'a channel has one number', { number });
    return number;
  }

  /** The process has worked off so many of the channel; nothing if the channel is gone. */
  granted(number: number, count: number): void {
    this.#flows.get(number)?.granted(this, count);
  }

  /** The process is gone: nobody waits for it. */
  processGone(): void {
    for (const flow of [...this.#numbers.keys()]) flow.forget(this);
  }
}
