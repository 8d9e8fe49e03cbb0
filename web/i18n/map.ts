/**
 * The words of the map of the tracks in both languages. They are loaded with it.
 */
import type { Lang } from '../lesson/content.ts';

const en = {
  picture: 'The lessons as a map; the list below says the same',
  arrow: 'is best read before',
  done: 'you can answer all its questions',
  known: (count: number, all: number) => `you can answer ${count} of ${all}`,
  before: 'Best read before it:',
  and: '; ',
};

type Words = typeof en;

const zh: Words = {
  picture: '课程路线图；下面的列表内容相同',
  arrow: '箭头起点的那一课最好先学',
  done: '全部问题你都能答',
  known: (count, all) => `${all} 题里你能答 ${count} 题`,
  before: '最好先学：',
  and: '；',
};

export const MAP_MESSAGES: Readonly<Record<Lang, Words>> = { en, zh };
