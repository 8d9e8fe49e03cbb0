/**
 * A broker's life in a ZooKeeper cluster: it registers by an ephemeral znode in `/brokers/ids`,
 * runs when the controller has told it everything, and asks the controller before it stops.
 *
 * The znode is the registration: no heartbeats go to the controller, pings go to ZooKeeper. When
 * the session expires the znode is gone, and the broker registers anew with a new broker epoch.
 *
 * Not here: the states (`broker/lifecycle.machine.ts`), the session (`zk-session.ts`).
 * Source: `kafka.server.KafkaServer`, `KafkaZkClient.registerBroker`, KIP-380. Differences: the
 * broker listens to clients once the controller has told it everything, not before; a znode of its
 * former life is waited for, where the real broker exits (NodeExists) to be started again; at the
 * end the session is closed before the logs are.
 */
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Ports } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  controlledShutdown,
  type ControlledShutdownRequest,
  type ControlledShutdownResponse,
} from '../../wire/kafka/messages/controlled-shutdown.ts';
import { ZkError, zkErrorName } from '../../wire/zookeeper/errors.ts';
import { CreateMode } from '../../zookeeper/change-check.ts';
import type { BrokerLifecycle } from '../broker/control-plane.ts';
import type { ControllerChannel } from '../broker/controller-channel.ts';
import { lifecycleMachine } from '../broker/lifecycle.machine.ts';
import { CLUSTER_ID } from '../metadata/metadata-log.ts';
import * as zk from './zk-data.ts';
import { isLost, type ZkSession } from './zk-session.ts';
import { zkRegisteredKind } from './zookeeper-mode-trace.ts';

/** Wait before a registration that was refused is tried again. */
const RETRY_MS = 500;
/** `controlled.shutdown.retry.backoff.ms`, `controlled.shutdown.max.retries`. */
const SHUTDOWN_RETRY_MS = 5000;
const SHUTDOWN_RETRIES_MAX = 3;

interface LifecycleParts {
  readonly brokerId: number;
  readonly broker: zk.BrokerInfo;
  readonly session: ZkSession;
  readonly channel: ControllerChannel;
  /** Registered: the znode is there. */
  registered(): void;
  /** The controller has told everything: load the logs. */
  caughtUp(): void;
  /** Leaders have moved away, and the session is closed: stop now. */
  shutDown(): void;
}

export class ZkLifecycle implements BrokerLifecycle {
  readonly #ports: Ports;
  readonly #parts: LifecycleParts;
  readonly #machine: MachineRunner<typeof lifecycleMachine>;
  #session = '';
  #shutdowns = 0;
  brokerEpoch = -1;

