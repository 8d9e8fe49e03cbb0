/**
 * What a broker of a ZooKeeper cluster has in place of a quorum's lifecycle and subscription: one
 * session with ZooKeeper, its registration, its part in being the controller, and what the
 * controller tells it.
 *
 *     ZkSession -> ZkLifecycle (/brokers/ids), KafkaController (/controller)
 *     port 9093 -> LeaderAndIsr, UpdateMetadata, StopReplica -> ZkMetadataSource -> the broker
 *               -> CreateTopics, AlterPartition ...           -> KafkaController, if it is the one
 *
 * Not here: each part. Source: `kafka.server.KafkaServer`. Difference: controller and brokers speak
 * on a listener of their own, as with `control.plane.listener.name` (KIP-291), and forwarded
 * requests (since 2.8 in an Envelope) go there, too.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports } from '../../kernel/ports.ts';
import { apiVersions } from '../../wire/kafka/messages/api-versions.ts';
import { kafkaProtocol } from '../../wire/kafka/protocol.ts';
import type { ControlPlane, ControlPlaneFactory, PlaneOwner } from '../broker/control-plane.ts';
import {
  answerApiVersions,
  controllerApis,
  type ControllerApis,
  type Decision,
} from '../controller/controller-apis.ts';
import { type ControllerConfig, readControllerConfig } from '../controller/controller-config.ts';
import { ControllerConnection } from '../controller/controller-connection.ts';
import type { ControllerRequest } from '../controller/controller-connection.ts';
import { type ControllerView, inspectController } from '../controller/controller-view.ts';
import { CONTROLLER_PORT } from '../metadata/metadata-log.ts';
import { compareReleases } from '../../kernel/releases.ts';
import type { Profile } from '../profiles.ts';
import { KafkaController } from './kafka-controller.ts';
import { ZkLifecycle } from './zk-lifecycle.ts';
import { ZkMetadataSource } from './zk-metadata-source.ts';
import { ZkSession } from './zk-session.ts';

export interface ZooKeeperOptions {
  /** `zookeeper.connect`. */
  readonly servers: readonly Address[];
  /** `zookeeper.session.timeout.ms`; by default 18 s since 2.5 (KIP-537), 6 s before. */
  readonly sessionTimeoutMs?: number;
}

/**
 * Makes the factory. `decisions`: what a controller decides besides
 * (`controller/administration.ts`).
 * Throws a `ConfigError` for bad settings; asserts a release before 4.0.
 */
export function zooKeeperControlPlane(
  options: ZooKeeperOptions,
  profile: Profile,
  settings: Readonly<Record<string, string>>,
  decisions: readonly Decision[] = [],
): ControlPlaneFactory {
  const { release } = profile;
  assert(compareReleases(release, '4.0') < 0, 'Kafka 4.0 has no ZooKeeper mode', { release });
  const config = readControllerConfig(settings, profile);
  const presetMs = compareReleases(release, '2.5') < 0 ? 6_000 : 18_000;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? presetMs;
  const session = { servers: options.servers, sessionTimeoutMs };
  const apis = controllerApis(decisions);
  return (ports, owner) => new ZooKeeperControlPlane(ports, owner, { config, apis, session });
}

interface PlaneParts {
  readonly config: ControllerConfig;
  readonly apis: ControllerApis;
  readonly session: ConstructorParameters<typeof ZkSession>[1];
}

export class ZooKeeperControlPlane implements ControlPlane {
  readonly lifecycle: ZkLifecycle;
  readonly subscription: ZkMetadataSource;
  readonly #controller: KafkaController;
  readonly #session: ZkSession;
  readonly #apis: ControllerApis;

  constructor(ports: Ports, owner: PlaneOwner, { config, apis, session }: PlaneParts) {
    const { nodeId: brokerId, port, rack } = owner;
    this.#session = new ZkSession(ports, session, {
      connected: () => this.#connected(),
      disconnected: () => this.#controller.resign('ZooKeeper cannot be reached'),
      expired: () => {
        this.#controller.resign('the session expired');
        this.lifecycle.expired();
      },
    });
    this.#apis = apis;
    const parts = { config, apis, session: this.#session };
    this.#controller = new KafkaController(ports, brokerId, parts);
    this.lifecycle = new ZkLifecycle(ports, {
      brokerId,
      broker: { host: ports.host, port, rack },
      session: this.#session,
      channel: owner.channel('lifecycle'),
      registered: () => this.#registered(),
      caughtUp: () => owner.caughtUp(),
      shutDown: () => owner.shutDown(),
    });
    this.subscription = new ZkMetadataSource(ports, brokerId, this.#session, {
      changed: (_before, changes) => owner.changed(changes),
      found: (address) => owner.found(address),
      listed: () => this.lifecycle.listed(),
      brokerEpoch: () => this.lifecycle.brokerEpoch,
    });
    this.#listen(ports);
  }

  /** What this broker shows as a controller: while it is none, what the controller told it. */
  inspect(): ControllerView {
    const { office } = this.#controller;
    const image = this.#controller.image ?? this.subscription.image;
    const state = office === null ? 'STANDBY' : 'ACTIVE';
    return inspectController(state, office?.epoch ?? image.epoch, image);
  }

  #connected(): void {
    this.lifecycle.connected();
    if (this.lifecycle.brokerEpoch >= 0) this.#registered();
  }

  /** As there: a broker registers first, and then stands for the office. */
  #registered(): void {
    assert(this.lifecycle.brokerEpoch >= 0, 'registered', {});
    this.subscription.registered();
    this.subscription.watchConfigs();
    this.#controller.elect();
  }

  #listen(ports: Ports): void {
    ports.network.listen(CONTROLLER_PORT, kafkaProtocol, (connection) => {
      return new ControllerConnection(
        connection,
        (request) => this.#handle(request),
        () => {},
      );
    });
  }

  #handle(request: ControllerRequest): void {
    if (request.apiKey === apiVersions.key) return answerApiVersions(request, this.#apis.spoken);
    if (!this.subscription.handle(request)) this.#controller.handle(request);
  }
}
