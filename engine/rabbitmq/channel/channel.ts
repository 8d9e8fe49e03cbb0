/**
 * A channel at the broker: takes a client's methods one after another, asks the virtual host, and
 * answers; sends what the virtual host tells it.
 *
 * A soft error closes the channel with the ids of the method that failed, a hard one is handed to
 * the connection. Not here: tags, queues, transactions (`channel-host.ts`).
 * While an answer is due, as of a queue on another node, what the client sends waits.
 * Source: `rabbit_channel:handle_method`. Differs: methods are handled within the event in which
 * they arrive, there in a process of the channel's own, so that with several channels the order of
 * answers is the order of requests.
 */
import { assert, present } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Clock, Trace } from '../../kernel/ports.ts';
import type { Command, Content } from '../../wire/amqp/command.ts';
import type { ArgsOf, MethodName } from '../../wire/amqp/methods.ts';
import { amqpError, isHardError, ReplyCode, type AmqpError } from '../../wire/amqp/reply-code.ts';
import { isAmqpError, preconditionFailed } from '../amqp-error.ts';
import { CreditFlow } from '../credit-flow.ts';
import {
  deliveryTimeout,
  notImplemented,
  NOT_TRANSACTIONAL,
  unimplemented,
} from './channel-errors.ts';
import { channelMachine } from './channel.machine.ts';
import { PendingMethods } from './pending-methods.ts';
import { PublisherConfirms } from './publisher-confirms.ts';
import type { Answer } from '../queue/queue.ts';
import type {
  ChannelHost,
  ChannelListener,
  ChannelSession,
  ConnectionIdentity,
  DeclaredQueue,
  FetchedMessage,
  SessionInfo,
} from './channel-host.ts';

/** What a channel needs of its connection. */
export interface ChannelOwner {
  readonly identity: ConnectionIdentity;
  readonly virtualHost: ChannelHost;
  /** Whether the client announced that it understands basic.cancel from the broker. */
  readonly hasCancelNotify: boolean;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Of who reads its socket. */
  readonly flow: CreditFlow;
  send<N extends MethodName>(channel: number, name: N, args: Partial<ArgsOf<N>>): void;
  sendContent<N extends MethodName>(
    channel: number,
    name: N,
    args: ArgsOf<N>,
    content: Content,
  ): void;
  /** Sends channel.close; the error is noted. */
  sendClose(channel: number, error: AmqpError): void;
  /** The connection is to be closed. */
  hardError(channel: number, error: AmqpError): void;
  /** The channel has ended: its number is free. */
  channelGone(channel: number): void;
}

/** What the client may do to its publishes: nothing yet, confirms, or transactions. */
type Mode = 'none' | 'confirm' | 'tx';

type Received<N extends MethodName> = Extract<Command, { name: N }>;

