/** Hosts of a simulated world that have nothing but links to each other. */
import { Distribution } from '#engine/rabbitmq/cluster/distribution.ts';
import type { DistributionSettings } from '#engine/rabbitmq/cluster/node-connection.ts';
import type { Process } from '#engine/kernel/ports.ts';
import { micros } from '#engine/kernel/units.ts';
import type { SimHost } from '#engine/sim/host.ts';
import { inject, type Fault } from '#engine/sim/faults.ts';
import { World } from '#engine/sim/world.ts';

const MICROS_PER_MS = 1000;

/** What a host heard, in order: `+rabbit-2`, `-rabbit-2`, `rabbit-2: hello`. */
class LinkedNode implements Process {
  readonly links: Distribution;
  readonly heard: string[] = [];

  constructor(links: Distribution) {
    this.links = links;
  }

  start(): void {
    this.links.register('ear', (from, message) => this.heard.push(`${from}: ${String(message)}`));
    this.links.watch({
      nodeUp: (node) => this.heard.push(`+${node}`),
      nodeDown: (node) => this.heard.push(`-${node}`),
    });
    this.links.start(() => {});
  }
}

export class LinkedNodes {
  readonly world: World;
  readonly #hosts = new Map<string, SimHost>();

  constructor(
    names: readonly string[],
    settings: (host: string) => Partial<DistributionSettings> = () => ({}),
    seed = 1,
  ) {
    this.world = new World({ seed, paranoidWire: true, freeze: true, trace: true });
    for (const name of names) {
      const host = this.world.addHost(
        name,
        (ports) =>
          new LinkedNode(new Distribution({ ports, members: names, settings: settings(name) })),
      );
      this.#hosts.set(name, host);
      host.start();
    }
  }

  of(name: string): LinkedNode {
    return this.#hosts.get(name)!.process as LinkedNode;
  }

  /** Does something at a host, as an event of it. */
  at(name: string, run: (links: Distribution) => void): void {
    this.world.command(name, 'test', () => run(this.of(name).links));
  }

  inject(fault: Fault): void {
    inject(this.world, fault);
  }

  /** Lets time go by. */
  advance(seconds: number): void {
    this.world.run(() => false, { micros: micros(seconds * 1000 * MICROS_PER_MS) });
    if (this.world.failure !== null) throw this.world.failure.error;
  }
}
