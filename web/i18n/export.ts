/** The words of the export of a run, in both languages. They are loaded with its menu. */
import type { ExportForm } from '#engine/lab/export/export-form.ts';
import type { Lang } from '../lesson/content.ts';

type Words = Readonly<Record<ExportForm, (event: number, step: string) => string>>;

const en = {
  form: {
    json: () => 'The trace of the run, as JSON',
    svg: (event) => `The picture of event ${event}, as SVG`,
    mmd: (_event, step) => `The step “${step}”, as a sequence diagram (Mermaid)`,
  } satisfies Words as Words,
  saved: (name: string) => `Saved: ${name}`,
  failed: (problem: string) => `It cannot be exported: ${problem}`,
};

const zh: typeof en = {
  form: {
    json: () => '整个运行的轨迹（JSON）',
    svg: (event) => `第 ${event} 个事件的画面（SVG）`,
    mmd: (_event, step) => `步骤“${step}”的时序图（Mermaid）`,
  },
  saved: (name) => `已保存：${name}`,
  failed: (problem) => `无法导出：${problem}`,
};

export const EXPORT_MESSAGES: Readonly<Record<Lang, typeof en>> = { en, zh };
