/**
 * What a stream's writer sends to its replicas: chunks in order, some ahead of what they have
 * acknowledged, and how far is committed.
 *
 * Not here: what is committed (`stream-writer.ts`). Source: `osiris_replica_reader`.
 */
import { assert } from '../../kernel/assert.ts';
import type { FromWriter } from './stream-message.ts';
import type { StreamWriter } from './stream-writer.ts';

/** Chunks that may be on their way to one replica. */
const CHUNKS_AHEAD = 16;

interface Followed {
  readonly session: number;
  /** The offset of the next chunk to send; null before the replica has said what it has. */
  next: number | null;
  /** The ends of the chunks that were sent and not acknowledged. */
  readonly sent: number[];
  committed: number;
}

export class ReplicaFeed {
  readonly #writer: StreamWriter;
  readonly #send: (replica: string, message: FromWriter) => void;
  readonly #followed = new Map<string, Followed>();

  constructor(writer: StreamWriter, send: (replica: string, message: FromWriter) => void) {
    this.#writer = writer;
    this.#send = send;
  }

  /** A replica asks where this log differs from its own. */
  follow(replica: string, session: number): void {
    const { log, epoch } = this.#writer;
    if (!this.#writer.hasReplica(replica)) return;
    this.#followed.set(replica, { session, next: null, sent: [], committed: -1 });
    this.#send(replica, {
      ...{ type: 'ends', session, epoch },
      firstOffset: log.firstOffset,
      ends: log.epochEnds.map((end) => ({ ...end })),
    });
  }

  /** It has everything below `next`, as this log does, and is sent what follows. */
  fetch(replica: string, session: number, next: number): void {
    const followed = this.#followed.get(replica);
    if (followed?.session !== session) return;
    assert(next <= this.#writer.log.nextOffset, 'a replica was cut', { replica, next });
    followed.next = next;
    this.#writer.acknowledged(replica, next);
    this.#feed(replica);
  }

  acknowledge(replica: string, session: number, next: number): void {
    const followed = this.#followed.get(replica);
    if (followed?.session !== session) return;
    while (followed.sent.length > 0 && followed.sent[0]! <= next) followed.sent.shift();
    this.#writer.acknowledged(replica, next);
    this.#feed(replica);
  }

  /** It is not connected: it will ask anew. */
  lost(replica: string): void {
    this.#followed.delete(replica);
  }

  /** Something was written or committed. */
  feedAll(): void {
    for (const replica of this.#followed.keys()) this.#feed(replica);
  }

  #feed(replica: string): void {
    const followed = this.#followed.get(replica);
    assert(followed !== undefined, 'who is fed follows', { replica });
    const { session } = followed;
    if (followed.next === null) return;
    const { log, committed, epoch } = this.#writer;
    while (followed.sent.length < CHUNKS_AHEAD) {
      const chunk = log.read(followed.next, log.nextOffset);
      if (chunk === null || chunk === 'corrupt') break;
      if (chunk.firstOffset !== followed.next) {
        // Retention took what it has to have next: it begins anew.
        this.follow(replica, session);
        return;
      }
      followed.next = chunk.next;
      followed.sent.push(followed.next);
      followed.committed = committed;
      const bytes = chunk.bytes.slice();
      this.#send(replica, { type: 'chunk', epoch, session, committed, chunk: bytes });
    }
    if (followed.committed < committed) {
      followed.committed = committed;
      this.#send(replica, { type: 'committed', epoch, session, committed });
    }
  }
}
