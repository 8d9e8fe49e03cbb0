/**
 * A connection at the broker: header, login, tuning, open; then commands to channels, heartbeats,
 * alarms, and the end, in an order that either side may begin.
 *
 * Before it is running, most errors are answered by three seconds of silence and a closed socket;
 * then by connection.close with the ids of the method that failed, for whose answer it waits. The
 * same component runs in the simulated world and on sockets: it sees messages only.
 * Not here: what cannot be read as a frame (`wire/amqp/protocol.ts` says so in a message), channels
 * (`channel/`), users (`access-control.ts`).
 * Source: `rabbit_reader`. Differs: after the broker's close a socket is kept as long as there, but
 * what the client sends meanwhile is not read at all when a frame could not be cut.
 */
import { assert, present } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Clock, Connection, Ports, Receiver, TimerId, Trace } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import {
  AMQP_0_9_1,
  command,
  contentCommand,
  HEARTBEAT,
  type AmqpMessage,
  type BadHeader,
  type Command,
  type Content,
  type MalformedFrame,
  type ProtocolHeader,
} from '../../wire/amqp/command.ts';
import { EMPTY_TABLE, tableLookup, type FieldTable } from '../../wire/amqp/field-table.ts';
import type { ArgsOf, MethodName } from '../../wire/amqp/methods.ts';
import { amqpError, ReplyCode, replyText, type AmqpError } from '../../wire/amqp/reply-code.ts';
import { isAmqpError } from '../amqp-error.ts';
import { Channel, type ChannelOwner } from '../channel/channel.ts';
import type { ChannelHost } from '../channel/channel-host.ts';
import type { CreditFlow } from '../credit-flow.ts';
import type { AccessControl } from './access-control.ts';
import { closeArguments } from './close-arguments.ts';
import { connectionMachine } from './connection.machine.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { amqpErrorKind } from './connection-trace.ts';
import type { AmqpConnectionView } from './connection-view.ts';
import { Heartbeater } from './heartbeat.ts';
import { credentialsOf, MECHANISMS } from './sasl.ts';
import { isSupported } from './protocol-version.ts';
import { serverProperties } from './server-properties.ts';
import { Throttle } from './throttle.ts';
import { checkTuning, type Tuning } from './tuning.ts';

export interface AmqpConnectionOptions {
  readonly ports: Ports;
  readonly settings: ConnectionSettings;
  readonly access: AccessControl;
  /** Resources that are short: publishers are not read. */
  readonly alarms: ReadonlySet<string>;
  readonly connection: Connection;
  /** Unique in the node. */
  readonly id: number;
  readonly gone: () => void;
}

/** Seconds that the broker waits for the answer to its close, and less with shorter heartbeats. */
const CLOSING_TIMEOUT_S = 30;
/** Seconds of the same before the limits are agreed on. */
const NORMAL_TIMEOUT_S = 3;
const SILENT_CLOSE_DELAY_MS = 3000;

export class AmqpConnection implements Receiver, ChannelOwner {
  readonly identity: { readonly id: string; user: string };
  readonly #options: AmqpConnectionOptions;
  readonly #machine: MachineRunner<typeof connectionMachine>;
  readonly #channels = new Map<number, Channel>();
  /** Messages that passed: the heartbeats look at them. */
  readonly #passed = { sent: 0, received: 0 };
  readonly #handshakeTimer: TimerId;
  #virtualHost: ChannelHost | null = null;
  #capabilities: FieldTable = EMPTY_TABLE;
  #tuning: Tuning = { channelMax: 0, frameMax: 0, heartbeat: NORMAL_TIMEOUT_S };
  #heartbeater: Heartbeater | null = null;
  #terminateTimer: TimerId | null = null;
  readonly #throttle: Throttle;

