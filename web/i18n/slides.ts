/**
 * The words of slides in both languages. They are loaded with them.
 */
import type { Lang } from '../lesson/content.ts';

const en = {
  slides: 'Slides',
  place: (place: number, all: number) => `Slide ${place} of ${all}`,
  previous: 'Previous slide',
  next: 'Next slide',
  play: 'Play this step',
  notes: 'Notes',
  close: 'Leave the slides',
  bet: 'Your bet',
  told: 'What happens in this step',
  claims: 'What is usually answered here',
  noNotes: 'Nothing to say that the slide does not say.',
  keys: '← → a slide, Home and End, S plays the step, N notes, Esc leaves',
};

type Words = typeof en;

const zh: Words = {
  slides: '幻灯片',
  place: (place, all) => `第 ${place} 张，共 ${all} 张`,
  previous: '上一张',
  next: '下一张',
  play: '播放这一步',
  notes: '备注',
  close: '退出幻灯片',
  bet: '先押注',
  told: '这一步发生了什么',
  claims: '常见回答怎么说',
  noNotes: '没有需要补充的内容。',
  keys: '← → 翻页，Home 与 End 到首尾，S 播放这一步，N 备注，Esc 退出',
};

export const SLIDE_MESSAGES: Readonly<Record<Lang, Words>> = { en, zh };
