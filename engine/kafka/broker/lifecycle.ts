/**
 * The broker's life with the controller: it registers, sends heartbeats, is unfenced when it has
 * caught up with the metadata, and asks leave before it stops.
 *
 * Not here: the states (`lifecycle.machine.ts`), what the broker does in them (`broker.ts`).
 * Source: `kafka.server.BrokerLifecycleManager` (KIP-631).
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Ports, TimerId } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, errorName } from '../../wire/kafka/errors.ts';
import {
  type BrokerHeartbeatRequest,
  type BrokerHeartbeatResponse,
  brokerHeartbeat,
} from '../../wire/kafka/messages/broker-heartbeat.ts';
import {
  type BrokerRegistrationRequest,
  type BrokerRegistrationResponse,
  brokerRegistration,
} from '../../wire/kafka/messages/broker-registration.ts';
import { registrationKind } from './broker-trace.ts';
import type { ControllerChannel } from './controller-channel.ts';
import { lifecycleMachine } from './lifecycle.machine.ts';

/** First wait after a failed registration or heartbeat; it doubles up to the interval. */
const RETRY_MS = 100;
/** Heartbeats come this much more often while the state is about to change. */
const EAGER_HEARTBEAT_MS = 10;

export interface LifecycleOptions {
  readonly brokerId: number;
  readonly clusterId: string;
  readonly port: number;
  readonly rack: string | null;
  readonly incarnationId: string;
  readonly logDirId: string;
  readonly previousBrokerEpoch: number;
  readonly heartbeatIntervalMs: number;
}

/** What the lifecycle tells and asks of its broker. */
export interface LifecycleOwner {
  /** The end of what the broker has replayed of the metadata log. */
  metadataOffset(): number;
  /** The controller says that we have caught up with our own registration. */
  caughtUp(): void;
  /** Leaders have moved away (or nobody minds): stop now. */
  shutDown(): void;
}

export class Lifecycle {
  readonly #ports: Ports;
  readonly #channel: ControllerChannel;
  readonly #options: LifecycleOptions;
  readonly #owner: LifecycleOwner;
  readonly #machine: MachineRunner<typeof lifecycleMachine>;
  #timer: TimerId | null = null;
  #inFlight = false;
  #failures = 0;
  #readyToUnfence = false;
  brokerEpoch = -1;

