/**
 * A classic queue whose process is on another node, as channels here see it.
 *
 * What they ask goes to the queue's node and is answered from there. When that node is down:
 * publishes without an answer are rejected (invariant R1: not confirmed, whether or not they were
 * taken), consumers are cancelled, and who holds messages settles nothing any more. Then
 * - until 3.11 a durable queue is as if it were not there: nothing is routed to it, and whoever
 *   names it is told that its home node is down;
 * - since 3.12 it stays, publishes are rejected, and other methods wait for a minute.
 * Until 3.13 a consumer is first tried anew, since a mirror could have become the leader.
 * The limit of a channel (basic.qos with global) is kept on this side: what is beyond it waits.
 *
 * Not here: the process's side (`queue-gateway.ts`). Differs: while a method waits for the node,
 * other methods of the channel wait, too, but confirms and deliveries go on.
 * Sources: `rabbit_classic_queue:handle_event` (down), `rabbit_amqqueue:with`, `on_node_down`,
 * `rabbit_channel:handle_consuming_queue_down_or_eol`.
 */
import { assert } from '../../kernel/assert.ts';
import type { TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { amqpError, notFound } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
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
  Settlement,
} from '../queue/queue.ts';
import type { QueueDeclaration } from '../queue/queue-ports.ts';
import type { QueueContext, QueueRecord } from '../queue/queue-types.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { queueDownKind } from './cluster-trace.ts';
import { erlangName } from './node-connection.ts';
import type { NodeLinks } from './node-links.ts';
import {
  type FromQueue,
  gatewayName,
  publishId,
  type QueueMessage,
  type QueueRequest,
  termOf,
} from './queue-messages.ts';
import { type LostConsumer, RemoteConsumers } from './remote-consumers.ts';
import { RemoteSenders } from './remote-senders.ts';

/** A publish whose confirm is due. */
interface Unconfirmed {
  readonly message: Message;
  readonly publisher: Publisher;
}

interface Pending {
  readonly request: QueueRequest;
  readonly answer: Answer<unknown>;
  /** Ends the waiting for a process that is not there. */
  deadline: TimerId | null;
  /** Ends a pause before it is sent again. */
  retry: TimerId | null;
}

/** `rabbit_amqqueue:with` tries 2,000 times, 30 ms apart. */
const RETRY_MS = 30;
const RETRIES = 2000;

export class RemoteQueue implements Queue {
  readonly type = 'classic';
  readonly declaration: QueueDeclaration;
  readonly #context: QueueContext;
  readonly #links: NodeLinks;
  readonly #replyTo: string;
  readonly #pending = new Map<number, Pending>();
  readonly #unconfirmed = new Map<number, Unconfirmed>();
  /** Whether another node can have its process soon. */
  readonly #mayMove: () => boolean;
  /** Published while nobody has its process. */
  #waiting: { readonly message: Message; readonly publisher: Publisher | null }[] = [];
  #lostConsumers: LostConsumer[] = [];
  /** Its node is down, and a mirror is to take its place. */
  #isMoving = false;
  /** The node of its process. */
  #leader: string;
  readonly #consumers: RemoteConsumers;
  readonly #senders = new RemoteSenders((sender) => this.#cast({ kind: 'sender-ended', sender }));
  readonly #stopWatching: () => void;
  #isForgotten = false;
  #isEnded = false;
  #lastId = 0;
  #lastSequence = 0;

