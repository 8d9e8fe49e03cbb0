/** The words of the sweep over knobs, in both languages. They are loaded with the sweep. */
import type { Lang } from '../lesson/content.ts';

const en = {
  about:
    'Every value of a knob, or of two, is run here; the other knobs stand as in the run on the stage. Press a figure to see its run.',
  first: 'Knob',
  second: 'and',
  none: 'no other',
  measure: 'Measure',
  start: (runs: number) => `Run all ${runs}`,
  cancel: 'Cancel',
  progress: 'Runs made',
  at: (runs: number, all: number) => `${runs} of ${all} runs`,
  cancelled: (runs: number, all: number) => `Cancelled after ${runs} of ${all} runs.`,
  over: (runs: number) => `All ${runs} runs are made.`,
  tooMany: (runs: number, most: number) => `${runs} runs are too many; ${most} are allowed.`,
  failed: 'failed',
  toCome: 'not run',
  shown: 'on the stage',
  cell: (knobs: string, measure: string) => `${knobs}; ${measure}:`,
};

const zh: typeof en = {
  about:
    '把一个或两个参数的所有取值都跑一遍，其余参数和舞台上的这次运行相同。点一个数字，就能看那次运行。',
  first: '参数',
  second: '和',
  none: '不选',
  measure: '看什么',
  start: (runs) => `全部运行（${runs} 次）`,
  cancel: '取消',
  progress: '已运行',
  at: (runs, all) => `已运行 ${runs} 次，共 ${all} 次`,
  cancelled: (runs, all) => `已取消：跑了 ${runs} 次，共 ${all} 次。`,
  over: (runs) => `${runs} 次全部跑完。`,
  tooMany: (runs, most) => `${runs} 次太多，最多 ${most} 次。`,
  failed: '失败',
  toCome: '未运行',
  shown: '在舞台上',
  cell: (knobs, measure) => `${knobs}；${measure}：`,
};

export const SWEEP_MESSAGES: Readonly<Record<Lang, typeof en>> = { en, zh };
