/**
 * A broker: wires its parts together and takes them through its life, from the first registration
 * to the mark of a clean stop.
 *
 * Not here: each part (`broker/`, `partition/`), the answers to requests (`api/`).
 * Source: `kafka.server.BrokerServer`. Differences: clients may connect as soon as the logs are
 * loaded, as there; the broker and its controllers are always different processes.
 */
import { assert } from '../kernel/assert.ts';
import type { Address, Ports, Process, ProcessFactory } from '../kernel/ports.ts';
import type { BrokerParts } from './api/api-handler.ts';
import { apiHandlers } from './api/handlers.ts';
import { AlterPartitionChannel } from './broker/alter-partition-channel.ts';
import { AutoTopicCreation } from './broker/auto-topic-creation.ts';
import { type BrokerConfig, readBrokerConfig } from './broker/broker-config.ts';
import { type BrokerView, BrokerInspector } from './broker/broker-view.ts';
import { ControllerChannel } from './broker/controller-channel.ts';
import { Forwarding } from './broker/forwarding.ts';
import { Lifecycle } from './broker/lifecycle.ts';
import { LogDir } from './broker/log-dir.ts';
import { MetadataSubscription } from './broker/metadata-subscription.ts';
import { ProducerIds } from './broker/producer-ids.ts';
import { Replicas } from './broker/replicas.ts';
import { SocketServer } from './broker/socket-server.ts';
import type { MetadataChanges } from './metadata/delta.ts';
import type { MetadataImage } from './metadata/image.ts';
import { CLUSTER_ID } from './metadata/metadata-log.ts';
import { randomUuid } from './metadata/random-uuid.ts';
import type { Partition } from './partition/partition.ts';
import type { Profile } from './profiles.ts';

/** Where brokers listen for clients and for each other. */
export const BROKER_PORT = 9092;

export interface BrokerOptions {
  readonly nodeId: number;
  readonly controllers: readonly Address[];
  readonly profile: Profile;
  /** By the real names (`broker/broker-config.ts`). */
  readonly settings: Readonly<Record<string, string>>;
  /** Where this broker listens; 9092 by default. */
  readonly port?: number;
}

/** A broker for each incarnation of a host. Throws a `ConfigError` for bad settings, at once. */
export function createBroker(options: BrokerOptions): ProcessFactory<Broker> {
  const config = readBrokerConfig(options.settings, options.profile);
  return (ports) => new Broker(ports, options, config);
}

export class Broker implements Process {
  readonly #ports: Ports;
  readonly #options: BrokerOptions;
  readonly #config: BrokerConfig;
  readonly #logDir: LogDir;
  readonly #lifecycle: Lifecycle;
  readonly #subscription: MetadataSubscription;
  readonly #replicas: Replicas;
  readonly #server: SocketServer;
  readonly #channels: ControllerChannel[] = [];
  readonly #inspector: BrokerInspector;
  #published = false;

