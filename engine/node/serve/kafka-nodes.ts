/**
 * A Kafka cluster as the nodes of a server: one controller, or a quorum of them, and some brokers.
 *
 * Broker n listens on the first port + n - 1 and tells clients that address. Controllers are for
 * the brokers only: at ports of the system's choice where all nodes share one program, else at
 * the ports after the last broker's. Not here: starting and stopping (`server.ts`).
 */
import '../../bytes/codecs.ts';
import { assert } from '../../kernel/assert.ts';
import { createBroker } from '../../kafka/broker.ts';
import { brokerSettings } from '../../kafka/broker/broker-config.ts';
import { decisionsOf, settingsWithoutModules } from '../../kafka/broker/broker-module.ts';
import { readConfig, splitSettings } from '../../kafka/config.ts';
import { readControllerConfig } from '../../kafka/controller/controller-config.ts';
import { createController } from '../../kafka/controller/controller.ts';
import type { Profile } from '../../kafka/profiles.ts';
import { everyModule } from '../../lab/kafka-whole.ts';
import { readQuorumConfig } from '../../kafka/raft/quorum-config.ts';
import { quorumForwarding } from '../../kafka/raft/quorum-forwarding.ts';
import { createRaftController } from '../../kafka/raft/raft-controller.ts';
import { snapshotLoader } from '../../kafka/raft/snapshot-fetch.ts';
import { type ControllerNode, memberOf } from '../../kafka/raft/voter-id.ts';
import type { Process } from '../../kernel/ports.ts';
import { ANY_PORT } from '../adapters/name-table.ts';
import type { NameTable } from '../adapters/name-table.ts';
import type { ServedNode } from './served-node.ts';

export interface KafkaClusterOptions {
  /** The first broker's port. */
  readonly port: number;
  readonly brokers: number;
  /** One that is alone, or a quorum. */
  readonly controllers: number;
  readonly profile: Profile;
  /** Settings of brokers and controller, by their real names. */
  readonly settings: Readonly<Record<string, string>>;
  /** The only node of the cluster that this program runs; undefined: all. */
  readonly nodeId?: number;
}

const LOOPBACK = '127.0.0.1';
export const CONTROLLER_ID = 100;
const CONTROLLER_PORT = 9093;
/** Kafka's own; a smaller cluster has as many replicas of its internal topics as it has brokers. */
const INTERNAL_REPLICAS_MAX = 3;
const INTERNAL_MIN_ISR = 2;

/** Throws a `ConfigError` for a setting that no node knows, or with a value that is not allowed. */
export function checkKafkaSettings(options: KafkaClusterOptions): void {
  const { settings, profile } = options;
  for (const module of everyModule) {
    readConfig(module.settings, splitSettings(module.settings, settings).own, profile);
  }
  const others = settingsWithoutModules(settings, everyModule);
  const voters = controllerNodes(options).map(({ nodeId }) => memberOf(nodeId));
  if (voters.length === 1) readControllerConfig(others, profile);
  else readQuorumConfig(others, profile, voters, {});
}

/** The nodes that this program runs, the controllers first. */
export function kafkaNodes(options: KafkaClusterOptions): readonly ServedNode[] {
  const { brokers, controllers, nodeId } = options;
  assert(brokers >= 1 && controllers >= 1, 'a cluster has nodes', { brokers, controllers });
  const isOurs = (id: number) => nodeId === undefined || id === nodeId;
  const ids = Array.from({ length: brokers }, (_, place) => place + 1);
  return [
    ...controllerNodes(options)
      .filter((one) => isOurs(one.nodeId))
      .map((one) => controllerNode(one, options)),
    ...ids.filter(isOurs).map((id) => brokerNode(id, options)),
  ];
}

/** Says where the brokers, and controllers each other, find the controllers. */
export function bindKafkaNames(names: NameTable, options: KafkaClusterOptions): void {
  const { port, brokers, nodeId } = options;
  for (const [place, controller] of controllerNodes(options).entries()) {
    const own = nodeId === undefined ? ANY_PORT : port + brokers + place;
    names.bind(controller.host, controller.port, { host: LOOPBACK, port: own });
  }
}

function controllerNodes({ controllers }: KafkaClusterOptions): readonly ControllerNode[] {
  return Array.from({ length: controllers }, (_, place) => {
    const nodeId = CONTROLLER_ID + place;
    return { nodeId, host: `controller-${place + 1}`, port: CONTROLLER_PORT };
  });
}

function brokerNode(nodeId: number, options: KafkaClusterOptions): ServedNode {
  const { profile } = options;
  const port = options.port + nodeId - 1;
  return {
    name: `broker-${nodeId}`,
    advertisedHost: LOOPBACK,
    process: createBroker({
      nodeId,
      port,
      controllers: controllerNodes(options),
      snapshots: snapshotLoader,
      profile,
      settings: brokerSettingsOf(options),
      modules: options.controllers === 1 ? everyModule : [...everyModule, quorumForwarding],
    }),
    listeners: [{ protocol: 'kafka', address: { host: LOOPBACK, port } }],
    stopOrder: 1,
    running: (process) => stateOf(process) === 'RUNNING',
  };
}

function brokerSettingsOf(options: KafkaClusterOptions): Readonly<Record<string, string>> {
  const replicas = Math.min(options.brokers, INTERNAL_REPLICAS_MAX);
  const tables = [brokerSettings, ...everyModule.map(({ settings }) => settings)];
  const known = tables.map((table) => splitSettings(table, options.settings).own);
  const internal = {
    'offsets.topic.replication.factor': `${replicas}`,
    'transaction.state.log.replication.factor': `${replicas}`,
    'transaction.state.log.min.isr': `${Math.min(replicas, INTERNAL_MIN_ISR)}`,
    'share.coordinator.state.topic.replication.factor': `${replicas}`,
    'share.coordinator.state.topic.min.isr': `${Math.min(replicas, INTERNAL_MIN_ISR)}`,
  };
  return Object.assign(internal, ...known);
}

function controllerNode(
  { nodeId, host }: ControllerNode,
  options: KafkaClusterOptions,
): ServedNode {
  const { profile } = options;
  const settings = settingsWithoutModules(options.settings, everyModule);
  const decisions = decisionsOf(everyModule);
  const controllers = controllerNodes(options);
  const isAlone = controllers.length === 1;
  const voters = controllers.map((one) => one.nodeId);
  return {
    name: host,
    advertisedHost: host,
    process: isAlone
      ? createController({ nodeId, profile, settings, decisions })
      : createRaftController({ nodeId, profile, settings, controllers, voters, decisions }),
    listeners: [],
    stopOrder: 2,
    // Of a quorum one decides, and the others follow.
    running: (process) => {
      const state = stateOf(process);
      return state === 'ACTIVE' || (!isAlone && state === 'STANDBY');
    },
  };
}

function stateOf(process: Process): unknown {
  const inspected = process.inspect?.() as { readonly state?: unknown } | undefined;
  return inspected?.state;
}
