/**
 * What a lesson's page is made of, in one language: the forms of lessons/ and of the lab's still
 * run with every pair `{ en, zh }` reduced to the one text that the page shows.
 *
 * Types only, so that a page carries neither a validator nor the engine.
 */
import type { Component } from 'svelte';
import type { Still } from '#engine/lab/still.ts';
import type { ComparisonRow as RowPair } from '#lessons/comparison.ts';
import type { FrontMatter, StoryFrontMatter } from '#lessons/front-matter.ts';
import type { QuestionsFile, Question as QuestionPair } from '#lessons/schema.ts';
import type { Stage } from '#lessons/stage.ts';
import type { SceneRun } from '../build/scene.ts';

export type Lang = 'en' | 'zh';

export const LANGS = ['en', 'zh'] as const satisfies readonly Lang[];

/** A form with each pair of languages replaced by one of them. */
export type InOneLanguage<T> = T extends { readonly en: infer Text; readonly zh: unknown }
  ? Text
  : T extends readonly [unknown, ...unknown[]]
    ? { readonly [Place in keyof T]: InOneLanguage<T[Place]> }
    : T extends readonly (infer Item)[]
      ? readonly InOneLanguage<Item>[]
      : T extends object
        ? { readonly [Name in keyof T]: InOneLanguage<T[Name]> }
        : T;

export type LessonQuestions = InOneLanguage<QuestionsFile>;
export type Question = InOneLanguage<QuestionPair>;
export type Claim = Question['claims'][number];
export type ClaimVerdict = Claim['verdict'];
/** A point of the comparison of brokers. */
export type ComparisonRow = InOneLanguage<RowPair>;
export type ComparisonCell = ComparisonRow['cells']['kafka'];
export type Quiz = Question['quiz'];
export type Bet = NonNullable<FrontMatter['bet']>;
export type Puzzle = NonNullable<FrontMatter['puzzle']>;
export type Goal = NonNullable<FrontMatter['goals']>[number];
type OutcomeHeads = NonNullable<FrontMatter['outcomes']>;
export type Act = NonNullable<FrontMatter['acts']>[number];

/** The experiment's run with its presets, made by the build: what is read without a script. */
export type StillRun = InOneLanguage<Still>;
export type ProofVerdict = StillRun['proofs'][number]['verdict'];

/** The table of outcomes: what each row comes to in each column, as the runs of the build say. */
export interface OutcomeTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly title: string;
    /** One for each column: the id of a value, and the fragment that opens its run. */
    readonly cells: readonly { readonly value: string; readonly link: string }[];
  }[];
  readonly values: readonly Pick<
    OutcomeHeads['values'][number],
    'id' | 'text' | 'shape' | 'tone'
  >[];
}

/** The module that the build makes for one lesson in one language. */
export interface LessonModule {
  /** The prose; null while the lesson is at the stage of questions. */
  readonly Body: Component | null;
  readonly bet: Bet | null;
  readonly puzzle: Puzzle | null;
  readonly acts: readonly Act[];
  /** Besides the puzzle, which is the last of them. */
  readonly goals: readonly Goal[];
  /** What is asked, for a list: each question has a page of its own. */
  readonly questions: readonly QuestionEntry[];
  /** Which question each claim belongs to, for the links of the prose. */
  readonly claims: readonly ClaimPlace[];
  /** The claims that do not simply hold, where a run of this lesson shows it. */
  readonly wrongs: readonly WrongClaim[];
  /** Null where the lesson has no experiment. */
  readonly run: StillRun | null;
  /** Null where the front matter has none. */
  readonly outcomes: OutcomeTable | null;
  /** The terms of the glossary that the prose uses, by id, each in the other language. */
  readonly terms: Readonly<Record<string, string>>;
}

export type Level = Question['level'];

/** A question as a list shows it. */
export interface QuestionEntry extends Pick<Question, 'slug' | 'question' | 'level' | 'frequency'> {
  readonly track: string;
  /** The slug of its lesson. */
  readonly lesson: string;
  /** Of its claims, in their order. */
  readonly verdicts: readonly ClaimVerdict[];
}