  constructor(ports: Ports, parts: LifecycleParts) {
    assert(parts.brokerId >= 0, 'broker.id', { brokerId: parts.brokerId });
    this.#ports = ports;
    this.#parts = parts;
    this.#machine = new MachineRunner({
      machine: lifecycleMachine,
      instance: `broker-${parts.brokerId}`,
      clock: ports.clock,
      trace: ports.trace,
      perform: {
        register: () => this.#register(),
        catchUp: () => parts.caughtUp(),
        askToShutDown: () => this.#askToShutDown(),
        shutDown: () => parts.session.close(() => parts.shutDown()),
      },
      ignores: ['STOP', 'CAUGHT_UP', 'UNFENCED', 'STALE_BROKER_EPOCH', 'SHUT_DOWN_ALLOWED'],
    });
  }

  get state(): string {
    return this.#machine.state;
  }

  start(): void {
    this.#parts.session.open();
    this.#machine.send({ type: 'START' });
  }

  stop(controlled: boolean): void {
    this.#machine.send({ type: 'STOP' });
    if (!controlled && this.state === 'PENDING_CONTROLLED_SHUTDOWN') {
      this.#machine.send({ type: 'CONTROLLED_SHUTDOWN_FAILED' });
    }
  }

  /** The controller counts this broker among the live ones and has told it everything. */
  listed(): void {
    this.#machine.send({ type: 'CAUGHT_UP' });
  }

  /** Nobody is fenced in this mode: who is registered may lead. */
  readyToUnfence(): void {
    this.#ports.clock.after(micros(0), 'ready', () => this.#machine.send({ type: 'UNFENCED' }));
  }

  metadataAdvanced(): void {
    assert(this.state !== 'NOT_RUNNING', 'told while it lives', { state: this.state });
  }

  /** The session is open or reachable again: whether the znode is there is to be made sure of. */
  connected(): void {
    if (this.state !== 'NOT_RUNNING' && this.state !== 'SHUTTING_DOWN') this.#register();
  }

  /** The session is over, and with it the registration. */
  expired(): void {
    this.brokerEpoch = -1;
  }

  stopped(): void {
    this.#machine.send({ type: 'STOPPED' });
    assert(this.state === 'NOT_RUNNING', 'ended', { state: this.state });
  }

  // -------------------------------------------------------------------------------- registration

  #register(): void {
    const { session } = this.#parts;
    const isRegistered = this.brokerEpoch >= 0 && this.#session === session.client.session;
    if (!session.connected || isRegistered) return;
    const { client } = session;
    for (const path of zk.PERSISTENT_PATHS) {
      client.create(path, null, CreateMode.PERSISTENT, () => {});
    }
    const id = encodeUtf8(JSON.stringify({ version: '1', id: CLUSTER_ID }));
    client.create(zk.CLUSTER_ID_PATH, id, CreateMode.PERSISTENT, () => {});
    const { brokerId, broker } = this.#parts;
    const path = zk.brokerPath(brokerId);
    const data = zk.brokerData(broker, this.#ports.clock.wall());
    client.create(path, data, CreateMode.EPHEMERAL, (err) => {
      if (isLost(err) || client !== session.client) return;
      if (err === ZkError.NODEEXISTS || err === 0) this.#checkOwner(path);
      else assert(false, 'a registration is made or is there', { err: zkErrorName(err) });
    });
  }

  /** The znode is ours, or of a former life whose session has not expired yet. */
  #checkOwner(path: string): void {
    const { session, brokerId: broker } = this.#parts;
    const { client } = session;
    client.exists(path, false, (err, stat) => {
      if (isLost(err) || client !== session.client || this.state === 'SHUTTING_DOWN') return;
      const isOurs = stat?.ephemeralOwner === client.session;
      const error = isOurs ? 'OK' : zkErrorName(ZkError.NODEEXISTS);
      const epoch = isOurs ? stat.czxid : -1;
      this.#ports.trace.record(zkRegisteredKind, { broker, epoch, error });
      if (!isOurs) {
        const again = () => this.#register();
        this.#ports.clock.after(microsOfMillis(RETRY_MS), 'zookeeper registration', again);
        return;
      }
      assert(stat.czxid >= 0, 'a broker epoch', { czxid: stat.czxid });
      this.brokerEpoch = stat.czxid;
      this.#session = client.session;
      this.#parts.registered();
    });
  }

  // ---------------------------------------------------------------------------------------- stop

  #askToShutDown(): void {
    const body: ControlledShutdownRequest = {
      brokerId: this.#parts.brokerId,
      brokerEpoch: this.brokerEpoch,
    };
    const { key, versionMax } = controlledShutdown;
    this.#parts.channel.send(key, versionMax, body, (reply) => {
      if (this.state !== 'PENDING_CONTROLLED_SHUTDOWN') return;
      const response = reply.ok ? (reply.body as ControlledShutdownResponse) : null;
      if (response?.errorCode === ErrorCode.NOT_CONTROLLER) this.#parts.channel.notController();
      const isDone =
        response?.errorCode === ErrorCode.NONE && response.remainingPartitions.length === 0;
      if (isDone) return this.#machine.send({ type: 'SHUT_DOWN_ALLOWED' });
      this.#shutdowns += 1;
      if (this.#shutdowns > SHUTDOWN_RETRIES_MAX) {
        return this.#machine.send({ type: 'CONTROLLED_SHUTDOWN_FAILED' });
      }
      const again = () => {
        if (this.state === 'PENDING_CONTROLLED_SHUTDOWN') this.#askToShutDown();
      };
      const delay = microsOfMillis(SHUTDOWN_RETRY_MS);
      this.#ports.clock.after(delay, 'controlled.shutdown.retry.backoff.ms', again);
    });
  }
}
