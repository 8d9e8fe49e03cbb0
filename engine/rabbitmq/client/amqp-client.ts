/**
 * A client of RabbitMQ as a process: one connection that recovers by itself, and its channels.
 *
 * It connects to the first of its addresses that takes it. When the connection is lost it waits for
 * `networkRecoveryInterval`, connects again, opens its channels as they were, and (with topology
 * recovery) declares, binds and consumes what it had; only then may the application go on. What was
 * published and not confirmed by then is told to be lost; nothing is published again.
 * Not here: what an application does with deliveries (`lab/rabbitmq.ts`).
 * Source: the Java client's `AutorecoveringConnection`. Differs: there the first connection is the
 * application's to try again, and addresses are shuffled.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import { shared } from '../../kernel/structural-sharing.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Command } from '../../wire/amqp/command.ts';
import { ClientChannel, type ChannelOwner, type ClientChannelView } from './client-channel.ts';
import { ClientConnection, type ConnectionOwner } from './client-connection.ts';
import { channelClosedKind, clientConnectedKind, clientLostKind } from './client-trace.ts';
import { RecordedTopology, type RecordedCall } from './recorded-topology.ts';
import type { CallArgs, Reply, RpcName } from './rpc.ts';
import { isShutdownSignal, type ShutdownSignal } from './shutdown-signal.ts';

/** By the Java client's names, with its defaults. */
export interface AmqpClientSettings {
  readonly username: string;
  readonly password: string;
  readonly virtualHost: string;
  /** Seconds; 0: as the broker says. */
  readonly requestedHeartbeat: number;
  readonly handshakeTimeoutMs: number;
  /** Connect again after the connection was lost. */
  readonly automaticRecovery: boolean;
  /** Declare, bind and consume again, too. */
  readonly topologyRecovery: boolean;
  /** Milliseconds before it connects again. */
  readonly networkRecoveryIntervalMs: number;
}

export const defaultClientSettings: AmqpClientSettings = Object.freeze({
  username: 'guest',
  password: 'guest',
  virtualHost: '/',
  requestedHeartbeat: 60,
  handshakeTimeoutMs: 10_000,
  automaticRecovery: true,
  topologyRecovery: true,
  networkRecoveryIntervalMs: 5000,
});

/** What an application does with its client, where it does one thing only. */
export type ClientRole = 'producer' | 'consumer' | 'client';

export interface AmqpClientOptions {
  /** For the views; `client` where nothing is said. */
  readonly role?: ClientRole;
  /** Tried in this order. */
  readonly addresses: readonly Address[];
  readonly settings?: Partial<AmqpClientSettings>;
  /** At the start of each incarnation: opens channels, declares, consumes. */
  readonly started?: (client: AmqpClient) => void;
  /** Each time that it is connected and all is as it was: the application may go on. */
  readonly opened?: (client: AmqpClient) => void;
}

/** What the views see of a client. */
export interface AmqpClientView {
  readonly kind: `rabbitmq-${ClientRole}`;
  /** `connecting`, `open`, `recovering`, `closed`. */
  readonly state: string;
  /** The node that it is connected to; empty where it is not. */
  readonly node: string;
  /** Why the broker does not read it (`connection.blocked`); empty where it does. */
  readonly blocked: string;
  readonly channels: readonly ClientChannelView[];
}

/** Milliseconds before the first connection is tried again, as by an application that starts. */
const FIRST_INTERVAL_MS = 100;

export function createAmqpClient(options: AmqpClientOptions): ProcessFactory<AmqpClient> {
  return (ports) => new AmqpClient(ports, options);
}

export class AmqpClient implements Process, ConnectionOwner, ChannelOwner {
  readonly ports: Ports;
  readonly #options: AmqpClientOptions;
  readonly #settings: AmqpClientSettings;
  readonly #channels: ClientChannel[] = [];
  readonly #topology = new RecordedTopology();
  readonly #recovery: Timer;
  #state: 'connecting' | 'open' | 'recovering' | 'closed' = 'connecting';
  #connection: ClientConnection | null = null;
  /** Which of the addresses is, or was, tried last. */
  #place = -1;
  #blocked: string | null = null;
  #halts = false;
  #view: AmqpClientView | null = null;

  constructor(ports: Ports, options: AmqpClientOptions) {
    assert(options.addresses.length > 0, 'a client knows a node');
    this.ports = ports;
    this.#options = options;
    this.#settings = { ...defaultClientSettings, ...options.settings };
    this.#recovery = new Timer(ports.clock);
  }

  start(): void {
    this.#connect();
    this.#options.started?.(this);
  }

