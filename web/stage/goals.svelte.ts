/**
 * The goals of a lesson: which a run has reached. A run counts when it has been seen to its end;
 * what was reached is kept in this browser and sent nowhere.
 *
 * Not here: the list (`Goals.svelte`), and the goals themselves (the lesson's front matter).
 */
import { holds } from '#lessons/condition.ts';
import { keepReached, keptReached } from './resume.ts';
import type { Goal } from '../lesson/content.ts';

export class GoalList {
  readonly goals: readonly Goal[];
  reached: readonly string[] = $state.raw([]);
  /** The goals that the last run reached for the first time. */
  news: readonly Goal[] = $state.raw([]);
  readonly #lesson: string;

  constructor(lesson: string, goals: readonly Goal[]) {
    this.#lesson = lesson;
    this.goals = goals;
  }

  /** Looks up what was reached before. Not at once: the prerendered list knows nothing of it. */
  resume(): void {
    this.reached = keptReached(this.#lesson);
  }

  /** Ticks what a run with these settings and measures has reached. */
  tick(knobs: Readonly<Record<string, string>>, measures: Readonly<Record<string, number>>): void {
    this.news = this.goals.filter(
      (goal) =>
        !this.reached.includes(goal.id) &&
        Object.entries(goal.knobs).every(([name, value]) => knobs[name] === value) &&
        holds(goal.when, measures),
    );
    if (this.news.length === 0) return;
    this.reached = [...this.reached, ...this.news.map(({ id }) => id)];
    keepReached(this.#lesson, this.reached);
  }
}
