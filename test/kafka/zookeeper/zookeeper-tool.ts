/** A host that writes into ZooKeeper as its shell does, and plays the controller to brokers. */
import { encodeUtf8 } from '#engine/bytes/utf8.ts';
import { NetworkClient, networkClientOptions } from '#engine/kafka/network-client.ts';
import type { Ports, Process } from '#engine/kernel/ports.ts';
import type { Lab } from '#engine/lab/index.ts';
import { ZOOKEEPER_HOST } from '#engine/lab/kafka-zookeeper.ts';
import {
  updateMetadata,
  updateMetadataRequest,
} from '#engine/wire/kafka/messages/update-metadata.ts';
import { defaults } from '#engine/wire/kafka/schema.ts';
import { CreateMode } from '#engine/zookeeper/change-check.ts';
import { ZooKeeperClient } from '#engine/zookeeper/zookeeper-client.ts';
import { ZOOKEEPER_PORT } from '#engine/zookeeper/zookeeper-server.ts';

const TOOL = 'shell';

export class ZookeeperTool implements Process {
  readonly #client: ZooKeeperClient;
  readonly #network: NetworkClient;

  constructor(ports: Ports) {
    this.#network = new NetworkClient(ports, networkClientOptions('tool', { versions: 'fixed' }));
    const servers = [{ host: ZOOKEEPER_HOST, port: ZOOKEEPER_PORT }];
    const options = { servers, sessionTimeoutMs: 30_000 };
    this.#client = new ZooKeeperClient(ports, options, { expired: () => {}, event: () => {} });
  }

  static set(lab: Lab, path: string, data: string): void {
    ZookeeperTool.#ask(lab, `set ${path}`, (tool) =>
      tool.#client.setData(path, encodeUtf8(data), -1, () => {}),
    );
  }

  static create(lab: Lab, path: string): void {
    ZookeeperTool.#ask(lab, `create ${path}`, (tool) =>
      tool.#client.create(path, null, CreateMode.PERSISTENT, () => {}),
    );
  }

  /** UpdateMetadata in the name of an epoch; what the broker answers. */
  static tell(lab: Lab, host: string, controllerEpoch: number, told: (code: number) => void): void {
    ZookeeperTool.#ask(lab, 'UpdateMetadata', (tool) => {
      const body = { ...defaults(updateMetadataRequest), controllerId: 9, controllerEpoch };
      const { key, versionMax } = updateMetadata;
      tool.#network.connectionTo({ host, port: 9093 }).send(key, versionMax, body, (reply) => {
        if (reply.ok) told((reply.body as { readonly errorCode: number }).errorCode);
      });
    });
  }

  static #ask(lab: Lab, label: string, act: (tool: ZookeeperTool) => void): void {
    if (!lab.hosts().some(({ name }) => name === TOOL)) {
      lab.addHost(TOOL, (ports) => new ZookeeperTool(ports));
    }
    lab.command<ZookeeperTool>(TOOL, label, act);
  }

  start(): void {}
}
