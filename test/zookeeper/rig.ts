/** A ZooKeeper server and applications that each hold one client, in the simulated world. */
import { decodeUtf8, encodeUtf8 } from '../../engine/bytes/utf8.ts';
import type { Ports, Process } from '../../engine/kernel/ports.ts';
import { inject } from '../../engine/sim/faults.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { World } from '../../engine/sim/world.ts';
import { zkErrorName } from '../../engine/wire/zookeeper/errors.ts';
import type { MultiOp } from '../../engine/wire/zookeeper/messages.ts';
import type { Stat } from '../../engine/wire/zookeeper/records.ts';
import { WatchedEvent } from '../../engine/zookeeper/watches.ts';
import { ZooKeeperClient } from '../../engine/zookeeper/zookeeper-client.ts';
import { createZooKeeper, ZOOKEEPER_PORT } from '../../engine/zookeeper/zookeeper-server.ts';
import type { ZooKeeperServer } from '../../engine/zookeeper/zookeeper-server.ts';

const eventNames = new Map<number, string>(
  Object.entries(WatchedEvent).map(([name, type]) => [type, name]),
);

class Application implements Process {
  readonly client: ZooKeeperClient;
  readonly heard: string[] = [];

  constructor(ports: Ports) {
    const servers = [{ host: 'zk-1', port: ZOOKEEPER_PORT }];
    this.client = new ZooKeeperClient(
      ports,
      { servers, sessionTimeoutMs: 6000 },
      {
        connected: () => this.heard.push('connected'),
        disconnected: () => this.heard.push('disconnected'),
        expired: () => this.heard.push('expired'),
        event: (type, path) => this.heard.push(`${eventNames.get(type)} ${path}`),
      },
    );
  }

  start(): void {}
}

export class Rig {
  readonly world = new World({ seed: 1, trace: true, paranoidWire: true, freeze: true });

  constructor(applications = 2) {
    this.world.addHost('zk-1', createZooKeeper()).start();
    for (let number = 1; number <= applications; number++) {
      this.world.addHost(`app-${number}`, (ports) => new Application(ports)).start();
    }
    this.sleep(500);
  }

  get server(): ZooKeeperServer {
    return this.world.hostNamed('zk-1')!.process as ZooKeeperServer;
  }

  app(number: number): Application {
    return this.world.hostNamed(`app-${number}`)!.process as Application;
  }

  /** What an application heard since it was asked last. */
  heard(number: number): string[] {
    return this.app(number).heard.splice(0);
  }

  create(number: number, path: string, data = '', flags = 0): string {
    return this.#ask(number, (client, told) => {
      client.create(path, encodeUtf8(data), flags, (err, made) => told(made ?? zkErrorName(err)));
    });
  }

  delete(number: number, path: string, version = -1): string {
    return this.#ask(number, (client, told) => {
      client.delete(path, version, (err) => told(zkErrorName(err)));
    });
  }

  set(number: number, path: string, data: string, version = -1): string {
    return this.#ask(number, (client, told) => {
      client.setData(path, encodeUtf8(data), version, (err, stat) =>
        told(stat === null ? zkErrorName(err) : `version ${stat.version}`),
      );
    });
  }

  get(number: number, path: string, watch = false): string {
    return this.#ask(number, (client, told) => {
      client.getData(path, watch, (err, found) =>
        told(found === null ? zkErrorName(err) : decodeUtf8(found.data!)),
      );
    });
  }

  exists(number: number, path: string, watch = false): string {
    return this.#ask(number, (client, told) => {
      client.exists(path, watch, (err) => told(zkErrorName(err)));
    });
  }

  stat(path: string): Stat {
    let found: Stat | null = null;
    this.#ask(1, (client, told) => {
      client.exists(path, false, (err, stat) => {
        found = stat;
        told(zkErrorName(err));
      });
    });
    if (found === null) throw new Error(`no znode ${path}`);
    return found;
  }

  list(number: number, path: string, watch = false): string {
    return this.#ask(number, (client, told) => {
      client.getChildren(path, watch, (err, children) =>
        told(err === 0 ? children.join(' ') : zkErrorName(err)),
      );
    });
  }

  multi(number: number, operations: readonly MultiOp[]): string {
    return this.#ask(number, (client, told) => {
      client.multi(operations, (err, results) =>
        told(`${zkErrorName(err)}: ${results.map((one) => zkErrorName(one.err)).join(' ')}`),
      );
    });
  }

  close(number: number): void {
    this.#ask(number, (client, told) => client.close(() => told('closed')));
  }

  sleep(millis: number): void {
    this.world.run(() => false, { micros: millis * 1000, events: 100_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  inject(...faults: Fault[]): void {
    for (const fault of faults) inject(this.world, fault);
  }

  #ask(number: number, request: (client: ZooKeeperClient, told: (text: string) => void) => void) {
    let answer = '';
    this.world.command(`app-${number}`, 'ask', () => {
      request(this.app(number).client, (text) => {
        answer = text;
      });
    });
    this.world.run(() => answer !== '', { micros: 30_000_000, events: 50_000 });
    if (this.world.failure !== null) throw this.world.failure.error;
    return answer;
  }
}
