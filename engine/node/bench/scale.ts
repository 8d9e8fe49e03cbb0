/**
 * What a record, a member of a group and a partition cost as there are more of them, and a message
 * as there are more messages, bindings and consumers (`scale-rabbit.ts`): the cost of one must stay
 * the same, or something walks over all the others.
 *
 * Each workload is run twice: for processor time, and once more for counts that are the same on
 * every machine (events, transitions of state machines, bytes, steps). Not here: the cluster
 * (`scale-cluster.ts`), what a step is (`step-counter.ts`), how the table is printed.
 */
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import { assert } from '../../kernel/assert.ts';
import { areStable, ScaleCluster } from './scale-cluster.ts';
import { rabbitWorkloads } from './scale-rabbit.ts';
import type { Prepared, ScaleWorkload } from './scale-workload.ts';
import { StepCounter } from './step-counter.ts';

/** What one of so many takes, the same on every machine. */
export interface ScaleCount {
  readonly size: number;
  readonly events: number;
  readonly transitions: number;
  /** Appended, read and copied. */
  readonly bytes: number;
  readonly steps: number;
}

export interface ScaleTable {
  readonly name: string;
  readonly unit: string;
  readonly among: string | undefined;
  /** `micros`: of the processor, this program's own. */
  readonly rows: readonly (ScaleCount & { readonly micros: number })[];
  /** The cost of one among the most, by that of one among the fewest. */
  readonly ratio: { readonly micros: number; readonly steps: number; readonly bytes: number };
}

const RECORD_SIZES = [10_000, 100_000, 1_000_000] as const;
const MEMBER_SIZES = [2, 10, 50, 200] as const;
const PARTITION_SIZES = [10, 100, 1000, 2000] as const;
const VALUE = 'x'.repeat(100);
const UNDER_WAY = 1000;

export const scaleWorkloads: readonly ScaleWorkload[] = [
  { name: 'produce and fetch', unit: 'record', sizes: RECORD_SIZES, prepare: records },
  {
    ...{ name: 'classic group', unit: 'member', sizes: MEMBER_SIZES, offIdle: true },
    prepare: (size) => members(size, 'classic'),
  },
  {
    ...{ name: 'KIP-848 group', unit: 'member', sizes: MEMBER_SIZES, offIdle: true },
    prepare: (size) => members(size, 'consumer'),
  },
  { name: 'create', unit: 'partition', sizes: PARTITION_SIZES, prepare: creation },
  { name: 'elect', unit: 'partition', sizes: PARTITION_SIZES, prepare: election },
  { name: 'produce and fetch', unit: 'partition', sizes: PARTITION_SIZES, prepare: fetching },
  ...rabbitWorkloads,
];

/** One producer and one consumer of one partition. */
function records(size: number): Prepared {
  const cluster = new ScaleCluster(1);
  cluster.createTopic([[1]]);
  const producer = cluster.producer({ 'linger.ms': '5', 'delivery.timeout.ms': '2147483647' });
  let [sent, read] = [0, 0];
  const next = (): void => {
    if (sent === size) return;
    sent++;
    producer.send({ topic: 'pay', partition: 0, value: VALUE }, (result) => {
      assert(result.ok, 'every record is written', { result });
      next();
    });
  };
  const work = (): void => {
    cluster.world.command('producer-1', 'send', () => {
      for (let turn = 0; turn < UNDER_WAY; turn++) next();
    });
    const assignment = [{ topic: 'pay', partition: 0 }];
    cluster.consumer({ assignment, onRecords: (batch) => void (read += batch.length) });
    cluster.until('all is read', () => read === size);
  };
  return { cluster, work };
}

const STEADY_SECONDS = 30;

/** They join, send heartbeats, and one of them leaves. Most of them own nothing; 0: nobody does. */
function members(size: number, protocol: 'classic' | 'consumer'): Prepared {
  const cluster = new ScaleCluster(1);
  cluster.createTopic([[1], [1]]);
  const work = (): void => {
    const hosts = Array.from({ length: size }, (_, place) =>
      cluster.member(`member-${place + 1}`, protocol),
    );
    cluster.sleep(STEADY_SECONDS);
    assert(areStable(hosts), 'all have joined', { size, protocol });
    if (size > 0) cluster.inject({ fault: 'stop', host: 'member-1' });
    cluster.sleep(STEADY_SECONDS);
    assert(areStable(hosts.slice(1)), 'the others go on', { size, protocol });
  };
  return { cluster, work };
}

