/**
 * What a run is called: the knobs that were turned, and what was done to it, as commands.
 */
import { STAGE_MESSAGES } from '../i18n/stage.ts';
import type { Lang } from '../lesson/content.ts';
import type { Input } from '#engine/lab/run.ts';
import type { RunRequest } from '../worker/recording.ts';
import { commandsOf } from '#engine/lab/fault-command.ts';

/** The commands of a run with their events, in order. */
export function actsOf(inputs: readonly Input[]): readonly { command: string; event: number }[] {
  const events = [...new Set(inputs.map(({ event }) => event))];
  return events.flatMap((event) => {
    const faults = inputs.filter((input) => input.event === event).map(({ fault }) => fault);
    return commandsOf(faults).map((command) => ({ command, event }));
  });
}

export function nameOfRun({ knobs, inputs }: RunRequest, lang: Lang): string {
  const t = STAGE_MESSAGES[lang];
  const turned = Object.entries(knobs).map(([name, value]) => `${name}=${value}`);
  const done = actsOf(inputs).map(({ command, event }) => t.inputAt(command, event));
  return [...turned, ...done].join(' · ') || t.asPreset;
}
