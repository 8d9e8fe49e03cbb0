/** Progress as a file: what is saved is read again, and a broken one says what is wrong. */
import { describe, expect, test } from 'vitest';
import { STUDY_MESSAGES } from '#web/i18n/study.ts';
import { backupText, merged, readBackup, type Progress } from '#web/study/backup.ts';
import { graded } from '#web/study/schedule.ts';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const PROGRESS: Progress = {
  newPerDay: 7,
  tracks: ['kafka'],
  memories: [graded('claim:acks-1', undefined, 3, NOW_MS)],
  known: ['acks'],
  interviews: [
    {
      id: 'interview-1',
      startedMs: NOW_MS,
      track: '',
      level: 'senior',
      minutes: 30,
      asked: [
        {
          slug: 'acks',
          made: ['acks-1'],
          flags: [0],
          notes: '“quoted”\n第二行',
          spentMs: 61_000,
          awayMs: 0,
          followUps: [{ key: 'flag:0', held: true }],
        },
      ],
    },
  ],
  bets: [{ lesson: 'acks-and-loss', chosen: 'none', came: 'three', why: '只有 “leader” 有' }],
  drills: [
    {
      lesson: 'acks-and-loss',
      isSolved: true,
      session: {
        typed: [{ event: 12, pane: 1, text: 'kafka-topics.sh --list' }],
        event: 40,
        hints: 1,
        isSolutionShown: false,
      },
    },
  ],
};
const TEXT = backupText(PROGRESS, NOW_MS);

/** Both sentences about a text that must be refused. */
function refusal(text: string): readonly [string, string] {
  const read = readBackup(text);
  if (read.ok) throw new Error('the file was read');
  return [STUDY_MESSAGES.en.fault(read.fault), STUDY_MESSAGES.zh.fault(read.fault)];
}

/** The file with something else in place of a text that it has. */
function changed(from: string, to: string): string {
  expect(TEXT).toContain(from);
  return TEXT.replace(from, to);
}

describe('study: progress as a file', () => {
  test('what is saved is read again', () => {
    expect(readBackup(TEXT)).toEqual({ ok: true, progress: PROGRESS });
  });

  test('names its format, its version and its day', () => {
    expect(JSON.parse(TEXT)).toMatchObject({
      format: 'highwater-progress',
      version: 3,
      saved: '2026-01-15T12:00:00.000Z',
    });
  });

  test.each([
    ['cut off', TEXT.slice(0, 100), 'not JSON', '不是 JSON'],
    ['another file', '{"cards": []}', 'not progress saved here', '不是在这里存的进度'],
    ['a list', '[]', 'not progress saved here', '不是在这里存的进度'],
    ['newer', changed('"version": 3', '"version": 4'), 'version 4', '版本是 4'],
    ['no version', changed('"version": 3', '"version": 0'), '“version” is 0', '“version” 是 0'],
    [
      'a wrong number',
      changed(`"dueMs": ${PROGRESS.memories[0]!.dueMs}`, '"dueMs": "soon"'),
      '“memories[0].dueMs” is "soon" in the file, and has to be a number.',
      '“memories[0].dueMs” 是 "soon"，应该是一个数字。',
    ],
    [
      'a missing name',
      changed('"lapses"', '"lapsed"'),
      '“memories[0].lapses” is missing',
      '缺少 “memories[0].lapses”',
    ],
    ['a wrong state', changed('"state": 1', '"state": 4'), '1, 2 or 3', '1、2 或 3'],
    [
      'a wrong list',
      changed('"acks-1"\n', '5\n'),
      '“interviews[0].asked[0].made[0]” is 5',
      '应该是一段文本',
    ],
    [
      'a bet of nothing',
      changed('"why":', '"because":'),
      '“bets[0].why” is missing',
      'bets[0].why',
    ],
    [
      'a line of a drill that is none',
      changed('"pane": 1', '"pane": "one"'),
      '“drills[0].session.typed[0].pane” is "one" in the file, and has to be a number.',
      '“drills[0].session.typed[0].pane” 是 "one"，应该是一个数字。',
    ],
    ['no list', changed('"known": [\n  "acks"\n ]', '"known": {}'), 'a list', '一个列表'],
  ])('%s: a sentence says what is wrong', (_, text, en, zh) => {
    const [english, chinese] = refusal(text);
    expect(english).toContain(en);
    expect(chinese).toContain(zh);
  });

  test('files of version 1, without bets, and 2, without drills, are still read', () => {
    const { drills: _drills, ...second } = JSON.parse(TEXT) as Record<string, unknown>;
    const { bets: _bets, ...first } = second;
    const [one, two] = [first, second].map((file, at) =>
      readBackup(JSON.stringify({ ...file, version: at + 1 })),
    );
    expect(one).toEqual({ ok: true, progress: { ...PROGRESS, bets: [], drills: [] } });
    expect(two).toEqual({ ok: true, progress: { ...PROGRESS, drills: [] } });
  });

  test('of two works at a drill the own one stays, unless only the other is solved', () => {
    const [solved] = PROGRESS.drills;
    const begun = { ...solved!, isSolved: false };
    const elsewhere = { ...begun, lesson: 'dead-letters' };
    const both = (own: typeof solved, came: typeof solved) =>
      merged({ ...PROGRESS, drills: [own!] }, { ...PROGRESS, drills: [came!] }).drills;
    expect(both(begun, solved)).toEqual([solved]);
    expect(both(solved, begun)).toEqual([solved]);
    expect(both(solved, elsewhere)).toEqual([solved, elsewhere]);
  });

  test('of two bets on a lesson the own one stays, unless only the other has words', () => {
    const [bet] = PROGRESS.bets;
    const other = { ...bet!, chosen: 'all', why: 'another day' };
    const mute = { ...bet!, chosen: 'all', why: '' };
    const elsewhere = { ...bet!, lesson: 'idempotent-consumer' };
    const both = (own: typeof bet, came: typeof bet) =>
      merged({ ...PROGRESS, bets: [own!] }, { ...PROGRESS, bets: [came!] }).bets;
    expect(both(bet, other)).toEqual([bet]);
    expect(both(mute, bet)).toEqual([bet]);
    expect(both(bet, mute)).toEqual([bet]);
    expect(both(mute, { ...mute, chosen: 'none' })).toEqual([mute]);
    expect(both(bet, elsewhere)).toEqual([bet, elsewhere]);
  });

  test('of a card on both sides the later grade counts; nothing is lost', () => {
    const [memory] = PROGRESS.memories;
    const later = graded('claim:acks-1', memory, 3, NOW_MS + 600_000);
    const other = graded('quiz:acks', undefined, 4, NOW_MS);
    const own = { ...PROGRESS, memories: [later, other], known: ['queues'], interviews: [] };
    const both = merged(own, PROGRESS);
    expect(both.memories).toEqual([later, other]);
    expect(merged(PROGRESS, own).memories).toEqual([later, other]);
    expect(both.known).toEqual(['queues', 'acks']);
    expect(both.interviews).toEqual(PROGRESS.interviews);
  });
});
