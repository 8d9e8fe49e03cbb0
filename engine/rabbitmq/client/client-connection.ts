/**
 * One connection of a client to a node, from the socket to its end: the handshake, heartbeats, the
 * channels' commands, and what the broker says on channel 0.
 *
 * It is used once; who connects again makes another (`amqp-client.ts`). Not here: what a channel
 * does with a command (`client-channel.ts`).
 * Source: `com.rabbitmq.client.impl.AMQConnection`. Differs: the socket's own timeout is the
 * network's.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, CloseReason, Connection, Ports, Receiver } from '../../kernel/ports.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';
import {
  AMQP_0_9_1,
  command,
  contentCommand,
  HEARTBEAT,
  type AmqpMessage,
  type Command,
  type Content,
} from '../../wire/amqp/command.ts';
import type { ArgsOf, MethodName } from '../../wire/amqp/methods.ts';
import { amqpProtocol } from '../../wire/amqp/protocol.ts';
import { amqpError, ReplyCode, type AmqpError } from '../../wire/amqp/reply-code.ts';
import { Heartbeater } from '../connection/heartbeat.ts';
import { tableOf } from './plain-table.ts';
import { brokenBy, closedBy, type ShutdownSignal } from './shutdown-signal.ts';

export interface ConnectionOwner {
  /** Channels may be opened. */
  opened(): void;
  /** A command of the broker on a channel. */
  received(command: Command): void;
  /** The broker does not read what is published (`connection.blocked`), or reads it again. */
  blocked(reason: string | null): void;
  /** It has ended, and not by `close`. */
  lost(signal: ShutdownSignal): void;
  /** It has ended by `close`. */
  closed(): void;
}

export interface ClientConnectionOptions {
  readonly user: string;
  readonly password: string;
  readonly virtualHost: string;
  /** Seconds that the client asks for; 0: as the broker says. */
  readonly requestedHeartbeat: number;
  /** Milliseconds from the socket to an open connection. */
  readonly handshakeTimeoutMs: number;
}

/** Milliseconds that a close waits for its answer. */
const CLOSE_TIMEOUT_MS = 10_000;

/** What the client says that it understands. */
const CAPABILITIES = {
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
};

export class ClientConnection implements Receiver {
  readonly #ports: Ports;
  readonly #options: ClientConnectionOptions;
  readonly #owner: ConnectionOwner;
  readonly #connection: Connection;
  readonly #timer: Timer;
  readonly #passed = { sent: 0, received: 0 };
  #state: 'handshake' | 'open' | 'closing' | 'ended' = 'handshake';
  #wasOpen = false;
  #frameMax = 0;
  #heartbeater: Heartbeater | null = null;

  constructor(
    ports: Ports,
    address: Address,
    options: ClientConnectionOptions,
    owner: ConnectionOwner,
  ) {
    assert(address.host !== '' && address.port > 0, 'an address', { address });
    this.#ports = ports;
    this.#options = options;
    this.#owner = owner;
    this.#timer = new Timer(ports.clock);
    this.#connection = ports.network.connect(address, amqpProtocol, this);
    this.#sendMessage(AMQP_0_9_1);
    const timeout = microsOfMillis(options.handshakeTimeoutMs);
    this.#timer.set(timeout, 'handshakeTimeout', () => this.#lose(brokenBy('handshake timeout')));
  }

  /** Whether the handshake was completed, if only for a moment. */
  get wasOpen(): boolean {
    return this.#wasOpen;
  }

  send<N extends MethodName>(channel: number, name: N, args: Partial<ArgsOf<N>>): void {
    this.#sendMessage(command(channel, name, args));
  }

  sendContent<N extends MethodName>(
    channel: number,
    name: N,
    args: Partial<ArgsOf<N>>,
    content: Content,
  ): void {
    const frameMax = this.#frameMax;
    this.#sendMessage(contentCommand(channel, name, args, { content, frameMax }));
  }

  /** Says goodbye; `ConnectionOwner.closed` follows. */
  close(): void {
    if (this.#state !== 'open') {
      this.#end();
      this.#owner.closed();
      return;
    }
    this.#state = 'closing';
    this.send(0, 'connection.close', { replyCode: ReplyCode.REPLY_SUCCESS, replyText: 'OK' });
    const timeout = microsOfMillis(CLOSE_TIMEOUT_MS);
    this.#timer.set(timeout, 'connection.close', () => this.#closeOk());
  }

  // ----------------------------------------------------------------------------------- receiving