export interface ClaimPlace {
  readonly id: string;
  /** The slug of its question. */
  readonly question: string;
  /** The id of the proof that decides it; null where sources do. */
  readonly proof: string | null;
}

export interface WrongClaim extends ClaimPlace, Pick<Claim, 'verdict' | 'statement'> {}

/** A lesson as a question's page names it. */
export interface LessonName {
  readonly track: string;
  readonly slug: string;
  readonly title: string;
}

type Neighbour = Pick<Question, 'slug' | 'question'>;

/** All that a question's page shows, in one language: the JSON beside the page. */
export interface QuestionData {
  readonly content: Question;
  readonly lesson: LessonName & { readonly trackTitle: string; readonly hasExperiment: boolean };
  /** Further lessons that it belongs to, of those that there are. */
  readonly further: readonly LessonName[];
  /** What the runs say about the proofs of its claims, by the proofs' ids. */
  readonly proofs: Readonly<Record<string, ProofVerdict>>;
  readonly previous: Neighbour | null;
  readonly next: Neighbour | null;
}

/** The index of all questions in one language, in the order of tracks and lessons. */
export interface QuestionIndex {
  readonly tracks: readonly { readonly id: string; readonly title: string }[];
  readonly lessons: readonly (LessonName & { readonly hasExperiment: boolean })[];
  readonly questions: readonly QuestionEntry[];
}

/** A product's error code, and where the workbook speaks of it. */
export interface ErrorEntry {
  readonly name: string;
  readonly code: number;
  readonly isRetriable: boolean;
  readonly meaning: string;
  /** Questions, or claims of them, by what they say. */
  readonly shown: readonly {
    readonly question: string;
    readonly claim: string | null;
    readonly text: string;
  }[];
}

/** What the search looks through, in one language: loaded when somebody searches. */
export interface SearchData {
  readonly questions: readonly {
    readonly slug: string;
    readonly question: string;
    readonly text: string;
  }[];
  readonly claims: readonly {
    readonly id: string;
    readonly question: string;
    readonly statement: string;
    readonly correction: string;
  }[];
  readonly errors: readonly ErrorEntry[];
  readonly terms: readonly GlossaryTerm[];
}

/** The module that the build makes for one story of the gallery in one language. */
export interface StoryModule {
  readonly Body: Component;
  readonly run: StillRun;
  readonly terms: Readonly<Record<string, string>>;
}

/** The run of the first page, and the lesson that it is of. */
export interface SceneData extends Omit<InOneLanguage<SceneRun>, 'before' | 'after'> {
  readonly before: StillRun;
  readonly after: StillRun;
  readonly lesson: LessonName;
}

/** A term of the glossary: its words in both languages, and what it is in the page's. */
export interface GlossaryTerm {
  readonly id: string;
  readonly en: string;
  readonly zh: string;
  readonly definition: string;
}

export interface GlossaryGroup {
  readonly id: string;
  readonly title: string;
  readonly terms: readonly GlossaryTerm[];
}

/** A story as the gallery lists it. */
export interface StoryEntry extends StoryFrontMatter {
  readonly slug: string;
}

/** A lesson as the index lists it. */
export interface LessonEntry {
  readonly track: string;
  readonly slug: string;
  readonly stage: Stage;
  readonly title: string;
  readonly summary: string;
  /** 0 while nobody has said. */
  readonly minutes: number;
  readonly questions: number;
  readonly claims: number;
  /** How many claims of the usual answers do not simply hold. */
  readonly corrected: number;
}

export interface TrackEntry {
  readonly id: string;
  readonly title: string;
  readonly lessons: readonly LessonEntry[];
}

/** The slugs of lessons that are best read before one, by its slug. */
export type Prerequisites = Readonly<Record<string, readonly string[]>>;

/** All lessons of one language. */
export type LessonIndex = readonly TrackEntry[];
