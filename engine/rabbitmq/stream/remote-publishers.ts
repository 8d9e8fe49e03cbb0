/**
 * What other nodes publish to a stream whose writer is here: each number is taken once, and
 * answered when a majority has the record. Not here: who sends it (`remote-writer.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { FromWriter, ToWriter } from './stream-message.ts';
import type { StreamWriter } from './stream-writer.ts';

type Write = Extract<ToWriter, { type: 'write' }>;

interface Source {
  readonly incarnation: number;
  /** The last number that was taken. */
  last: number;
  readonly uncommitted: Set<number>;
}

export class RemotePublishers {
  readonly #writer: StreamWriter;
  readonly #send: (node: string, message: FromWriter) => void;
  readonly #sources = new Map<string, Source>();

  constructor(writer: StreamWriter, send: (node: string, message: FromWriter) => void) {
    this.#writer = writer;
    this.#send = send;
  }

  write(node: string, { incarnation, sequence, body }: Write): void {
    let source = this.#sources.get(node);
    if (source?.incarnation !== incarnation) {
      source = { incarnation, last: 0, uncommitted: new Set() };
      this.#sources.set(node, source);
    }
    if (sequence <= source.last) {
      // It was sent again: what a majority has is answered again, the others are answered later.
      if (!source.uncommitted.has(sequence)) this.#answer(node, sequence, true);
      return;
    }
    const { uncommitted } = source;
    source.last = sequence;
    uncommitted.add(sequence);
    this.#writer.write(body, (committed) => {
      const was = uncommitted.delete(sequence);
      assert(was, 'a record is answered once', { node, sequence });
      this.#answer(node, sequence, committed);
    });
  }

  #answer(node: string, sequence: number, committed: boolean): void {
    this.#send(node, { type: 'written', sequence, committed });
  }
}
