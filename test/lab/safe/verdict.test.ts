/**
 * The verdict on the configurations that everybody knows, and the cures that are offered: each is
 * run again here, as a configuration of its own. Long parts are cut short by a count of trials, so
 * that a verdict does not depend on how fast a machine is.
 */
import { describe, expect, test } from 'vitest';
import { fromLink } from '../../../engine/lab/link.ts';
import { Run } from '../../../engine/lab/run.ts';
import { kafkaConfiguration, SafetyCheck, systemNamed } from '../../../engine/lab/safe/index.ts';
import type { SafetyReport } from '../../../engine/lab/safe/index.ts';

const PART_TRIALS_MAX = 100;
const LONG_MS = 90_000;

function verdictOn(text: string, release: string | null = null, max = PART_TRIALS_MAX) {
  const result = systemNamed('kafka').read([{ name: 'a.properties', text }], release);
  if (!result.ok) throw new Error(result.problems[0]!.text.en);
  const check = new SafetyCheck(result.reading);
  let part = -1;
  let trials = 0;
  while (!check.over) {
    if (check.part !== part) trials = 0;
    ({ part } = check);
    if (trials++ < max) check.step();
    else check.giveUp();
  }
  return check.report();
}

const outcomes = ({ stages }: SafetyReport) =>
  Object.fromEntries(stages.map(({ id, outcome }) => [id, outcome]));

/** What helps against what a stage found, or what does not. */
const cures = ({ remedies }: SafetyReport, stage: string, holds = true) =>
  remedies
    .filter((one) => one.stage === stage && one.holds === holds)
    .map(({ settings }) => settings.map(({ name, value }) => `${name}=${value}`).join(' '));

const RF3 = 'default.replication.factor=3\n';

describe('safe: the verdict on classic configurations', () => {
  test('acks=1 loses a record when one process dies; acks=all cures it', () => {
    const report = verdictOn(`${RF3}acks=1`);
    expect(report.verdict).toBe('loses');
    expect(outcomes(report)).toMatchObject({ crash: 'broken', 'two-faults': 'skipped' });
    expect(cures(report, 'crash')).toEqual(['acks=all']);
    expect(cures(report, 'crash', false)).toContain('min.insync.replicas=2');
    expect(report.stages[0]!.found!.faults).toHaveLength(1);
  });

  test(
    'acks=all with min.insync.replicas=1 survives one fault and not two',
    () => {
      const report = verdictOn(`${RF3}min.insync.replicas=1`, null, 700);
      expect(report.verdict).toBe('loses');
      expect(outcomes(report)).toMatchObject({
        ...{ crash: 'whole', power: 'whole', 'two-faults': 'broken' },
        ...{ 'reply-lost': 'whole', order: 'whole', 'writes-on': 'whole' },
      });
      expect(cures(report, 'two-faults')).toContain('min.insync.replicas=2');
    },
    LONG_MS,
  );

  test(
    'acks=all with min.insync.replicas=2 is safe, but for the power of all',
    () => {
      const report = verdictOn(`${RF3}min.insync.replicas=2`);
      expect(report.verdict).toBe('safe');
      expect(outcomes(report)).toMatchObject({
        ...{ crash: 'whole', power: 'whole', 'left-behind': 'whole', 'two-faults': 'partly' },
        ...{ 'all-power': 'broken', 'writes-on': 'whole' },
      });
      expect(cures(report, 'all-power')).toEqual(['log.flush.interval.messages=1']);
      expect(report.headline.en).toContain('not everything');
    },
    LONG_MS,
  );

  test(
    'unclean election loses what the replica that was left behind does not have',
    () => {
      const report = verdictOn(`${RF3}min.insync.replicas=2\nunclean.leader.election.enable=true`);
      expect(report.verdict).toBe('loses');
      expect(outcomes(report)['left-behind']).toBe('broken');
      expect(cures(report, 'left-behind')).toContain('unclean.leader.election.enable=false');
    },
    LONG_MS,
  );

  test('one replica loses what is not synced, and nothing with every record synced', () => {
    const alone = verdictOn('default.replication.factor=1');
    expect(alone.verdict).toBe('loses');
    expect(outcomes(alone)).toMatchObject({ crash: 'whole', power: 'broken' });
    expect(cures(alone, 'power')).toEqual([
      'replication.factor=3',
      'log.flush.interval.messages=1',
    ]);
    const synced = verdictOn('default.replication.factor=1\nlog.flush.interval.messages=1');
    expect(synced.verdict).toBe('safe');
    expect(outcomes(synced)).toMatchObject({ 'two-faults': 'whole', 'all-power': 'whole' });
  });

  test('min.insync.replicas as large as the replicas: one broker down stops writing', () => {
    const report = verdictOn(`${RF3}min.insync.replicas=3`);
    expect(outcomes(report)['writes-on']).toBe('broken');
    expect(cures(report, 'writes-on')).toContain('min.insync.replicas=2');
  });

  test('acks=0 loses without a word', () => {
    const report = verdictOn(`${RF3}acks=0`);
    expect(report.verdict).toBe('loses');
    expect(report.stages[0]!.sentence.en).toContain('without a word');
  });

  test.each([
    ['0.10', 'whole', 'whole'],
    ['2.8', 'broken', 'whole'],
    ['4.1', 'whole', 'whole'],
  ])('the defaults of %s lose what one broker has not synced', (release, replyLost, order) => {
    const report = verdictOn('', release);
    expect(report).toMatchObject({ release, verdict: 'loses' });
    expect(outcomes(report)).toMatchObject({ power: 'broken', order, 'reply-lost': replyLost });
  });

  test('retries without idempotence duplicate and reorder; idempotence cures both', () => {
    const report = verdictOn(`${RF3}enable.idempotence=false`);
    expect(outcomes(report)).toMatchObject({ 'reply-lost': 'broken', order: 'broken' });
    expect(cures(report, 'reply-lost')).toEqual(['enable.idempotence=true']);
    expect(cures(report, 'order')).toEqual([
      'enable.idempotence=true',
      'max.in.flight.requests.per.connection=1',
    ]);
  });
});

describe('safe: what is shown is what runs', () => {
  const report = verdictOn(`${RF3}acks=1`);
  const { found } = report.stages[0]!;

  test('the link repeats the counterexample, to the same trace', () => {
    const opened = fromLink(found!.link);
    expect(opened.ok).toBe(true);
    if (!opened.ok) return;
    const { experiment, ...shared } = opened.shared;
    expect(experiment).toBe(kafkaConfiguration.id);
    const run = new Run(kafkaConfiguration, shared).finish();
    expect(run.measures()['lost']).toBeGreaterThan(0);
    expect(run.world.trace.hash).toBe(found!.traceHash);
  });

  test('a cure that is taken is safe in the stage that had lost, and a useless one is not', () => {
    const [cure] = cures(report, 'crash');
    const [useless] = cures(report, 'crash', false);
    expect(outcomes(verdictOn(`default.replication.factor=3\n${cure}`))['crash']).toBe('whole');
    const still = verdictOn(`default.replication.factor=3\nacks=1\n${useless}`);
    expect(outcomes(still)['crash']).toBe('broken');
  });

  test('every sentence is there in both languages', () => {
    const said = [...report.stages, ...report.remedies].map(({ sentence }) => sentence);
    for (const { en, zh } of [report.headline, ...said]) {
      expect(en).toMatch(/[.:]/);
      expect(zh).toMatch(/[\u4e00-\u9fff]/);
    }
  });
});
