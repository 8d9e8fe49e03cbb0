/**
 * `highwater explore`: the shortest schedule of faults that breaks an experiment's promise.
 *
 * The trials of a batch run on several threads, or in this one; the answer is the same, because the
 * search takes them in its own order. Not here: the search (`lab/explore/`), and the other side of
 * a thread (`trial-thread.ts`).
 */
import { availableParallelism } from 'node:os';
import { counterexampleOf, DEPTH_MAX, faultKinds, Search } from '../../lab/explore/index.ts';
import type { Counterexample, Coverage, FaultKind, Subject } from '../../lab/explore/index.ts';
import type { Experiment } from '../../lab/experiment.ts';
import { knobValues } from '../../lab/knob.ts';
import type { Language } from '../../lab/narration.ts';
import { loadExperiment } from './experiments.ts';
import { runWith } from './run.ts';
import { TrialCrew } from './trial-crew.ts';
import { oneOf, pairs, parse, UsageError, wholeNumber } from './usage.ts';
import type { Command } from './usage.ts';

/** Less than the minute for which somebody waits at a terminal. */
const SECONDS_PRESET = 55;
const THREADS_MAX = 8;
const PROGRESS_EVERY_MS = 250;

const OPTIONS = {
  knob: { type: 'string', multiple: true },
  seed: { type: 'string' },
  faults: { type: 'string' },
  depth: { type: 'string' },
  time: { type: 'string' },
  threads: { type: 'string' },
  exact: { type: 'boolean' },
  json: { type: 'boolean' },
  lang: { type: 'string' },
} as const;

export const explore: Command = {
  name: 'explore',
  summary: 'find the shortest sequence of faults that breaks a promise',
  usage: `highwater explore <experiment> [--knob name=value]... [options]

Tries every schedule of at most so many faults at the experiment's points, the shortest first, and
prints the first that breaks something as sentences and as a link. Exits with 0 if none was found,
whether or not that was all (the report says so), and with 1 if one was.

  --knob name=value   sets a knob; 'highwater list' has them
  --faults a,b        of ${faultKinds.join(', ')} (default power,crash,isolate)
  --depth n           faults of a schedule, at most ${DEPTH_MAX} (default 2)
  --time seconds      ends the search after so long (default ${SECONDS_PRESET})
  --exact             does not merge equal states; slower, and passes over nothing
  --threads n         default: one for each core; 1 runs in this one
  --seed n            another seed (default 1)
  --lang en|zh        the language of the sentences (default en)
  --json              one JSON object`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1);
    const language = oneOf('lang', values['lang'], ['en', 'zh'], 'en');
    const experiment = await loadExperiment(positionals[0]);
    if (experiment.exploration === undefined) {
      throw new UsageError(`the experiment '${experiment.id}' names no points for a search`);
    }
    const subject: Subject = {
      knobs: pairs('knob', values['knob']),
      seed: whole('seed', values['seed'], 0, Number.MAX_SAFE_INTEGER, 1),
      kinds: kindsOf(values['faults']),
      depth: whole('depth', values['depth'], 0, DEPTH_MAX, 2),
      merging: values['exact'] !== true,
      invariants: 'always',
    };
    runWith(() => knobValues(experiment.knobs, subject.knobs));
    const seconds = whole('time', values['time'], 1, 86_400, SECONDS_PRESET);
    const cores = Math.min(availableParallelism(), THREADS_MAX);
    const threads = whole('threads', values['threads'], 1, THREADS_MAX, cores);
    const search = new Search(experiment, subject);
    const started = performance.now();
    await carryOut(search, threads, started + seconds * 1000);
    const millis = Math.round(performance.now() - started);
    const { found, coverage, choices } = search;
    const told = found === null ? null : counterexampleOf(experiment, subject, choices, found);
    if (values['json'] === true) {
      const { knobs, seed, kinds: faults, depth } = subject;
      const about = { experiment: experiment.id, knobs, seed, faults, depth };
      console.log(JSON.stringify({ ...about, millis, coverage, found: told }));
    } else {
      report(experiment, subject, coverage, told, millis, language);
    }
    return told === null ? 0 : 1;
  },
};

