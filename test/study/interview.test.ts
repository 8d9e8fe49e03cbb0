/** A mock interview: what is drawn, what is asked next, the clock, and the report. */
import { describe, expect, test } from 'vitest';
import { REPORT_MESSAGES } from '#web/i18n/study.ts';
import { drawn, followUpsAfter, followUpsOf, rubricOf } from '#web/interview/interview.ts';
import { reportOf, reportText } from '#web/interview/report.ts';
import { awayMs, hide, ranMs, show, start, stop, STOPPED } from '#web/interview/timer.ts';
import { ACKS, QUEUES } from './questions.ts';

const ALL = ['acks-1', 'acks-2', 'acks-3'];
const keysAfter = (made: readonly string[], flags: readonly number[]) =>
  followUpsAfter(ACKS, { made, flags }).map(({ key }) => key);

describe('interview: the draw', () => {
  const none: string[] = [];
  const half = () => 0.5;
  const slugs = (questions: readonly { readonly slug: string }[]) =>
    questions.map(({ slug }) => slug);

  test('keeps to track and level', () => {
    const both = [ACKS, QUEUES];
    expect(slugs(drawn(both, { track: 'kafka', level: '' }, none, half))).toEqual(['acks']);
    expect(drawn(both, { track: '', level: 'senior' }, none, half)).toEqual([]);
    expect(drawn(both, { track: '', level: '' }, none, half)).toHaveLength(2);
  });

  test('what is asked more often comes sooner, what was asked lately last', () => {
    const any = { track: '', level: '' };
    expect(slugs(drawn([QUEUES, ACKS], any, none, half))).toEqual(['acks', 'queues']);
    expect(slugs(drawn([QUEUES, ACKS], any, ['acks'], half))).toEqual(['queues', 'acks']);
  });
});

describe('interview: rubric and follow-ups', () => {
  test('a strong answer says the correction where the common belief is not right', () => {
    expect(rubricOf(ACKS).slice(0, 2)).toEqual([
      {
        id: 'acks-1',
        text: 'It waits for the replicas in sync.',
        often: 'acks=all waits for every replica',
      },
      { id: 'acks-2', text: 'acks=0 loses records without a sign', often: null },
    ]);
  });

  test('what was ticked decides what is asked', () => {
    expect(keysAfter(ALL, [])).toEqual(['follow-up:2', 'follow-up:1']);
    expect(keysAfter(['acks-2', 'acks-3'], [])).toEqual([
      'claim:acks-1',
      ...['follow-up:1', 'follow-up:2'],
    ]);
    expect(keysAfter(['acks-1', 'acks-2'], [])).toEqual([
      'claim:acks-3',
      ...['follow-up:2', 'follow-up:1'],
    ]);
    expect(keysAfter(ALL, [0])).toEqual(['flag:0', 'follow-up:2', 'follow-up:1']);
    expect(keysAfter([], [0, 1])).toEqual(['flag:0', 'flag:1', 'follow-up:2']);
  });

  test('a follow-up is named by its key, whatever the language', () => {
    const asked = followUpsAfter(ACKS, { made: [], flags: [1] });
    const keys = asked.map(({ key }) => key);
    expect(followUpsOf(ACKS, keys)).toEqual(asked);
    expect(followUpsOf(QUEUES, ['claim:acks-1', 'flag:9', 'follow-up:2'])).toEqual([]);
  });

  test('a red flag is answered by the claim that is nearest to it', () => {
    const [flag] = followUpsAfter(ACKS, { made: ALL, flags: [0] });
    expect(flag).toMatchObject({ why: 'flag', answer: 'Retries end with the delivery timeout.' });
  });
});

describe('interview: the clock', () => {
  test('counts while it runs, and stands when it is stopped', () => {
    const stopped = stop(start(STOPPED, 1000), 4000);
    expect(ranMs(stopped, 9000)).toBe(3000);
    expect(ranMs(start(stopped, 9000), 9500)).toBe(3500);
    expect(ranMs(start(start(STOPPED, 0), 500), 1000)).toBe(1000);
  });

  test('goes on while the page is hidden, and says for how long it was', () => {
    const hidden = hide(start(STOPPED, 0), 1000);
    expect(ranMs(hidden, 5000)).toBe(5000);
    expect(awayMs(hidden, 5000)).toBe(4000);
    const back = show(hidden, 5000);
    expect(awayMs(back, 8000)).toBe(4000);
    expect(awayMs(stop(hidden, 3000), 9000)).toBe(2000);
  });

  test('a hidden page counts only while the clock runs, and time never runs back', () => {
    expect(awayMs(show(hide(STOPPED, 0), 5000), 5000)).toBe(0);
    expect(awayMs(start(hide(STOPPED, 0), 3000), 5000)).toBe(2000);
    expect(ranMs(start(STOPPED, 5000), 4000)).toBe(0);
  });
});

describe('interview: the report', () => {
  const asked = [
    {
      slug: 'acks',
      made: ['acks-2'],
      flags: [1],
      notes: ' min.insync ',
      spentMs: 125_000,
      awayMs: 5000,
      followUps: [
        { key: 'flag:1', held: true },
        { key: 'follow-up:1', held: false },
      ],
    },
    { slug: 'gone', made: [], flags: [], notes: '', spentMs: 0, awayMs: 0, followUps: [] },
  ];

  test('lists what was said, missed and given away; a question that is gone keeps its name', () => {
    const [first, second] = reportOf({ asked }, [ACKS]);
    expect(first!.made.map(({ id }) => id)).toEqual(['acks-2']);
    expect(first!.missed.map(({ id }) => id)).toEqual(['acks-1', 'acks-3']);
    expect(first!.flags).toEqual(['Followers answer the producer.']);
    expect(second!.title).toBe('gone');
  });

  test.each([
    [
      'en' as const,
      ['# Mock interview: report · today', '1 of 3 points', 'Time 2:05', '1 of 2 follow-ups'],
    ],
    [
      'zh' as const,
      ['# 模拟面试报告 · today', '3 个要点说到 1 个', '用时 2:05', '2 个追问答上 1 个'],
    ],
  ])('as Markdown it is complete (%s)', (lang, parts) => {
    const text = reportText(reportOf({ asked }, [ACKS]), REPORT_MESSAGES[lang], 'today');
    for (const part of [...parts, '\n\nmin.insync\n\n', '- It waits for the replicas in sync. (']) {
      expect(text).toContain(part);
    }
  });
});
