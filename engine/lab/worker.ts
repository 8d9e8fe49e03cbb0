/**
 * The lab's handle on an application that consumes from Kafka and uses a database and a Redis,
 * line by line.
 *
 * Not here: the process (`worker/worker.ts`), the lines' form (`worker/line.ts`).
 */
import { createConsumer } from '../kafka/client/consumer/consumer.ts';
import type { RedisAddress } from '../services/redis/redis-client.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster } from './kafka.ts';
import type { Line } from './worker/line.ts';
import { createWorker } from './worker/worker.ts';
import type { Worker } from './worker/worker.ts';
import { workerNarration } from './worker/worker-narration.ts';

export type { Line } from './worker/line.ts';

export interface WorkerSpec {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly database: string;
  readonly redis: RedisAddress | null;
  readonly lines: readonly Line[];
  /** Begins here instead of at its own committed offset: it takes over from somebody else. */
  readonly from?: number;
}

/** An application that consumes partition 0 of a topic, line by line. */
export class WorkerHost {
  readonly name: string;
  readonly #lab: Lab;

  constructor(lab: Lab, name: string, spec: WorkerSpec) {
    this.#lab = lab;
    this.name = name;
    lab.narrateWith(workerNarration);
    const { topic, database, redis, lines, from } = spec;
    spec.cluster.addApplication(name, (clients) =>
      createWorker({
        database,
        redis,
        lines,
        from: from === undefined ? null : { topic, partition: 0, offset: from },
        delivered: (record) => spec.cluster.noteDelivery(name, record),
        consumer: (onRecords) =>
          createConsumer({
            ...clients,
            onRecords,
            assignment: [{ topic, partition: 0 }],
            commit: 'manual',
            settings: {
              'client.id': name,
              'group.id': 'workers',
              'enable.auto.commit': 'false',
              'auto.offset.reset': 'earliest',
              'max.poll.records': '1',
            },
          }),
      }),
    );
  }

  get #process(): Worker | null {
    return this.#lab.host(this.name).process as Worker | null;
  }

  /** Whether it is at work on this key and has done so many of its lines. */
  isAt(key: string, lines: number): boolean {
    const process = this.#process;
    return process !== null && process.key === key && process.done === lines;
  }

  /** Whether it runs, has nothing under way, and has committed so far. */
  idleAt(offset: number): boolean {
    const process = this.#process;
    return process !== null && process.key === null && this.committed >= offset;
  }

  /** The committed offset as the broker would give it to a successor; 0 while it is down. */
  get committed(): number {
    return Math.max(this.#process?.inspect().committed ?? 0, 0);
  }
}
