/**
 * The cards as a text file that Anki imports: tab-separated, with the header lines that say so
 * (docs.ankiweb.net/importing/text-files.html), one note a line. Its columns are a stable id (so
 * that a second import mends notes instead of doubling them), front, back, tags. The kind of note
 * is left to the reader: its name differs with Anki's language.
 *
 * What is learnt there and what is learnt here do not know of each other.
 */
import type { Lang } from '../lesson/content.ts';
import type { Card } from './cards.ts';

export interface AnkiWords {
  readonly deck: string;
  readonly isItSo: string;
  readonly verdict: Readonly<Record<'holds' | (string & {}), string>>;
}

const HEAD = (deck: string): string[] => [
  '#separator:tab',
  '#html:true',
  `#deck:${deck}`,
  '#guid column:1',
  '#tags column:4',
];

/** The text of the file; lines end as everywhere with a line feed. */
export function ankiText(cards: readonly Card[], lang: Lang, words: AnkiWords): string {
  const notes = cards.map((card) => {
    const { track, level } = card.question;
    const tags = ['highwater', track, card.kind, level].join(' ');
    const { front, back } = sidesOf(card, words);
    return [`highwater-${lang}-${card.id}`, front, back, tags].map(field).join('\t');
  });
  return `${[...HEAD(words.deck), ...notes].join('\n')}\n`;
}

/** Both sides as HTML. */
function sidesOf(card: Card, words: AnkiWords): { readonly front: string; readonly back: string } {
  const about = `<small>${html(card.question.question)}</small>`;
  if (card.kind === 'claim') {
    const { statement, verdict, correction = '' } = card.claim;
    return {
      front: lines(about, words.isItSo, html(statement)),
      back: lines(`<b>${html(words.verdict[verdict] ?? verdict)}</b>`, html(correction)),
    };
  }
  if (card.kind === 'follow-up') {
    return { front: lines(about, html(card.followUp.question)), back: html(card.followUp.answer) };
  }
  const { question, options } = card.question.quiz;
  const letter = (place: number) => String.fromCharCode(65 + place);
  return {
    front: lines(
      html(question),
      ...options.map(({ text }, place) => `${letter(place)}. ${html(text)}`),
    ),
    back: lines(
      ...options.map(({ text, reason, right }, place) => {
        const option = `${letter(place)}. ${html(text)}`;
        return `${right === true ? `<b>${option}</b>` : option}<br>${html(reason)}`;
      }),
    ),
  };
}

function lines(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('<br><br>');
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A field on its one line, in quotes where it holds one. */
function field(text: string): string {
  const flat = text.replace(/\s*\n\s*/g, '<br>').replaceAll('\t', ' ');
  return flat.includes('"') ? `"${flat.replaceAll('"', '""')}"` : flat;
}
