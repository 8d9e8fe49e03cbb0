/**
 * A virtual host on one host of a simulated world, for tests that need time but no network. It is a
 * RAM node, so that what is asked is answered at once.
 */
import type { Ports } from '../../engine/kernel/ports.ts';
import { micros } from '../../engine/kernel/units.ts';
import { assert } from '../../engine/kernel/assert.ts';
import { Administration, type Done } from '../../engine/rabbitmq/administration.ts';
import { defaultData } from '../../engine/rabbitmq/metadata/default-data.ts';
import { MnesiaMetadata } from '../../engine/rabbitmq/metadata/mnesia/mnesia-metadata.ts';
import { defaultMnesiaSettings } from '../../engine/rabbitmq/metadata/mnesia/mnesia-store.ts';
import { Distribution } from '../../engine/rabbitmq/cluster/distribution.ts';
import { classicQueues } from '../../engine/rabbitmq/queue/classic-queue-type.ts';
import { quorumQueues } from '../../engine/rabbitmq/quorum/quorum-queue-type.ts';
import { streams } from '../../engine/rabbitmq/stream/stream-type.ts';
import { newestProfile, profileOf, type Profile } from '../../engine/rabbitmq/profiles.ts';
import { Users } from '../../engine/rabbitmq/vhost/users.ts';
import type { VirtualHost } from '../../engine/rabbitmq/vhost/virtual-host.ts';
import { VirtualHosts } from '../../engine/rabbitmq/vhost/virtual-hosts.ts';
import { World } from '../../engine/sim/world.ts';

const MICROS_PER_MS = 1000;

export class Node {
  readonly users: Users;
  readonly administration: Administration;
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
    const links = new Distribution({ ports: this.ports, members: [this.ports.host] });
    const random = this.ports.random('names');
    const metadata = new MnesiaMetadata({
      ...{ ports: this.ports, links, settings: defaultMnesiaSettings, isDisc: false },
      inconsistent: () => {},
    });
    this.users = new Users(metadata.tables);
    this.administration = new Administration({ metadata, profile, random });
    const { users } = this;
    const context = { ports: this.ports, links, random, users, profile, metadata };
    const vhosts = new VirtualHosts({
      ...context,
      queueTypes: [classicQueues, quorumQueues, streams],
    });
    this.act(() => {
      metadata.start(() => vhosts.open());
      for (const change of defaultData(random)) metadata.commit(change, () => {});
    });
    this.vhost = vhosts.all.get('/')!;
  }

  /** What an administrator asks, as an event: null, or what is wrong. */
  administer(ask: (administration: Administration, done: Done) => void): string | null {
    const answers: (string | null)[] = [];
    this.act(() => ask(this.administration, (problem) => answers.push(problem)));
    assert(answers.length === 1, 'it is answered at once, and once', { answers: answers.length });
    return answers[0]!;
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
