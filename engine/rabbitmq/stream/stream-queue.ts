/**
 * A stream as its node sees it: a log that is appended to and read again, by many consumers, each
 * from where it asked to begin.
 *
 * One member has the writer, the others have copies, and consumers read from their own node's; a
 * node without a copy publishes to the writer and cannot consume.
 * Invariants R1, R8 are asserted in the writer and the readers.
 * Source: `rabbit_stream_queue`. Differs: declare-ok does not wait for the writer; what is
 * published meanwhile does.
 * Not here: what is refused (`stream-arguments.ts`), the log (`stream-log.ts`), which member has
 * the writer (`stream-member.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { preconditionFailed } from '../amqp-error.ts';
import type { CreditFlow } from '../credit-flow.ts';
import { textOf } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { ConsumerOptions, ConsumingChannel } from '../queue/consumer.ts';
import type {
  Answer,
  DeleteConditions,
  Fetched,
  HeldMessage,
  Publisher,
  Queue,
  QueueCounts,
  QueueHoldings,
} from '../queue/queue.ts';
import type { PolicyDefinition } from '../queue/queue-settings.ts';
import type { QueueContext, QueueRecord } from '../queue/queue-types.ts';
import { SoftLimit, streamMessagesSoftLimit } from '../queue/soft-limit.ts';
import { MESSAGES_SHOWN_MAX, type QueueView } from '../queue/queue-view.ts';
import { encodeStoredMessage } from '../store/stored-message.ts';
import { offsetSpecOf } from './offset-spec.ts';
import { checkStreamConsumer, filterSpecOf, notSupported } from './stream-arguments.ts';
import { StreamDelivery, streamMessages, StreamReader } from './stream-reader.ts';
import { StreamMember } from './stream-member.ts';
import { type StreamSettings, streamSettings } from './stream-settings.ts';

/** How often the counts are gathered that queue.declare-ok tells (`rabbit_osiris_metrics`). */
const STATISTICS_MS = 5000;
const FILTER_VALUE = 'x-stream-filter-value';

export class StreamQueue implements Queue {
  readonly type = 'stream';
  /** What is read and written is in the system's page cache. */
  readonly memoryBytes = 0;
  readonly declaration: QueueRecord['declaration'];
  readonly #context: QueueContext;
  readonly #member: StreamMember;
  /** By channel and tag. */
  readonly #readers = new Map<ConsumingChannel, Map<string, StreamReader>>();
  readonly #statistics: Timer;
  readonly #softLimit = new SoftLimit(streamMessagesSoftLimit);
  #settings: StreamSettings;
  #messageCount = 0;
  #isDeleted = false;

