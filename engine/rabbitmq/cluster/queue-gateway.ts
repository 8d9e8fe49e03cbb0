/**
 * The queues of a virtual host that have their process on this node, for channels on other nodes.
 *
 * A channel there is a consumer here: what it was delivered is kept by its position until it is
 * settled, and when its node is down, or the channel is closed, it is ready again (invariant R14).
 * Not here: the channels' side (`remote-queue.ts`).
 * Source: `rabbit_amqqueue_process`, which monitors its channels wherever they are.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { isAmqpError } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { CreditFlow } from '../credit-flow.ts';
import type { ConsumingChannel } from '../queue/consumer.ts';
import { Limiter } from '../queue/limiter.ts';
import type { HeldMessage, Queue } from '../queue/queue.ts';
import type { NodeLinks, Term } from './node-links.ts';
import {
  type FromQueue,
  gatewayName,
  isGatewayName,
  publishId,
  PROCESSES_GONE,
  termOf,
  type ToQueue,
} from './queue-messages.ts';
import { MirroredQueue } from './mirror/mirrored-queue.ts';
import { RemoteQueue } from './remote-queue.ts';

export interface QueueGatewayOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly links: NodeLinks;
  readonly vhost: string;
  readonly queues: ReadonlyMap<string, Queue>;
}

type Request = Extract<ToQueue, { id: number }>;

export class QueueGateway {
  readonly #links: NodeLinks;
  readonly #vhost: string;
  readonly #queues: ReadonlyMap<string, Queue>;
  /** By the node, the name by which it hears, and the number that it has there. */
  readonly #channels = new Map<string, RemoteChannel>();
  /** What the queues grant to channels that publish. */
  readonly #flow: CreditFlow;
  /** By node: those channels. */
  readonly #senders = new Map<string, Set<string>>();

  constructor({ clock, links, vhost, queues }: QueueGatewayOptions) {
    this.#flow = new CreditFlow(clock);
    this.#links = links;
    this.#vhost = vhost;
    this.#queues = queues;
  }

  open(): void {
    this.#links.register(gatewayName(this.#vhost), (from, message) =>
      this.#received(from, message as unknown as ToQueue | typeof PROCESSES_GONE),
    );
    this.#links.watch({ nodeUp: () => {}, nodeDown: (node) => this.#nodeDown(node) });
  }

  /** The processes that other nodes know are gone, while the links to them stay. */
  processesGone(): void {
    const { self, members } = this.#links;
    assert(members.includes(self), 'a member', { self });
    for (const node of members) {
      if (node !== self) this.#links.send(node, gatewayName(this.#vhost), termOf(PROCESSES_GONE));
    }
  }

  #received(node: string, message: ToQueue | typeof PROCESSES_GONE): void {
    if (message.kind === 'processes-gone') {
      for (const queue of this.#queues.values()) queue.processesGone?.(node);
      return;
    }
    if (message.kind === 'sender-ended') {
      const key = keyOf(node, { replyTo: message.replyTo, channel: message.sender });
      this.#senders.get(node)?.delete(key);
      this.#flow.forget(key);
      return;
    }
    const queue = this.#queues.get(message.queue);
    const tell = (answer: FromQueue): void =>
      this.#links.send(node, message.replyTo, termOf(answer));
    if (message.kind === 'publish') this.#grant(node, message, tell);
    if (queue === undefined || !isHere(queue)) {
      isNotHere(message, tell);
      return;
    }
    switch (message.kind) {
      case 'publish':
        this.#publish(node, queue, message, tell);
        return;
      case 'settle':
        this.#channels.get(keyOf(node, message))?.settle(message.positions, message.how);
        return;
      case 'channel-closed': {
        const key = keyOf(node, message);
        const channel = this.#channels.get(key);
        this.#channels.delete(key);
        channel?.close();
        return;
      }
      default:
        this.#answer(queue, message, (key) => this.#channelOf(node, key, queue, tell), tell);
    }
  }

  /** It is worked off now: even where the queue is not, its sender may send more. */
  #grant(
    node: string,
    { replyTo, sender }: Extract<ToQueue, { kind: 'publish' }>,
    tell: (answer: FromQueue) => void,
  ): void {
    if (sender === null) return;
    const key = keyOf(node, { replyTo, channel: sender });
    const known = this.#senders.get(node);
    if (known === undefined) this.#senders.set(node, new Set([key]));
    else known.add(key);
    this.#flow.ack(key, (count) => tell({ kind: 'credit', sender, count }));
  }

  #publish(
    node: string,
    queue: Queue,
    { message, sequence, replyTo }: Extract<ToQueue, { kind: 'publish' }>,
    tell: (answer: FromQueue) => void,
  ): void {
    if (sequence === null) {
      queue.publish(message, null);
      return;
    }
    queue.publish(message, {
      id: publishId(node, replyTo, sequence),
      confirmed: () => tell({ kind: 'confirmed', sequence }),
      rejected: () => tell({ kind: 'rejected', sequence }),
    });
  }

  #answer(
    queue: Queue,
    request: Request,
    channelOf: (request: Request & { readonly channel: number }) => RemoteChannel,
    tell: (answer: FromQueue) => void,
  ): void {
    const { id } = request;
    const answer = (result: object | number | null | AmqpError): void => {
      if (isAmqpError(result)) tell({ kind: 'refused', id, error: result });
      else tell({ kind: 'answer', id, answer: result as unknown as Term });
    };
    switch (request.kind) {
      case 'consume': {
        const channel = channelOf(request);
        queue.consume(channel, request.options, (refused) => {
          if (refused === null) channel.consumes(request.options.tag, request.options.noAck);
          answer(refused);
        });
        return;
      }
      case 'cancel':
        queue.cancel(channelOf(request), request.tag, answer);
        return;
      case 'get': {
        const channel = channelOf(request);
        queue.get(channel, request.noAck, (fetched) => {
          if (fetched !== null && !isAmqpError(fetched) && !request.noAck)
            channel.holds(fetched.of);
          answer(fetched === null || isAmqpError(fetched) ? fetched : plain(fetched));
        });
        return;
      }
      case 'counts':
        queue.counts(answer);
        return;
      case 'purge':
        queue.purge(answer);
        return;
      case 'delete':
        queue.delete(request.conditions, answer);
    }
  }

  #channelOf(
    node: string,
    request: Request & { readonly channel: number },
    queue: Queue,
    tell: (answer: FromQueue) => void,
  ): RemoteChannel {
    const key = keyOf(node, request);
    const known = this.#channels.get(key);
    if (known !== undefined && known.queue === queue) return known;
    const made = new RemoteChannel({ node, number: request.channel, queue, tell });
    this.#channels.set(key, made);
    return made;
  }

  /** Its channels are gone with it, or cannot be told anything any more. */
  #nodeDown(node: string): void {
    for (const key of this.#senders.get(node) ?? []) this.#flow.forget(key);
    this.#senders.delete(node);
    for (const [key, channel] of [...this.#channels]) {
      if (channel.node !== node) continue;
      this.#channels.delete(key);
      channel.close();
    }
  }
}

