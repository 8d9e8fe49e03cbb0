/**
 * The checkers on a cluster under random faults: nothing is wrong within the promise, what is
 * beyond it is told apart, and looking changes nothing. Each invariant has a test of its own, so
 * that a defect of the engine is found by the one that it breaks.
 */
import { describe, expect, test } from 'vitest';
import { boundsDefect } from '../../engine/lab/check/bounds.ts';
import { sameTwice } from '../../engine/lab/check/determinism.ts';
import { beyondThePromise } from '../../engine/lab/check/kafka.ts';
import { Run } from '../../engine/lab/run.ts';
import type { Violation } from '../../engine/lab/run.ts';
import { traceKind } from '../../engine/kernel/ports.ts';
import { World } from '../../engine/sim/world.ts';
import acksAndLoss from '../../lessons/kafka/acks-and-loss/experiment.ts';
import { wildExperiment, wildRun } from './check-cluster.ts';

const SEEDS = Array.from({ length: 12 }, (_, place) => place + 1);
/** Small segments and dense indexes, so that rolling and recovery happen in a short run. */
const small = { 'segment.bytes': '1000' };
const dense = { 'log.index.interval.bytes': '64' };
/** Some is synced when the power goes, and some is not. */
const synced = { 'log.flush.interval.messages': '3' };
/** Epochs that change under the same leader, as before 3.6. */
const bumps = { leaderEpochBumpOnIsrShrink: true };

/** Every run that the tests share: crashes, and power lost. */
let done: Run[] | null = null;

function runs(): NonNullable<typeof done> {
  done ??= SEEDS.flatMap((seed) => [
    wildRun(seed, { configs: small, settings: dense, quirks: bumps }, { trace: false }),
    wildRun(seed, { configs: small, settings: synced, power: true }, { trace: false }),
  ]);
  for (const run of done) run.finish();
  return done;
}

function violationsOf(invariant: string): readonly Violation[] {
  return runs().flatMap((run) => run.violations.filter((one) => one.invariant === invariant));
}

const KAFKA = 'K1 K2 K3 K4 K5 K6 K7 K8 K9 K10 K11 K12 K13 K14 K15 K17 K18 K20 K21'.split(' ');

describe('checkers', () => {
  test.each([...KAFKA, 'S2', 'S3', 'S4', 'S5'])('%s holds under random faults', (invariant) => {
    expect(violationsOf(invariant)).toEqual([]);
  });

  test('K16 holds under random faults', () => {
    let cleaned = 0;
    for (const seed of SEEDS.slice(0, 8)) {
      const settings = seed % 2 === 0 ? dense : synced;
      const configs = { 'segment.bytes': '600', 'delete.retention.ms': '2000' };
      const wild = { compacts: true, records: 40, configs, settings, power: seed % 3 === 0 };
      const run = wildRun(seed, wild).finish();
      expect(run.violations, `seed ${seed}`).toEqual([]);
      for (const { kind, data } of run.world.trace.entries()) {
        if (kind === 'log-cleaned' && data['outcome'] === 'cleaned') cleaned++;
      }
    }
    expect(cleaned).toBeGreaterThan(10);
  }, 60_000);

  test('S1: a run goes the same way twice', () => {
    expect(sameTwice(() => wildRun(2, { steps: 8 }))).toBeNull();
  });

  test('S5: a trace keeps no more than its limit, and counts what it drops', () => {
    const world = new World({ seed: 1, trace: true, traceEntriesMax: 3 });
    const kind = traceKind('tick', { count: 'int' });
    for (let count = 0; count < 5; count++) world.act(() => world.record(null, kind, { count }));
    expect(boundsDefect(world, 3)).toBeNull();
    expect(world.trace.dropped).toBe(2);
  });

  test('what is lost beyond the promise is told as such, with a reason, and not as broken', () => {
    const fault = 'isr-shrinks-leader-power';
    const knobs = { acks: 'all', 'min.insync.replicas': '1', fault };
    const run = new Run(acksAndLoss, { knobs, invariants: 'promise' }).finish();
    expect(run.violation).toBeNull();
    expect(run.measures()['lost']).toBeGreaterThan(0);
    const [beyond] = beyondThePromise(run.lab);
    expect(beyond?.reason).toBe('lossy shutdowns: 1, min.insync.replicas: 1');
  });

  test('looking changes nothing: the trace is the same with and without the checkers', () => {
    const plain = new Run(wildExperiment(4, { power: true }), { seed: 4 }).finish();
    const { hash } = wildRun(4, { power: true }).finish().world.trace;
    expect(hash).toBe(plain.world.trace.hash);
  });
});
