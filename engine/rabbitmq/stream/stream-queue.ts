/**
 * A stream as its node sees it: a log that is appended to and read again, by many consumers, each
 * from where it asked to begin.
 *
 * The node of the record's leader has the writer, the other members have copies, and consumers read
 * from their own node's; a node without a copy publishes to the writer and cannot consume.
 * Invariants R1, R8 are asserted in the writer and the readers.
 * Source: `rabbit_stream_queue`, `rabbit_stream_coordinator`. Differs: the writer stays where it
 * is: while its node is down nothing is confirmed and consumers read on; there the coordinator
 * makes the replica that has most the writer of the next epoch.
 * Not here: what is refused (`stream-arguments.ts`), the log (`stream-log.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { preconditionFailed } from '../amqp-error.ts';
import type { CreditFlow } from '../credit-flow.ts';
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
} from '../queue/queue.ts';
import type { PolicyDefinition } from '../queue/queue-settings.ts';
import type { QueueContext, QueueRecord } from '../queue/queue-types.ts';
import { SoftLimit, streamMessagesSoftLimit } from '../queue/soft-limit.ts';
import type { QueueView } from '../queue/queue-view.ts';
import { encodeStoredMessage } from '../store/stored-message.ts';
import { offsetSpecOf } from './offset-spec.ts';
import { checkStreamConsumer, notSupported } from './stream-arguments.ts';
import { StreamDelivery, StreamReader } from './stream-reader.ts';
import { streamSettings } from './stream-settings.ts';
import { openStreamMember, type StreamMember } from './stream-member.ts';

/** How often the counts are gathered that queue.declare-ok tells (`rabbit_osiris_metrics`). */
const STATISTICS_MS = 5000;

export class StreamQueue implements Queue {
  readonly type = 'stream';
  readonly declaration: QueueRecord['declaration'];
  readonly #context: QueueContext;
  readonly #member: StreamMember;
  /** By channel and tag. */
  readonly #readers = new Map<ConsumingChannel, Map<string, StreamReader>>();
  readonly #statistics: Timer;
  readonly #softLimit = new SoftLimit(streamMessagesSoftLimit);
  #messageCount = 0;
  #isDeleted = false;

  constructor(record: QueueRecord, context: QueueContext) {
    const { declaration } = record;
    const { ports, policy } = context;
    this.declaration = declaration;
    this.#context = context;
    this.#statistics = new Timer(ports.clock);
    const settings = streamSettings(declaration.arguments, policy);
    this.#member = openStreamMember(record, context, settings, () => this.#committed());
    this.#messageCount = this.#countNow();
  }

  get name(): string {
    return this.declaration.name;
  }

  /** What this node has of the stream, for views and checks. */
  get member(): StreamMember {
    return this.#member;
  }

  inspect(): QueueView {
    let consumers = 0;
    for (const ofChannel of this.#readers.values()) consumers += ofChannel.size;
    const none = { unacknowledged: 0, gone: {}, messages: [] };
    const ready = this.#countNow();
    const { name, type } = this;
    return { name, type, durable: true, published: ready, ready, consumers, ...none };
  }

  publish(message: Message, publisher: Publisher | null, flow: CreditFlow | null = null): void {
    assert(!this.#isDeleted, 'the stream is there', { stream: this.name });
    const { name } = this;
    const body = encodeStoredMessage(message);
    if (publisher === null) {
      this.#member.write(body, null);
    } else {
      const arrived = flow === null ? null : this.#softLimit.sent(flow);
      this.#member.write(body, (committed) => {
        arrived?.();
        if (committed) publisher.confirmed(name);
        else publisher.rejected(name);
      });
    }
    this.#context.host.ended();
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
    const reader = new StreamReader({ ports, stream: this.name, log }, channel, options, spec);
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
    assert(!this.#isDeleted, 'a stream is deleted once', { stream: this.name });
    this.#isDeleted = true;
    this.#statistics.cancel();
    this.#member.delete();
    const readers = [...this.#readers.values()].flatMap((ofChannel) => [...ofChannel.values()]);
    this.#readers.clear();
    for (const { channel, options } of readers) channel.cancelled(options.tag);
    answer(0);
    this.#context.host.ended();
  }

  setPolicy(policy: PolicyDefinition): void {
    this.#member.log?.updateSettings(streamSettings(this.declaration.arguments, policy));
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
