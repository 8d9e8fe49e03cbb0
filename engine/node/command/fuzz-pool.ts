/**
 * The threads of `highwater fuzz`: each is given a few seeds at a time, so that all stay busy.
 * Not here: what they do (`fuzz-thread.ts`).
 */
import type { DrawOptions, PlainReport } from '../../lab/swarm/plan.ts';
import { startThread } from './thread.ts';

/** What a worker is told once. */
export interface WorkerInput {
  readonly system: string;
  readonly draw: DrawOptions;
}

export interface PoolOptions extends WorkerInput {
  readonly from: number;
  readonly seeds: number;
  readonly workers: number;
  /** Hears of each seed as it ends; false stops the pool. */
  readonly onReport: (report: PlainReport) => boolean;
}

/** Seeds that a worker is given at a time: a second of work. */
const CHUNK = 5;

/** Resolves when every seed was tried, or `onReport` has had enough. */
export async function trySeeds(options: PoolOptions): Promise<void> {
  let next = options.from;
  const end = options.from + options.seeds;
  let isStopped = false;
  const take = () => {
    if (isStopped) return [];
    const count = Math.min(CHUNK, end - next);
    const seeds = Array.from({ length: count }, (_, place) => next + place);
    next += count;
    return seeds;
  };
  const workers = Math.min(options.workers, Math.ceil(options.seeds / CHUNK));
  await Promise.all(
    Array.from({ length: workers }, () =>
      work(options, take, (reports) => {
        for (const report of reports) if (!options.onReport(report)) isStopped = true;
      }),
    ),
  );
}

/** One worker, from its first seeds to its last. */
async function work(
  { system, draw }: PoolOptions,
  take: () => readonly number[],
  onReports: (reports: readonly PlainReport[]) => void,
): Promise<void> {
  const input: WorkerInput = { system, draw };
  const worker = startThread('fuzz-thread', input);
  try {
    await new Promise<void>((resolve, reject) => {
      const give = () => {
        const seeds = take();
        if (seeds.length === 0) resolve();
        else worker.postMessage(seeds);
      };
      worker.on('error', reject);
      worker.on('message', (reports: readonly PlainReport[]) => {
        onReports(reports);
        give();
      });
      give();
    });
  } finally {
    await worker.terminate();
  }
}
