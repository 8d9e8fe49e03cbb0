/** A virtual host on one host of a simulated world, for tests that need time but no network. */
import type { Ports } from '../../engine/kernel/ports.ts';
import { micros } from '../../engine/kernel/units.ts';
import { Distribution } from '../../engine/rabbitmq/cluster/distribution.ts';
import { classicQueues } from '../../engine/rabbitmq/queue/classic-queue-type.ts';
import { streams } from '../../engine/rabbitmq/stream/stream-type.ts';
import { newestProfile, profileOf, type Profile } from '../../engine/rabbitmq/profiles.ts';
import { Users } from '../../engine/rabbitmq/vhost/users.ts';
import { VirtualHost } from '../../engine/rabbitmq/vhost/virtual-host.ts';
import { World } from '../../engine/sim/world.ts';

const MICROS_PER_MS = 1000;

export class Node {
  readonly users = Users.withGuest('/');
  readonly profile: Profile;
  readonly vhost: VirtualHost;
  readonly ports: Ports;
  readonly #world: World;

  constructor(profile: Profile = profileOf(newestProfile, { transientNonExclusiveQueues: true })) {
    this.profile = profile;
    this.#world = new World({ seed: 1 });
    let ports: Ports | undefined;
    const host = this.#world.addHost('rabbit-1', (given) => {
      ports = given;
      return { start() {} };
    });
    host.start();
    this.advance(0);
    this.ports = ports!;
    this.vhost = new VirtualHost('/', {
      ...{ ports: this.ports, users: this.users, profile },
      random: this.ports.random('names'),
      links: new Distribution({ ports: this.ports, members: [this.ports.host] }),
      queueTypes: [classicQueues, streams],
    });
  }

  /** Does something as one event. */
  act<T>(run: () => T): T {
    let result: T | undefined;
    this.#world.act(() => {
      result = run();
    });
    this.#check();
    return result as T;
  }

  /** Lets time go by, with the timers that are due. */
  advance(ms: number): void {
    this.#world.run(() => false, { micros: micros(ms * MICROS_PER_MS) });
    this.#check();
  }

  #check(): void {
    if (this.#world.failure !== null) throw this.#world.failure.error;
  }
}