  constructor(options: AmqpConnectionOptions) {
    const { ports, settings } = options;
    assert(options.id > 0, 'an id', { id: options.id });
    const id = `${ports.host}.${ports.incarnation}.${options.id}`;
    this.#options = options;
    this.identity = { id, user: '' };
    this.#machine = new MachineRunner({
      machine: connectionMachine,
      instance: id,
      clock: ports.clock,
      trace: ports.trace,
      perform: { closeSocket: () => this.#ended() },
    });
    this.#throttle = new Throttle(options.alarms, {
      clock: ports.clock,
      isRunning: () => this.#isRunning,
      setBlocked: (isBlocked) => this.#setBlocked(isBlocked),
      sendBlocked: (reason) => this.#sendBlocked(reason),
    });
    const handshake = microsOfMillis(settings.handshakeTimeoutMs);
    this.#handshakeTimer = ports.clock.after(handshake, 'handshake_timeout', () => this.#stop());
  }

  get state(): string {
    return this.#machine.state;
  }

  get virtualHost(): ChannelHost {
    return present(this.#virtualHost, 'a running connection has a virtual host');
  }

  get hasCancelNotify(): boolean {
    return this.#can('consumer_cancel_notify');
  }

  get clock(): Clock {
    return this.#options.ports.clock;
  }

  get flow(): CreditFlow {
    return this.#throttle.flow;
  }

  get trace(): Trace {
    return this.#options.ports.trace;
  }

  inspect(): AmqpConnectionView {
    const { connection } = this.#options;
    return {
      id: this.identity.id,
      client: connection.remote.host,
      state: this.#isRunning ? this.#throttle.state : this.state,
      user: this.identity.user,
      virtualHost: this.#virtualHost?.name ?? '',
      channels: [...this.#channels.values()].map(({ number, state, mode }) => {
        return { number, state, mode };
      }),
    };
  }

  /** Who is at the other end, and what was agreed on with it. */
  get peer(): Tuning & Connection['remote'] {
    return { ...this.#options.connection.remote, ...this.#tuning };
  }

  /** Its open channels. */
  get channels(): readonly Channel[] {
    return [...this.#channels.values()];
  }

  // ----------------------------------------------------------------------------------- receiving

  received(message: unknown): void {
    const received = message as AmqpMessage;
    const { state } = this;
    if (state === 'stop' || state === 'handshake_error') return;
    this.#passed.received++;
    switch (received.kind) {
      case 'command':
        this.#command(received);
        return;
      case 'protocol-header':
      case 'bad-header':
        this.#header(received);
        return;
      case 'malformed':
        this.#malformed(received);
        return;
      default:
        // A heartbeat, or a part of a content: the client lives.
        return;
    }
  }

  closed(): void {
    this.#stop();
  }

  #header(header: ProtocolHeader | BadHeader): void {
    assert(this.state === 'pre_init', 'a header is first', { state: this.state });
    if (header.kind === 'bad-header' || !isSupported(header)) {
      this.#sendMessage(AMQP_0_9_1);
      this.#stop();
      return;
    }
    this.send(0, 'connection.start', {
      versionMajor: 0,
      // A client that says 0-9 is answered 0-9, which is the same.
      versionMinor: 9,
      serverProperties: serverProperties(this.#options.settings),
      mechanisms: MECHANISMS,
      locales: 'en_US',
    });
    this.#machine.send({ type: 'PROTOCOL_HEADER' });
  }

  #command(command: Command): void {
    this.#options.ports.cost.charge('request', 1);
    if (command.channel === 0) {
      this.#onChannel0(command);
    } else if (this.#isRunning) {
      this.#onChannel(command);
    } else if (!this.#isStopping) {
      const explanation = `type 1 on channel ${command.channel}`;
      this.hardError(command.channel, amqpError(ReplyCode.UNEXPECTED_FRAME, explanation));
    }
  }

  get #isRunning(): boolean {
    const { state } = this;
    return state === 'running' || state === 'blocked';
  }

  get #isStopping(): boolean {
    const { state } = this;
    return state === 'closing' || state === 'closed';
  }

  #malformed({ channel, error, fatal }: MalformedFrame): void {
    if (this.state === 'closed') return;
    if (this.#isStopping && channel !== 0) return;
    this.hardError(channel, error);
    // Without frames the answer to the close cannot be seen.
    if (fatal && this.state === 'closed') this.#terminateAfter(SILENT_CLOSE_DELAY_MS);
  }

  #onChannel(command: Command): void {
    const { channel: number } = command;
    let channel = this.#channels.get(number);
    if (channel === undefined) {
      const { channelMax } = this.#tuning;
      const count = this.#channels.size;
      if (channelMax !== 0 && count >= channelMax) {
        const limit = `has reached the negotiated channel_max (${channelMax})`;
        const explanation = `number of channels opened (${count}) ${limit}`;
        this.hardError(number, amqpError(ReplyCode.NOT_ALLOWED, explanation));
        return;
      }
      channel = new Channel(number, this);
      this.#channels.set(number, channel);
    }
    if (command.content !== null) this.flow.send(channel);
    channel.received(command);
    if (command.content !== null) this.#throttle.publishReceived();
  }

  // ------------------------------------------------------------------------------------ channel 0

  #onChannel0(command: Command): void {
    const error = this.#method0(command);
    if (error === null) return;
    this.hardError(0, { ...error, method: error.method ?? command.name });
  }

  #method0(command: Command): AmqpError | null {
    const { state } = this;
    if (command.name === 'connection.close') return this.#close();
    if (command.name === 'connection.close-ok' && state === 'closed') {
      this.#stop();
      return null;
    }
    if (this.#isStopping) return null;
    if (command.name === 'connection.start-ok' && state === 'starting') {
      return this.#startOk(command.args);
    }
    if (command.name === 'connection.tune-ok' && state === 'tuning') {
      return this.#tuneOk(command.args);
    }
    if (command.name === 'connection.open' && state === 'opening') return this.#open(command.args);
    if (command.name === 'connection.update-secret' && this.#isRunning) {
      // An internal user's secret does not expire.
      this.send(0, 'connection.update-secret-ok', {});
      return null;
    }
    return unexpectedMethod(state);
  }

  #startOk(args: ArgsOf<'connection.start-ok'>): AmqpError | null {
    const credentials = credentialsOf(args.mechanism, args.response);
    if (isAmqpError(credentials)) return credentials;
    const capabilities = tableLookup(args.clientProperties, 'capabilities');
    if (capabilities?.type === 'table') this.#capabilities = capabilities.value;
    this.#machine.send({ type: 'START_OK' });
    const { user, password } = credentials;
    const { access, settings } = this.#options;
    if (!access.checkLogin(user, password)) {
      this.#refuseLogin(args.mechanism);
      return null;
    }
    this.identity.user = user;
    const { channelMax, frameMax, heartbeat } = settings;
    this.send(0, 'connection.tune', { channelMax, frameMax, heartbeat });
    this.#machine.send({ type: 'AUTHENTICATED' });
    return null;
  }

  /** Only a client that says that it understands is told why. */
  #refuseLogin(mechanism: string): void {
    const why = `Login was refused using authentication mechanism ${mechanism}.`;
    const explanation = `${why} For details see the broker logfile.`;
    const error = amqpError(ReplyCode.ACCESS_REFUSED, explanation);
    this.#note(0, error);
    if (this.#can('authentication_failure_close')) this.#sendConnectionClose(error);
    this.#toClosed();
  }

  #tuneOk(args: ArgsOf<'connection.tune-ok'>): AmqpError | null {
    const refused = checkTuning(args, this.#options.settings);
    if (refused !== null) return refused;
    const { channelMax, frameMax, heartbeat } = args;
    this.#tuning = { channelMax, frameMax, heartbeat };
    this.#machine.send({ type: 'TUNE_OK' });
    if (heartbeat === 0) return null;
    const passed = this.#passed;
    this.#heartbeater = new Heartbeater(this.clock, heartbeat, {
      get sent() {
        return passed.sent;
      },
      get received() {
        return passed.received;
      },
      sendHeartbeat: () => this.#sendMessage(HEARTBEAT),
      heartbeatTimeout: () => this.#stop(),
    });
    return null;
  }

  #open({ virtualHost }: ArgsOf<'connection.open'>): AmqpError | null {
    const opened = this.#options.access.openVirtualHost(this.identity.user, virtualHost);
    if (isAmqpError(opened)) return opened;
    this.#virtualHost = opened;
    this.#machine.send({ type: 'OPEN' });
    this.clock.cancel(this.#handshakeTimer);
    this.send(0, 'connection.open-ok', {});
    return null;
  }

  #close(): AmqpError | null {
    if (this.#isStopping) {
      this.send(0, 'connection.close-ok', {});
      return null;
    }
    if (!this.#isRunning) return unexpectedMethod(this.state);
    this.#machine.send({ type: 'CLOSE' });
    this.#terminateChannels();
    this.#machine.send({ type: 'CHANNELS_CLOSED' });
    this.#terminateLater();
    this.send(0, 'connection.close-ok', {});
    return null;
  }

  // --------------------------------------------------------------------------------------- errors

  /** An error of the connection (`rabbit_reader:handle_exception`). */
  hardError(channel: number, error: AmqpError): void {
    this.#note(channel, error);
    const { state } = this;
    if (this.#isStopping || state === 'stop') return;
    // In `tuning`, too, the client is not told: the real reader takes its refusal for a crash.
    if (!this.#isRunning && state !== 'opening') {
      this.#machine.send({ type: 'SILENT_ERROR' });
      return;
    }
    this.#toClosed();
    this.#sendConnectionClose(error);
  }

  /** The broker is told to end this connection, as by `rabbitmqctl close_connection`. */
  forceClose(explanation: string): void {
    const error = amqpError(ReplyCode.CONNECTION_FORCED, explanation);
    if (this.#isRunning) this.hardError(0, error);
    else this.#stop();
  }

  #toClosed(): void {
    this.#machine.send({ type: 'HARD_ERROR' });
    this.#terminateChannels();
    this.#terminateLater();
  }

  #sendConnectionClose(error: AmqpError): void {
    this.send(0, 'connection.close', closeArguments(error));
  }

  sendClose(channel: number, error: AmqpError): void {
    this.#note(channel, error);
    this.send(channel, 'channel.close', closeArguments(error));
  }

  #note(channel: number, error: AmqpError): void {
    this.trace.record(amqpErrorKind, {
      client: this.#options.connection.remote.host,
      channel,
      replyCode: error.code,
      replyText: replyText(error),
      method: error.method ?? '',
    });
  }

  channelGone(number: number): void {
    const channel = present(this.#channels.get(number), 'its channel');
    this.#channels.delete(number);
    this.flow.forget(channel);
  }

  #terminateChannels(): void {
    for (const channel of [...this.#channels.values()]) channel.shutdown();
    assert(this.#channels.size === 0, 'no channel is left', { left: this.#channels.size });
    const virtualHost = this.#virtualHost;
    this.#virtualHost = null;
    virtualHost?.connectionClosed(this.identity);
  }

  #terminateLater(): void {
    const { heartbeat } = this.#tuning;
    const isShorter = heartbeat > 0 && heartbeat < CLOSING_TIMEOUT_S;
    this.#terminateAfter((isShorter ? heartbeat : CLOSING_TIMEOUT_S) * 1000);
  }

  #terminateAfter(delayMs: number): void {
    if (this.#terminateTimer !== null) this.clock.cancel(this.#terminateTimer);
    const delay = microsOfMillis(delayMs);
    this.#terminateTimer = this.clock.after(delay, 'terminate_connection', () => this.#stop());
  }

  #stop(): void {
    if (this.state !== 'stop') this.#machine.send({ type: 'STOP' });
  }

  /** The state `stop` was entered. */
  #ended(): void {
    this.#machine.dispose();
    this.#heartbeater?.stop();
    this.clock.cancel(this.#handshakeTimer);
    if (this.#terminateTimer !== null) this.clock.cancel(this.#terminateTimer);
    this.#terminateChannels();
    this.#options.connection.close();
    this.#options.gone();
  }

  // --------------------------------------------------------------------------------------- alarms

  /** The alarms have changed: memory or disk is short, or no longer. */
  alarmsChanged(): void {
    this.#throttle.alarmsChanged();
  }

  #setBlocked(isBlocked: boolean): void {
    this.#machine.send({ type: isBlocked ? 'BLOCK' : 'UNBLOCK' });
    if (isBlocked) {
      this.#heartbeater?.pauseMonitor();
      this.#options.connection.pause();
    } else {
      this.#heartbeater?.resumeMonitor();
      this.#options.connection.resume();
    }
  }

  #sendBlocked(reason: string | null): void {
    if (!this.#can('connection.blocked')) return;
    if (reason === null) this.send(0, 'connection.unblocked', {});
    else this.send(0, 'connection.blocked', { reason });
  }

  // -------------------------------------------------------------------------------------- sending

  send<N extends MethodName>(channel: number, name: N, args: Partial<ArgsOf<N>>): void {
    this.#sendMessage(command(channel, name, args));
  }

  sendContent<N extends MethodName>(
    channel: number,
    name: N,
    args: ArgsOf<N>,
    content: Content,
  ): void {
    const { frameMax } = this.#tuning;
    this.#sendMessage(contentCommand(channel, name, args, { content, frameMax }));
  }

  #sendMessage(message: AmqpMessage): void {
    if (this.state === 'stop') return;
    this.#passed.sent++;
    this.#options.ports.cost.charge('syscall', 1);
    this.#options.connection.send(message);
  }

  /** Whether the client has said that it understands this. */
  #can(capability: string): boolean {
    const value = tableLookup(this.#capabilities, capability);
    return value?.type === 'bool' && value.value;
  }
}

function unexpectedMethod(state: string): AmqpError {
  const explanation = `unexpected method in connection state ${state}`;
  return amqpError(ReplyCode.CHANNEL_ERROR, explanation);
}
