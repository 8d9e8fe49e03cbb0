/** Searches for counterexamples: what they find, what they leave out, and that they are one. */
import { describe, expect, test } from 'vitest';
import {
  counterexampleOf,
  faultKinds,
  Search,
  TrialRunner,
} from '../../engine/lab/explore/index.ts';
import type { FaultKind, Subject, Trial } from '../../engine/lab/explore/index.ts';
import type { Experiment } from '../../engine/lab/experiment.ts';
import { fromLink } from '../../engine/lab/link.ts';
import { Run } from '../../engine/lab/run.ts';
import acksAndLoss from '../../lessons/kafka/acks-and-loss/experiment.ts';

const MINUTES = 300_000;

/** The experiment with some of its points only: a short search. */
function withPoints(...ids: string[]): Experiment {
  const exploration = acksAndLoss.exploration!;
  const points = exploration.points.filter((point) => ids.includes(point.id));
  expect(points.map((point) => point.id)).toEqual(ids);
  return { ...acksAndLoss, exploration: { ...exploration, points } };
}

function subjectOf(
  knobs: Record<string, string>,
  kinds: readonly FaultKind[],
  depth: number,
  merging = true,
): Subject {
  const all = { acks: 'all', ...knobs };
  return { knobs: all, seed: 1, kinds, depth, merging, invariants: 'always' };
}

function searched(experiment: Experiment, subject: Subject): Search {
  const search = new Search(experiment, subject);
  while (!search.over) search.step();
  return search;
}

/** The same by two runners, each of which takes a part of every batch, as threads do. */
function dealt(experiment: Experiment, subject: Subject): Search {
  const search = new Search(experiment, subject);
  const runners = [0, 1].map(() => new TrialRunner(() => experiment));
  for (let batch = search.deal(); batch !== null; batch = search.deal()) {
    const { met, schedules } = batch;
    for (const runner of runners) runner.begin({ about: { subject }, met });
    search.accept(schedules.map((schedule, place) => runners[place % 2]!.run(schedule)));
  }
  return search;
}

const chosen = ({ found, choices }: Search) =>
  found?.schedule.map((index) => {
    const { kind, host, point } = choices[index]!;
    return `${kind} ${host} @${point}`;
  }) ?? null;

describe('lab: explore: acks=all', () => {
  const network = ['power', 'isolate'] as const;

  test(
    'with min.insync.replicas=1 the shortest loss is a shrunk ISR and a power failure',
    () => {
      const knobs = { 'min.insync.replicas': '1' };
      const search = searched(withPoints('calm', 'told'), subjectOf(knobs, network, 2));
      expect(search.found?.broken).toEqual({ kind: 'measure', name: 'lost', value: 3 });
      expect(chosen(search)).toEqual(['isolate broker-1 @0', 'power broker-1 @1']);
    },
    MINUTES,
  );

  test(
    'with min.insync.replicas=2 no two of them lose anything, and that was every schedule',
    () => {
      const knobs = { 'min.insync.replicas': '2' };
      const search = searched(withPoints('calm', 'told'), subjectOf(knobs, network, 2));
      expect(search.found).toBeNull();
      const { isWhole, left, unsettled } = search.coverage;
      expect({ isWhole, left, unsettled }).toEqual({ isWhole: true, left: 0, unsettled: 0 });
    },
    MINUTES,
  );

  test.each([
    ['true', ['crash broker-2 @0', 'crash broker-1 @1', 'crash broker-3 @1']],
    ['false', null],
  ])(
    'three crashes and cuts with unclean.leader.election.enable=%s',
    (unclean, schedule) => {
      const knobs = { 'min.insync.replicas': '2', 'unclean.leader.election.enable': unclean };
      const kinds = ['crash', 'isolate'] as const;
      const whole = searched(withPoints('calm', 'told'), subjectOf(knobs, kinds, 3));
      expect(chosen(whole)).toEqual(schedule);
      expect(whole.coverage.isWhole).toBe(schedule === null);
    },
    MINUTES,
  );
});

