/**
 * A world that begins empty: clusters and clients are added, set and taken away while it runs. All
 * that a cluster of the engine can do is in it.
 *
 * What is asked for is right, or refused with a sentence; a name is used once. Not here: the
 * commands by which somebody asks (`shell/playground`), what a client does (`kafka-clients.ts`,
 * `rabbitmq-clients.ts`).
 */
import { assert, present } from '../../kernel/assert.ts';
import { createBroker } from '../../kafka/broker.ts';
import { profileNames as kafkaProfiles, profileOf } from '../../kafka/profiles.ts';
import type { ProfileName as KafkaProfileName } from '../../kafka/profiles.ts';
import { profileNames as rabbitProfiles } from '../../rabbitmq/profiles.ts';
import type { ProfileName as RabbitProfileName } from '../../rabbitmq/profiles.ts';
import type { Lab } from '../experiment.ts';
import { KafkaCluster } from '../kafka.ts';
import { narrateGroups } from '../kafka-groups.ts';
import { everyModule } from '../kafka-whole.ts';
import type { Localized } from '../knob.ts';
import { RabbitCluster } from '../rabbitmq.ts';
import { wholeRabbit } from '../rabbitmq-whole.ts';
import type { Handles } from '../terminal.ts';
import type { PlaygroundClient } from './playground-client.ts';
import { KafkaGroupMember, KafkaProducer } from './kafka-clients.ts';
import type { GroupMemberSpec, ProducerSpec } from './kafka-clients.ts';
import { RabbitConsumer, RabbitPublisher } from './rabbitmq-clients.ts';
import type { PublisherSpec, QueueConsumerSpec } from './rabbitmq-clients.ts';
import { rateRefusal } from './pace.ts';
import { refusal, settingRefusal } from './refusal.ts';

type Settings = Readonly<Record<string, string>>;

/** Brokers, nodes and clients of a playground, at most: as many as a picture shows. */
export const playgroundLimits = { brokersMax: 9, nodesMax: 5, clientsMax: 24 } as const;

/** The releases that a cluster can be of, oldest first. */
export const kafkaReleases = kafkaProfiles.map((name) => name.slice('kafka-'.length));
export const rabbitReleases = rabbitProfiles.map((name) => name.slice('rabbitmq-'.length));

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** Names of hosts that are no client's. */
const RESERVED = /^(?:broker|controller|rabbit|shell)-|^(?:world|auditor|declarer)$/;

export class Playground {
  readonly handles: Handles;
  readonly #lab: Lab;
  readonly #clients = new Map<string, PlaygroundClient>();
  readonly #removed = new Set<string>();

  constructor(lab: Lab) {
    this.#lab = lab;
    this.handles = { playground: this };
  }

