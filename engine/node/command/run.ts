/** `highwater run`: an experiment, headless, told step by step. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { commandOf } from '../../lab/command-line.ts';
import { toLink } from '../../lab/link.ts';
import { narrate } from '../../lab/narration.ts';
import type { Language } from '../../lab/narration.ts';
import { OPEN_STEP } from '../../lab/open-experiment.ts';
import { verdictsOf } from '../../lab/prove.ts';
import { Run } from '../../lab/run.ts';
import type { Input } from '../../lab/run.ts';
import { Session } from '../../lab/session.ts';
import { ConfigError } from '../../kafka/config.ts';
import { KnobError } from '../../lab/knob.ts';
import { shellOf } from '../../shell/toolbox.ts';
import { loadExperiment } from './experiments.ts';
import { EXPORT_OPTIONS, EXPORT_USAGE, exportsOf, exportTo } from './run-export.ts';
import { runOn } from './run-on.ts';
import { sharedRun } from './shared-run.ts';
import { oneOf, pairs, parse, UsageError, wholeNumber } from './usage.ts';
import type { Command } from './usage.ts';

const OPTIONS = {
  knob: { type: 'string', multiple: true },
  seed: { type: 'string' },
  link: { type: 'string' },
  lang: { type: 'string' },
  json: { type: 'boolean' },
  trace: { type: 'string' },
  on: { type: 'string' },
  ...EXPORT_OPTIONS,
} as const;

export const run: Command = {
  name: 'run',
  summary: 'run an experiment and tell what happens',
  usage: `highwater run <experiment> [--knob name=value]... [options]
highwater run --link <text after # of a shared page>
highwater run <experiment> --on kafka://host:port[,host:port...] [--knob name=value]...

Runs an experiment to its end: steps, what happened in each, measures, verdicts. A historical bug
is gallery/<slug>; what it breaks is told at the end.

  --knob name=value   sets a knob; 'highwater list' has them
  --seed n            another seed (default 1)
  --link text         the run of a shared link
  --lang en|zh        the language of the sentences (default en)
  --json              {experiment, knobs, seed, events, traceHash, measures, proofs, violations}
  --trace file        writes every trace entry to a file, one JSON object a line
${EXPORT_USAGE}
  --on kafka://...    runs the steps on a real cluster, too, through kafkajs, and prints both
                      histories side by side; not where they need a fault. Topics are made and
                      deleted there. --json: {experiment, knobs, seed, on, brokers, rows,
                      firstDifference, measures, unseen}. Exit code 1: the histories differ`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1);
    const language = oneOf('lang', values['lang'], ['en', 'zh'], 'en');
    const wanted = typeof values['link'] === 'string' ? sharedRun(values['link']) : null;
    const experiment = await loadExperiment(wanted?.experiment ?? positionals[0]);
    const seedBounds = { min: 0, max: Number.MAX_SAFE_INTEGER, preset: wanted?.seed ?? 1 };
    const seed = wholeNumber('seed', values['seed'], seedBounds);
    const knobs = { ...wanted?.knobs, ...pairs('knob', values['knob']) };
    const inputs: readonly Input[] = wanted?.inputs ?? [];
    const { typed, closedAt } = wanted ?? {};
    const options = {
      ...{ knobs, seed, inputs, shell: shellOf(experiment) },
      ...(typed === undefined ? {} : { typed }),
      ...(closedAt === undefined ? {} : { closedAt }),
    };
    const exports = exportsOf(values, language);
    if (typeof values['on'] === 'string') {
      if (exports.files.length > 0) throw new UsageError('--export is of a simulated run: no --on');
      return await runOn(
        experiment,
        { knobs, seed, inputs },
        values['on'],
        values['json'] === true,
      );
    }
    const finished = runWith(() => new Run(experiment, options).finish());
    if (typeof values['trace'] === 'string') writeTrace(finished, values['trace']);
    const isSilent = exportTo(exports, () => new Session(experiment, options));
    if (isSilent) return finished.failed ? 1 : 0;
    if (values['json'] === true) console.log(JSON.stringify(reportOf(finished)));
    else tell(finished, language);
    return finished.failed ? 1 : 0;
  },
};

/** Turns a knob, or a client's setting, that cannot be into an error of usage. */
export function runWith<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    const isTheirs = error instanceof KnobError || error instanceof ConfigError;
    if (isTheirs) throw new UsageError(error.message);
    throw error;
  }
}

function reportOf(finished: Run) {
  return {
    experiment: finished.experiment.id,
    knobs: Object.fromEntries(finished.knobTexts),
    seed: finished.seed,
    events: finished.world.event,
    traceHash: finished.world.trace.hash,
    measures: finished.failed ? {} : finished.measures(),
    proofs: verdictsOf(finished),
    violations: finished.violations,
  };
}

/** The kinds whose every entry would drown a reader of the terminal. */
const QUIET: ReadonlySet<string> = new Set(['send', 'deliver', 'machine', 'closed']);

/** Kinds that tell a state, which is news only when it differs from what the host told before. */
const STATES: ReadonlySet<string> = new Set(['connection-state', 'client-metadata', 'isr']);

function tell(finished: Run, language: Language): void {
  const { world, experiment, seed, inputs, knobsChanged: knobs } = finished;
  const title = new Map(
    [...experiment.steps, ...experiment.settle].map((step) => [step.id, step.title[language]]),
  );
  const toldStates = new Map<string, string>();
  for (const entry of world.trace.entries()) {
    if (entry.kind === 'step') {
      console.log(`\n${title.get(String(entry.data['id']))}`);
      continue;
    }
    if (QUIET.has(entry.kind)) continue;
    const sentence = narrate(finished.narrator, entry, language);
    if (sentence === null) continue;
    if (STATES.has(entry.kind)) {
      const of = `${entry.kind} ${entry.host}`;
      if (toldStates.get(of) === sentence) continue;
      toldStates.set(of, sentence);
    }
    const at = `${(entry.at / 1000).toFixed(1)} ms`.padStart(12);
    console.log(`${at}  ${sentence}`);
  }
  console.log('');
  if (world.failure !== null) {
    console.log(`the run failed at event ${world.failure.event}: ${world.failure.error.message}`);
    return;
  }
  for (const step of finished.steps) {
    if (!step.reached) console.log(`step '${step.id}' ended at its time limit`);
  }
  for (const { invariant, event, what } of finished.violations) {
    console.log(`invariant ${invariant} broke at event ${event}: ${what}`);
  }
  for (const [name, value] of Object.entries(finished.measures())) {
    console.log(`${name.padEnd(22)} ${value}`);
  }
  for (const { id, verdict } of verdictsOf(finished)) {
    if (verdict !== 'not exercised') console.log(`${verdict.padEnd(22)} ${id}`);
  }
  console.log(`\n${world.event} events, trace ${world.trace.hash}, seed ${seed}`);
  const { typed } = finished;
  const closedAt = finished.steps.findLast(({ id }) => id === OPEN_STEP)?.to;
  const terminal = typed.length === 0 ? {} : { typed, closedAt: closedAt ?? world.event };
  const shared = { experiment: experiment.id, knobs, seed, inputs, ...terminal };
  console.log(`again: ${commandOf({ ...shared, link: toLink(shared) })}`);
}

function writeTrace(finished: Run, file: string): void {
  try {
    const descriptor = openSync(file, 'w');
    for (const entry of finished.world.trace.entries()) {
      writeSync(descriptor, `${JSON.stringify(entry)}\n`);
    }
    closeSync(descriptor);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--trace cannot be written: ${why}`);
  }
}
