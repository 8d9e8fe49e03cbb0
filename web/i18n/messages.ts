/**
 * The words of a language. A page loads those of its own; the door, which has both, loads both.
 *
 * Not here: the words themselves (`en.ts`, `zh.ts`), those of the stage (`stage.ts`).
 */
import type { Lang } from '../lesson/content.ts';
import type { Messages } from './en.ts';

const loaded: Partial<Record<Lang, Messages>> = {};

/** Those that were loaded: a page is shown only after `loadMessages`. */
export const MESSAGES = loaded as Readonly<Record<Lang, Messages>>;

/** What each language calls itself. */
export const LANGUAGE_NAMES: Readonly<Record<Lang, string>> = { en: 'English', zh: '中文' };

/** @throws when their chunk cannot be loaded */
export async function loadMessages(lang: Lang): Promise<void> {
  loaded[lang] ??= lang === 'en' ? (await import('./en.ts')).en : (await import('./zh.ts')).zh;
}
