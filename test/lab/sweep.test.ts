/**
 * A sweep: which runs, in which order, and that each is the run of its own link.
 */
import { describe, expect, test } from 'vitest';
import { KnobError } from '#engine/lab/knob.ts';
import { fromLink } from '#engine/lab/link.ts';
import { Run } from '#engine/lab/run.ts';
import { Session } from '#engine/lab/session.ts';
import { runOutcome, Sweep } from '#engine/lab/sweep.ts';
import idempotent from '../../lessons/guarantees/idempotent-consumer/experiment.ts';

const over = (...names: string[]) => new Sweep(idempotent, { over: names });

describe('lab: sweep', () => {
  test('one run a step, the last knob fastest', () => {
    const sweep = over('key', 'restart-after-s');
    expect([sweep.all, sweep.runs.length, sweep.over]).toEqual([6, 0, false]);
    sweep.step();
    expect([sweep.runs.length, sweep.over]).toEqual([1, false]);
    sweep.finish();
    expect(sweep.over).toBe(true);
    expect(sweep.runs.map(({ chosen }) => Object.values(chosen).join(' '))).toEqual([
      'business 1',
      'business 20',
      'business 120',
      'message 1',
      'message 20',
      'message 120',
    ]);
    expect(() => sweep.step()).toThrow('no next run');
  });

  test('a range goes through every whole number of it', () => {
    const values = over('commit-line')
      .finish()
      .runs.map(({ chosen }) => chosen['commit-line']);
    expect(values).toEqual(['3', '4', '5']);
  });

  test('each run is the run of its own link, measured there', () => {
    const knobs = { approach: 'redis-set-nx', 'after-line': '1' };
    const { runs } = new Sweep(idempotent, { over: ['fault'], knobs, seed: 3 }).finish();
    expect(new Set(runs.map(({ measures }) => JSON.stringify(measures))).size).toBeGreaterThan(1);
    for (const { link, measures, chosen } of runs) {
      const opened = fromLink(link);
      if (!opened.ok) throw new Error(opened.reason);
      const run = new Run(idempotent, opened.shared).finish();
      expect(String(run.knobs['fault'])).toBe(chosen['fault']);
      expect([run.knobs['approach'], run.seed]).toEqual(['redis-set-nx', 3]);
      expect(run.measures()).toEqual(measures);
    }
  });

  test('the link is the one that a page shows for that run', () => {
    const { link, knobs } = runOutcome(idempotent, { approach: 'token', fault: 'crash' });
    expect(knobs).toEqual({ approach: 'token' });
    expect(link).toBe(new Session(idempotent, { knobs: { approach: 'token' } }).summary().link);
  });

  test('what cannot be swept is refused with a sentence', () => {
    expect(() => over('colour')).toThrow(KnobError);
    expect(() => over('toString')).toThrow("unknown knob 'toString'");
    expect(() => over('approach', 'fault', 'after-line')).toThrow('more than 500 runs');
    const wrong = new Sweep(idempotent, { over: ['key'], knobs: { fault: 'flood' } });
    expect(() => wrong.step()).toThrow(KnobError);
  });
});

describe('lessons: idempotent-consumer: places of a fault', () => {
  test('a transaction has paid when it has committed, any other handler at once', () => {
    const measures = (approach: string, place: string) =>
      runOutcome(idempotent, { approach, 'after-line': place }).measures;
    expect(measures('none', 'after-effect')).toEqual(measures('none', '1'));
    expect(measures('none', 'before-effect')).toEqual(measures('none', '0'));
    expect(measures('log-table-first', 'before-effect')).toEqual(measures('log-table-first', '1'));
    expect(measures('for-update', 'after-effect')).toEqual(measures('for-update', '4'));
    expect(measures('for-update', 'after-effect')['twice']).toBe(1);
    expect(measures('for-update', 'before-effect')['twice']).toBe(0);
  });
});
