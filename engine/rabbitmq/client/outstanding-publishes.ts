/**
 * What a channel published and was not told of yet: by sequence number where it confirms, in order
 * where it is transactional.
 *
 * Invariant R2, as a publisher sees it: each number is confirmed or rejected once. Not here: the
 * numbers at the broker (`vhost/`). Source: `com.rabbitmq.client.impl.ChannelN`, `unconfirmedSet`.
 */
import { assert } from '../../kernel/assert.ts';
import type { ShutdownSignal } from './shutdown-signal.ts';

/** What a publisher is told of a message. */
export interface Told {
  /**
   * `ack` and `nack`: the broker's confirm, or the transaction is committed. `rolled-back`: with
   * its transaction. `unasked`: the channel neither confirms nor is transactional.
   */
  readonly outcome: 'ack' | 'nack' | 'rolled-back' | 'unasked';
  /** Its number in the channel, from 1; 0 where the channel does not confirm. */
  readonly sequence: number;
  /** The text of basic.return, as `312 NO_ROUTE`; null where it did not come back. */
  readonly returned: string | null;
}

export type PublishListener = (told: Told | ShutdownSignal) => void;

export interface OutstandingPublish {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  readonly body: Uint8Array;
  readonly told: PublishListener | null;
  returned: string | null;
}

export class OutstandingPublishes {
  /** Ascending: numbers are added in order. */
  readonly #bySequence = new Map<number, OutstandingPublish>();
  #last = 0;

  get count(): number {
    return this.#bySequence.size;
  }

  /** The number that the next message will have. */
  get nextSequence(): number {
    return this.#last + 1;
  }

  /** A message was published. */
  add(publish: OutstandingPublish): void {
    this.#last += 1;
    this.#bySequence.set(this.#last, publish);
  }

  /** basic.return has no number: the first that looks like it is meant. */
  returned(exchange: string, routingKey: string, body: Uint8Array, text: string): void {
    for (const publish of this.#bySequence.values()) {
      const isIt = publish.mandatory && publish.returned === null;
      if (!isIt || publish.exchange !== exchange || publish.routingKey !== routingKey) continue;
      if (!sameBytes(publish.body, body)) continue;
      publish.returned = text;
      return;
    }
  }

  /** The broker confirms a number, or all up to it. */
  settle(sequence: number, multiple: boolean, outcome: 'ack' | 'nack'): void {
    assert(sequence >= 0 && sequence <= this.#last, 'a number that was given', { sequence });
    if (!multiple) {
      const publish = this.#bySequence.get(sequence);
      assert(publish !== undefined, 'R2: a message is confirmed once', { sequence, outcome });
      this.#tell(sequence, publish, outcome);
      return;
    }
    // 0 means all.
    const upTo = sequence === 0 ? this.#last : sequence;
    for (const [one, publish] of this.#bySequence) {
      if (one > upTo) return;
      this.#tell(one, publish, outcome);
    }
  }

  /** The transaction is over, with all that it has now. */
  settleAll(outcome: 'ack' | 'rolled-back'): void {
    for (const [sequence, publish] of [...this.#bySequence]) {
      this.#tell(sequence, publish, outcome);
    }
  }

  #tell(sequence: number, publish: OutstandingPublish, outcome: Told['outcome']): void {
    this.#bySequence.delete(sequence);
    publish.told?.({ outcome, sequence, returned: publish.returned });
  }

  /** The channel is gone: what became of them is not known, and numbers begin anew. */
  lost(signal: ShutdownSignal): void {
    const left = [...this.#bySequence.values()];
    this.#bySequence.clear();
    this.#last = 0;
    for (const { told } of left) told?.(signal);
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}
