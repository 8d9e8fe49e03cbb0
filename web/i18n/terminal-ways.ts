/**
 * The words of the way to a drill. They are on the page before anything of the terminal is
 * (`terminal.ts`).
 */
import type { Lang } from '../lesson/content.ts';

const en = {
  openDrill: 'Do it yourself in a terminal',
  closeDrill: 'Close the terminal',
  solved: 'solved',
};

type Words = typeof en;

const zh: Words = {
  openDrill: '在终端里亲手试试',
  closeDrill: '关闭终端',
  solved: '已完成',
};

export const TERMINAL_WAYS: Readonly<Record<Lang, Words>> = { en, zh };
