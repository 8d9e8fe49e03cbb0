/**
 * A cluster in a simulated world for the measurements of scale: a controller, brokers and clients,
 * with nobody who looks on. Time goes on in slices, so that what is waited for is looked at a few
 * times only and does not count as work.
 *
 * Not here: what is measured (`scale.ts`).
 */
import { administration } from '../../kafka/api/administration.ts';
import { type Broker, createBroker } from '../../kafka/broker.ts';
import { decisionsOf, settingsWithoutModules } from '../../kafka/broker/broker-module.ts';
import { type Admin, createAdmin } from '../../kafka/client/admin.ts';
import { type ConsumerOptions, createConsumer } from '../../kafka/client/consumer/consumer.ts';
import { createGroupConsumer } from '../../kafka/client/consumer/group/group-consumer.ts';
import type { GroupConsumer } from '../../kafka/client/consumer/group/group-consumer.ts';
import { createProducer, type Producer } from '../../kafka/client/producer/producer.ts';
import { createController } from '../../kafka/controller/controller.ts';
import { consumerProtocol } from '../../kafka/group/consumer/consumer-group-handlers.ts';
import { groupCoordinator } from '../../kafka/group/group-coordinator.ts';
import { newestProfile, profileOf } from '../../kafka/profiles.ts';
import { assert } from '../../kernel/assert.ts';
import { type Fault, inject } from '../../sim/faults.ts';
import type { SimHost } from '../../sim/host.ts';
import { World } from '../../sim/world.ts';
import type { Counted } from './scale-workload.ts';

const SECOND = 1_000_000;
const SLICE_SECONDS = 0.1;
const SECONDS_MAX = 600;
const MODULES = [groupCoordinator(consumerProtocol), administration];
const SETTINGS = {
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'auto.create.topics.enable': 'false',
};

export class ScaleCluster {
  readonly world = new World({ seed: 1, trace: false });
  readonly #profile = profileOf(newestProfile);
  readonly #brokers: readonly number[];

  constructor(brokers: number) {
    this.#brokers = Array.from({ length: brokers }, (_, place) => place + 1);
    const profile = this.#profile;
    const controller = createController({
      ...{ nodeId: 100, profile, decisions: decisionsOf(MODULES) },
      settings: settingsWithoutModules(SETTINGS, MODULES),
    });
    this.world.addHost('controller-1', controller).start();
    const controllers = [{ host: 'controller-1', port: 9093 }];
    for (const nodeId of this.#brokers) {
      const made = { nodeId, controllers, profile, settings: SETTINGS, modules: MODULES };
      this.world.addHost(`broker-${nodeId}`, createBroker(made)).start();
    }
    this.until('brokers run', () =>
      this.#brokers.every((id) => this.broker(id)?.state === 'RUNNING'),
    );
  }

  get counted(): Counted {
    const { hosts, event } = this.world;
    const bytes = hosts.reduce((sum, { counters }) => {
      return sum + counters.append + counters.read + counters.copy;
    }, 0);
    return { events: event, bytes };
  }

  broker(nodeId: number): Broker | null {
    return this.#host(`broker-${nodeId}`).process as Broker | null;
  }

  /** How many partitions a broker leads. */
  led(nodeId: number): number {
    const partitions = this.broker(nodeId)?.partitions ?? [];
    return [...partitions].filter(({ isLeader, topic }) => isLeader && topic === 'pay').length;
  }

  /** Makes the topic `pay`; partition n has the replicas of `assignments[n]`, the leader first. */
  createTopic(assignments: readonly (readonly number[])[]): void {
    const { bootstrap } = this;
    const options = { bootstrap, profile: this.#profile, settings: {} };
    const admin = this.#started('admin-1', createAdmin(options)).process as Admin;
    const numPartitions = assignments.length;
    let made = false;
    this.world.command('admin-1', 'create topic', () => {
      const topic = { name: 'pay', numPartitions, replicationFactor: -1, assignments };
      admin.createTopics([topic], (result) => {
        assert(result.ok, 'the topic is made', { result });
        made = true;
      });
    });
    const leaders = new Set(assignments.map(([leader]) => leader!));
    this.until('partitions have leaders', () => {
      const led = [...leaders].reduce((sum, id) => sum + this.led(id), 0);
      return made && led === numPartitions;
    });
  }

  get bootstrap() {
    return this.#brokers.map((id) => ({ host: `broker-${id}`, port: 9092 }));
  }

  producer(settings: Readonly<Record<string, string>>): Producer {
    const options = { bootstrap: this.bootstrap, profile: this.#profile, settings };
    return this.#started('producer-1', createProducer(options)).process as Producer;
  }

  consumer(of: Pick<ConsumerOptions, 'assignment' | 'onRecords'>): void {
    const settings = { 'auto.offset.reset': 'earliest' };
    const options = { bootstrap: this.bootstrap, profile: this.#profile, settings, ...of };
    this.#started('consumer-1', createConsumer(options));
  }

  /** A member of group `g`, which has not started when this returns. */
  member(name: string, protocol: 'classic' | 'consumer'): SimHost {
    const settings = { 'group.id': 'g', 'client.id': name, 'group.protocol': protocol };
    const options = {
      bootstrap: this.bootstrap,
      profile: this.#profile,
      topics: ['pay'],
      settings,
    };
    const host = this.world.addHost(name, createGroupConsumer(options));
    host.start();
    return host;
  }

  inject(fault: Fault): void {
    inject(this.world, fault);
    this.#check();
  }

  sleep(seconds: number): void {
    this.world.run(() => false, { micros: Math.round(seconds * SECOND) });
    this.#check();
  }

  /** Lets time go on until the condition holds; throws when it does not in ten minutes. */
  until(what: string, holds: () => boolean): void {
    for (let turn = 0; turn < SECONDS_MAX / SLICE_SECONDS; turn++) {
      if (holds()) return;
      this.sleep(SLICE_SECONDS);
    }
    throw new Error(`${what}: not within ${SECONDS_MAX} s`);
  }

  #started(name: string, process: Parameters<World['addHost']>[1]): SimHost {
    const host = this.world.addHost(name, process);
    host.start();
    this.until(`${name} starts`, () => host.process !== null);
    return host;
  }

  #host(name: string): SimHost {
    const host = this.world.hostNamed(name);
    assert(host !== undefined, 'a host of this world', { name });
    return host;
  }

  #check(): void {
    if (this.world.failure !== null) throw this.world.failure.error;
  }
}

/** Whether these members are in one generation of their group. */
export function areStable(members: readonly SimHost[]): boolean {
  const views = members.map(({ process }) => (process as GroupConsumer | null)?.inspect());
  const generations = new Set(views.map((view) => view?.generation));
  return generations.size <= 1 && views.every((view) => view?.memberState === 'STABLE');
}
