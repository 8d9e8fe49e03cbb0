/**
 * What the pages of questions load, as JSON beside them: the data of each question, and of each
 * language the index and the search. Their addresses follow from the pages', so that no script
 * has to list 434 of them.
 *
 *   /<lang>/questions/list.json, /<lang>/questions/search.json, /<lang>/questions/<slug>/data.json,
 *   /<lang>/study/cards.json
 *
 * The addresses are those of web/question-files.ts. Not here: reading the folders
 * (`lesson-folders.ts`), what is searched (`search-data.ts`), and what is
 * learnt (`study-data.ts`).
 */
import { TRACKS } from '../../lessons/tracks.ts';
import type { ErrorCode } from '../../engine/lab/error-codes.ts';
import type { Still } from '../../engine/lab/still.ts';
import {
  LANGS,
  type Lang,
  type LessonName,
  type LessonQuestions,
  type Question,
  type QuestionData,
  type QuestionEntry,
  type QuestionIndex,
} from '../lesson/content.ts';
import { indexFile, questionFile, searchFile, studyFile } from '../question-files.ts';
import { lessonsInOrder, questionsOf, titleOf, type LessonFolder } from './lesson-folders.ts';
import { glossaryGroups } from './reference-modules.ts';
import { searchData } from './search-data.ts';
import { studyData } from './study-data.ts';

/** What only a run of the engine knows. */
export interface FromEngine {
  stillOf(lesson: string): Promise<Still>;
  errorCodes(): Promise<readonly ErrorCode[]>;
}

interface LessonInLanguage {
  readonly folder: LessonFolder;
  readonly name: LessonName & { readonly hasExperiment: boolean };
  readonly questions: LessonQuestions['questions'];
}

/** Every file of questions: its text by its path below the site's base. */
export async function questionFiles(
  lessons: string,
  engine: FromEngine,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const errors = await engine.errorCodes();
  for (const lang of LANGS) {
    const all = lessonsInOrder(lessons).map((folder) => inLanguage(folder, lang));
    const list: QuestionIndex = {
      tracks: TRACKS.map(({ id, name }) => ({ id, title: name[lang] })),
      lessons: all.map(({ name }) => name),
      questions: all.flatMap(({ folder, questions }) =>
        questions.map((question) => questionEntry(folder, question)),
      ),
    };
    files.set(indexFile(lang), JSON.stringify(list));
    const terms = glossaryGroups(lessons, lang).flatMap((group) => group.terms);
    const searched = all.flatMap(({ questions }) => questions);
    files.set(searchFile(lang), JSON.stringify(searchData(searched, errors, terms, lang)));
    const studied = all.flatMap(({ folder: { track }, questions }) =>
      questions.map((question) => ({ track, question })),
    );
    files.set(studyFile(lang), JSON.stringify(studyData(studied)));
    for (const data of await questionPages(all, lang, engine)) {
      files.set(questionFile(lang, data.content.slug), JSON.stringify(data));
    }
  }
  return files;
}

/** A question as lists show it. */
export function questionEntry(folder: LessonFolder, question: Question): QuestionEntry {
  const { slug, level, frequency, claims } = question;
  return {
    slug,
    question: question.question,
    level,
    frequency,
    track: folder.track,
    lesson: folder.slug,
    verdicts: claims.map(({ verdict }) => verdict),
  };
}

function inLanguage(folder: LessonFolder, lang: Lang): LessonInLanguage {
  const { track, slug, stage } = folder;
  const hasExperiment = stage !== 'questions';
  return {
    folder,
    name: { track, slug, title: titleOf(folder, lang), hasExperiment },
    questions: questionsOf(folder, lang).questions,
  };
}

async function questionPages(
  all: readonly LessonInLanguage[],
  lang: Lang,
  engine: FromEngine,
): Promise<QuestionData[]> {
  const names = new Map(all.map(({ name }) => [name.slug, name] as const));
  const flat = all.flatMap((lesson) => lesson.questions.map((content) => ({ lesson, content })));
  const pages: QuestionData[] = [];
  for (const [place, { lesson, content }] of flat.entries()) {
    const { track, slug } = lesson.folder;
    const run = lesson.name.hasExperiment ? await engine.stillOf(`${track}/${slug}`) : null;
    const named = new Set(content.claims.flatMap(({ proof }) => proof ?? []));
    const proofs = (run?.proofs ?? []).filter(({ id }) => named.has(id));
    pages.push({
      content,
      lesson: { ...lesson.name, trackTitle: trackTitle(track, lang) },
      further: content.also.flatMap((other) => names.get(other) ?? []),
      proofs: Object.fromEntries(proofs.map(({ id, verdict }) => [id, verdict])),
      previous: neighbour(flat[place - 1]?.content),
      next: neighbour(flat[place + 1]?.content),
    });
  }
  return pages;
}

function trackTitle(id: string, lang: Lang): string {
  return TRACKS.find((track) => track.id === id)?.name[lang] ?? id;
}

function neighbour(question: Question | undefined): QuestionData['next'] {
  return question === undefined ? null : { slug: question.slug, question: question.question };
}