  constructor(
    { declaration, leader }: QueueRecord,
    context: QueueContext,
    mayMove: () => boolean = () => false,
  ) {
    const { links, ports } = context;
    assert(leader !== links.self, 'its process is elsewhere', { leader });
    this.declaration = declaration;
    this.#leader = leader;
    this.#mayMove = mayMove;
    this.#context = context;
    this.#links = links;
    const random = ports.random('delegate');
    this.#replyTo = `delegate ${random.uint32()}.${random.uint32()}`;
    this.#consumers = new RemoteConsumers((channel, positions) =>
      this.#cast({ kind: 'settle', channel, positions, how: 'requeue' }),
    );
    links.register(this.#replyTo, (from, message) => {
      if (from === this.#leader) this.#received(message as unknown as FromQueue);
    });
    this.#stopWatching = links.watch({
      nodeUp: (node) => {
        if (node === this.#leader) this.#leaderUp();
      },
      nodeDown: (node) => {
        if (node === this.#leader) this.#leaderDown();
      },
    });
  }

  get name(): string {
    return this.declaration.name;
  }

  /** Why it is as if it were not there; null: it is. */
  get absence(): AmqpError | null {
    const { durableQueueStays } = this.#context.profile.switches;
    if (durableQueueStays || this.#links.isConnected(this.#leader) || this.#mayMove()) return null;
    const home = `home node '${erlangName(this.#leader)}' of durable ${this.#context.resource}`;
    return amqpError('NOT_FOUND', `${home} is down or inaccessible`);
  }

  publish(message: Message, publisher: Publisher | null, flow: CreditFlow | null = null): void {
    if (!this.#links.isConnected(this.#leader)) {
      if (this.#mayMove()) this.#waiting.push({ message, publisher });
      else publisher?.rejected(this.name);
      return;
    }
    let sequence: number | null = null;
    if (publisher !== null) {
      sequence = ++this.#lastSequence;
      this.#unconfirmed.set(sequence, { message, publisher });
    }
    this.#context.ports.cost.charge('copy', message.body.length);
    const sender = flow === null ? null : this.#senders.sent(flow);
    this.#cast({ kind: 'publish', message, sequence, sender });
  }

  consume(channel: ConsumingChannel, options: ConsumerOptions, answer: Answer<null>): void {
    const number = this.#consumers.numberOf(channel);
    this.#ask<null>({ kind: 'consume', channel: number, options }, (refused) => {
      if (refused === null) this.#consumers.add(number, options);
      answer(refused);
    });
  }

  cancel(channel: ConsumingChannel, tag: string, answer: Answer<null>): void {
    const number = this.#consumers.numberOf(channel);
    this.#ask<null>({ kind: 'cancel', channel: number, tag }, (refused) => {
      this.#consumers.remove(number, tag);
      answer(refused);
    });
  }

  get(channel: ConsumingChannel, noAck: boolean, answer: Answer<Fetched | null>): void {
    const number = this.#consumers.numberOf(channel);
    this.#ask<Fetched | null>({ kind: 'get', channel: number, noAck }, (fetched) => {
      if (fetched !== null && 'of' in fetched && !noAck) this.#consumers.holds(number, fetched.of);
      answer(fetched);
    });
  }

  settle(channel: ConsumingChannel, messages: readonly HeldMessage[], how: Settlement): void {
    const number = this.#consumers.numberOf(channel);
    const positions = this.#consumers.settled(number, messages);
    if (positions.length > 0) this.#cast({ kind: 'settle', channel: number, positions, how });
  }

  channelClosed(channel: ConsumingChannel): void {
    const number = this.#consumers.numberOf(channel);
    this.#consumers.forget(channel);
    this.#lostConsumers = this.#lostConsumers.filter((one) => one.channel !== channel);
    for (const [id, { request }] of [...this.#pending]) {
      if ('channel' in request && request.channel === number) this.#take(id);
    }
    this.#cast({ kind: 'channel-closed', channel: number });
  }

  counts(answer: Answer<QueueCounts>): void {
    this.#ask({ kind: 'counts' }, answer);
  }

  purge(answer: Answer<number>): void {
    this.#ask({ kind: 'purge' }, answer);
  }

  delete(conditions: DeleteConditions, answer: Answer<number>): void {
    this.#ask({ kind: 'delete', conditions }, answer);
  }

  /** The process hears of policies on its own node. */
  setPolicy(): void {}

  /** Metadata no longer has the queue: consumers hear of it; what was asked is still answered. */
  forgotten(): void {
    this.#isForgotten = true;
    this.#senders.processGone();
    for (const { channel, options } of this.#consumers.lost()) channel.cancelled(options.tag);
    this.#endIfForgotten();
  }

  // ------------------------------------------------------------------------------------ messages

  #cast(message: QueueMessage): void {
    const addressed = { ...message, queue: this.name, replyTo: this.#replyTo };
    this.#links.send(this.#leader, gatewayName(this.#context.vhost), termOf(addressed));
  }

  #ask<T>(request: QueueRequest, answer: Answer<T>): void {
    const id = ++this.#lastId;
    const pending = { request, answer: answer as Answer<unknown>, deadline: null, retry: null };
    this.#pending.set(id, pending);
    this.#send(id);
  }

  #send(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.retry = null;
    if (this.#links.isConnected(this.#leader)) this.#cast({ ...pending.request, id });
    else this.#unreachable(id, pending);
  }

  #received(message: FromQueue): void {
    switch (message.kind) {
      case 'answer':
        this.#take(message.id)?.answer(message.answer);
        break;
      case 'refused':
        this.#take(message.id)?.answer(message.error);
        break;
      case 'noproc':
        this.#noProcess(message.id);
        break;
      case 'confirmed':
      case 'rejected': {
        const publish = this.#unconfirmed.get(message.sequence);
        this.#unconfirmed.delete(message.sequence);
        publish?.publisher[message.kind](this.name);
        break;
      }
      case 'credit':
        this.#senders.granted(message.sender, message.count);
        break;
      case 'deliver':
        this.#context.ports.cost.charge('copy', message.message.body.length);
        this.#consumers.deliver(message);
        break;
      case 'cancelled':
        this.#consumers.cancelled(message.channel, message.tag);
    }
    this.#endIfForgotten();
  }

  /** An answer has come, or will not. */
  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    const { clock } = this.#context.ports;
    if (pending.deadline !== null) clock.cancel(pending.deadline);
    if (pending.retry !== null) clock.cancel(pending.retry);
    this.#pending.delete(id);
    return pending;
  }

  /** The queue is not recovered yet, or was deleted, or no application runs there. */
  #noProcess(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { resource, ports } = this.#context;
    if (this.#isForgotten) {
      this.#take(id)?.answer(notFound(resource));
      return;
    }
    this.#waitFor(id, pending);
    const pause = microsOfMillis(RETRY_MS);
    pending.retry = ports.clock.after(pause, 'retry_wait', () => this.#send(id));
  }

  #unreachable(id: number, pending: Pending): void {
    if (this.#isMoving) return;
    const { absence } = this;
    if (absence === null) this.#waitFor(id, pending);
    else this.#take(id)?.answer(absence);
  }

  #waitFor(id: number, pending: Pending): void {
    const { ports, resource } = this.#context;
    const longest = microsOfMillis(RETRY_MS * RETRIES);
    pending.deadline ??= ports.clock.after(longest, 'retries', () => {
      const explanation = `failed to perform operation on ${resource} due to timeout`;
      this.#take(id)?.answer(amqpError('NOT_FOUND', explanation));
      this.#endIfForgotten();
    });
  }

  // --------------------------------------------------------------------------------- up and down

  #leaderUp(): void {
    for (const id of [...this.#pending.keys()]) this.#send(id);
  }

  #leaderDown(): void {
    if (this.#isEnded) return;
    this.#senders.processGone();
    this.#lostConsumers.push(...this.#consumers.lost());
    if (this.#mayMove()) this.#isMoving = true;
    else this.#giveUp();
  }

  /** No mirror takes the place of a leader that is down. */
  abandoned(): void {
    if (this.#isMoving) this.#giveUp();
  }

  /**
   * Its node's application ended, or is there anew, and the node is connected: nothing of it will
   * come. `isGone`: it is not there, and a mirror may take its place.
   */
  processesGone(node: string, isGone = false): void {
    if (this.#isEnded || node !== this.#leader) return;
    this.#senders.processGone();
    // Who waits for a mirror waits on.
    if (this.#isMoving) return;
    this.#lostConsumers.push(...this.#consumers.lost());
    if (isGone && this.#mayMove()) this.#isMoving = true;
    else this.#giveUp();
  }

  /** Another node has the process: what is open is asked there. */
  moved({ leader }: Pick<QueueRecord, 'leader'>): void {
    if (leader === this.#leader) return;
    assert(leader !== this.#links.self, 'its process is elsewhere', { leader });
    this.#leader = leader;
    this.#isMoving = false;
    this.#senders.processGone();
    const consumers = [...this.#lostConsumers, ...this.#consumers.lost()];
    this.#lostConsumers = [];
    for (const [sequence, { message }] of this.#unconfirmed) {
      this.#cast({ kind: 'publish', message, sequence, sender: null });
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { message, publisher } of waiting) this.publish(message, publisher);
    for (const id of [...this.#pending.keys()]) this.#send(id);
    for (const { channel, options } of consumers) this.#lost(channel, options);
  }

  /** The process is here now: what is open is asked of it, and this stand-in ends. */
  handOver(queue: Queue): void {
    const consumers = [...this.#lostConsumers, ...this.#consumers.lost()];
    const unconfirmed = [...this.#unconfirmed];
    const waiting = this.#waiting;
    const requests = [...this.#pending.keys()].map((id) => this.#take(id)!);
    this.#unconfirmed.clear();
    this.#waiting = [];
    this.#isForgotten = true;
    this.#senders.processGone();
    this.#endIfForgotten();
    for (const [sequence, { message, publisher }] of unconfirmed) {
      queue.publish(message, {
        id: publishId(this.#links.self, this.#replyTo, sequence),
        confirmed: (name) => publisher.confirmed(name),
        rejected: (name) => publisher.rejected(name),
      });
    }
    for (const { message, publisher } of waiting) queue.publish(message, publisher);
    for (const { channel, options } of consumers) this.#lostTo(queue, channel, options);
    for (const { request, answer } of requests) this.#askOf(queue, request, answer);
  }

  #askOf(queue: Queue, request: QueueRequest, answer: Answer<unknown>): void {
    const channel = 'channel' in request ? this.#consumers.channelOf(request.channel) : null;
    if (request.kind === 'counts') queue.counts(answer);
    else if (request.kind === 'purge') queue.purge(answer);
    else if (request.kind === 'delete') queue.delete(request.conditions, answer);
    else if (channel === null) return;
    else if (request.kind === 'consume') queue.consume(channel, request.options, answer);
    else if (request.kind === 'cancel') queue.cancel(channel, request.tag, answer);
    else queue.get(channel, request.noAck, answer);
  }

  #giveUp(): void {
    this.#isMoving = false;
    const publishers = [...this.#unconfirmed.values(), ...this.#waiting];
    this.#unconfirmed.clear();
    this.#waiting = [];
    const consumers = this.#lostConsumers;
    this.#lostConsumers = [];
    this.#context.ports.trace.record(queueDownKind, {
      queue: this.name,
      node: this.#leader,
      rejected: publishers.length,
      consumers: consumers.length,
    });
    for (const { publisher } of publishers) publisher?.rejected(this.name);
    for (const [id, pending] of [...this.#pending]) this.#unreachable(id, pending);
    for (const { channel, options } of consumers) this.#lost(channel, options);
    assert(this.#unconfirmed.size === 0, 'R1: nobody waits for a node that is down', {});
    this.#endIfForgotten();
  }

  /** `queue_down_consumer_action` */
  #lost(channel: ConsumingChannel, options: ConsumerOptions): void {
    const onFailover = tableLookup(options.arguments, 'x-cancel-on-ha-failover');
    const isCancelled = onFailover?.type === 'bool' && onFailover.value;
    if (isCancelled || !this.#context.profile.switches.mirroredQueues) {
      channel.cancelled(options.tag);
      return;
    }
    this.#lostTo(this, channel, options);
  }

  #lostTo(queue: Queue, channel: ConsumingChannel, options: ConsumerOptions): void {
    queue.consume(channel, options, (refused) => {
      if (refused !== null) channel.cancelled(options.tag);
    });
  }

  #endIfForgotten(): void {
    if (!this.#isForgotten || this.#isEnded) return;
    if (this.#pending.size > 0 || this.#unconfirmed.size > 0) return;
    this.#isEnded = true;
    this.#links.unregister(this.#replyTo);
    this.#stopWatching();
  }
}
