/** `highwater bench`: the figures that the README states, measured on this machine. */
import { benchLogAppend } from '../bench/log-append.ts';
import { benchScale, type ScaleTable } from '../bench/scale.ts';
import { benchFlatness, benchReplication } from '../bench/replication.ts';
import { Run } from '../../lab/run.ts';
import { experimentPlaces, loadPlace } from './experiments.ts';
import { parse } from './usage.ts';
import type { Command } from './usage.ts';

const EVENTS = 300_000;
const EVENTS_LONG = 1_000_000;
const ROUNDS = 5;

const OPTIONS = {
  long: { type: 'boolean' },
  scale: { type: 'boolean' },
  only: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const bench: Command = {
  name: 'bench',
  summary: 'measure the engine on this machine',
  usage: `highwater bench [--long | --scale [--only text]] [--json]

Prints, with the workload's name: simulated events a second with the trace off and on, each
experiment's time headless, and the log's append against the system call below it.

  --long   also the cost of an event from the first thousand to the millionth
  --scale  instead: what a record, a member of a group, a partition and a message cost, from
           few to many (some minutes)
  --only   with --scale: the workloads whose names have this text, as in RabbitMQ
  --json   one JSON object`,

  async run(args) {
    const { values } = parse(args, OPTIONS);
    if (values['scale'] === true) {
      const tables = benchScale(values['only'] as string | undefined);
      if (values['json'] === true) console.log(JSON.stringify(tables));
      else printScale(tables);
      return 0;
    }
    const figures = {
      replication: [benchReplication(false, EVENTS), benchReplication(true, EVENTS)],
      experiments: await benchExperiments(),
      logAppend: await benchLogAppend(),
      flatness: values['long'] === true ? benchFlatness([10_000, 100_000, EVENTS_LONG]) : undefined,
    };
    if (values['json'] === true) console.log(JSON.stringify(figures));
    else print(figures);
    return 0;
  },
};

interface Figures {
  readonly replication: ReturnType<typeof benchReplication>[];
  readonly experiments: { experiment: string; events: number; medianMs: number }[];
  readonly logAppend: Awaited<ReturnType<typeof benchLogAppend>>;
  readonly flatness: ReturnType<typeof benchFlatness> | undefined;
}

/** Each experiment with its presets, the trace on: the median of some rounds. */
async function benchExperiments() {
  const rows = [];
  for (const place of experimentPlaces()) {
    const experiment = await loadPlace(place);
    const times: number[] = [];
    let events = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const began = process.hrtime.bigint();
      events = new Run(experiment).finish().world.event;
      times.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
    times.sort((left, right) => left - right);
    rows.push({ experiment: experiment.id, events, medianMs: times[ROUNDS >> 1]! });
  }
  return rows;
}

function print({ replication, experiments, logAppend, flatness }: Figures): void {
  console.log('replication: 3 brokers, 3 partitions x 3 replicas, 3 producers with acks=all');
  for (const { trace, eventsPerSecond, events } of replication) {
    const rate = eventsPerSecond.toLocaleString('en');
    console.log(`  trace ${trace ? 'on ' : 'off'}  ${rate} events/s over ${events} events`);
  }
  for (const { upTo, microsPerEvent } of flatness ?? []) {
    console.log(`  up to event ${upTo}: ${microsPerEvent.toFixed(2)} us an event`);
  }
  console.log(`experiments, headless, trace on, median of ${ROUNDS}`);
  for (const { experiment, events, medianMs } of experiments) {
    console.log(`  ${experiment}  ${medianMs.toFixed(1)} ms, ${events} events`);
  }
  const { appendMegabytes, writevMegabytes, ratio } = logAppend;
  console.log('log append, 64 KB batches, CRC included, against writevSync of the same bytes');
  const [ours, raw] = [appendMegabytes.toFixed(0), writevMegabytes.toFixed(0)];
  console.log(`  ${ours} MB/s of ${raw} MB/s: ${ratio.toFixed(2)}`);
}

function printScale(tables: readonly ScaleTable[]): void {
  console.log('cost of one, from few to many; steps are blocks of the engine that are carried out');
  for (const { name, unit, among, rows, ratio } of tables) {
    console.log(`${name}, a ${unit}${among === undefined ? '' : ` among ${among}`}`);
    for (const { size, micros, events, transitions, bytes, steps } of rows) {
      const counts = [events, transitions].map((count) => count.toFixed(2).padStart(8));
      console.log(
        `  ${String(size).padStart(8)}  ${micros.toFixed(1).padStart(8)} us` +
          `${counts[0]} events${counts[1]} transitions` +
          `${bytes.toFixed(0).padStart(7)} bytes${steps.toFixed(0).padStart(8)} steps`,
      );
    }
    const [time, steps, bytes] = [ratio.micros, ratio.steps, ratio.bytes].map((one) =>
      one.toFixed(2),
    );
    console.log(`  most by fewest: time ${time}, steps ${steps}, bytes ${bytes}`);
  }
}