function whole(name: string, given: unknown, min: number, max: number, preset: number): number {
  return wholeNumber(name, given, { min, max, preset });
}

function kindsOf(given: unknown): readonly FaultKind[] {
  const names = typeof given === 'string' ? given.split(',') : ['power', 'crash', 'isolate'];
  return names.map((name) => oneOf('faults', name, faultKinds, 'power'));
}

/** Searches until it is over, or the time is. */
async function carryOut(search: Search, threads: number, deadline: number): Promise<void> {
  const progress = new Progress();
  if (threads === 1) {
    while (!search.over && performance.now() < deadline) {
      search.step();
      progress.show(search.coverage);
    }
  } else {
    const { experiment, subject } = search;
    const crew = new TrialCrew({ experiment: experiment.id }, threads);
    try {
      await crew.ready();
      while (!search.over && performance.now() < deadline) {
        const batch = search.deal();
        if (batch === null) break;
        const left = deadline - performance.now();
        const trials = await crew.run({ about: { subject }, ...batch }, left);
        if (trials === null) break;
        search.accept(trials);
        progress.show(search.coverage);
      }
    } finally {
      await crew.end();
    }
  }
  progress.clear();
}

/** A line on the terminal that is written over. */
class Progress {
  #shownAt = 0;

  show({ all, left, tried, depth }: Coverage): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAt < PROGRESS_EVERY_MS) return;
    this.#shownAt = performance.now();
    const percent = Math.floor((100 * (all - left)) / all);
    process.stderr.write(`\r${percent}% of ${all} schedules, ${tried} run, ${depth} faults `);
  }

  clear(): void {
    if (this.#shownAt > 0) process.stderr.write('\r\x1b[K');
  }
}

function report(
  experiment: Experiment,
  subject: Subject,
  coverage: Coverage,
  found: Counterexample | null,
  millis: number,
  language: Language,
): void {
  const { kinds, depth } = subject;
  console.log(`${experiment.id}: at most ${depth} faults of ${kinds.join(', ')}`);
  console.log(found === null ? `\n${nothing(coverage)}` : `\n${told(found, language)}`);
  console.log(`\n${covered(coverage, millis)}`);
  if (found !== null) console.log(`again: highwater run --link ${found.link}`);
}

function nothing(coverage: Coverage): string {
  return coverage.isWhole
    ? 'None found. That was every schedule.'
    : 'None found in what was searched. That was not all: time ran out.';
}

function told(found: Counterexample, language: Language): string {
  const { faults, lost } = found;
  const steps = faults.map(({ event, at, text }, place) => {
    const when = `event ${event}, ${(at / 1000).toFixed(1)} ms`;
    return `  ${place + 1}. ${text[language]} (${when})`;
  });
  const count = `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
  const head = `Found, with ${count}. No schedule with fewer breaks anything.`;
  const evidence = lost.map(({ text }) => `  ${text[language]}`);
  return [head, ...steps, `  ${found.text[language]}`, ...evidence].join('\n');
}

function covered(coverage: Coverage, millis: number): string {
  const { all, tried, cut, idle, beyond, merged, left, unsettled } = coverage;
  const stopped = cut > 0 ? ` (${cut} of them only until they met a known state)` : '';
  return [
    `${all} schedules in all, ${(millis / 1000).toFixed(1)} s:`,
    `  ${tried} run${stopped}`,
    `  ${idle} left out: a fault in them changes nothing where it strikes`,
    `  ${beyond} left out: a point in them is not reached after the faults before it`,
    `  ${merged} merged: they go on from a state from which others went on`,
    `  ${left} not searched`,
    ...(unsettled > 0 ? [`  ${unsettled} of those run could not be read at the end`] : []),
  ].join('\n');
}
