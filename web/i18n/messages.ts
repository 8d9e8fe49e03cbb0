/**
 * The words of a language. Both are small (about 1 KB gzip each), so both are always there.
 */
import type { Lang } from '../lesson/content.ts';
import { en, type Messages } from './en.ts';
import { zh } from './zh.ts';

export const MESSAGES: Readonly<Record<Lang, Messages>> = { en, zh };
