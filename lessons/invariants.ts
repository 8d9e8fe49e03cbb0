/**
 * What an invariant says, in one sentence and in both languages, for the pages that show one
 * broken. A page with a stage loads its own language only. How each is checked is in
 * `engine/lab/check`.
 */
import { invariants as en } from './invariants-en.ts';
import { invariants as zh } from './invariants-zh.ts';

interface Invariant {
  readonly en: string;
  readonly zh: string;
}

export const INVARIANTS: Readonly<Record<string, Invariant>> = Object.fromEntries(
  Object.keys(en).map((id) => [id, { en: en[id] ?? '', zh: zh[id] ?? '' }]),
);
