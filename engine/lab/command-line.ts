/**
 * A run as a command that somebody can read and type. What a learner did to it has no words on a
 * command line: such a run is its link. Not here: the link (`link.ts`), the command itself
 * (`engine/node/command/run.ts`).
 */
import type { Input } from './run.ts';
import type { TypedLine } from './terminal.ts';
import { SEED_PRESET } from './seed.ts';

interface Told {
  readonly experiment: string;
  /** Those that differ from their presets. */
  readonly knobs: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly inputs: readonly Input[];
  readonly typed?: readonly TypedLine[];
  readonly link: string;
}

/** The command that repeats a run. */
export function commandOf({ experiment, knobs, seed, inputs, typed = [], link }: Told): string {
  if (inputs.length > 0 || typed.length > 0) return `npx highwater run --link ${link}`;
  const settings = Object.entries(knobs).map(([name, value]) => ` --knob ${name}=${quoted(value)}`);
  const seeded = seed === SEED_PRESET ? '' : ` --seed ${seed}`;
  return `npx highwater run ${experiment}${settings.join('')}${seeded}`;
}

/** A shell takes anything else for something of its own. */
function quoted(value: string): string {
  return /^[\w.:,/-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
