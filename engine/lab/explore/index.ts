/** What callers of a search import: the command, the worker of the page, and tests. */
export { counterexampleOf } from './counterexample.ts';
export type { Counterexample } from './counterexample.ts';
export { choicesOf, DEPTH_MAX, faultKinds } from './schedule.ts';
export type { FaultKind, Schedule } from './schedule.ts';
export { Search } from './search.ts';
export type { Coverage } from './search.ts';
export { explorationOf } from './trial.ts';
export type { Subject, Trial } from './trial.ts';
export { TrialRunner } from './trial-runner.ts';
export type { TrialBatch, TrialSubject } from './trial-runner.ts';
