/**
 * A channel at the client: calls one after another, publishes with what becomes of them, consumers
 * and acknowledgements.
 *
 * What is asked for while an answer is waited for stands in line behind it, as in a thread that
 * calls one method after the other; before the first connection everything does. While a
 * connection is recovered nothing is sent: it fails with `closed`. A channel that the broker closes
 * with an error stays closed.
 * Not here: connecting again (`amqp-client.ts`), what is declared again (`recorded-topology.ts`).
 * Source: `com.rabbitmq.client.impl.ChannelN`, `RecoveryAwareChannelN`.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Command } from '../../wire/amqp/command.ts';
import type { ArgsOf } from '../../wire/amqp/methods.ts';
import type { BasicProperties } from '../../wire/amqp/properties.ts';
import { errorOf, type ClientConnection } from './client-connection.ts';
import {
  OutstandingPublishes,
  type OutstandingPublish,
  type PublishListener,
} from './outstanding-publishes.ts';
import { tableOf, type PlainTable } from './plain-table.ts';
import { answers, wireArgs, type CallArgs, type Reply, type RpcName } from './rpc.ts';
import { alreadyClosed, closedBy, type ShutdownSignal } from './shutdown-signal.ts';

/** A message for a consumer, or one that was fetched. */
export interface Delivery {
  /** Empty where it was fetched by basic.get. */
  readonly consumerTag: string;
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: BasicProperties;
  readonly body: Uint8Array;
  /** Of the connection that brought it: on another one its tag means nothing. */
  readonly connection: number;
}

/** Properties as an application writes them: headers are a plain object. */
export type PlainProperties = Omit<BasicProperties, 'headers'> & { readonly headers?: PlainTable };

export interface Publish {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Uint8Array;
  readonly properties?: PlainProperties;
  readonly mandatory?: boolean;
}

export interface ConsumerHandler {
  delivered(delivery: Delivery): void;
  /** The broker ended the consumer: its queue is gone. */
  cancelled?(): void;
}

/** What the channel tells its client. */
export interface ChannelOwner {
  /** A call succeeded: it may have changed what is to be declared again. */
  answered(channel: ClientChannel, name: RpcName, args: CallArgs<RpcName>, reply: Reply): void;
  consumerCancelled(channel: ClientChannel, consumerTag: string): void;
}

interface Call {
  readonly name: RpcName;
  readonly args: CallArgs<RpcName>;
  readonly answer: (reply: Reply | ShutdownSignal) => void;
  /** A consumer's, known before its first delivery. */
  readonly handler?: ConsumerHandler;
}

interface ChannelConsumer {
  readonly handler: ConsumerHandler;
  readonly noAck: boolean;
}

type Mode = 'none' | 'confirm' | 'tx';

/** What the views see of a client's channel. */
export interface ClientChannelView {
  readonly number: number;
  readonly state: string;
  readonly mode: Mode;
  /** Publishes whose confirm, or whose commit, is not there yet. */
  readonly outstanding: number;
  /** Deliveries that were not settled. */
  readonly unsettled: number;
  readonly consumers: readonly string[];
}

export class ClientChannel {
  readonly number: number;
  readonly #owner: ChannelOwner;
  readonly #outstanding = new OutstandingPublishes();
  readonly #consumers = new Map<string, ChannelConsumer>();
  readonly #unsettled = new Set<number>();
  /** What waits for its turn: calls, and what is sent without an answer. */
  readonly #line: (Call | (() => void))[] = [];
  readonly #onReturn: ((returned: ArgsOf<'basic.return'>, body: Uint8Array) => void)[] = [];
  readonly #onClosed: ((signal: ShutdownSignal) => void)[] = [];
  #state: 'waiting' | 'recovering' | 'open' | 'closed' = 'waiting';
  #connection: ClientConnection | null = null;
  /** How many connections it has had. */
  #connections = 0;
  #active: Call | null = null;
  #mode: Mode = 'none';
  #qos: CallArgs<'basic.qos'> | null = null;

