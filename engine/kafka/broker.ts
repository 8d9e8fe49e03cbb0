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
import type { BrokerModule, BrokerModuleFactory } from './broker/broker-module.ts';
import { type BrokerView, BrokerInspector } from './broker/broker-view.ts';
import type {
  BrokerLifecycle,
  ControlPlane,
  ControlPlaneFactory,
  MetadataSource,
  PlaneOwner,
} from './broker/control-plane.ts';
import { ControllerChannel } from './broker/controller-channel.ts';
import { Forwarding } from './broker/forwarding.ts';
import { Lifecycle } from './broker/lifecycle.ts';
import { LogDir } from './broker/log-dir.ts';
import { MetadataSubscription, type SnapshotLoader } from './broker/metadata-subscription.ts';
import { ProducerIds } from './broker/producer-ids.ts';
import { Replicas } from './broker/replicas.ts';
import { SocketServer } from './broker/socket-server.ts';
import { readConfig, splitSettings } from './config.ts';
import type { MetadataChanges } from './metadata/delta.ts';
import type { MetadataImage } from './metadata/image.ts';
import { CLUSTER_ID } from './metadata/metadata-log.ts';
import { randomUuid } from './metadata/random-uuid.ts';
import type { Partition } from './partition/partition.ts';
import type { Profile } from './profiles.ts';

/** `controller.quorum.request.timeout.ms`, by its default. */
const QUORUM_REQUEST_TIMEOUT_MS = 2_000;

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
  /** How snapshots of the metadata log are taken over, where a quorum makes some. */
  readonly snapshots?: SnapshotLoader;
  /** What this broker can do besides logs and replicas: none by default. */
  readonly modules?: readonly BrokerModuleFactory[];
  /** In place of registration and subscription with a quorum: ZooKeeper mode. */
  readonly controlPlane?: ControlPlaneFactory;
}

/** A broker for each incarnation of a host. Throws a `ConfigError` for bad settings, at once. */
export function createBroker(options: BrokerOptions): ProcessFactory<Broker> {
  const { profile } = options;
  let given = options.settings;
  const installers = (options.modules ?? []).map((factory) => {
    const { own, others } = splitSettings(factory.settings, given);
    given = others;
    const values = readConfig(factory.settings, own, profile);
    return (parts: BrokerParts) => factory.create(parts, values);
  });
  const config = readBrokerConfig(given, profile);
  return (ports) => new Broker(ports, options, config, installers);
}

export class Broker implements Process {
  readonly #ports: Ports;
  readonly #options: BrokerOptions;
  readonly #config: BrokerConfig;
  readonly #logDir: LogDir;
  readonly #lifecycle: BrokerLifecycle;
  readonly #subscription: MetadataSource;
  readonly #replicas: Replicas;
  readonly #server: SocketServer;
  readonly #channels: ControllerChannel[] = [];
  readonly #inspector: BrokerInspector;
  /** For outside checkers and views: what each module shows of itself. */
  readonly modules: readonly BrokerModule[];
  /** What was handed in in place of a quorum's lifecycle and subscription. */
  readonly controlPlane: ControlPlane | null;
  #published = false;

  constructor(
    ports: Ports,
    options: BrokerOptions,
    config: BrokerConfig,
    installers: readonly ((parts: BrokerParts) => BrokerModule)[],
  ) {
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
    const plane = options.controlPlane?.(ports, this.#planeOwner()) ?? null;
    this.controlPlane = plane;
    this.#lifecycle = plane?.lifecycle ?? this.#makeLifecycle();
    const epoch = (): number => this.#lifecycle.brokerEpoch;
    const image = (): MetadataImage => this.#subscription.image;
    this.#subscription = plane?.subscription ?? this.#makeSubscription();
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
      elected: (partition) => {
        for (const one of this.#modulesOf(partition.topic)) one.elected(partition);
      },
      resigned: (topic, index) => {
        for (const one of this.#modulesOf(topic)) one.resigned(topic, index);
      },
    });
    const timeoutMs = config.values['request.timeout.ms'];
    const forwarding = new Forwarding(ports, this.#channel('forwarding'), timeoutMs);
    const modules: BrokerModule[] = [];
    const parts = {
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
      handlers: apiHandlers([]),
      modules,
    } satisfies BrokerParts;
    for (const install of installers) modules.push(install(parts));
    parts.handlers = apiHandlers(modules.flatMap(({ handlers }) => handlers));
    this.modules = modules;
    this.#server = new SocketServer(parts);
    this.#inspector = new BrokerInspector(ports.disk, nodeId, this.#replicas, modules);
  }

  /** A request to one of several controllers is given up in time to ask another (`limitMs`). */
  #channel(purpose: string, limitMs?: number): ControllerChannel {
    const { controllers, nodeId } = this.#options;
    const timeoutMs = this.#config.values['controller.socket.timeout.ms'];
    const isAlone = controllers.length === 1 || limitMs === undefined;
    const channel = new ControllerChannel(this.#ports, {
      controllers,
      clientId: `broker-${nodeId}-${purpose}`,
      requestTimeoutMs: isAlone ? timeoutMs : Math.min(timeoutMs, limitMs),
      finds: purpose === 'metadata' || this.#options.controlPlane !== undefined,
    });
    this.#channels.push(channel);
    return channel;
  }

  #planeOwner(): PlaneOwner {
    const rack = this.#config.values['broker.rack'];
    return {
      nodeId: this.#options.nodeId,
      port: this.#options.port ?? BROKER_PORT,
      rack: rack === '' ? null : rack,
      channel: (purpose) => this.#channel(purpose),
      changed: (changes) => this.#metadataChanged(changes),
      found: (address) => {
        for (const one of this.#channels) one.found(address);
      },
      caughtUp: () => this.#publishFirst(),
      shutDown: () => this.#shutDown(),
    };
  }

  #makeSubscription(): MetadataSubscription {
    const { nodeId, snapshots = null } = this.#options;
    const channel = this.#channel('metadata', QUORUM_REQUEST_TIMEOUT_MS);
    return new MetadataSubscription(this.#ports, channel, nodeId, {
      changed: (_before, changes) => this.#metadataChanged(changes),
      found: (address) => {
        for (const one of this.#channels) {
          if (address === null) one.lost();
          else one.found(address);
        }
      },
      snapshots,
    });
  }

  #makeLifecycle(): Lifecycle {
    const { values } = this.#config;
    const rack = values['broker.rack'];
    return new Lifecycle(
      this.#ports,
      this.#channel('lifecycle', Math.floor(values['broker.session.timeout.ms'] / 2)),
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
    if (this.#published) {
      this.#replicas.applyChanges(changes);
      for (const one of this.modules) one.metadataChanged(this.#subscription.image, changes);
    }
    this.#lifecycle.metadataAdvanced();
  }

  /** The only log directory is gone: the real broker halts, too. */
  #logDirFailed(failure: string): void {
    if (this.#published) this.#replicas.logDirFailed();
    this.#ports.halt(`Shutdown broker because all log dirs have failed: ${failure}`);
  }

  #modulesOf(topic: string): readonly BrokerModule[] {
    return this.modules.filter(({ topics }) => topics.includes(topic));
  }

  #shutDown(): void {
    this.#server.close();
    for (const one of this.modules) one.close();
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
