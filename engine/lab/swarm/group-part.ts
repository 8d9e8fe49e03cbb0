/**
 * The consumer group of a seed of the swarm: its members, what their applications do while there
 * are faults, and when the group has come to rest.
 *
 * Not here: which group a seed has (`swarm-parts.ts`), the group's invariants (`kafka-groups.ts`).
 */
import { randomStream } from '../../kernel/random.ts';
import type { Random } from '../../kernel/ports.ts';
import type { Lab } from '../experiment.ts';
import { ConsumerGroup } from '../kafka-groups.ts';
import type { KafkaCluster } from '../kafka.ts';
import type { PartKnobs } from './swarm-parts.ts';

const LATE_BURST = 5;
const LATE_MEMBER = 'member-late';

/** For brokers with a group coordinator. */
export const groupBrokerSettings = (set: PartKnobs): Readonly<Record<string, string>> => ({
  'offsets.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '500',
  ...(set['group.protocol'] === 'consumer'
    ? {
        'group.consumer.session.timeout.ms': '6000',
        'group.consumer.heartbeat.interval.ms': '1000',
      }
    : {}),
});

export class GroupPart {
  readonly #lab: Lab;
  readonly #set: PartKnobs;
  readonly #topic: string;
  readonly #group: ConsumerGroup;
  readonly #random: Random;
  readonly #members: string[] = [];

  constructor(lab: Lab, cluster: KafkaCluster, topic: string, set: PartKnobs) {
    this.#lab = lab;
    this.#set = set;
    this.#topic = topic;
    this.#random = randomStream(lab.seed, 'swarm/applications');
    const isClassic = set['group.protocol'] === 'classic';
    const settings = {
      'max.poll.interval.ms': String(set['max.poll.interval.ms']),
      'auto.commit.interval.ms': '1000',
      'request.timeout.ms': '5000',
      ...(isClassic
        ? {
            'session.timeout.ms': '6000',
            'heartbeat.interval.ms': '1000',
            'partition.assignment.strategy': String(set['partition.assignment.strategy']),
          }
        : { 'group.protocol': 'consumer' }),
    };
    this.#group = new ConsumerGroup(lab, cluster, { group: 'swarm', topics: [topic], settings });
  }

  /** Adds the members of the beginning. */
  begin(members: readonly string[]): void {
    for (const name of members) this.#add(name);
  }

  #add(name: string): void {
    this.#members.push(name);
    const isStatic = this.#set['static.members'] === true;
    const commit = this.#random.pick(['auto', 'after-processing'] as const);
    this.#group.addMember(name, {
      ...(isStatic ? { settings: { 'group.instance.id': name } } : {}),
      processingMs: Number(this.#set['processing.ms']),
      commit: this.#set['commits.before'] === true ? 'before-processing' : commit,
    });
  }

  burst(number: number): void {
    if (number === LATE_BURST && this.#set['late.member'] === true) this.#add(LATE_MEMBER);
    if (this.#members.length === 0 || this.#random.below(4) > 0) return;
    const member = this.#random.pick(this.#members);
    this.#group.setProcessingMs(member, this.#random.pick([0, 20, 500]));
  }

  heal(): void {
    for (const member of this.#members) this.#group.setProcessingMs(member, 0);
  }

  /** What a supervisor does: an application that has failed is begun again. */
  #keepRunning(): void {
    for (const [host, { state }] of this.#group.views()) {
      if (state === 'failed') this.#lab.inject({ fault: 'crash', host });
    }
  }

  /**
   * All members are in one generation; and where offsets are committed after processing, what was
   * acknowledged has been processed.
   */
  atRest(isLossless: boolean): boolean {
    this.#keepRunning();
    if (!this.#group.isStable()) return false;
    if (!isLossless || this.#set['commits.before'] === true) return true;
    const { sent, delivered } = this.#lab.history;
    const processed = new Set(
      delivered.filter((one) => this.#members.includes(one.consumer)).map(({ id }) => id),
    );
    return sent.every(
      ({ id, outcome, place }) =>
        outcome !== 'acknowledged' ||
        place?.startsWith(`${this.#topic}-`) !== true ||
        processed.has(id),
    );
  }
}
