/** The cards as Anki imports them: header lines, then one note a line with four columns. */
import { describe, expect, test } from 'vitest';
import { ankiText } from '#web/study/anki.ts';
import { cardsInOrder } from '#web/study/cards.ts';
import { ACKS, QUEUES } from './questions.ts';

const WORDS = { deck: 'Deck', isItSo: 'Is it so?', verdict: { wrong: 'wrong', holds: 'holds' } };
const LINES = ankiText(cardsInOrder([ACKS, QUEUES]), 'en', WORDS).split('\n');
const NOTES = LINES.filter((line) => line !== '' && !line.startsWith('#'));
const noteOf = (id: string) => NOTES.find((line) => line.startsWith(`highwater-en-${id}\t`)) ?? '';

describe('study: cards for Anki', () => {
  test('the header lines say how to read it', () => {
    expect(LINES.slice(0, 5)).toEqual([
      '#separator:tab',
      '#html:true',
      '#deck:Deck',
      '#guid column:1',
      '#tags column:4',
    ]);
    expect(LINES.at(-1)).toBe('');
  });

  test('every card is one line with four columns and an id of its own', () => {
    expect(NOTES).toHaveLength(9);
    for (const note of NOTES) expect(note.split('\t')).toHaveLength(4);
    expect(new Set(NOTES.map((note) => note.split('\t')[0])).size).toBe(9);
  });

  test('a claim has its verdict and correction on the back, and tags', () => {
    expect(noteOf('claim:acks-1').split('\t')).toEqual([
      'highwater-en-claim:acks-1',
      ['<small>When is a record safe?</small>', 'Is it so?', ACKS.claims[0]!.statement].join(
        '<br><br>',
      ),
      '<b>wrong</b><br><br>It waits for the replicas in sync.',
      'highwater kafka claim middle',
    ]);
  });

  test('a quiz marks the right option; quotes, tabs and brackets do not break the line', () => {
    const [, front = '', back = ''] = noteOf('quiz:acks').split('\t');
    expect(front).toMatch(/^"Which setting ""waits"" &lt;longest&gt;\?<br><br>A\. acks=0/);
    expect(back).toContain('<b>B. acks=all</b><br>For the replicas in sync.');
    expect(back).toContain('For the leader only.');
  });
});