  constructor(number: number, owner: ChannelOwner) {
    assert(number > 0, 'channel 0 is the connection', { number });
    this.number = number;
    this.#owner = owner;
  }

  get state(): string {
    return this.#state;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** Publishes that the broker has not confirmed, or whose transaction is open. */
  get outstandingCount(): number {
    return this.#outstanding.count;
  }

  /** Deliveries that the application has not settled. */
  get unsettledCount(): number {
    return this.#unsettled.size;
  }

  /** Of the next message that is published, where the channel confirms. */
  get nextPublishSequence(): number {
    return this.#outstanding.nextSequence;
  }

  inspect(): ClientChannelView {
    return {
      number: this.number,
      state: this.#state,
      mode: this.#mode,
      outstanding: this.#outstanding.count,
      unsettled: this.#unsettled.size,
      consumers: [...this.#consumers.keys()],
    };
  }

  // --------------------------------------------------------------------------------------- calls

  /**
   * Calls a method by its AMQP name: `call('queue.declare', { queue: 'orders', durable: true })`.
   * `answer` is given the broker's reply, or why there is none.
   */
  call<N extends RpcName>(
    name: N,
    args: CallArgs<N>,
    answer: (reply: Reply<N> | ShutdownSignal) => void = () => undefined,
  ): void {
    this.#enter({ name, args, answer: answer as Call['answer'] });
  }

  /** basic.consume: the handler is called for each delivery, in order. */
  consume(
    args: CallArgs<'basic.consume'>,
    handler: ConsumerHandler,
    answer: (reply: Reply<'basic.consume'> | ShutdownSignal) => void = () => undefined,
  ): void {
    this.#enter({ name: 'basic.consume', args, answer: answer as Call['answer'], handler });
  }

  #enter(call: Call): void {
    if (this.#state === 'open' || this.#state === 'waiting') this.#lineUp(call);
    else call.answer(alreadyClosed);
  }

  #lineUp(what: Call | (() => void)): void {
    this.#line.push(what);
    this.#next();
  }

  /** Sends what waits, up to the next call. */
  #next(): void {
    while (this.#connection !== null && this.#active === null && this.#line.length > 0) {
      const what = this.#line.shift()!;
      if (typeof what === 'function') {
        what();
        continue;
      }
      this.#active = what;
      this.#connection.send(this.number, what.name, wireArgs(what.args));
    }
  }

  #answered(reply: Reply): void {
    const call = present(this.#active, 'a call is answered');
    this.#active = null;
    if (reply.name === 'confirm.select-ok') this.#mode = 'confirm';
    if (reply.name === 'tx.select-ok') this.#mode = 'tx';
    if (call.name === 'basic.qos') this.#qos = call.args as CallArgs<'basic.qos'>;
    if (reply.name === 'basic.consume-ok') {
      this.#consumers.set(reply.args.consumerTag, consumerOf(call));
    }
    if (reply.name === 'basic.cancel-ok') this.#consumers.delete(reply.args.consumerTag);
    if (reply.name === 'basic.get-ok' && !(call.args as CallArgs<'basic.get'>).noAck) {
      this.#unsettled.add(reply.args.deliveryTag);
    }
    if (reply.name === 'basic.recover-ok') this.#unsettled.clear();
    if (reply.name === 'tx.commit-ok') this.#outstanding.settleAll('ack');
    if (reply.name === 'tx.rollback-ok') this.#outstanding.settleAll('rolled-back');
    if (reply.name === 'channel.close-ok') this.#end(alreadyClosed);
    this.#owner.answered(this, call.name, call.args, reply);
    call.answer(reply);
    this.#next();
  }

  // -------------------------------------------------------------------------- publishing, settling