describe('lab: explore: how it searches', () => {
  const knobs = { 'min.insync.replicas': '1' };

  test(
    'a search that merges equal states finds what the exact one finds, with fewer runs',
    () => {
      const kinds = ['crash', 'power'] as const;
      const small = withPoints('appended', 'replicated', 'told');
      const merged = searched(small, subjectOf({ acks: '1' }, kinds, 2));
      const exact = searched(small, subjectOf({ acks: '1' }, kinds, 2, false));
      expect(chosen(merged)).toEqual(chosen(exact));
      expect(chosen(exact)).not.toBeNull();
      const safe = { 'min.insync.replicas': '2' };
      const mergedSafe = searched(small, subjectOf(safe, kinds, 2));
      const exactSafe = searched(small, subjectOf(safe, kinds, 2, false));
      expect([mergedSafe.found, exactSafe.found]).toEqual([null, null]);
      expect(exactSafe.coverage.cut + exactSafe.coverage.merged).toBe(0);
      expect(mergedSafe.coverage.cut + mergedSafe.coverage.merged).toBeGreaterThan(0);
      expect(dealt(small, subjectOf(safe, kinds, 2)).coverage).toEqual(mergedSafe.coverage);
    },
    MINUTES,
  );

  test('faults that would change nothing are not scheduled', () => {
    const search = new Search(withPoints('calm', 'told'), subjectOf(knobs, ['heal'], 1));
    while (!search.over) search.step();
    const { all, tried, idle } = search.coverage;
    expect({ all, tried, idle }).toEqual({ all: 3, tried: 1, idle: 2 });
  });

  test(
    'a broker that is down is not crashed again, and every schedule is counted once',
    () => {
      const search = searched(withPoints('calm', 'told'), subjectOf({}, ['crash'], 2));
      const { all, tried, idle, beyond, merged, left } = search.coverage;
      expect(all).toBe(1 + 6 + 15);
      expect(tried + idle + beyond + merged + left).toBe(all);
      expect(idle).toBe(3);
    },
    MINUTES,
  );

  test('dealt in batches, the answer and every count are the same', { timeout: MINUTES }, () => {
    const experiment = withPoints('calm', 'told');
    const subject = subjectOf(knobs, ['power', 'isolate'], 2);
    const one = searched(experiment, subject);
    const other = dealt(experiment, subject);
    expect(other.coverage).toEqual(one.coverage);
    expect(other.found).toEqual(one.found);
    const told = counterexampleOf(experiment, subject, one.choices, one.found!);
    expect(told.faults.map(({ point }) => point)).toEqual(['calm', 'told']);
    expect(told.lost.map(({ id }) => id)).toEqual(['r7', 'r8', 'r9']);
    const opened = fromLink(told.link);
    expect(opened.ok).toBe(true);
    if (!opened.ok) return;
    const run = new Run(acksAndLoss, opened.shared).finish();
    expect(run.world.trace.hash).toBe(told.traceHash);
    expect(run.measures()['lost']).toBe(3);
  });

  test.each(faultKinds)('%s strikes, is told in both languages, and breaks no engine', (kind) => {
    const kinds = kind === 'heal' ? (['crash', 'heal'] as const) : [kind];
    const depth = kind === 'heal' ? 2 : 1;
    const search = new Search(withPoints('appended'), subjectOf({}, kinds, depth));
    while (!search.over) search.step();
    expect(search.found).toBeNull();
    expect(search.coverage.tried).toBeGreaterThan(3);
    const { choices, subject, experiment } = search;
    const [choice] = choices.filter((one) => one.kind === kind);
    const broken = { kind: 'measure', name: 'lost', value: 1 } as const;
    const rest = { passed: [], inputs: [], struckAt: [9], events: 9 };
    const trial: Trial = { schedule: [choice!.index], outcome: 'broken', broken, ...rest };
    const [told] = counterexampleOf(experiment, subject, choices, trial).faults;
    expect(told?.text.en).toMatch(/^When the leader has written the next record: .+\.$/);
    expect(told?.text.zh).toMatch(/^leader 已写入下一条消息时：.+。$/);
  });
});
