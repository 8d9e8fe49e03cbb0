/**
 * `highwater run --export`: a run as files, or one of them on stdout. Not here: what is in them
 * (`lab/export/`).
 */
import { writeFileSync } from 'node:fs';
import { exportForms } from '../../lab/export/export-form.ts';
import type { ExportForm } from '../../lab/export/export-form.ts';
import { exportRun } from '../../lab/export/run-export.ts';
import type { ExportWish } from '../../lab/export/run-export.ts';
import type { Language } from '../../lab/narration.ts';
import type { Session, Summary } from '../../lab/session.ts';
import { oneOf, UsageError, wholeNumber } from './usage.ts';

export const EXPORT_OPTIONS = {
  export: { type: 'string', multiple: true },
  as: { type: 'string' },
  at: { type: 'string' },
  step: { type: 'string' },
} as const;

export const EXPORT_USAGE = `\
  --export file       writes the run to a file, by its ending: .json the trace, .svg the picture of
                      a moment, .mmd a sequence diagram for Mermaid. Several times for several
                      files; '-' is stdout, and nothing else is printed there
  --as json|svg|mmd   what to write where no ending says it
  --at event          the moment of the picture, and the step of the diagram (default: the end of
                      the story, and the story from its first record on)
  --step id           the step of the diagram; the picture is of its end`;

const STDOUT = '-';

/** What is to be written, and where; the moment and the step are looked up when there is a run. */
export interface Exports {
  readonly files: readonly { readonly file: string; readonly form: ExportForm }[];
  readonly at: unknown;
  readonly step: unknown;
  readonly language: Language;
}

/** The exports of a command line. Throws a `UsageError`. */
export function exportsOf(values: Readonly<Record<string, unknown>>, language: Language): Exports {
  const { export: given, as, at, step } = values;
  const names = Array.isArray(given) ? (given as string[]) : [];
  const files = names.map((file) => ({ file, form: formOf(file, as) }));
  if (names.filter((name) => name === STDOUT).length > 1) {
    throw new UsageError('--export - can be given once');
  }
  const option = Object.entries({ as, at, step }).find(([, value]) => value !== undefined)?.[0];
  if (option !== undefined && names.length === 0) {
    throw new UsageError(`--${option} says what to export: name a file with --export`);
  }
  return { files, at, step, language };
}

function formOf(file: string, as: unknown): ExportForm {
  const ending = exportForms.find((form) => file.endsWith(`.${form}`));
  if (as === undefined && ending === undefined) {
    const endings = exportForms.map((form) => `.${form}`).join(', ');
    throw new UsageError(`--export ends in ${endings}, or --as says which; not '${file}'`);
  }
  return oneOf('as', as, exportForms, ending ?? 'json');
}

/** Writes the exports. True: stdout belongs to one of them. Throws a `UsageError`. */
export function exportTo({ files, at, step, language }: Exports, run: () => Session): boolean {
  if (files.length === 0) return false;
  const session = run();
  const chosen = chosenOf(session.summary(), at, step);
  for (const { file, form } of files) {
    const { text } = exportRun(session, { form, language, ...chosen });
    if (file === STDOUT) process.stdout.write(text);
    else write(file, text);
  }
  return files.some(({ file }) => file === STDOUT);
}

function chosenOf(
  { events, steps }: Summary,
  at: unknown,
  step: unknown,
): Pick<ExportWish, 'at' | 'step'> {
  const ids = steps.map(({ id }) => id);
  return {
    at: at === undefined ? null : wholeNumber('at', at, { min: 0, max: events, preset: 0 }),
    step: step === undefined ? null : oneOf('step', step, ids, ids[0]!),
  };
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--export cannot be written: ${why}`);
  }
}
