/** The comparison of brokers as a module, in one language: `virtual:lesson-comparison/<lang>`. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { COMPARISON_FILE, parseComparison } from '../../lessons/comparison.ts';
import type { Lang } from '../lesson/content.ts';
import { inLanguage, valid } from './lesson-folders.ts';

/** @throws Error with each fault's file and line */
export function comparisonModule(lessons: string, lang: Lang): string {
  const text = readFileSync(join(lessons, basename(COMPARISON_FILE)), 'utf8');
  const { rows } = inLanguage(valid(parseComparison(COMPARISON_FILE, text)), lang);
  return `export const rows = JSON.parse(${JSON.stringify(JSON.stringify(rows))});`;
}
