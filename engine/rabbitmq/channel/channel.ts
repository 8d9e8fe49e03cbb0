/**
 * A channel at the broker: takes a client's methods one after another, asks the virtual host, and
 * answers; sends what the virtual host tells it.
 *
 * A soft error closes the channel with the ids of the method that failed, a hard one is handed to
 * the connection. Not here: tags, queues, transactions (`channel-host.ts`).
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
import { channelMachine } from './channel.machine.ts';
import { PublisherConfirms } from './publisher-confirms.ts';
import type {
  ChannelListener,
  ChannelSession,
  ConnectionIdentity,
  ChannelHost,
} from './channel-host.ts';

/** What a channel needs of its connection. */
export interface ChannelOwner {
  readonly identity: ConnectionIdentity;
  readonly virtualHost: ChannelHost;
  /** Whether the client announced that it understands basic.cancel from the broker. */
  readonly hasCancelNotify: boolean;
  readonly clock: Clock;
  readonly trace: Trace;
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
  readonly #owner: ChannelOwner;
  readonly #machine: MachineRunner<typeof channelMachine>;
  #session: ChannelSession | null = null;
  #mode: Mode = 'none';
  #confirms: PublisherConfirms | null = null;
  /** Tags of the consumers that were started and not cancelled. */
  readonly #consumers = new Set<string>();
  /** What a method without a queue's name means. */
  #mostRecentQueue = '';

  constructor(number: number, owner: ChannelOwner) {
    assert(number > 0, 'channel 0 is the connection', { number });
    this.number = number;
    this.#owner = owner;
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

  /** A method of the client, with its content where it has one. */
  received(command: Command): void {
    assert(command.channel === this.number, 'its own channel', { channel: command.channel });
    const error = this.#handle(command);
    if (error === null) return;
    const blamed = { ...error, method: error.method ?? command.name };
    this.fail(blamed);
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
    this.#session = virtualHost.openChannel(identity, this.#listener());
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

  #exchange(command: Command): AmqpError | null {
    switch (command.name) {
      case 'exchange.declare': {
        const error = this.#host.declareExchange(command.args);
        return this.#done(error, command.args.noWait, 'exchange.declare-ok');
      }
      case 'exchange.delete': {
        const error = this.#host.deleteExchange(command.args);
        return this.#done(error, command.args.noWait, 'exchange.delete-ok');
      }
      case 'exchange.bind': {
        const error = this.#host.bindExchange(command.args);
        return this.#done(error, command.args.noWait, 'exchange.bind-ok');
      }
      case 'exchange.unbind': {
        const error = this.#host.unbindExchange(command.args);
        return this.#done(error, command.args.noWait, 'exchange.unbind-ok');
      }
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

  #declareQueue({ args }: Received<'queue.declare'>): AmqpError | null {
    const declared = this.#host.declareQueue(args);
    if (isAmqpError(declared)) return declared;
    this.#mostRecentQueue = declared.queue;
    return this.#done(null, args.noWait, 'queue.declare-ok', declared);
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
    switch (command.name) {
      case 'queue.bind': {
        const error = this.#host.bindQueue({ ...command.args, queue, ...keyOf(command, queue) });
        return this.#done(error, command.args.noWait, 'queue.bind-ok');
      }
      case 'queue.unbind': {
        const error = this.#host.unbindQueue({ ...command.args, queue, ...keyOf(command, queue) });
        return this.#done(error, false, 'queue.unbind-ok');
      }
      case 'queue.purge': {
        const count = this.#host.purgeQueue({ ...command.args, queue });
        if (isAmqpError(count)) return count;
        return this.#done(null, command.args.noWait, 'queue.purge-ok', { messageCount: count });
      }
      case 'queue.delete': {
        const count = this.#host.deleteQueue({ ...command.args, queue });
        if (isAmqpError(count)) return count;
        return this.#done(null, command.args.noWait, 'queue.delete-ok', { messageCount: count });
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
      case 'basic.cancel': {
        const { consumerTag, noWait } = command.args;
        const error = this.#consumers.delete(consumerTag) ? this.#host.cancel(consumerTag) : null;
        return this.#done(error, noWait, 'basic.cancel-ok', { consumerTag });
      }
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

  #get({ args }: Received<'basic.get'>): AmqpError | null {
    const queue = this.#queueNamed(args.queue);
    if (typeof queue !== 'string') return queue;
    const fetched = this.#host.get({ ...args, queue });
    if (isAmqpError(fetched)) return fetched;
    if (fetched === null) this.#reply('basic.get-empty', {});
    else this.#owner.sendContent(this.number, 'basic.get-ok', fetched.reply, fetched.content);
    return null;
  }

  #consume({ args }: Received<'basic.consume'>): AmqpError | null {
    if (this.#consumers.has(args.consumerTag)) {
      const explanation = `attempt to reuse consumer tag '${args.consumerTag}'`;
      return amqpError(ReplyCode.NOT_ALLOWED, explanation);
    }
    const queue = this.#queueNamed(args.queue);
    if (typeof queue !== 'string') return queue;
    return this.#host.consume({ ...args, queue }, (consumerTag) => {
      this.#consumers.add(consumerTag);
      if (!args.noWait) this.#reply('basic.consume-ok', { consumerTag });
    });
  }

  /** Classes tx, confirm, channel and access. */
  #modeMethod(command: Command): AmqpError | null {
    switch (command.name) {
      case 'tx.select':
        if (this.#mode === 'confirm') return failed('cannot switch from confirm to tx mode');
        if (this.#mode === 'none') this.#host.selectTransactions();
        this.#mode = 'tx';
        return this.#done(null, false, 'tx.select-ok');
      case 'tx.commit':
        return this.#commit();
      case 'tx.rollback':
        if (this.#mode !== 'tx') return failed('channel is not transactional');
        return this.#done(this.#host.rollback(), false, 'tx.rollback-ok');
      case 'confirm.select':
        if (this.#mode === 'tx') return failed('cannot switch from tx to confirm mode');
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

  #commit(): AmqpError | null {
    if (this.#mode !== 'tx') return failed('channel is not transactional');
    this.#machine.send({ type: 'COMMIT' });
    const error = this.#host.commit(() => {
      // The channel may have been closed while the queues worked.
      if (this.state !== 'committing') return;
      this.#machine.send({ type: 'COMMITTED' });
      this.#reply('tx.commit-ok', {});
    });
    return error;
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
      failed: (error) => {
        if (isOpen()) this.fail(error);
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

export function isAmqpError(of: unknown): of is AmqpError {
  return typeof of === 'object' && of !== null && (of as AmqpError).kind === 'amqp-error';
}

function notImplemented(explanation: string): AmqpError {
  return amqpError(ReplyCode.NOT_IMPLEMENTED, explanation);
}

function failed(explanation: string): AmqpError {
  return amqpError(ReplyCode.PRECONDITION_FAILED, explanation);
}

/** A method that only the broker sends, or one of the connection on a channel. */
function unimplemented(): AmqpError {
  return amqpError(ReplyCode.COMMAND_INVALID, 'unimplemented method');
}
