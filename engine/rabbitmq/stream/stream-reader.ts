/**
 * A consumer of a stream: reads on from an offset, as far as it has credit, and takes nothing away.
 *
 * Whatever its channel settles, and however, is credit for one record more: a stream has nothing to
 * requeue or to dead-letter. Source: `rabbit_stream_queue:stream_entries`, `settle`.
 * Differs: until 3.12 basic.nack and basic.reject ended the connection with a 540.
 */
import { assert } from '../../kernel/assert.ts';
import type { Cost, Trace } from '../../kernel/ports.ts';
import { withValue } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { ConsumerOptions, ConsumingChannel } from '../queue/consumer.ts';
import type { HeldMessage } from '../queue/queue.ts';
import { type MessageView, messageView } from '../queue/queue-view.ts';
import { decodeStoredMessage } from '../store/stored-message.ts';
import { chunkEntries, chunkExtras } from './chunk.ts';
import { type FilterSpec, mayMatch } from './chunk-filter.ts';
import type { OffsetSpec } from './offset-spec.ts';
import type { StreamLog } from './stream-log.ts';
import { streamDelivered } from './stream-trace.ts';

/** A record that a consumer has and has not settled. */
export class StreamDelivery implements HeldMessage {
  readonly message: Message;
  readonly position: number;
  readonly reader: StreamReader;

  constructor(message: Message, position: number, reader: StreamReader) {
    this.message = message;
    this.position = position;
    this.reader = reader;
  }
}

export interface ReaderContext {
  readonly ports: { readonly trace: Trace; readonly cost: Cost };
  readonly stream: string;
  readonly log: StreamLog;
  /** Chunks that cannot have what it asks for are passed over; null: it asks for all. */
  readonly filter: FilterSpec | null;
}

export class StreamReader {
  readonly channel: ConsumingChannel;
  readonly options: ConsumerOptions;
  readonly #context: ReaderContext;
  /** It is not sent what is before. */
  readonly #startOffset: number;
  /** The entries of the chunk that it is in, and how many of them it has gone through. */
  #entries: ReturnType<typeof chunkEntries> = [];
  #entry = 0;
  /** The offset behind that chunk. */
  #next: number;
  #credit: number;

  constructor(
    context: ReaderContext,
    channel: ConsumingChannel,
    options: ConsumerOptions,
    spec: OffsetSpec,
  ) {
    assert(options.prefetchCount > 0, 'a consumer of a stream has a prefetch', {});
    this.#context = context;
    this.channel = channel;
    this.options = options;
    this.#credit = options.prefetchCount;
    this.#next = context.log.begin(spec);
    this.#startOffset = typeof spec === 'object' && 'offset' in spec ? spec.offset : this.#next;
  }

  get hasCredit(): boolean {
    return this.#credit > 0;
  }

  /** One of its records was settled. */
  refund(): void {
    this.#credit += 1;
    // Invariant R8.
    assert(this.#credit <= this.options.prefetchCount, 'within the prefetch', {
      tag: this.options.tag,
      credit: this.#credit,
    });
  }

  /** Sends what is below `committed`, as far as there is credit. */
  deliver(committed: number): void {
    while (this.#credit > 0) {
      const entry = this.#entries[this.#entry];
      if (entry === undefined) {
        if (!this.#readChunk(committed)) return;
        continue;
      }
      this.#entry += 1;
      if (entry.offset >= this.#startOffset) this.#send(entry);
    }
  }

  /** Whether there was one. What the consumer has no credit for is kept: a copy of the chunk. */
  #readChunk(committed: number): boolean {
    const { log, ports, filter } = this.#context;
    const chunk = log.read(this.#next, committed);
    if (chunk === null || chunk === 'corrupt') return false;
    const { bytes, next } = chunk;
    assert(next > this.#next && next <= committed, 'what is read is committed', {
      next,
      committed,
    });
    const isWanted = filter === null || mayMatch(chunkExtras(bytes).filter, filter);
    if (isWanted) ports.cost.charge('copy', bytes.length);
    this.#entries = isWanted ? chunkEntries(bytes.slice(), 0) : [];
    this.#entry = 0;
    this.#next = next;
    return true;
  }

  #send({ offset, body }: { readonly offset: number; readonly body: Uint8Array }): void {
    const stored = decodeStoredMessage(body);
    assert(stored !== null, 'a record whose checksum is right is a message', { offset });
    this.#credit -= 1;
    const { ports, stream } = this.#context;
    const { tag: consumer } = this.options;
    ports.trace.record(streamDelivered, { stream, consumer, offset, credit: this.#credit });
    const delivery = new StreamDelivery(withOffset(stored, offset), offset, this);
    this.channel.deliver(consumer, delivery, false);
  }
}

/** The first records of what is committed, at most so many, as they are shown. */
export function streamMessages(
  log: StreamLog,
  committed: number,
  messagesMax: number,
): readonly MessageView[] {
  const shown: MessageView[] = [];
  for (let next = log.firstOffset; shown.length < messagesMax;) {
    const chunk = log.read(next, committed);
    if (chunk === null || chunk === 'corrupt') break;
    assert(chunk.next > next, 'a chunk has records', { next });
    next = chunk.next;
    for (const { body } of chunkEntries(chunk.bytes, 0)) {
      const message = shown.length < messagesMax ? decodeStoredMessage(body) : null;
      if (message === null) break;
      shown.push(messageView({ message, delivered: false, priority: 0 }, false));
    }
  }
  return shown;
}

/** The message with the header x-stream-offset. */
function withOffset(message: Message, offset: number): Message {
  const { properties } = message;
  const value = { type: 'long', value: BigInt(offset) } as const;
  const headers = withValue(properties.headers ?? [], 'x-stream-offset', value);
  return { ...message, properties: { ...properties, headers } };
}
