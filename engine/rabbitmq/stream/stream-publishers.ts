/**
 * What nodes publish to a stream whose writer is here: of each node, in the order of its numbers,
 * and answered when a majority has the record.
 *
 * A node that begins to send again says so with the first record: what it had sent before that, and
 * came while nobody wrote here, would be a gap. Not here: who sends it (`stream-publisher.ts`),
 * what is there twice (`stream-writer.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { StreamWrite } from './stream-message.ts';
import type { StreamWriter } from './stream-writer.ts';

export type WriteAnswer = (
  node: string,
  answer: {
    readonly writerId: string;
    readonly sequence: number;
    readonly committed: boolean;
  },
) => void;

interface Source {
  readonly writerId: string;
  readonly session: number;
  last: number;
}

export class StreamPublishers {
  readonly #writer: StreamWriter;
  readonly #answer: WriteAnswer;
  readonly #sources = new Map<string, Source>();

  constructor(writer: StreamWriter, answer: WriteAnswer) {
    this.#writer = writer;
    this.#answer = answer;
  }

  write(node: string, { session, isFirst, record }: StreamWrite): void {
    const { writerId, sequence } = record;
    if (isFirst) this.#sources.set(node, { writerId, session, last: 0 });
    const source = this.#sources.get(node);
    if (source?.writerId !== writerId || source.session !== session) return;
    assert(sequence > source.last, 'in the order of publication', { node, sequence });
    source.last = sequence;
    this.#writer.write(record, (committed) => {
      this.#answer(node, { writerId, sequence, committed });
    });
  }
}