  constructor(record: QueueRecord, context: QueueContext) {
    const { declaration } = record;
    const { ports, policy } = context;
    this.declaration = declaration;
    this.#context = context;
    this.#statistics = new Timer(ports.clock);
    this.#settings = streamSettings(declaration.arguments, policy);
    this.#member = new StreamMember({
      ...{ record, context, settings: () => this.#settings },
      committed: () => this.#committed(),
    });
    this.#member.start();
    this.#messageCount = this.#countNow();
  }

  get name(): string {
    return this.declaration.name;
  }

  /** What this node has of the stream, for views and checks. */
  get member(): StreamMember {
    return this.#member;
  }

  /** Where its writer is; bytes are those of its segments. */
  get holdings(): QueueHoldings | undefined {
    const { log, isWriter } = this.#member;
    if (log === null || !isWriter) return undefined;
    const bytes = log.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return {
      ...{ messagesReady: this.#countNow(), messagesUnacknowledged: 0 },
      ...{ messageBytesReady: bytes, messageBytesUnacknowledged: 0 },
      ...{ consumers: this.#consumerCount, consumerCapacity: 0 },
    };
  }

  get #consumerCount(): number {
    let consumers = 0;
    for (const ofChannel of this.#readers.values()) consumers += ofChannel.size;
    return consumers;
  }

  /** Where its writer is. Of its records those that were there first are shown. */
  inspect(messagesMax: number = MESSAGES_SHOWN_MAX): QueueView | null {
    const { log, committed, isWriter } = this.#member;
    if (log === null || !isWriter) return null;
    const consumers = this.#consumerCount;
    const ready = this.#countNow();
    const messages = streamMessages(log, committed, messagesMax);
    const none = { unacknowledged: 0, gone: {}, messages };
    const { name, type } = this;
    return { name, type, durable: true, published: committed, ready, consumers, ...none };
  }

  publish(message: Message, publisher: Publisher | null, flow: CreditFlow | null = null): void {
    assert(!this.#isDeleted, 'the stream is there', { stream: this.name });
    const { name } = this;
    const body = encodeStoredMessage(message);
    const filterValue = this.#filterValueOf(message);
    if (publisher === null) {
      this.#member.write(body, filterValue, null);
    } else {
      const arrived = flow === null ? null : this.#softLimit.sent(flow);
      this.#member.write(body, filterValue, (committed) => {
        arrived?.();
        if (committed) publisher.confirmed(name);
        else publisher.rejected(name);
      });
    }
    this.#context.host.ended();
  }

  /** The header x-stream-filter-value, where the release looks at it. */
  #filterValueOf({ properties }: Message): string | null {
    if (!this.#context.profile.switches.streamFilters) return null;
    const value = tableLookup(properties.headers ?? [], FILTER_VALUE);
    return value === undefined ? null : (textOf(value) ?? null);
  }

  consume(channel: ConsumingChannel, options: ConsumerOptions, answer: Answer<null>): void {
    assert(!this.#isDeleted, 'the stream is there', { stream: this.name });
    const { resource, ports, profile } = this.#context;
    const { log } = this.#member;
    const wrong = checkStreamConsumer(resource, channel, options, profile);
    if (wrong !== null) {
      answer(wrong);
      return;
    }
    if (log === null) {
      answer(
        preconditionFailed(`stream ${resource} does not have a running replica on the local node`),
      );
      return;
    }
    const asked = tableLookup(options.arguments, 'x-stream-offset');
    const spec = offsetSpecOf(asked, ports.clock.wall());
    assert(spec !== null, 'an argument was checked', { stream: this.name });
    const filter = profile.switches.streamFilters ? filterSpecOf(options.arguments) : null;
    const place = { ports, stream: this.name, log, filter };
    const reader = new StreamReader(place, channel, options, spec);
    let ofChannel = this.#readers.get(channel);
    if (ofChannel === undefined) this.#readers.set(channel, (ofChannel = new Map()));
    assert(!ofChannel.has(options.tag), 'a new tag', { tag: options.tag });
    ofChannel.set(options.tag, reader);
    answer(null);
    reader.deliver(this.#member.committed);
    this.#context.host.ended();
  }

  cancel(channel: ConsumingChannel, tag: string, answer: Answer<null>): void {
    const ofChannel = this.#readers.get(channel);
    ofChannel?.delete(tag);
    if (ofChannel?.size === 0) this.#readers.delete(channel);
    answer(null);
    this.#context.host.ended();
  }

  get(_channel: ConsumingChannel, _noAck: boolean, answer: Answer<Fetched | null>): void {
    answer(notSupported('basic.get not supported by stream queues', this.#context.resource));
  }

  /** However it is settled, the consumer may have as many more. */
  settle(channel: ConsumingChannel, messages: readonly HeldMessage[]): void {
    const readers = new Set<StreamReader>();
    for (const of of messages) {
      assert(of instanceof StreamDelivery, 'a delivery of a stream', { position: of.position });
      of.reader.refund();
      readers.add(of.reader);
    }
    for (const reader of readers) {
      const isThere = this.#readers.get(channel)?.get(reader.options.tag) === reader;
      if (isThere) reader.deliver(this.#member.committed);
    }
    this.#context.host.ended();
  }

  channelClosed(channel: ConsumingChannel): void {
    this.#readers.delete(channel);
    this.#context.host.ended();
  }

  counts(answer: Answer<QueueCounts>): void {
    answer({ messageCount: this.#messageCount, consumerCount: 0 });
  }

  purge(answer: Answer<number>): void {
    answer(notSupported('queue.purge not supported by stream queues', this.#context.resource));
  }

  /** The conditions are not looked at, as in the real broker. */
  delete(_conditions: DeleteConditions, answer: Answer<number>): void {
    this.#end();
    answer(0);
    this.#context.host.ended();
  }

  /** Another node deleted it: the copy of this one goes, too. */
  forgotten(): void {
    if (!this.#isDeleted) this.#end();
  }

  #end(): void {
    assert(!this.#isDeleted, 'a stream is deleted once', { stream: this.name });
    this.#isDeleted = true;
    this.#statistics.cancel();
    this.#member.delete();
    const readers = [...this.#readers.values()].flatMap((ofChannel) => [...ofChannel.values()]);
    this.#readers.clear();
    for (const { channel, options } of readers) channel.cancelled(options.tag);
  }

  setPolicy(policy: PolicyDefinition): void {
    this.#settings = streamSettings(this.declaration.arguments, policy);
    this.#member.log?.updateSettings(this.#settings);
  }

  /** More can be read: consumers that wait at the end go on. */
  #committed(): void {
    if (!this.#statistics.isSet) {
      this.#statistics.set(microsOfMillis(STATISTICS_MS), 'stream statistics', () => {
        this.#messageCount = this.#countNow();
      });
    }
    const { committed } = this.#member;
    for (const ofChannel of [...this.#readers.values()]) {
      // A channel goes through its readers by tag, the last first (an Erlang map, prepended to).
      for (const [, reader] of [...ofChannel].sort(byTagDescending)) reader.deliver(committed);
    }
    this.#context.host.ended();
  }

  #countNow(): number {
    const { log, committed } = this.#member;
    return log === null ? 0 : Math.max(0, committed - log.firstOffset);
  }
}

type Tagged = readonly [tag: string, reader: StreamReader];

function byTagDescending([left]: Tagged, [right]: Tagged): number {
  return left < right ? 1 : left > right ? -1 : 0;
}