const onBoth = (size: number): number[][] =>
  Array.from({ length: size }, (_, place) => (place % 2 === 0 ? [1, 2] : [2, 1]));

function creation(size: number): Prepared {
  const cluster = new ScaleCluster(2);
  return { cluster, work: () => cluster.createTopic(onBoth(size)) };
}

/** Half of the partitions lose their leader, and get it back. */
function election(size: number): Prepared {
  const cluster = new ScaleCluster(2);
  cluster.createTopic(onBoth(size));
  const work = (): void => {
    cluster.inject({ fault: 'crash', host: 'broker-2' });
    cluster.until('the other leads all', () => cluster.led(1) === size);
    cluster.inject({ fault: 'start', host: 'broker-2' });
    cluster.until('it is back', () => cluster.broker(2)?.state === 'RUNNING');
    cluster.sleep(2);
  };
  return { cluster, work };
}

/** One record to each partition, copied by followers and read by one consumer. */
function fetching(size: number): Prepared {
  const cluster = new ScaleCluster(2);
  cluster.createTopic(onBoth(size));
  const producer = cluster.producer({ 'linger.ms': '50' });
  const partitions = Array.from({ length: size }, (_, partition) => partition);
  const assignment: TopicPartition[] = partitions.map((partition) => ({ topic: 'pay', partition }));
  let read = 0;
  const work = (): void => {
    cluster.world.command('producer-1', 'send', () => {
      for (const partition of partitions) {
        producer.send({ topic: 'pay', partition, value: VALUE }, (result) =>
          assert(result.ok, 'every record is written', { result }),
        );
      }
    });
    cluster.consumer({ assignment, onRecords: (batch) => void (read += batch.length) });
    cluster.until('all is read', () => read === size);
  };
  return { cluster, work };
}

/** What one of `size` takes. The counter was made before anything of the engine ran. */
export function countScale(
  workload: ScaleWorkload,
  size: number,
  counter: StepCounter,
): ScaleCount {
  const all = countAll(workload, size, counter);
  const idle = workload.offIdle ? countAll(workload, 0, counter) : null;
  const { units = size } = workload;
  const one = (column: keyof typeof all): number => (all[column] - (idle?.[column] ?? 0)) / units;
  return {
    size,
    events: one('events'),
    transitions: one('transitions'),
    bytes: one('bytes'),
    steps: one('steps'),
  };
}

function countAll({ prepare }: ScaleWorkload, size: number, counter: StepCounter) {
  const { cluster, work } = prepare(size);
  const before = cluster.counted;
  const { steps, transitions } = counter.count(work);
  const after = cluster.counted;
  return {
    ...{ steps, transitions },
    events: after.events - before.events,
    bytes: after.bytes - before.bytes,
  };
}

/** Microseconds of the processor, by unit. */
function timeScale(workload: ScaleWorkload, size: number): number {
  const idle = workload.offIdle ? timeAll(workload, 0) : 0;
  return Math.max(0, timeAll(workload, size) - idle) / (workload.units ?? size);
}

function timeAll({ prepare }: ScaleWorkload, size: number): number {
  const { work } = prepare(size);
  const began = process.cpuUsage();
  work();
  return process.cpuUsage(began).user;
}

/** The workloads whose names have the text: first the counts, then, at full speed, the times. */
export function benchScale(only = ''): ScaleTable[] {
  const counter = new StepCounter();
  const chosen = scaleWorkloads.filter(({ name }) => name.includes(only));
  const counted = chosen.map((workload) => ({
    workload,
    counts: workload.sizes.map((size) => countScale(workload, size, counter)),
  }));
  counter.stop();
  return counted.map(({ workload, counts }) => {
    // once beforehand, so that code is compiled
    timeScale(workload, workload.sizes[1]!);
    const rows = counts.map((one) => ({ ...one, micros: timeScale(workload, one.size) }));
    const ratioOf = (column: 'micros' | 'steps' | 'bytes'): number => {
      const [fewest, most] = [rows[0]![column], rows[rows.length - 1]![column]];
      return fewest === most ? 1 : most / fewest;
    };
    const ratio = { micros: ratioOf('micros'), steps: ratioOf('steps'), bytes: ratioOf('bytes') };
    const { name, unit, among } = workload;
    return { name, unit, among, rows, ratio };
  });
}
