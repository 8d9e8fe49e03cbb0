/**
 * What a node publishes to a stream, until the writer has answered it, wherever that is.
 *
 * Records are numbered. When there is another writer, or its node is connected again, all that is
 * not answered is sent again, in order; the writer takes each number once, because it is in the
 * log. Source: `rabbit_stream_queue:deliver`, `resend_all`. Differs: what a node publishes has one
 * writer id, there each channel has one. Not here: the writer's side (`stream-publishers.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { StreamWrite } from './stream-message.ts';
import type { Written } from './stream-writer.ts';

interface Unanswered {
  readonly body: Uint8Array;
  readonly filterValue: string | null;
  readonly written: Written;
}

export class StreamPublisher {
  readonly #writerId: string;
  readonly #send: (write: StreamWrite) => void;
  readonly #unanswered = new Map<number, Unanswered>();
  #sequence = 0;
  #session = 0;
  #isFirst = true;

  /** `send`: to the writer, or nowhere where there is none. */
  constructor(writerId: string, send: (write: StreamWrite) => void) {
    assert(writerId !== '', 'a writer id', {});
    this.#writerId = writerId;
    this.#send = send;
  }

  write(body: Uint8Array, filterValue: string | null, written: Written | null): void {
    this.#sequence += 1;
    const one = { body, filterValue, written: written ?? (() => {}) };
    this.#unanswered.set(this.#sequence, one);
    this.#sendOne(this.#sequence, one);
  }

  answered(writerId: string, sequence: number, committed: boolean): void {
    const of = this.#unanswered.get(sequence);
    if (of === undefined || writerId !== this.#writerId) return;
    this.#unanswered.delete(sequence);
    of.written(committed);
  }

  /** The writer is another one, or is there again. */
  sendAgain(): void {
    this.#session += 1;
    this.#isFirst = true;
    let before = 0;
    for (const [sequence, one] of this.#unanswered) {
      assert(sequence > before, 'in the order of publication', { sequence, before });
      before = sequence;
      this.#sendOne(sequence, one);
    }
  }

  /** The stream is gone: what is not answered is refused. */
  close(): void {
    const all = [...this.#unanswered.values()];
    this.#unanswered.clear();
    for (const { written } of all) written(false);
  }

  #sendOne(sequence: number, { body, filterValue }: Unanswered): void {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const record = { writerId: this.#writerId, sequence, body, filterValue };
    this.#send({ type: 'write', session: this.#session, isFirst, record });
  }
}
