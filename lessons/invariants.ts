/**
 * What an invariant says, in one sentence and in both languages, for the pages that show one
 * broken. A page with a stage loads its own language only. How each is checked is in
 * `engine/lab/check`.
 */
import { invariants as others } from './invariants-en.ts';
import { rabbitmqInvariants } from './invariants-rabbitmq.ts';
import { invariants as othersInChinese } from './invariants-zh.ts';

const en: Readonly<Record<string, string>> = { ...others, ...rabbitmqInvariants.en };
const zh: Readonly<Record<string, string>> = { ...othersInChinese, ...rabbitmqInvariants.zh };

interface Invariant {
  readonly en: string;
  readonly zh: string;
}

export const INVARIANTS: Readonly<Record<string, Invariant>> = Object.fromEntries(
  Object.keys(en).map((id) => [id, { en: en[id] ?? '', zh: zh[id] ?? '' }]),
);
