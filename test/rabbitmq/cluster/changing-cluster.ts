/** Three RabbitMQ nodes of a simulated world that begin alone, and join and leave each other. */
import { metadataStoreOf } from '#engine/rabbitmq/metadata/metadata-store.ts';
import {
  type ClusterMembership,
  clusterMembership,
  type Done,
  membershipOf,
} from '#engine/rabbitmq/cluster/membership/cluster-membership.ts';
import type { PartitionHandling } from '#engine/rabbitmq/cluster/node-monitor.ts';
import type { RabbitNode } from '#engine/rabbitmq/node.ts';
import { profileOf, type ProfileName } from '#engine/rabbitmq/profiles.ts';
import { classicQueues } from '#engine/rabbitmq/queue/classic-queue-type.ts';
import { quorumQueues } from '#engine/rabbitmq/quorum/quorum-queue-type.ts';
import { streams } from '#engine/rabbitmq/stream/stream-type.ts';
import { type Member, MEMBERS, RabbitCluster } from './rabbit-cluster.ts';

/** Seconds in which an application ends or begins. */
const APPLICATION_S = 20;

interface Options {
  readonly release?: ProfileName;
  readonly handling?: PartitionHandling;
}

export class ChangingCluster extends RabbitCluster {
  constructor({ release = 'rabbitmq-3.13', handling = 'ignore' }: Options = {}) {
    super(
      {
        ...{ apart: true, membership: clusterMembership, clusterPartitionHandling: handling },
        queueTypes: [classicQueues, quorumQueues, streams],
        metadataStore: metadataStoreOf(profileOf(release)),
      },
      release,
    );
  }

  membership(name: Member): ClusterMembership {
    return membershipOf(this.node(name).membership)!;
  }

  /** Stops the application, joins, and starts it again; what was refused. */
  join(name: Member, target: Member, type: 'disc' | 'ram' = 'disc'): string {
    if (this.node(name).isRunning) this.stopApp(name);
    const told = this.ask(name, (membership, done) => membership.join(target, type, done));
    if (told === 'ok') this.startApp(name);
    return told;
  }

  /** All three are one cluster. */
  joined(): this {
    for (const name of ['rabbit-2', 'rabbit-3'] as const) this.join(name, 'rabbit-1');
    return this;
  }

  stopApp(name: Member): void {
    this.on(name, (node) => node.stopApplication());
    this.advance(1);
  }

  startApp(name: Member): void {
    this.on(name, (node) => node.startApplication());
    this.advance(APPLICATION_S);
  }

  /** `ok`, the name of the error, or `waits` where it is not over after so many seconds. */
  ask(
    name: Member,
    act: (membership: ClusterMembership, done: Done) => void,
    seconds = APPLICATION_S,
  ): string {
    let told = 'waits';
    this.on(name, () =>
      act(this.membership(name), (refused) => {
        told = refused === null ? 'ok' : refused.error;
      }),
    );
    this.advance(seconds);
    return told;
  }

  forget(at: Member, name: Member): string {
    return this.ask(at, (membership, done) => membership.forget(name, done));
  }

  on(name: Member, act: (node: RabbitNode) => void): void {
    this.world.command(name, 'test', () => act(this.node(name)));
  }

  crash(name: Member, how: 'crash' | 'power' = 'crash'): void {
    this.inject({ fault: how, host: name });
  }

  start(name: Member): void {
    this.inject({ fault: 'start', host: name });
  }

  /** Whether its process runs. */
  isUp(name: Member): boolean {
    return (this.node(name) as RabbitNode | null) !== null;
  }

  /** The names of queues, as a node has them. */
  queues(name: Member): readonly string[] {
    return [...this.node(name).metadata.tables.rows('rabbit_queue')].map(
      ({ record }) => record.declaration.name,
    );
  }

  users(name: Member): readonly string[] {
    return [...this.node(name).metadata.tables.rows('rabbit_user')].map((user) => user.name);
  }

  /** Whom each node counts among its cluster, and with whom it shares metadata. */
  get clusters(): readonly string[] {
    return MEMBERS.map((name) => {
      const numbers = (names: Iterable<string>): string =>
        [...names]
          .map((one) => one.slice('rabbit-'.length))
          .sort()
          .join('');
      if (!this.isUp(name)) return 'down';
      const { metadata, isRunning } = this.node(name);
      const known = numbers(this.membership(name).nodes.keys());
      return `${known} ${isRunning ? numbers(metadata.running) : 'stopped'}`;
    });
  }
}