  received(message: unknown): void {
    if (this.#state === 'ended') return;
    const received = message as AmqpMessage;
    this.#passed.received++;
    if (received.kind === 'command') {
      this.#ports.cost.charge('request', 1);
      if (received.channel === 0) this.#method0(received);
      else if (this.#state === 'open') this.#owner.received(received);
    } else if (received.kind === 'malformed') {
      this.#lose(brokenBy(received.error.explanation));
    } else if (received.kind === 'protocol-header') {
      this.#lose(brokenBy('the server speaks another protocol'));
    }
  }

  closed(reason: CloseReason): void {
    if (this.#state === 'closing') this.#closeOk();
    else this.#lose(brokenBy(`connection ${reason}`));
  }

  #method0(received: Command): void {
    switch (received.name) {
      case 'connection.start':
        this.#startOk();
        return;
      case 'connection.tune':
        this.#tuneOk(received.args);
        return;
      case 'connection.open-ok':
        this.#state = 'open';
        this.#wasOpen = true;
        this.#timer.cancel();
        this.#owner.opened();
        return;
      case 'connection.blocked':
        this.#owner.blocked(received.args.reason);
        return;
      case 'connection.unblocked':
        this.#owner.blocked(null);
        return;
      case 'connection.close':
        this.send(0, 'connection.close-ok', {});
        this.#lose(closedBy('connection', errorOf(received.args)));
        return;
      case 'connection.close-ok':
        this.#closeOk();
        return;
      default:
        this.#lose(brokenBy(`unexpected ${received.name}`));
    }
  }

  #startOk(): void {
    const { user, password } = this.#options;
    this.send(0, 'connection.start-ok', {
      clientProperties: tableOf({
        product: 'Highwater',
        connection_name: this.#ports.host,
        capabilities: CAPABILITIES,
      }),
      mechanism: 'PLAIN',
      response: encodeUtf8(`\0${user}\0${password}`),
      locale: 'en_US',
    });
  }

  /** The smaller of what both want; what one leaves open the other decides. */
  #tuneOk(offered: ArgsOf<'connection.tune'>): void {
    const { requestedHeartbeat } = this.#options;
    const heartbeat =
      requestedHeartbeat === 0 || offered.heartbeat === 0
        ? Math.max(requestedHeartbeat, offered.heartbeat)
        : Math.min(requestedHeartbeat, offered.heartbeat);
    const { frameMax, channelMax } = offered;
    this.#frameMax = frameMax;
    this.send(0, 'connection.tune-ok', { channelMax, frameMax, heartbeat });
    this.send(0, 'connection.open', { virtualHost: this.#options.virtualHost });
    if (heartbeat > 0) this.#startHeartbeats(heartbeat);
  }

  #startHeartbeats(seconds: number): void {
    assert(this.#heartbeater === null, 'heartbeats start once', { seconds });
    const passed = this.#passed;
    this.#heartbeater = new Heartbeater(this.#ports.clock, seconds, {
      get sent() {
        return passed.sent;
      },
      get received() {
        return passed.received;
      },
      sendHeartbeat: () => this.#sendMessage(HEARTBEAT),
      heartbeatTimeout: () => this.#lose(brokenBy('missed heartbeats')),
    });
  }

  // ------------------------------------------------------------------------------------- the end

  #closeOk(): void {
    assert(this.#state === 'closing', 'a close was asked for', { state: this.#state });
    this.#end();
    this.#owner.closed();
  }

  #lose(signal: ShutdownSignal): void {
    if (this.#state === 'ended') return;
    const wasClosing = this.#state === 'closing';
    this.#end();
    if (wasClosing) this.#owner.closed();
    else this.#owner.lost(signal);
  }

  #end(): void {
    this.#state = 'ended';
    this.#timer.cancel();
    this.#heartbeater?.stop();
    this.#connection.close();
  }

  #sendMessage(message: AmqpMessage): void {
    if (this.#state === 'ended') return;
    this.#passed.sent++;
    this.#ports.cost.charge('syscall', 1);
    this.#connection.send(message);
  }
}

interface CloseArgs {
  readonly replyCode: number;
  readonly replyText: string;
}

/** What a close of the broker says, as the error that it is. */
export function errorOf({ replyCode, replyText }: CloseArgs): AmqpError {
  const known = Object.values(ReplyCode).find((code) => code === replyCode);
  const code = known === undefined || known === 200 ? ReplyCode.INTERNAL_ERROR : known;
  const dash = replyText.indexOf(' - ');
  return amqpError(code, dash < 0 ? replyText : replyText.slice(dash + 3));
}
