/**
 * A text as terms to index, and a query as terms to look for, in English, Chinese and the names
 * that are written in both.
 *
 * A name counts in one piece as well as in its parts: `NOT_COORDINATOR`, `NotCoordinator` and
 * `not coordinator` find each other. Chinese is indexed by pairs of neighbouring characters, so
 * that what is found does not depend on how a text was cut into words; a query is cut into words
 * first, since neighbours in it need not be neighbours in the text.
 */
const RUNS = /\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu;
const HAN = /^\p{Script=Han}/u;
/** The parts of `NOT_FOUND`, `NotFound`, `HTTPServer` and `KIP966`. */
const PARTS = /\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{N}+/gu;

/** The terms of a text. */
export function indexTerms(text: string): string[] {
  return runsIn(text).flatMap((run) => {
    if (HAN.test(run)) return [...pairs(run), run.slice(-1)];
    const parts = run.match(PARTS) ?? [];
    return parts.length > 1 ? [whole(run), ...parts.map(whole)] : [whole(run)];
  });
}

/** The terms of a query: each of them has to be in what is found. */
export function queryTerms(query: string): string[] {
  return runsIn(query).flatMap((run) =>
    HAN.test(run) ? wordsIn(run).flatMap(pairs) : [whole(run)],
  );
}

function runsIn(text: string): readonly string[] {
  return text.match(RUNS) ?? [];
}

function whole(run: string): string {
  return run.replaceAll('_', '').toLowerCase();
}

/** Neighbouring characters of a word; a single one is itself, and is looked for as a start. */
function pairs(word: string): string[] {
  const characters = [...word];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, place) => characters[place]! + character);
}

/** Words of Chinese. Without a segmenter the whole run is one: it is then found as it stands. */
function wordsIn(run: string): string[] {
  if (typeof Intl.Segmenter === 'undefined') return [run];
  const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });
  return [...segmenter.segment(run)].map(({ segment }) => segment);
}
