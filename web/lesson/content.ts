/**
 * What a lesson's page is made of, in one language: the forms of lessons/ and of the lab's still
 * run with every pair `{ en, zh }` reduced to the one text that the page shows.
 *
 * Types only, so that a page carries neither a validator nor the engine.
 */
import type { Component } from 'svelte';
import type { Still } from '#engine/lab/still.ts';
import type { FrontMatter } from '#lessons/front-matter.ts';
import type { QuestionsFile, Question as QuestionPair } from '#lessons/schema.ts';
import type { Stage } from '#lessons/stage.ts';

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
export type Quiz = Question['quiz'];
export type Bet = NonNullable<FrontMatter['bet']>;
export type Puzzle = NonNullable<FrontMatter['puzzle']>;

/** The experiment's run with its presets, made by the build: what is read without a script. */
export type StillRun = InOneLanguage<Still>;
export type ProofVerdict = StillRun['proofs'][number]['verdict'];

/** The module that the build makes for one lesson in one language. */
export interface LessonModule {
  /** The prose; null while the lesson is at the stage of questions. */
  readonly Body: Component | null;
  readonly bet: Bet | null;
  readonly puzzle: Puzzle | null;
  readonly content: LessonQuestions;
  /** Null where the lesson has no experiment. */
  readonly run: StillRun | null;
  /** The terms of the glossary that the prose uses, by id, each in the other language. */
  readonly terms: Readonly<Record<string, string>>;
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

/** All lessons of one language. */
export type LessonIndex = readonly TrackEntry[];