/** Who calls a process that is not there hears so at once (`noproc`). */
function isNotHere(message: ToQueue, tell: (answer: FromQueue) => void): void {
  if ('id' in message) tell({ kind: 'noproc', id: message.id });
  if (message.kind !== 'publish' || message.sequence === null) return;
  tell({ kind: 'rejected', sequence: message.sequence });
}

/** A node whose application does not run, or has not recovered its queues, is asked for one. */
export function answerWithoutProcess(
  links: NodeLinks,
  from: string,
  name: string,
  message: Term,
): void {
  if (!isGatewayName(name)) return;
  const asked = message as unknown as ToQueue | typeof PROCESSES_GONE;
  if (asked.kind === 'processes-gone') return;
  assert(asked.replyTo !== '', 'who asks can be answered', { from, kind: asked.kind });
  isNotHere(asked, (answer) => links.send(from, asked.replyTo, termOf(answer)));
}

/** Whether the queue has its process on this node. */
function isHere(queue: Queue): boolean {
  return queue instanceof MirroredQueue ? queue.isHere : !(queue instanceof RemoteQueue);
}

interface RemoteChannelOptions {
  readonly node: string;
  /** What its node calls it. */
  readonly number: number;
  readonly queue: Queue;
  readonly tell: (answer: FromQueue) => void;
}

/** A channel on another node, as a queue's process here sees it. */
class RemoteChannel implements ConsumingChannel {
  /** Never active: the limit of a channel is kept where the channel is. */
  readonly limiter = new Limiter();
  readonly node: string;
  readonly queue: Queue;
  readonly #number: number;
  readonly #tell: (answer: FromQueue) => void;
  readonly #noAck = new Map<string, boolean>();
  /** What it was delivered and did not settle, by its position. */
  readonly #held = new Map<number, HeldMessage>();

  constructor({ node, number, queue, tell }: RemoteChannelOptions) {
    this.node = node;
    this.queue = queue;
    this.#number = number;
    this.#tell = tell;
  }

  consumes(tag: string, noAck: boolean): void {
    assert(tag !== '', 'a consumer has a tag', { node: this.node });
    this.#noAck.set(tag, noAck);
  }

  holds(of: HeldMessage): void {
    assert(!this.#held.has(of.position), 'a message is held once', { position: of.position });
    this.#held.set(of.position, of);
  }

  deliver(tag: string, of: HeldMessage, redelivered: boolean): void {
    if (this.#noAck.get(tag) !== true) this.holds(of);
    const { position, message } = of;
    this.#tell({ kind: 'deliver', channel: this.#number, tag, position, redelivered, message });
  }

  cancelled(tag: string): void {
    this.#noAck.delete(tag);
    this.#tell({ kind: 'cancelled', channel: this.#number, tag });
  }

  /** Of what it does not hold, nothing happens: it settles what it had of an earlier process. */
  settle(positions: readonly number[], how: 'ack' | 'requeue' | 'discard'): void {
    const messages: HeldMessage[] = [];
    for (const position of positions) {
      const of = this.#held.get(position);
      if (of !== undefined && this.#held.delete(position)) messages.push(of);
    }
    if (messages.length > 0) this.queue.settle(this, messages, how);
  }

  close(): void {
    this.#held.clear();
    this.queue.channelClosed(this);
  }
}

function keyOf(
  node: string,
  { replyTo, channel }: { readonly replyTo: string; readonly channel: number },
): string {
  return `${node} ${replyTo} ${channel}`;
}

/** As it travels: without what only the queue's process may know of the message. */
function plain({
  of: { message, position },
  redelivered,
  messageCount,
}: {
  readonly of: HeldMessage;
  readonly redelivered: boolean;
  readonly messageCount: number;
}): object {
  return { of: { message, position }, redelivered, messageCount };
}
