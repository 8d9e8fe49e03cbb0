/**
 * What a client declared, bound and consumes, so that it can be done again on the next connection,
 * in this order: exchanges, queues, bindings, consumers.
 *
 * A queue that the broker named gets another name then, and its bindings and consumers with it.
 * What is deleted, or deletes itself with its last consumer or binding, is forgotten.
 * Source: `com.rabbitmq.client.impl.recovery.AutorecoveringConnection`, `Recorded*`.
 */
import { assert } from '../../kernel/assert.ts';
import type { ClientChannel } from './client-channel.ts';
import type { CallArgs, Reply, RpcName } from './rpc.ts';

/** One call that is made again, on the channel that made it first. */
export interface RecordedCall<N extends RpcName = RpcName> {
  readonly channel: ClientChannel;
  readonly name: N;
  args: CallArgs<N>;
}

interface RecordedQueue extends RecordedCall<'queue.declare'> {
  readonly isServerNamed: boolean;
}

type BindName = 'queue.bind' | 'exchange.bind';
type Binding = RecordedCall<BindName>;
type BindArgs = CallArgs<'queue.bind'> & CallArgs<'exchange.bind'>;

export class RecordedTopology {
  readonly #exchanges = new Map<string, RecordedCall<'exchange.declare'>>();
  readonly #queues = new Map<string, RecordedQueue>();
  readonly #bindings = new Map<string, Binding>();
  readonly #consumers = new Map<string, RecordedCall<'basic.consume'>>();
  /** By channel: what a method without a queue's name means. */
  readonly #lastQueue = new Map<number, string>();

  /** A call succeeded. */
  answered(channel: ClientChannel, name: RpcName, args: CallArgs<RpcName>, reply: Reply): void {
    switch (name) {
      case 'exchange.declare':
      case 'exchange.delete':
        this.#onExchange(channel, name, args as CallArgs<'exchange.declare'>);
        return;
      case 'queue.declare':
      case 'queue.delete':
        this.#onQueue(channel, name, args as CallArgs<'queue.declare'>, reply);
        return;
      case 'queue.bind':
      case 'exchange.bind':
      case 'queue.unbind':
      case 'exchange.unbind':
        this.#onBinding(channel, name, args as CallArgs<'queue.bind'>);
        return;
      case 'basic.consume': {
        assert(reply.name === 'basic.consume-ok', 'its answer', { reply: reply.name });
        const { consumerTag } = reply.args;
        const queue = this.#queueOf(channel, args as CallArgs<'basic.consume'>);
        this.#consumers.set(keyOf(channel, consumerTag), {
          channel,
          name,
          args: { ...(args as CallArgs<'basic.consume'>), queue, consumerTag },
        });
        return;
      }
      case 'basic.cancel':
        this.forgetConsumer(channel, (args as CallArgs<'basic.cancel'>).consumerTag ?? '');
        return;
      default:
    }
  }

  /** The consumer is gone; an auto-delete queue goes with its last one. */
  forgetConsumer(channel: ClientChannel, consumerTag: string): void {
    const key = keyOf(channel, consumerTag);
    const consumer = this.#consumers.get(key);
    this.#consumers.delete(key);
    const queue = consumer?.args.queue ?? '';
    if (this.#queues.get(queue)?.args.autoDelete !== true) return;
    const isUsed = [...this.#consumers.values()].some(({ args }) => args.queue === queue);
    if (!isUsed) this.#forgetQueue(queue);
  }

  /** All that is declared and bound, in the order in which it is done again. */
  get declarations(): readonly RecordedCall[] {
    return [...this.#exchanges.values(), ...this.#queues.values(), ...this.#bindings.values()];
  }

  get consumers(): readonly RecordedCall<'basic.consume'>[] {
    return [...this.#consumers.values()];
  }

  /** What is asked for a queue again: without a name where the broker had chosen it. */
  argsAgain(recorded: RecordedCall): CallArgs<RpcName> {
    const isServerNamed = 'isServerNamed' in recorded && recorded.isServerNamed === true;
    if (!isServerNamed) return recorded.args;
    return { ...(recorded as RecordedQueue).args, queue: '' } as CallArgs<RpcName>;
  }

  /** The broker chose another name for a queue: what refers to it has the new one. */
  renamed(recorded: RecordedCall, to: string): void {
    const queue = recorded as RecordedQueue;
    const from = queue.args.queue ?? '';
    if (from === to) return;
    this.#queues.delete(from);
    queue.args = { ...queue.args, queue: to };
    this.#queues.set(to, queue);
    this.#lastQueue.set(queue.channel.number, to);
    for (const binding of this.#bindings.values()) {
      const args = binding.args as CallArgs<'queue.bind'>;
      if (args.queue === from) binding.args = { ...args, queue: to } as CallArgs<BindName>;
    }
    for (const consumer of this.#consumers.values()) {
      if (consumer.args.queue === from) consumer.args = { ...consumer.args, queue: to };
    }
  }

  #onExchange(
    channel: ClientChannel,
    name: 'exchange.declare' | 'exchange.delete',
    args: CallArgs<'exchange.declare'>,
  ): void {
    const exchange = args.exchange ?? '';
    if (name === 'exchange.delete') this.#exchanges.delete(exchange);
    else if (args.passive !== true) this.#exchanges.set(exchange, { channel, name, args });
    if (name === 'exchange.delete') this.#forgetBindings((args) => args.source === exchange);
  }

  #onQueue(
    channel: ClientChannel,
    name: 'queue.declare' | 'queue.delete',
    args: CallArgs<'queue.declare'>,
    reply: Reply,
  ): void {
    if (name === 'queue.delete') {
      this.#forgetQueue(this.#queueOf(channel, args));
      return;
    }
    assert(reply.name === 'queue.declare-ok', 'its answer', { reply: reply.name });
    const { queue } = reply.args;
    this.#lastQueue.set(channel.number, queue);
    if (args.passive === true) return;
    const isServerNamed = (args.queue ?? '') === '';
    this.#queues.set(queue, { channel, name, args: { ...args, queue }, isServerNamed });
  }

  #onBinding(
    channel: ClientChannel,
    name: BindName | 'queue.unbind' | 'exchange.unbind',
    given: CallArgs<'queue.bind'>,
  ): void {
    const isQueue = name.startsWith('queue');
    const args = isQueue ? { ...given, queue: this.#queueOf(channel, given) } : given;
    const key = JSON.stringify([isQueue, args]);
    if (name === 'queue.bind' || name === 'exchange.bind') {
      this.#bindings.set(key, { channel, name, args });
    } else {
      this.#bindings.delete(key);
    }
  }

  #queueOf(channel: ClientChannel, { queue }: { readonly queue?: string }): string {
    if (queue !== undefined && queue !== '') return queue;
    return this.#lastQueue.get(channel.number) ?? '';
  }

  #forgetQueue(queue: string): void {
    this.#queues.delete(queue);
    this.#forgetBindings((args) => args.queue === queue);
    for (const [key, { args }] of this.#consumers) {
      if (args.queue === queue) this.#consumers.delete(key);
    }
  }

  #forgetBindings(isGone: (args: BindArgs) => boolean): void {
    for (const [key, { args }] of this.#bindings) {
      if (isGone(args as BindArgs)) this.#bindings.delete(key);
    }
  }
}

const keyOf = (channel: ClientChannel, consumerTag: string): string =>
  `${channel.number} ${consumerTag}`;
