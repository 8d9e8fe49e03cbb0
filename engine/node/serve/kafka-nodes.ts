/**
 * A Kafka cluster as the nodes of a server: one controller and some brokers.
 *
 * Broker n listens on the first port + n - 1 and tells clients that address. The controller is for
 * the brokers only: at a port of the system's choice where all nodes share one program, else at
 * the port after the last broker's. Not here: starting and stopping (`server.ts`).
 */
import '../../bytes/codecs.ts';
import { assert } from '../../kernel/assert.ts';
import { createBroker } from '../../kafka/broker.ts';
import { brokerSettings } from '../../kafka/broker/broker-config.ts';
import { createController } from '../../kafka/controller/controller.ts';
import type { Profile } from '../../kafka/profiles.ts';
import type { Process } from '../../kernel/ports.ts';
import { ANY_PORT } from '../adapters/name-table.ts';
import type { NameTable } from '../adapters/name-table.ts';
import type { ServedNode } from './served-node.ts';

export interface KafkaClusterOptions {
  /** The first broker's port. */
  readonly port: number;
  readonly brokers: number;
  readonly profile: Profile;
  /** Settings of brokers and controller, by their real names. */
  readonly settings: Readonly<Record<string, string>>;
  /** The only node of the cluster that this program runs; undefined: all. */
  readonly nodeId?: number;
}

const LOOPBACK = '127.0.0.1';
export const CONTROLLER_ID = 100;
const CONTROLLER = { host: 'controller-1', port: 9093 };

/** The nodes that this program runs, the controller first. */
export function kafkaNodes(options: KafkaClusterOptions): readonly ServedNode[] {
  const { brokers, nodeId } = options;
  assert(brokers >= 1, 'a cluster has brokers', { brokers });
  const ids = [CONTROLLER_ID, ...Array.from({ length: brokers }, (_, place) => place + 1)];
  return ids
    .filter((id) => nodeId === undefined || id === nodeId)
    .map((id) => (id === CONTROLLER_ID ? controllerNode(options) : brokerNode(id, options)));
}

/** Says where the brokers find the controller. */
export function bindKafkaNames(names: NameTable, options: KafkaClusterOptions): void {
  const { port, brokers, nodeId } = options;
  const real = { host: LOOPBACK, port: nodeId === undefined ? ANY_PORT : port + brokers };
  names.bind(CONTROLLER.host, CONTROLLER.port, real);
}

function brokerNode(nodeId: number, options: KafkaClusterOptions): ServedNode {
  const { profile, settings } = options;
  const port = options.port + nodeId - 1;
  const known = Object.entries(settings).filter(([name]) => Object.hasOwn(brokerSettings, name));
  return {
    name: `broker-${nodeId}`,
    advertisedHost: LOOPBACK,
    process: createBroker({
      nodeId,
      port,
      controllers: [CONTROLLER],
      profile,
      settings: Object.fromEntries(known),
    }),
    listeners: [{ protocol: 'kafka', address: { host: LOOPBACK, port } }],
    stopOrder: 1,
    running: (process) => stateOf(process) === 'RUNNING',
  };
}

function controllerNode(options: KafkaClusterOptions): ServedNode {
  const { profile, settings } = options;
  return {
    name: CONTROLLER.host,
    advertisedHost: CONTROLLER.host,
    process: createController({ nodeId: CONTROLLER_ID, profile, settings }),
    listeners: [],
    stopOrder: 2,
    running: (process) => stateOf(process) === 'ACTIVE',
  };
}

function stateOf(process: Process): unknown {
  const inspected = process.inspect?.() as { readonly state?: unknown } | undefined;
  return inspected?.state;
}
