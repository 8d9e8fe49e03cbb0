/**
 * The words of the glossary's page in both languages. They are loaded with it. Not here: the terms
 * (`lessons/glossary.ts`) and what they mean (`lessons/definitions.yaml`).
 */
import type { Lang } from '../lesson/content.ts';

const en = {
  groups: 'Groups of terms',
  find: 'Find a term, in either language',
  count: (count: number) => (count === 1 ? '1 term' : `${count} terms`),
};

type Words = typeof en;

const zh: Words = {
  groups: '术语分组',
  find: '查术语，中英文都可以',
  count: (count) => `${count} 条术语`,
};

export const GLOSSARY_MESSAGES: Readonly<Record<Lang, Words>> = { en, zh };