export class Channel {
  readonly number: number;
  readonly flow: CreditFlow;
  readonly #owner: ChannelOwner;
  readonly #machine: MachineRunner<typeof channelMachine>;
  #session: ChannelSession | null = null;
  #mode: Mode = 'none';
  #confirms: PublisherConfirms | null = null;
  /** Tags of the consumers that were started and not cancelled. */
  readonly #consumers = new Set<string>();
  /** What a method without a queue's name means. */
  #mostRecentQueue = '';
  readonly #methods = new PendingMethods(
    (command) => this.#handle(command),
    (error) => this.fail(error),
  );

  constructor(number: number, owner: ChannelOwner) {
    assert(number > 0, 'channel 0 is the connection', { number });
    this.number = number;
    this.#owner = owner;
    this.flow = new CreditFlow(owner.clock);
    this.#machine = new MachineRunner({
      machine: channelMachine,
      instance: `${owner.identity.id}/${number}`,
      clock: owner.clock,
      trace: owner.trace,
      perform: {
        endSession: () => this.#endSession(),
        gone: () => owner.channelGone(number),
      },
    });
  }

  get state(): string {
    return this.#machine.state;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** What `rabbitmqctl list_channels` asks for; null: it is not open. */
  get info(): SessionInfo | null {
    return this.#session?.inspect() ?? null;
  }

  /** What is asked of it by the node's administrator; null: it is not open. */
  get session(): ChannelSession | null {
    return this.#session;
  }

  /** A method of the client, with its content where it has one. */
  received(command: Command): void {
    assert(command.channel === this.number, 'its own channel', { channel: command.channel });
    this.#methods.received(command);
  }

  /** The connection ends. */
  shutdown(): void {
    this.#machine.send({ type: 'SHUTDOWN' });
  }

  /** Closes the channel, or the connection, for an error. */
  fail(error: AmqpError): void {
    if (isHardError(error.code)) {
      this.#owner.hardError(this.number, error);
      return;
    }
    this.#machine.send({ type: 'SOFT_ERROR' });
    this.#owner.sendClose(this.number, error);
  }

  #endSession(): void {
    this.#methods.forgetAnswer();
    this.#consumers.clear();
    this.#confirms?.close();
    this.#confirms = null;
    const session = this.#session;
    this.#session = null;
    session?.close();
  }

  // ------------------------------------------------------------------------------------ methods

  #handle(command: Command): AmqpError | null {
    const { state } = this;
    const reader = this.#owner.flow;
    if (command.content !== null) this.flow.ack(reader, (count) => reader.granted(this, count));
    if (command.name === 'channel.open') return this.#open();
    if (state === 'closing') {
      if (command.name === 'channel.close-ok') this.#machine.send({ type: 'CLOSE_OK' });
      else if (command.name === 'channel.close') this.#reply('channel.close-ok', {});
      return null;
    }
    if (state === 'starting') {
      return amqpError(ReplyCode.CHANNEL_ERROR, "expected 'channel.open'");
    }
    if (command.name === 'channel.close') {
      this.#machine.send({ type: 'CLOSE' });
      this.#reply('channel.close-ok', {});
      return null;
    }
    if (state === 'committing') {
      const explanation = "unexpected command while processing 'tx.commit'";
      return amqpError(ReplyCode.CHANNEL_ERROR, explanation);
    }
    const [className] = command.name.split('.');
    if (className === 'basic') return this.#basic(command);
    if (className === 'queue') return this.#queue(command);
    if (className === 'exchange') return this.#exchange(command);
    return this.#modeMethod(command);
  }

  #open(): AmqpError | null {
    if (this.state !== 'starting') {
      return amqpError(ReplyCode.CHANNEL_ERROR, "second 'channel.open' seen");
    }
    const { identity, virtualHost } = this.#owner;
    this.#machine.send({ type: 'OPEN' });
    this.#session = virtualHost.openChannel(identity, this.#listener(), this.flow);
    this.#reply('channel.open-ok', {});
    return null;
  }

  get #host(): ChannelSession {
    return present(this.#session, 'a running channel has a session');
  }

  #reply<N extends MethodName>(name: N, args: Partial<ArgsOf<N>>): void {
    this.#owner.send(this.number, name, args);
  }

  /** The reply of a method that succeeded, unless the client does not want one. */
  #done<N extends MethodName>(
    error: AmqpError | null,
    noWait: boolean,
    name: N,
    args: Partial<ArgsOf<N>> = {},
  ): AmqpError | null {
    if (error !== null) return error;
    if (!noWait) this.#reply(name, args);
    return null;
  }

  /** As `ask`, where the reply has no arguments. */
  #askPlainly(command: Command, name: MethodName, ask: (answer: Answer<null>) => void): null {
    const noWait = 'noWait' in command.args && command.args.noWait;
    return this.#methods.ask(command, ask, () => this.#done(null, noWait, name));
  }

  #exchange(command: Command): AmqpError | null {
    const host = this.#host;
    switch (command.name) {
      case 'exchange.declare':
        return this.#askPlainly(command, 'exchange.declare-ok', (answer) =>
          host.declareExchange(command.args, answer),
        );
      case 'exchange.delete':
        return this.#askPlainly(command, 'exchange.delete-ok', (answer) =>
          host.deleteExchange(command.args, answer),
        );
      case 'exchange.bind':
        return this.#askPlainly(command, 'exchange.bind-ok', (answer) =>
          host.bindExchange(command.args, answer),
        );
      case 'exchange.unbind':
        return this.#askPlainly(command, 'exchange.unbind-ok', (answer) =>
          host.unbindExchange(command.args, answer),
        );
      default:
        return unimplemented();
    }
  }

  #queue(command: Command): AmqpError | null {
    switch (command.name) {
      case 'queue.declare':
        return this.#declareQueue(command);
      case 'queue.bind':
      case 'queue.unbind':
      case 'queue.purge':
      case 'queue.delete':
        return this.#namedQueue(command);
      default:
        return unimplemented();
    }
  }

  #declareQueue(command: Received<'queue.declare'>): AmqpError | null {
    const { args } = command;
    return this.#methods.ask<DeclaredQueue>(
      command,
      (answer) => this.#host.declareQueue(args, answer),
      (declared) => {
        this.#mostRecentQueue = declared.queue;
        this.#done(null, args.noWait, 'queue.declare-ok', declared);
      },
    );
  }

  #namedQueue(
    command:
      | Received<'queue.bind'>
      | Received<'queue.unbind'>
      | Received<'queue.purge'>
      | Received<'queue.delete'>,
  ): AmqpError | null {
    const queue = this.#queueNamed(command.args.queue);
    if (typeof queue !== 'string') return queue;
    const host = this.#host;
    switch (command.name) {
      case 'queue.bind': {
        const args = { ...command.args, queue, ...keyOf(command, queue) };
        return this.#askPlainly(command, 'queue.bind-ok', (answer) => host.bindQueue(args, answer));
      }
      case 'queue.unbind': {
        const args = { ...command.args, queue, ...keyOf(command, queue) };
        return this.#askPlainly(command, 'queue.unbind-ok', (answer) =>
          host.unbindQueue(args, answer),
        );
      }
      case 'queue.purge': {
        const args = { ...command.args, queue };
        return this.#methods.ask<number>(
          command,
          (answer) => host.purgeQueue(args, answer),
          (messageCount) => this.#done(null, args.noWait, 'queue.purge-ok', { messageCount }),
        );
      }
      case 'queue.delete': {
        const args = { ...command.args, queue };
        return this.#methods.ask<number>(
          command,
          (answer) => host.deleteQueue(args, answer),
          (messageCount) => this.#done(null, args.noWait, 'queue.delete-ok', { messageCount }),
        );
      }
    }
  }

  #queueNamed(queue: string): string | AmqpError {
    if (queue !== '') return queue;
    if (this.#mostRecentQueue !== '') return this.#mostRecentQueue;
    return amqpError(ReplyCode.NOT_FOUND, 'no previously declared queue');
  }

  #basic(command: Command): AmqpError | null {
    switch (command.name) {
      case 'basic.publish':
        if (command.args.immediate) return notImplemented('immediate=true');
        // Its number is known before it is answered, which the virtual host may do at once.
        this.#confirms?.published();
        return this.#host.publish(command.args, present(command.content, 'a content'));
      case 'basic.ack':
        return this.#host.ack(command.args);
      case 'basic.nack':
        return this.#host.nack(command.args);
      case 'basic.reject':
        return this.#host.nack({ ...command.args, multiple: false });
      case 'basic.get':
        return this.#get(command);
      case 'basic.consume':
        return this.#consume(command);
      case 'basic.cancel':
        return this.#cancel(command);
      case 'basic.cancel-ok':
        return null;
      case 'basic.qos': {
        const { prefetchSize } = command.args;
        if (prefetchSize !== 0) return notImplemented(`prefetch_size!=0 (${prefetchSize})`);
        return this.#done(this.#host.setPrefetch(command.args), false, 'basic.qos-ok');
      }
      case 'basic.recover':
      case 'basic.recover-async': {
        if (!command.args.requeue) return notImplemented('requeue=false');
        const isAsync = command.name === 'basic.recover-async';
        return this.#done(this.#host.recover(), isAsync, 'basic.recover-ok');
      }
      default:
        return unimplemented();
    }
  }

  #get(command: Received<'basic.get'>): AmqpError | null {
    const queue = this.#queueNamed(command.args.queue);
    if (typeof queue !== 'string') return queue;
    return this.#methods.ask<FetchedMessage | null>(
      command,
      (answer) => this.#host.get({ ...command.args, queue }, answer),
      (fetched) => {
        if (fetched === null) this.#reply('basic.get-empty', {});
        else this.#owner.sendContent(this.number, 'basic.get-ok', fetched.reply, fetched.content);
      },
    );
  }

  #consume(command: Received<'basic.consume'>): AmqpError | null {
    const { args } = command;
    if (this.#consumers.has(args.consumerTag)) {
      const explanation = `attempt to reuse consumer tag '${args.consumerTag}'`;
      return amqpError(ReplyCode.NOT_ALLOWED, explanation);
    }
    const queue = this.#queueNamed(args.queue);
    if (typeof queue !== 'string') return queue;
    return this.#methods.ask<string>(
      command,
      (answer) => this.#host.consume({ ...args, queue }, answer),
      (consumerTag) => {
        this.#consumers.add(consumerTag);
        if (!args.noWait) this.#reply('basic.consume-ok', { consumerTag });
      },
    );
  }

  #cancel(command: Received<'basic.cancel'>): AmqpError | null {
    const { consumerTag, noWait } = command.args;
    if (!this.#consumers.delete(consumerTag)) {
      return this.#done(null, noWait, 'basic.cancel-ok', { consumerTag });
    }
    return this.#methods.ask<null>(
      command,
      (answer) => this.#host.cancel(consumerTag, answer),
      () => this.#done(null, noWait, 'basic.cancel-ok', { consumerTag }),
    );
  }

  /** Classes tx, confirm, channel and access. */
  #modeMethod(command: Command): AmqpError | null {
    switch (command.name) {
      case 'tx.select':
        if (this.#mode === 'confirm')
          return preconditionFailed('cannot switch from confirm to tx mode');
        if (this.#mode === 'none') this.#host.selectTransactions();
        this.#mode = 'tx';
        return this.#done(null, false, 'tx.select-ok');
      case 'tx.commit':
        return this.#commit();
      case 'tx.rollback':
        if (this.#mode !== 'tx') return NOT_TRANSACTIONAL;
        return this.#done(this.#host.rollback(), false, 'tx.rollback-ok');
      case 'confirm.select':
        if (this.#mode === 'tx') return preconditionFailed('cannot switch from tx to confirm mode');
        if (this.#mode === 'none') this.#selectConfirms();
        return this.#done(null, command.args.noWait, 'confirm.select-ok');
      case 'channel.flow':
        if (!command.args.active) return notImplemented('active=false');
        return this.#done(null, false, 'channel.flow-ok', { active: true });
      case 'access.request':
        return this.#done(null, false, 'access.request-ok', { ticket: 1 });
      default:
        return unimplemented();
    }
  }

  #selectConfirms(): void {
    this.#mode = 'confirm';
    this.#confirms = new PublisherConfirms(this.#owner.clock, (name, answer) =>
      this.#owner.send(this.number, name, answer),
    );
    this.#host.selectConfirms();
  }

  /** While the queues work, any other method is an error; so nothing is held. */
  #commit(): AmqpError | null {
    if (this.#mode !== 'tx') return NOT_TRANSACTIONAL;
    this.#machine.send({ type: 'COMMIT' });
    this.#host.commit((answer) => {
      // The channel may have been closed while the queues worked.
      if (this.state !== 'committing') return;
      if (isAmqpError(answer)) {
        this.fail({ ...answer, method: 'tx.commit' });
        return;
      }
      this.#machine.send({ type: 'COMMITTED' });
      this.#reply('tx.commit-ok', {});
    });
    return null;
  }

  // ---------------------------------------------------------------------------- what is told

  #listener(): ChannelListener {
    const { number } = this;
    const owner = this.#owner;
    const isOpen = (): boolean => this.#session !== null;
    return {
      deliver: (args, content) => {
        if (isOpen()) owner.sendContent(number, 'basic.deliver', args, content);
      },
      returned: (args, content) => {
        if (isOpen()) owner.sendContent(number, 'basic.return', args, content);
      },
      confirmed: (deliveryTag, multiple) => {
        if (isOpen()) this.#confirms?.answered(deliveryTag, multiple, true);
      },
      rejected: (deliveryTag, multiple) => {
        if (isOpen()) this.#confirms?.answered(deliveryTag, multiple, false);
      },
      consumerCancelled: (consumerTag) => {
        if (!isOpen() || !this.#consumers.delete(consumerTag)) return;
        if (owner.hasCancelNotify)
          owner.send(number, 'basic.cancel', { consumerTag, noWait: true });
      },
      timedOut: (timeoutMs, consumerTag) => {
        if (!isOpen()) return;
        if (consumerTag === undefined || !owner.hasCancelNotify) {
          this.fail(deliveryTimeout(number, timeoutMs));
        } else {
          // It goes on, though the client thinks otherwise, as soon as it settles what it had.
          owner.send(number, 'basic.cancel', { consumerTag, noWait: true });
        }
      },
    };
  }
}

/** Neither a queue's name nor a routing key: the last queue, under its own name. */
function keyOf(
  { args }: Received<'queue.bind'> | Received<'queue.unbind'>,
  queue: string,
): { readonly routingKey: string } {
  return { routingKey: args.queue === '' && args.routingKey === '' ? queue : args.routingKey };
}
