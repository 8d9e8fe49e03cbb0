/**
 * The words of the stage. They are loaded with the stage, not with every page, and in the language
 * of the page.
 *
 * Not here: the words themselves (`stage-en.ts`, `stage-zh.ts`), those of other parts of a page
 * (`messages.ts`).
 */
import type { Lang } from '../lesson/content.ts';
import type { StageMessages } from './stage-en.ts';

const loaded: Partial<Record<Lang, StageMessages>> = {};

/** Those that were loaded: what is drawn with a stage waits for `loadStageMessages`. */
export const STAGE_MESSAGES = loaded as Readonly<Record<Lang, StageMessages>>;

/** @throws when their chunk cannot be loaded */
export async function loadStageMessages(lang: Lang, track = ''): Promise<void> {
  loaded[lang] ??=
    lang === 'en' ? (await import('./stage-en.ts')).en : (await import('./stage-zh.ts')).zh;
  if (track !== 'rabbitmq' && track !== 'gallery') return;
  const { RABBITMQ_MEASURES } = await import('./rabbitmq-measures.ts');
  const { rabbitmqInvariants } = await import('#lessons/invariants-rabbitmq.ts');
  const { measure, invariant, ...words } = loaded[lang];
  loaded[lang] = {
    ...words,
    measure: { ...measure, ...RABBITMQ_MEASURES[lang] },
    invariant: { ...invariant, ...rabbitmqInvariants[lang] },
  };
}
