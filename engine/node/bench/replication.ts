/**
 * How many simulated events a second the replication workload makes on one core, and whether an
 * event's cost stays the same from the first thousand to the last of a million.
 *
 * Workload: three brokers and a controller; one topic of three partitions, three replicas each;
 * three producers with acks=all that keep 10 records each under way. Every request, batch, fetch
 * and checksum of the engine is in it. Not here: frames and pages.
 */
import { experiment } from '../../lab/experiment.ts';
import type { Experiment } from '../../lab/experiment.ts';
import { KafkaCluster } from '../../lab/kafka.ts';
import { Run } from '../../lab/run.ts';
import type { Producer } from '../../kafka/client/producer/producer.ts';

const TOPIC = 'orders';
const PARTITIONS = 3;
const UNDER_WAY = 10;
const VALUE = 'x'.repeat(100);

export interface ReplicationRate {
  readonly trace: boolean;
  readonly events: number;
  readonly eventsPerSecond: number;
}

interface World {
  readonly cluster: KafkaCluster;
}

const workload: Experiment = experiment({
  id: 'replication-workload',
  knobs: {},
  world: ({ lab }): World => ({ cluster: new KafkaCluster(lab, { brokers: 3 }) }),
  steps: [
    {
      id: 'start',
      title: { en: 'Brokers start', zh: 'Broker 启动' },
      until: ({ cluster }: World) => cluster.allRegistered,
      timeLimitMs: 30_000,
    },
    {
      id: 'create',
      title: { en: 'A topic', zh: '主题' },
      do: ({ cluster }: World) => {
        cluster.createTopic(TOPIC, { partitions: PARTITIONS, replicationFactor: 3 });
      },
      until: ({ cluster }: World) => cluster.partitionsReady(true),
      timeLimitMs: 30_000,
    },
    {
      id: 'produce',
      title: { en: 'Producers at work', zh: '生产者工作' },
      do: ({ cluster }: World, lab) => {
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const name = `producer-${partition + 1}`;
          cluster.addProducer(name, { acks: 'all', 'linger.ms': '0' });
          lab.command<Producer>(name, 'keep sending', (producer) =>
            keepSending(producer, partition),
          );
        }
      },
      until: () => false,
      timeLimitMs: 3_600_000,
    },
  ],
  settle: KafkaCluster.settle<World>(),
  measures: () => ({}),
  proofs: {},
});

function keepSending(producer: Producer, partition: number): void {
  const next = (): void => producer.send({ topic: TOPIC, partition, value: VALUE }, next);
  for (let turn = 0; turn < UNDER_WAY; turn++) next();
}

/** Events a second over so many events, after a warm-up that does not count. */
export function benchReplication(trace: boolean, events: number): ReplicationRate {
  const run = new Run(workload, { trace });
  run.runTo(20_000);
  const from = run.world.event;
  const began = process.hrtime.bigint();
  run.world.run(() => false, { events });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (run.world.failure !== null) throw run.world.failure.error;
  const handled = run.world.event - from;
  return { trace, events: handled, eventsPerSecond: Math.round(handled / seconds) };
}

/** Microseconds an event in each of some stretches of one run: flat, or the engine has a leak. */
export function benchFlatness(
  bounds: readonly number[],
): { upTo: number; microsPerEvent: number }[] {
  const run = new Run(workload, { trace: false });
  run.runTo(1000);
  return bounds.map((upTo) => {
    const from = run.world.event;
    const began = process.hrtime.bigint();
    run.world.run(() => false, { events: upTo - from });
    const micros = Number(process.hrtime.bigint() - began) / 1e3;
    return { upTo, microsPerEvent: micros / (run.world.event - from) };
  });
}
