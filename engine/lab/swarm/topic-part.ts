/**
 * What becomes of topics in a seed of the swarm: one is compacted while it is written, partitions
 * move to other brokers, and one topic is deleted under its producer.
 *
 * Not here: which of them a seed has (`swarm-parts.ts`), what compaction must keep (K16).
 */
import { createAdmin, type Admin } from '../../kafka/client/admin.ts';
import { deleteTopics } from '../../kafka/client/administration.ts';
import { randomStream } from '../../kernel/random.ts';
import type { Random } from '../../kernel/ports.ts';
import type { Lab } from '../experiment.ts';
import { reassign } from '../kafka-administration.ts';
import { watchCompaction } from '../kafka-cleaner.ts';
import type { KafkaCluster } from '../kafka.ts';
import type { PartKnobs } from './swarm-parts.ts';

export const COMPACTED = 'compacted';
export const DOOMED = 'doomed';
/** Writes to both, as nothing that is promised to a topic that stays as it is holds of them. */
export const KEEPER = 'keeper';
const ADMIN = 'admin';
const KEYS = ['a', 'b', 'c', 'd', 'e'] as const;
const DELETED_AT_BURST = 9;

/** For brokers with a cleaner. */
export const cleanerBrokerSettings = {
  'log.cleaner.backoff.ms': '500',
  'offsets.topic.segment.bytes': '4096',
} as const;

interface Swarmed {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInSyncReplicas: number;
}

export class TopicPart {
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #set: PartKnobs;
  readonly #of: Swarmed;
  readonly #random: Random;
  #movesLeft: number;

  constructor(lab: Lab, cluster: KafkaCluster, set: PartKnobs, of: Swarmed) {
    this.#lab = lab;
    this.#cluster = cluster;
    this.#set = set;
    this.#of = of;
    this.#random = randomStream(lab.seed, 'swarm/topics');
    this.#movesLeft = Number(set['moves']);
    if (set['compacts'] === true) watchCompaction(lab);
  }

  begin(): void {
    const { compacts, deletes } = this.#set;
    const { replicationFactor, minInSyncReplicas } = this.#of;
    const minimum = { 'min.insync.replicas': String(minInSyncReplicas) };
    if (compacts === true) {
      const configs = {
        ...minimum,
        'cleanup.policy': 'compact',
        'min.cleanable.dirty.ratio': '0.1',
        'segment.bytes': this.#random.pick(['200', '512', '2048']),
        'delete.retention.ms': this.#random.pick(['0', '1000', '86400000']),
      };
      this.#cluster.createTopic(COMPACTED, { partitions: 1, replicationFactor, configs });
    }
    if (deletes === true) {
      this.#cluster.addApplication(ADMIN, (clients) => createAdmin({ ...clients, settings: {} }));
      this.#lab.command<Admin>(ADMIN, `create topic ${DOOMED}`, (admin) => {
        const topic = { name: DOOMED, numPartitions: 1, replicationFactor };
        admin.createTopics([{ ...topic, configs: minimum }], () => undefined);
      });
    }
    if (compacts !== true && deletes !== true) return;
    const settings = { acks: 'all', 'linger.ms': '0', 'delivery.timeout.ms': '20000' };
    this.#cluster.addProducer(KEEPER, { ...settings, 'request.timeout.ms': '5000' });
  }

  burst(number: number): void {
    const { compacts, deletes } = this.#set;
    if (compacts === true) {
      const keys = Array.from({ length: this.#random.below(6) }, () => this.#random.pick(KEYS));
      this.#cluster.send(KEEPER, COMPACTED, keys);
    }
    if (deletes === true) this.#writeAndDelete(number);
    if (this.#movesLeft > 0 && this.#random.below(3) === 0) this.#move();
  }

  #writeAndDelete(number: number): void {
    if (number <= DELETED_AT_BURST + 1) this.#cluster.send(KEEPER, DOOMED, this.#random.below(4));
    if (number !== DELETED_AT_BURST) return;
    this.#lab.command<Admin>(ADMIN, `delete topic ${DOOMED}`, (admin) => {
      deleteTopics(admin, [DOOMED], () => undefined);
    });
  }

  #move(): void {
    this.#movesLeft--;
    const { topic, partitions, replicationFactor } = this.#of;
    const partition = this.#random.below(partitions);
    const replicas = this.#random.shuffle(this.#cluster.nodeIds).slice(0, replicationFactor);
    const takesBack = this.#random.below(6) === 0;
    reassign(this.#lab, topic, partition, takesBack ? null : replicas);
  }

  /** No partition is on its way. */
  atRest(): boolean {
    const { topic, partitions } = this.#of;
    return Array.from({ length: partitions }, (_, partition) => partition).every(
      (partition) => !this.#cluster.isReassigning(topic, partition),
    );
  }
}
