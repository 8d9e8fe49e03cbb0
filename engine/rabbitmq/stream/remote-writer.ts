/**
 * A stream's writer on another node, for what is published on this one.
 *
 * Records are numbered; what the writer has not answered is sent again when its node is connected
 * again, and the writer takes each number once. Source: `rabbit_stream_queue:deliver`,
 * `resend_all`. Differs: see `stream-writer.ts` on a writer that restarted in between.
 */
import { assert } from '../../kernel/assert.ts';
import type { ToWriter } from './stream-message.ts';
import type { Written } from './stream-writer.ts';

export class RemoteWriter {
  readonly #incarnation: number;
  readonly #send: (message: ToWriter) => void;
  readonly #unanswered = new Map<
    number,
    { readonly body: Uint8Array; readonly written: Written }
  >();
  #sequence = 0;

  constructor(incarnation: number, send: (message: ToWriter) => void) {
    this.#incarnation = incarnation;
    this.#send = send;
  }

  write(body: Uint8Array, written: Written | null): void {
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#unanswered.set(sequence, { body, written: written ?? (() => {}) });
    this.#send({ type: 'write', incarnation: this.#incarnation, sequence, body });
  }

  answered(sequence: number, committed: boolean): void {
    const of = this.#unanswered.get(sequence);
    if (of === undefined) return;
    this.#unanswered.delete(sequence);
    of.written(committed);
  }

  /** The writer's node is connected again. */
  sendAgain(): void {
    let before = 0;
    for (const [sequence, { body }] of this.#unanswered) {
      assert(sequence > before, 'in the order of publication', { sequence, before });
      before = sequence;
      this.#send({ type: 'write', incarnation: this.#incarnation, sequence, body });
    }
  }

  /** The stream is gone: what is not answered is refused. */
  close(): void {
    const all = [...this.#unanswered.values()];
    this.#unanswered.clear();
    for (const { written } of all) written(false);
  }
}
