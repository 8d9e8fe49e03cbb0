/**
 * Producers and consumers of a playground's Kafka. Their settings can change: they are read at each
 * start of the client.
 *
 * Records carry their history ids as values, so that the picture knows what is acknowledged and
 * lost. Not here: the clients themselves (`kafka/client`).
 */
import {
  createGroupConsumer,
  type GroupConsumer,
} from '../../kafka/client/consumer/group/group-consumer.ts';
import { groupConsumerConfig } from '../../kafka/client/consumer/group/group-config.ts';
import { producerConfig } from '../../kafka/client/config.ts';
import { createProducer } from '../../kafka/client/producer/producer.ts';
import type { Lab } from '../experiment.ts';
import type { KafkaCluster } from '../kafka.ts';
import type { Localized } from '../knob.ts';
import { Pace, rateOf, rateRefusal } from './pace.ts';
import type { Rate } from './pace.ts';
import type { PlaygroundClient } from './playground-client.ts';
import { refusal, settingRefusal } from './refusal.ts';

type Settings = Readonly<Record<string, string>>;

export interface ProducerSpec {
  readonly topic: string;
  readonly settings: Settings;
  readonly rate: string;
  /** How many records; null: without end. */
  readonly count: number | null;
  /** So many keys in turn; 0: records have none. */
  readonly keys: number;
}

export interface GroupMemberSpec {
  readonly topic: string;
  readonly group: string;
  readonly settings: Settings;
  /** Milliseconds that each record takes. */
  readonly processingMs: number;
}

const PROCESSING = /^(\d{1,5})ms$/;

/** Options of `set` as words, settings sorted by name. */
function words(options: Readonly<Record<string, string>>, settings: Settings): string {
  const names = Object.keys(settings).sort((left, right) => (left < right ? -1 : 1));
  return [
    ...Object.entries(options).map(([name, value]) => `--${name} ${value}`),
    ...names.map((name) => `--set ${name}=${settings[name]}`),
  ].join(' ');
}

/** Why a producer cannot have these settings, or null. */
function producerRefusal({ profile }: KafkaCluster, settings: Settings): Localized | null {
  const id = settings['transactional.id'];
  if (id !== undefined) return refusal('transactional.id', id, 'kafka-producer-perf-test.sh');
  return settingRefusal(() => producerConfig(profile, settings));
}

export class KafkaProducer implements PlaygroundClient {
  readonly kind = 'producer';
  readonly name: string;
  readonly #cluster: KafkaCluster;
  readonly #spec: ProducerSpec;
  readonly #pace: Pace;
  #settings: Settings;
  #rate: string;

  constructor(lab: Lab, cluster: KafkaCluster, name: string, spec: ProducerSpec) {
    this.name = name;
    this.#cluster = cluster;
    this.#spec = spec;
    this.#settings = spec.settings;
    this.#rate = spec.rate;
    cluster.addApplication(
      name,
      (clients) => (ports) =>
        createProducer({ ...clients, settings: { 'client.id': name, ...this.#settings } })(ports),
    );
    const { topic, keys, count } = spec;
    const send = (place: number, delayMs: number): void => {
      const what = keys === 0 ? 1 : [`k${place % keys}`];
      cluster.send(name, topic, what, { partition: null, delayMs });
    };
    this.#pace = new Pace(lab, { host: name, rate: rateOf(spec.rate)!, count, send });
  }

  /** What is wrong with a specification, or null. */
  static refusal(cluster: KafkaCluster, { rate, settings }: ProducerSpec): Localized | null {
    return rateRefusal(rate) ?? producerRefusal(cluster, settings);
  }

  get options(): string {
    const { topic, count, keys } = this.#spec;
    const some = { ...(count === null ? {} : { count: String(count) }) };
    const keyed = keys === 0 ? {} : { keys: String(keys) };
    return words({ topic, rate: this.#rate, ...some, ...keyed }, this.#settings);
  }

  set(option: string, value: string): Localized | 'at once' | 'after a restart' {
    if (option === 'rate') {
      const wrong = rateRefusal(value);
      if (wrong !== null) return wrong;
      this.#rate = value;
      this.#pace.rate = rateOf(value) as Rate;
      return 'at once';
    }
    const settings = { ...this.#settings, [option]: value };
    const wrong = producerRefusal(this.#cluster, settings);
    if (wrong !== null) return wrong;
    this.#settings = settings;
    return 'after a restart';
  }
}

export class KafkaGroupMember implements PlaygroundClient {
  readonly kind = 'consumer';
  readonly name: string;
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #spec: GroupMemberSpec;
  #settings: Settings;
  #processingMs: number;

  constructor(lab: Lab, cluster: KafkaCluster, name: string, spec: GroupMemberSpec) {
    this.name = name;
    this.#lab = lab;
    this.#cluster = cluster;
    this.#spec = spec;
    this.#settings = spec.settings;
    this.#processingMs = spec.processingMs;
    cluster.addApplication(
      name,
      (clients) => (ports) =>
        createGroupConsumer({
          ...clients,
          settings: KafkaGroupMember.#whole(name, spec.group, this.#settings),
          topics: [spec.topic],
          processingMicrosPerRecord: this.#processingMs * 1000,
          onProcessed: (record) => cluster.noteDelivery(name, record),
        })(ports),
    );
  }

  static #whole(name: string, group: string, settings: Settings): Settings {
    const own = { 'client.id': name, 'group.id': group, 'auto.offset.reset': 'earliest' };
    return { ...own, ...settings };
  }

  /** What is wrong with a specification, or null. */
  static refusal(
    { profile }: KafkaCluster,
    name: string,
    { group, settings }: GroupMemberSpec,
  ): Localized | null {
    const whole = KafkaGroupMember.#whole(name, group, settings);
    return settingRefusal(() => groupConsumerConfig(profile, whole));
  }

  get options(): string {
    const { topic, group } = this.#spec;
    const slow = this.#processingMs === 0 ? {} : { processing: `${this.#processingMs}ms` };
    return words({ topic, group, ...slow }, this.#settings);
  }

  set(option: string, value: string): Localized | 'at once' | 'after a restart' {
    if (option === 'processing') return this.#setProcessing(value);
    const settings = { ...this.#settings, [option]: value };
    const spec = { ...this.#spec, settings };
    const wrong = KafkaGroupMember.refusal(this.#cluster, this.name, spec);
    if (wrong !== null) return wrong;
    this.#settings = settings;
    return 'after a restart';
  }

  #setProcessing(value: string): Localized | 'at once' {
    const match = PROCESSING.exec(value);
    if (match === null) return refusal('processing', value, '0ms, 200ms; 0ms to 99999ms');
    this.#processingMs = Number(match[1]);
    const label = `takes ${value} for a record`;
    this.#lab.command<GroupConsumer>(this.name, label, (consumer) =>
      consumer.setProcessingMicros(this.#processingMs * 1000),
    );
    return 'at once';
  }
}