  stop(): void {
    this.#halts = true;
    if (this.#state === 'closed') this.ports.halt('stopped');
    else this.close();
  }

  get state(): string {
    return this.#state;
  }

  /** The node that it is connected to; empty where it is not. */
  get node(): string {
    return this.#state === 'open' ? this.#address.host : '';
  }

  /** Why the broker does not read what is published; null where it does. */
  get blockedBecause(): string | null {
    return this.#blocked;
  }

  get channels(): readonly ClientChannel[] {
    return this.#channels;
  }

  inspect(): AmqpClientView {
    this.#view = shared(this.#view, {
      kind: `rabbitmq-${this.#options.role ?? 'client'}` as const,
      state: this.#state,
      node: this.node,
      blocked: this.#blocked ?? '',
      channels: this.#channels.map((channel) => channel.inspect()),
    });
    return this.#view;
  }

  /** A new channel. What is called on it before there is a connection waits for one. */
  openChannel(): ClientChannel {
    const channel = new ClientChannel(this.#channels.length + 1, this);
    this.#channels.push(channel);
    channel.whenClosed(({ text }) => {
      this.ports.trace.record(channelClosedKind, { channel: channel.number, why: text });
    });
    const connection = this.#connection;
    if (this.#state === 'open') {
      channel.open(present(connection, 'an open client has one'), () => channel.resume());
    }
    return channel;
  }

  /** Ends the connection for good: the broker requeues what was not acknowledged. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#recovery.cancel();
    const connection = this.#connection;
    if (connection === null) this.closed();
    else connection.close();
  }

  get #address(): Address {
    const { addresses } = this.#options;
    return addresses[this.#place % addresses.length]!;
  }

  #connect(): void {
    assert(this.#connection === null, 'one connection at a time', { state: this.#state });
    this.#place += 1;
    const { username, password, virtualHost } = this.#settings;
    const { requestedHeartbeat, handshakeTimeoutMs } = this.#settings;
    this.#connection = new ClientConnection(
      this.ports,
      this.#address,
      { user: username, password, virtualHost, requestedHeartbeat, handshakeTimeoutMs },
      this,
    );
  }

  // ------------------------------------------------------------------------------ its connection

  opened(): void {
    const connection = present(this.#connection, 'it is opened');
    const open = this.#channels.filter((channel) => channel.state !== 'closed');
    this.#each(
      open,
      (channel, next) => channel.open(connection, next),
      () => {
        this.#recoverTopology();
      },
    );
  }

  /** Does something for each, one after the other, unless the connection is lost meanwhile. */
  #each<T>(items: readonly T[], act: (item: T, next: () => void) => void, done: () => void): void {
    const connection = this.#connection;
    const step = (place: number): void => {
      if (this.#connection !== connection) return;
      const item = items[place];
      if (item === undefined) done();
      else act(item, () => step(place + 1));
    };
    step(0);
  }

  #recoverTopology(): void {
    const isRecovery = this.#state === 'recovering';
    if (!isRecovery || !this.#settings.topologyRecovery) {
      this.#ready();
      return;
    }
    this.#each(
      this.#topology.declarations,
      (recorded, next) => this.#declareAgain(recorded, next),
      () => {
        this.#each(
          this.#topology.consumers,
          (recorded, next) => this.#consumeAgain(recorded, next),
          () => this.#ready(),
        );
      },
    );
  }

  /** What is refused (406, say) costs its channel; the rest is recovered all the same. */
  #declareAgain(recorded: RecordedCall, next: () => void): void {
    const { channel, name } = recorded;
    const args = this.#topology.argsAgain(recorded);
    const answer = (reply: Reply | ShutdownSignal): void => {
      if (!isShutdownSignal(reply) && reply.name === 'queue.declare-ok') {
        this.#topology.renamed(recorded, reply.args.queue);
      }
      next();
    };
    channel.recall({ name, args, answer });
  }

  #consumeAgain({ channel, name, args }: RecordedCall<'basic.consume'>, next: () => void): void {
    const handler = channel.handlerOf(args.consumerTag ?? '');
    if (handler === undefined) next();
    else channel.recall({ name, args, answer: () => next() }, handler);
  }

  #ready(): void {
    const recovered = this.#state === 'recovering';
    this.#state = 'open';
    this.ports.trace.record(clientConnectedKind, { node: this.#address.host, recovered });
    for (const channel of this.#channels) {
      if (channel.state === 'waiting' || channel.state === 'recovering') channel.resume();
    }
    this.#options.opened?.(this);
  }

  received(command: Command): void {
    const channel = present(this.#channels[command.channel - 1], 'a channel that was opened');
    channel.received(command);
  }

  blocked(reason: string | null): void {
    this.#blocked = reason;
  }

  lost(signal: ShutdownSignal): void {
    const hadOpened = this.#state !== 'connecting' || this.#connection?.wasOpen === true;
    this.#connection = null;
    this.#blocked = null;
    const { host } = this.#address;
    this.ports.trace.record(clientLostKind, { node: host, why: signal.text });
    const { automaticRecovery, networkRecoveryIntervalMs } = this.#settings;
    if (hadOpened) {
      this.#state = automaticRecovery ? 'recovering' : 'closed';
      for (const channel of this.#channels) channel.lost(signal, automaticRecovery);
    }
    if (this.#state === 'closed') return;
    const isFirst = this.#state === 'connecting';
    const delay = microsOfMillis(isFirst ? FIRST_INTERVAL_MS : networkRecoveryIntervalMs);
    this.#recovery.set(delay, 'networkRecoveryInterval', () => this.#connect());
  }

  closed(): void {
    this.#connection = null;
    this.#state = 'closed';
    for (const channel of this.#channels) channel.lost(applicationClosed, false);
    if (this.#halts) this.ports.halt('stopped');
  }

  // --------------------------------------------------------------------------------- its channels

  answered(channel: ClientChannel, name: RpcName, args: CallArgs<RpcName>, reply: Reply): void {
    this.#topology.answered(channel, name, args, reply);
  }

  consumerCancelled(channel: ClientChannel, consumerTag: string): void {
    this.#topology.forgetConsumer(channel, consumerTag);
  }
}

const applicationClosed: ShutdownSignal = Object.freeze({
  kind: 'shutdown-signal',
  of: 'connection',
  error: null,
  text: 'closed by the application',
});
