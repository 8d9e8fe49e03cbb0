/**
 * The lab's handle on an application with a pool of threads behind its consumer.
 *
 * Not here: the process (`pool/pool-worker.ts`).
 */
import { createConsumer } from '../kafka/client/consumer/consumer.ts';
import type { Queueing } from '../services/thread-pool.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster } from './kafka.ts';
import { createPoolWorker, poolNarration } from './pool/pool-worker.ts';
import type { HandledRecord } from './pool/pool-worker.ts';

export type { HandledRecord } from './pool/pool-worker.ts';

export interface PoolSpec {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  /** It reads these partitions, from the start. */
  readonly partitions: readonly number[];
  readonly threads: number;
  readonly queueing: Queueing;
  readonly nameOf: (id: string) => string;
  readonly millisOf: (id: string) => number;
  readonly handled: (record: HandledRecord) => void;
}

/** Adds an application that consumes with a pool of threads. */
export function addPoolWorker(lab: Lab, name: string, spec: PoolSpec): void {
  const { cluster, topic, partitions, ...pool } = spec;
  lab.narrateWith(poolNarration);
  cluster.addApplication(name, (clients) =>
    createPoolWorker({
      ...pool,
      delivered: (record) => cluster.noteDelivery(name, record),
      consumer: (onRecords) =>
        createConsumer({
          ...clients,
          onRecords,
          assignment: partitions.map((partition) => ({ topic, partition })),
          settings: { 'client.id': name, 'auto.offset.reset': 'earliest' },
        }),
    }),
  );
}