  constructor(ports: Ports, options: BrokerOptions, config: BrokerConfig) {
    assert(options.nodeId >= 0, 'node id', { nodeId: options.nodeId });
    this.#ports = ports;
    this.#options = options;
    this.#config = config;
    const { nodeId, profile } = options;
    this.#logDir = new LogDir(ports, {
      path: config.values['log.dir'],
      nodeId,
      clusterId: CLUSTER_ID,
      failed: (failure) => this.#logDirFailed(failure),
    });
    this.#lifecycle = this.#makeLifecycle();
    const epoch = (): number => this.#lifecycle.brokerEpoch;
    const image = (): MetadataImage => this.#subscription.image;
    this.#subscription = new MetadataSubscription(
      ports,
      this.#channel('metadata'),
      nodeId,
      (_before, changes) => this.#metadataChanged(changes),
    );
    this.#replicas = new Replicas(ports, {
      nodeId,
      profile,
      config,
      logDir: this.#logDir,
      alterPartitions: new AlterPartitionChannel(ports, this.#channel('alter-partition'), {
        id: nodeId,
        epoch,
      }),
      image,
      brokerEpoch: epoch,
      isStopping: () => this.#lifecycle.state === 'PENDING_CONTROLLED_SHUTDOWN',
    });
    const timeoutMs = config.values['request.timeout.ms'];
    const forwarding = new Forwarding(ports, this.#channel('forwarding'), timeoutMs);
    const parts: BrokerParts = {
      ports,
      nodeId,
      clusterId: CLUSTER_ID,
      profile,
      config,
      replicas: this.#replicas,
      forwarding,
      autoTopicCreation: new AutoTopicCreation(forwarding, config.values),
      producerIds: new ProducerIds(this.#channel('producer-ids'), nodeId, epoch),
      image,
    };
    this.#server = new SocketServer(parts, apiHandlers);
    this.#inspector = new BrokerInspector(ports.disk, nodeId, this.#replicas);
  }

  #channel(purpose: string): ControllerChannel {
    const channel = new ControllerChannel(this.#ports, {
      controllers: this.#options.controllers,
      clientId: `broker-${this.#options.nodeId}-${purpose}`,
      requestTimeoutMs: this.#config.values['controller.socket.timeout.ms'],
    });
    this.#channels.push(channel);
    return channel;
  }

  #makeLifecycle(): Lifecycle {
    const { values } = this.#config;
    const rack = values['broker.rack'];
    return new Lifecycle(
      this.#ports,
      this.#channel('lifecycle'),
      {
        brokerId: this.#options.nodeId,
        clusterId: CLUSTER_ID,
        port: this.#options.port ?? BROKER_PORT,
        rack: rack === '' ? null : rack,
        incarnationId: randomUuid(this.#ports.random('incarnation-id')),
        logDirId: this.#logDir.directoryId,
        previousBrokerEpoch: this.#logDir.previousBrokerEpoch,
        heartbeatIntervalMs: values['broker.heartbeat.interval.ms'],
      },
      {
        metadataOffset: () => this.#subscription.image.offset,
        caughtUp: () => this.#publishFirst(),
        shutDown: () => this.#shutDown(),
      },
    );
  }

  /** The replicas on this broker: for outside checkers of invariants, which see all brokers. */
  get partitions(): Iterable<Partition> {
    return this.#replicas.partitions;
  }

  get state(): string {
    return this.#lifecycle.state;
  }

  start(): void {
    assert(this.state === 'NOT_RUNNING', 'starts once', { state: this.state });
    if (this.#logDir.offline) return;
    this.#subscription.start();
    this.#lifecycle.start();
  }

  /** A graceful stop: leaders move away first (`controlled.shutdown.enable`). */
  stop(): void {
    this.#lifecycle.stop(this.#config.values['controlled.shutdown.enable']);
  }

  inspect(): BrokerView {
    return this.#inspector.view(this.state);
  }

  // --------------------------------------------------------------------------------------- life

  /** Caught up with our own registration: load the logs, then ask to be unfenced. */
  #publishFirst(): void {
    assert(!this.#published, 'once a life', { state: this.state });
    this.#published = true;
    this.#replicas.applyFirst(this.#subscription.image);
    if (this.#logDir.offline) return;
    this.#server.listen(this.#options.port ?? BROKER_PORT);
    this.#lifecycle.readyToUnfence();
  }

  #metadataChanged(changes: MetadataChanges): void {
    if (this.#published) this.#replicas.applyChanges(changes);
    this.#lifecycle.metadataAdvanced();
  }

  /** The only log directory is gone: the real broker halts, too. */
  #logDirFailed(failure: string): void {
    if (this.#published) this.#replicas.logDirFailed();
    this.#ports.halt(`Shutdown broker because all log dirs have failed: ${failure}`);
  }

  #shutDown(): void {
    this.#server.close();
    this.#replicas.close();
    this.#subscription.close();
    const epoch = this.#lifecycle.brokerEpoch;
    this.#logDir.close(epoch, () => {
      for (const channel of this.#channels) channel.close();
      this.#lifecycle.stopped();
      this.#ports.halt('shut down');
    });
  }
}