  /**
   * Publishes a message. `told` is called once: with the broker's confirm where the channel
   * confirms, with the end of the transaction where it is transactional, and else as soon as it is
   * sent; with a signal where the channel is closed before that.
   */
  publish(publish: Publish, told: PublishListener | null = null): void {
    if (this.#state !== 'open' && this.#state !== 'waiting') told?.(alreadyClosed);
    else this.#lineUp(() => this.#publish(publish, told));
  }

  #publish(publish: Publish, told: PublishListener | null): void {
    const { exchange, routingKey, body, mandatory = false, properties = {} } = publish;
    const connection = this.#connection;
    if (connection === null) {
      told?.(alreadyClosed);
      return;
    }
    if (this.#mode !== 'none') {
      const outstanding: OutstandingPublish = {
        ...{ exchange, routingKey, mandatory, body, told, returned: null },
      };
      this.#outstanding.add(outstanding);
    }
    const { headers, ...others } = properties;
    const table = headers === undefined ? {} : { headers: tableOf(headers) };
    const content = { properties: { ...others, ...table }, body };
    connection.sendContent(
      this.number,
      'basic.publish',
      { exchange, routingKey, mandatory },
      content,
    );
    if (this.#mode === 'none') told?.({ outcome: 'unasked', sequence: 0, returned: null });
  }

  /** basic.ack; false where the delivery's connection is gone, and with it the delivery. */
  ack(delivery: Delivery, multiple = false): boolean {
    const { deliveryTag } = delivery;
    return this.#settle(delivery, multiple, (connection) => {
      connection.send(this.number, 'basic.ack', { deliveryTag, multiple });
    });
  }

  /** basic.nack; false as with `ack`. */
  nack(delivery: Delivery, options: { multiple?: boolean; requeue?: boolean } = {}): boolean {
    const { deliveryTag } = delivery;
    const { multiple = false, requeue = true } = options;
    return this.#settle(delivery, multiple, (connection) => {
      connection.send(this.number, 'basic.nack', { deliveryTag, multiple, requeue });
    });
  }

  /** basic.reject; false as with `ack`. */
  reject(delivery: Delivery, requeue: boolean): boolean {
    const { deliveryTag } = delivery;
    return this.#settle(delivery, false, (connection) => {
      connection.send(this.number, 'basic.reject', { deliveryTag, requeue });
    });
  }

  #settle(
    delivery: Delivery,
    multiple: boolean,
    send: (connection: ClientConnection) => void,
  ): boolean {
    const { deliveryTag } = delivery;
    if (!this.holds(delivery)) return false;
    if (multiple) {
      for (const tag of [...this.#unsettled]) if (tag <= deliveryTag) this.#unsettled.delete(tag);
    } else {
      this.#unsettled.delete(deliveryTag);
    }
    // Whoever works off deliveries is another thread: it does not stand in the callers' line.
    send(this.#connection!);
    return true;
  }

  /** Whether a delivery can still be settled: its connection is there. */
  holds({ connection }: Delivery): boolean {
    return connection === this.#connections && this.#connection !== null;
  }

  /** Looks at each message that comes back (`mandatory`). */
  whenReturned(look: (returned: ArgsOf<'basic.return'>, body: Uint8Array) => void): void {
    this.#onReturn.push(look);
  }

  /** Looks when the broker closes the channel with an error. */
  whenClosed(look: (signal: ShutdownSignal) => void): void {
    this.#onClosed.push(look);
  }

  // ----------------------------------------------------------------------------------- receiving

  /** A command of the broker. */
  received(command: Command): void {
    if (this.#state === 'closed') return;
    switch (command.name) {
      case 'basic.deliver':
        this.#delivered(command);
        return;
      case 'basic.ack':
      case 'basic.nack': {
        const { deliveryTag, multiple } = command.args;
        const outcome = command.name === 'basic.ack' ? 'ack' : 'nack';
        this.#outstanding.settle(deliveryTag, multiple, outcome);
        return;
      }
      case 'basic.return':
        this.#returned(command);
        return;
      case 'basic.cancel':
        this.#cancelled(command.args.consumerTag);
        return;
      case 'channel.close': {
        const connection = present(this.#connection, 'a connection that brought it');
        connection.send(this.number, 'channel.close-ok', {});
        this.#end(closedBy('channel', errorOf(command.args)));
        return;
      }
      default: {
        const call = present(this.#active, 'somebody waits for an answer');
        assert(answers(call.name, command), 'the answer to the call', {
          call: call.name,
          answer: command.name,
        });
        this.#answered(command as Reply);
      }
    }
  }

  #delivered({ args, content }: Extract<Command, { name: 'basic.deliver' }>): void {
    const consumer = this.#consumers.get(args.consumerTag);
    // Of a consumer that was cancelled a delivery may still be on its way.
    if (consumer === undefined) return;
    if (!consumer.noAck) this.#unsettled.add(args.deliveryTag);
    const { properties, body } = present(content, 'a delivery has a content');
    consumer.handler.delivered({ ...args, properties, body, connection: this.#connections });
  }

  #returned({ args, content }: Extract<Command, { name: 'basic.return' }>): void {
    const { body } = present(content, 'a returned message has a content');
    const text = `${args.replyCode} ${args.replyText}`;
    this.#outstanding.returned(args.exchange, args.routingKey, body, text);
    for (const look of this.#onReturn) look(args, body);
  }

  #cancelled(consumerTag: string): void {
    const consumer = this.#consumers.get(consumerTag);
    this.#consumers.delete(consumerTag);
    this.#owner.consumerCancelled(this, consumerTag);
    consumer?.handler.cancelled?.();
  }

  // ----------------------------------------------------------------------------------- connections

  /** A connection is open: opens the channel on it, as it was; `done` when it is. */
  open(connection: ClientConnection, done: () => void): void {
    assert(this.#connection === null, 'one connection at a time', { number: this.number });
    this.#connection = connection;
    this.#connections += 1;
    const again: Call[] = [{ name: 'channel.open', args: {}, answer: done }];
    const then = (name: RpcName, args: CallArgs<RpcName>): void => {
      again.push({ name, args, answer: () => undefined });
    };
    if (this.#qos !== null) then('basic.qos', this.#qos);
    if (this.#mode === 'confirm') then('confirm.select', {});
    if (this.#mode === 'tx') then('tx.select', {});
    this.#line.unshift(...again);
    this.#next();
  }

  /** What was recovered is there: the application may go on. */
  resume(): void {
    if (this.#state !== 'closed') this.#state = 'open';
    this.#next();
  }

  /** A call of the recovery, before the application may go on. */
  recall(call: Pick<Call, 'name' | 'args' | 'answer'>, handler?: ConsumerHandler): void {
    if (this.#state === 'closed') call.answer(alreadyClosed);
    else this.#lineUp(handler === undefined ? call : { ...call, handler });
  }

  /** Who consumes by a tag. */
  handlerOf(consumerTag: string): ConsumerHandler | undefined {
    return this.#consumers.get(consumerTag)?.handler;
  }

  /** The connection is gone, and another one will be there, or none. */
  lost(signal: ShutdownSignal, isRecovering: boolean): void {
    if (this.#state === 'closed') return;
    this.#state = isRecovering ? 'recovering' : 'closed';
    this.#leave(signal);
  }

  #end(signal: ShutdownSignal): void {
    this.#state = 'closed';
    this.#consumers.clear();
    this.#leave(signal);
    for (const look of this.#onClosed) look(signal);
  }

  #leave(signal: ShutdownSignal): void {
    this.#connection = null;
    this.#unsettled.clear();
    const calls = [this.#active, ...this.#line];
    this.#active = null;
    this.#line.length = 0;
    this.#outstanding.lost(signal);
    for (const call of calls) {
      if (call === null) continue;
      // What was in line was never sent; a publish tells its own.
      if (typeof call === 'function') call();
      else call.answer(call === calls[0] ? signal : alreadyClosed);
    }
  }
}

function consumerOf({ handler, args }: Call): ChannelConsumer {
  const noAck = (args as CallArgs<'basic.consume'>).noAck ?? false;
  return { handler: present(handler, 'who consumes'), noAck };
}