  constructor(
    ports: Ports,
    channel: ControllerChannel,
    options: LifecycleOptions,
    owner: LifecycleOwner,
  ) {
    this.#ports = ports;
    this.#channel = channel;
    this.#options = options;
    this.#owner = owner;
    this.#machine = new MachineRunner({
      machine: lifecycleMachine,
      instance: `broker-${options.brokerId}`,
      clock: ports.clock,
      trace: ports.trace,
      perform: {
        register: () => this.#register(),
        catchUp: () => owner.caughtUp(),
        askToShutDown: () => this.#heartbeatSoon(),
        shutDown: () => owner.shutDown(),
      },
      // A second stop changes nothing; the others may come late.
      ignores: ['STOP', 'CAUGHT_UP', 'UNFENCED', 'STALE_BROKER_EPOCH', 'SHUT_DOWN_ALLOWED'],
    });
  }

  get state(): string {
    return this.#machine.state;
  }

  start(): void {
    assert(this.state === 'NOT_RUNNING', 'starts once', { state: this.state });
    this.#machine.send({ type: 'START' });
  }

  /** The logs are loaded and the metadata applied: ask to be unfenced. */
  readyToUnfence(): void {
    assert(!this.#readyToUnfence, 'ready once', { state: this.state });
    this.#readyToUnfence = true;
    this.#heartbeatSoon();
  }

  /** Metadata moved on: while the controller waits for that, it hears of it at once. */
  metadataAdvanced(): void {
    const waits = this.state === 'STARTING' || this.state === 'RECOVERY';
    if (waits && this.brokerEpoch >= 0) this.#heartbeatSoon();
  }

  /** Stop gracefully: with leave of the controller where we are running. */
  stop(controlled: boolean): void {
    this.#machine.send({ type: 'STOP' });
    if (!controlled && this.state === 'PENDING_CONTROLLED_SHUTDOWN') {
      this.#machine.send({ type: 'CONTROLLED_SHUTDOWN_FAILED' });
    }
  }

  /** The broker has closed everything. */
  stopped(): void {
    if (this.#timer !== null) this.#ports.clock.cancel(this.#timer);
    this.#timer = null;
    this.#machine.send({ type: 'STOPPED' });
    assert(this.state === 'NOT_RUNNING', 'ended', { state: this.state });
  }

  // ------------------------------------------------------------------------------- registration

  #register(): void {
    const { brokerId, clusterId, port, rack, incarnationId, logDirId } = this.#options;
    const body: BrokerRegistrationRequest = {
      brokerId,
      clusterId,
      incarnationId,
      listeners: [{ name: 'PLAINTEXT', host: this.#ports.host, port, securityProtocol: 0 }],
      features: [],
      rack,
      isMigratingZkBroker: false,
      logDirs: [logDirId],
      previousBrokerEpoch: this.#options.previousBrokerEpoch,
    };
    this.brokerEpoch = -1;
    this.#inFlight = true;
    const { key, versionMax } = brokerRegistration;
    this.#channel.send(key, versionMax, body, (reply) => {
      this.#inFlight = false;
      if (!reply.ok) this.#later(this.#backoffMs(), () => this.#register());
      else this.#registered(reply.body as BrokerRegistrationResponse);
    });
  }

  #registered(response: BrokerRegistrationResponse): void {
    this.#ports.trace.record(registrationKind, {
      broker: this.#options.brokerId,
      epoch: response.brokerEpoch,
      error: errorName(response.errorCode),
    });
    if (response.errorCode !== ErrorCode.NONE) {
      if (response.errorCode === ErrorCode.NOT_CONTROLLER) this.#channel.notController();
      this.#later(this.#backoffMs(), () => this.#register());
      return;
    }
    assert(response.brokerEpoch >= 0, 'a broker epoch', { ...response });
    this.#failures = 0;
    this.brokerEpoch = response.brokerEpoch;
    this.#heartbeatSoon();
  }

  // --------------------------------------------------------------------------------- heartbeats

  #heartbeatSoon(): void {
    if (this.#inFlight || this.brokerEpoch < 0) return;
    this.#later(EAGER_HEARTBEAT_MS, () => this.#heartbeat());
  }

  #heartbeat(): void {
    assert(this.brokerEpoch >= 0 && !this.#inFlight, 'registered', { epoch: this.brokerEpoch });
    const body: BrokerHeartbeatRequest = {
      brokerId: this.#options.brokerId,
      brokerEpoch: this.brokerEpoch,
      currentMetadataOffset: this.#owner.metadataOffset(),
      wantFence: !this.#readyToUnfence,
      wantShutDown: this.state === 'PENDING_CONTROLLED_SHUTDOWN',
      offlineLogDirs: [],
    };
    const metadataOffset = body.currentMetadataOffset;
    this.#inFlight = true;
    const { key, versionMax } = brokerHeartbeat;
    this.#channel.send(key, versionMax, body, (reply) => {
      this.#inFlight = false;
      if (this.state === 'SHUTTING_DOWN' || this.state === 'NOT_RUNNING') return;
      const response = reply.ok ? (reply.body as BrokerHeartbeatResponse) : null;
      this.#heard(response, body, metadataOffset);
    });
  }

  #heard(
    response: BrokerHeartbeatResponse | null,
    asked: BrokerHeartbeatRequest,
    metadataOffset: number,
  ): void {
    if (response?.errorCode === ErrorCode.STALE_BROKER_EPOCH) {
      // The controller has forgotten or replaced our registration.
      this.#machine.send({ type: 'STALE_BROKER_EPOCH' });
      return;
    }
    if (response === null || response.errorCode !== ErrorCode.NONE) {
      if (response?.errorCode === ErrorCode.NOT_CONTROLLER) this.#channel.notController();
      this.#later(this.#backoffMs(), () => this.#heartbeat());
      return;
    }
    this.#failures = 0;
    if (response.isCaughtUp) this.#machine.send({ type: 'CAUGHT_UP' });
    if (!response.isFenced && !asked.wantFence) this.#machine.send({ type: 'UNFENCED' });
    if (response.shouldShutDown && asked.wantShutDown) {
      this.#machine.send({ type: 'SHUT_DOWN_ALLOWED' });
      return;
    }
    const eager = this.#changesSoon(asked, metadataOffset);
    const { heartbeatIntervalMs } = this.#options;
    this.#later(eager ? EAGER_HEARTBEAT_MS : heartbeatIntervalMs, () => this.#heartbeat());
  }

  /** Whether what the last heartbeat said is already out of date. */
  #changesSoon(asked: BrokerHeartbeatRequest, metadataOffset: number): boolean {
    if (this.state === 'PENDING_CONTROLLED_SHUTDOWN') return !asked.wantShutDown;
    if (this.state === 'RUNNING') return false;
    if (asked.wantFence && this.#readyToUnfence) return true;
    return this.#owner.metadataOffset() > metadataOffset;
  }

  #backoffMs(): number {
    const doubled = RETRY_MS * (1 << Math.min(this.#failures++, 10));
    return Math.min(doubled, this.#options.heartbeatIntervalMs);
  }

  #later(delayMs: number, act: () => void): void {
    assert(delayMs >= 0, 'a delay', { delayMs });
    if (this.#timer !== null) this.#ports.clock.cancel(this.#timer);
    const delay = delayMs === 0 ? micros(0) : microsOfMillis(delayMs);
    this.#timer = this.#ports.clock.after(delay, 'broker.heartbeat.interval.ms', () => {
      this.#timer = null;
      act();
    });
  }
}