  /** Those that are there, in the order in which they were added. */
  get clients(): readonly PlaygroundClient[] {
    return [...this.#clients.values()];
  }

  /** Names of clients that were taken away: their hosts stay, and nothing runs on them. */
  get removed(): readonly string[] {
    return [...this.#removed];
  }

  // ----------------------------------------------------------------------------------- clusters

  /** Adds a cluster of Kafka and starts it; what is wrong, or null. */
  addKafka(brokers: number, release: string, settings: Settings): Localized | null {
    if (this.handles.kafka !== undefined) return alreadyThere('kafka', 'add broker');
    const profile: KafkaProfileName = `kafka-${release}` as KafkaProfileName;
    assert(kafkaProfiles.includes(profile), 'a release of Kafka', { release });
    const whole = { ...internalTopicSettings(brokers), ...settings };
    const wrong = this.#brokerRefusal(profile, whole);
    if (wrong !== null) return wrong;
    const made = { brokers, profile, settings: whole, modules: everyModule };
    this.handles.kafka = new KafkaCluster(this.#lab, made);
    narrateGroups(this.#lab);
    return null;
  }

  /** Adds a broker to the cluster; its name, or what is wrong. */
  addBroker(settings: Settings): { readonly name: string } | Localized {
    const cluster = this.#kafka;
    const { length } = cluster.nodeIds;
    const { brokersMax } = playgroundLimits;
    if (length >= brokersMax) return refusal('broker', `${length + 1}`, `1 to ${brokersMax}`);
    const wrong = this.#brokerRefusal(cluster.profile.name, settings);
    return wrong ?? { name: cluster.addBroker(settings) };
  }

  #brokerRefusal(name: KafkaProfileName, settings: Settings): Localized | null {
    const made = { nodeId: 1, controllers: [], settings, modules: everyModule };
    return settingRefusal(() => createBroker({ ...made, profile: profileOf(name) }));
  }

  /** Adds RabbitMQ and starts it; what is wrong, or null. */
  addRabbitmq(nodes: number, release: string): Localized | null {
    if (this.handles.rabbitmq !== undefined) return alreadyThere('rabbitmq', 'add queue');
    const profile = `rabbitmq-${release}` as RabbitProfileName;
    assert(rabbitProfiles.includes(profile), 'a release of RabbitMQ', { release });
    this.handles.rabbitmq = new RabbitCluster(this.#lab, { ...wholeRabbit, nodes, profile });
    return null;
  }

  // ------------------------------------------------------------------------------------ clients

  /** What is wrong with the name of a client that is to be added, or null. */
  nameRefusal(name: string): Localized | null {
    if (!NAME.test(name) || RESERVED.test(name)) {
      return refusal('NAME', name, 'a-z 0-9 -; producer-1, billing');
    }
    if (this.#lab.hosts().some((host) => host.name === name)) {
      return {
        en: `'${name}' is or was there; a name is used once`,
        zh: `“${name}”已经存在或用过，名字不能重复使用`,
      };
    }
    const { clientsMax } = playgroundLimits;
    const { size } = this.#clients;
    return size < clientsMax ? null : refusal('clients', `${size + 1}`, `1 to ${clientsMax}`);
  }

  addProducer(name: string, spec: ProducerSpec): Localized | null {
    const cluster = this.#kafka;
    const wrong = this.nameRefusal(name) ?? KafkaProducer.refusal(cluster, spec);
    if (wrong === null) this.#add(new KafkaProducer(this.#lab, cluster, name, spec));
    return wrong;
  }

  addMember(name: string, spec: GroupMemberSpec): Localized | null {
    const cluster = this.#kafka;
    const wrong = this.nameRefusal(name) ?? KafkaGroupMember.refusal(cluster, name, spec);
    if (wrong === null) this.#add(new KafkaGroupMember(this.#lab, cluster, name, spec));
    return wrong;
  }

  addPublisher(name: string, spec: PublisherSpec): Localized | null {
    const wrong = this.nameRefusal(name) ?? rateRefusal(spec.rate);
    if (wrong === null) this.#add(new RabbitPublisher(this.#lab, this.#rabbit, name, spec));
    return wrong;
  }

  addQueueConsumer(name: string, spec: QueueConsumerSpec): Localized | null {
    const wrong = this.nameRefusal(name);
    if (wrong === null) this.#add(new RabbitConsumer(this.#rabbit, name, spec));
    return wrong;
  }

  /** Sets an option of a client, and restarts it where it takes a restart; what is wrong. */
  set(name: string, option: string, value: string): Localized | 'at once' | 'after a restart' {
    const client = this.#clients.get(name);
    if (client === undefined) return this.#unknown(name);
    const holds = client.set(option, value);
    if (holds === 'after a restart') this.#restart(name);
    return holds;
  }

  /** Has a client end in good order, and forgets it; what is wrong, or null. */
  remove(name: string): Localized | null {
    if (!this.#clients.delete(name)) return this.#unknown(name);
    this.#removed.add(name);
    const host = this.#lab.host(name);
    this.#betweenEvents(() => {
      if (host.state === 'running') this.#lab.inject({ fault: 'stop', host: name });
    });
    return null;
  }

  #add(client: PlaygroundClient): void {
    this.#clients.set(client.name, client);
  }

  #unknown(name: string): Localized {
    const names = [...this.#clients.keys()].join(', ');
    return refusal('NAME', name, names === '' ? 'add producer, add publisher' : names);
  }

  #restart(name: string): void {
    const host = this.#lab.host(name);
    const start = (): void => this.#lab.inject({ fault: 'start', host: name });
    this.#betweenEvents(() => {
      if (host.state !== 'running') return;
      this.#lab.inject({ fault: 'stop', host: name });
      this.#lab.when(() => host.state !== 'running', start);
    });
  }

  /** Faults come between events, and commands run within them. */
  #betweenEvents(act: () => void): void {
    this.#lab.when(() => true, act);
  }

  get #kafka(): KafkaCluster {
    return present(this.handles.kafka, 'a Kafka was added');
  }

  get #rabbit(): RabbitCluster {
    return present(this.handles.rabbitmq, 'a RabbitMQ was added');
  }
}

/**
 * Replicas of the internal topics, as Kafka's own `config/server.properties` has them for one
 * broker: with their default of 3 a smaller cluster would have no groups and no transactions.
 */
function internalTopicSettings(brokers: number): Settings {
  if (brokers >= 3) return {};
  return {
    'offsets.topic.replication.factor': String(brokers),
    'transaction.state.log.replication.factor': String(brokers),
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': String(brokers),
    'share.coordinator.state.topic.min.isr': '1',
  };
}

function alreadyThere(product: string, next: string): Localized {
  return {
    en: `${product}: it is there already; try ${next}`,
    zh: `${product}：已经有了，可以用 ${next}`,
  };
}
