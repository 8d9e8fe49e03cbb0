/**
 * `highwater fuzz`: attacks a system with seeds. Each seed draws a configuration, a workload and
 * faults; what fails is made smaller and printed with all that it takes to see it again.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { toLink } from '../../lab/link.ts';
import { Coverage } from '../../lab/swarm/coverage.ts';
import type { Share } from '../../lab/swarm/coverage.ts';
import type { DrawOptions, Finding, Plan, PlainReport } from '../../lab/swarm/plan.ts';
import type { SwarmSystem } from '../../lab/swarm/plan.ts';
import { shrink } from '../../lab/swarm/shrink.ts';
import { tryPlan } from '../../lab/swarm/trial.ts';
import { root } from './experiments.ts';
import { trySeeds } from './fuzz-pool.ts';
import { systemNamed } from './fuzz-systems.ts';
import { sharedRun } from './shared-run.ts';
import { oneOf, parse, UsageError, wholeNumber } from './usage.ts';
import type { Command } from './usage.ts';

const SEEDS = { min: 1, max: 1_000_000, preset: 100 };
const FROM = { min: 0, max: 2 ** 32, preset: 1 };
const WORKERS = { min: 1, max: 64, preset: availableParallelism() };
/** Trace entries before the failure that are printed. */
const TRACE_LINES = 40;

const OPTIONS = {
  system: { type: 'string' },
  seeds: { type: 'string' },
  from: { type: 'string' },
  beyond: { type: 'boolean' },
  quirk: { type: 'string' },
  workers: { type: 'string' },
  all: { type: 'boolean' },
  link: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const fuzz: Command = {
  name: 'fuzz',
  summary: 'attack a system with random configurations and faults',
  usage: `highwater fuzz --system name [--seeds n] [--from seed] [options]
highwater fuzz --system name --link text

Runs a seed after the other until one fails: chaos, then everything is healed and must come to
rest, with every invariant checked after each event. Prints the failure, made smaller, and in which
share of the seeds each fault and each transition of a machine occurred. Exit code 1: one failed.

  --system name       what is attacked: kafka, rabbitmq
  --seeds n           how many seeds (default ${SEEDS.preset})
  --from seed         the first one (default ${FROM.preset})
  --beyond            faults beyond the promise: loss is counted, only bugs are failures
  --quirk name        turns one behaviour of the release: a historical bug
  --workers n         threads (default: one a core)
  --all               goes on after a failure, and lists the seeds that fail
  --link text         tries one run again, that of a printed link
  --json              one JSON object`,

  async run(args) {
    const { values } = parse(args, OPTIONS);
    const system = systemNamed(values['system']);
    if (typeof values['link'] === 'string') return again(system, values['link']);
    const seeds = wholeNumber('seeds', values['seeds'], SEEDS);
    const from = wholeNumber('from', values['from'], FROM);
    const workers = wholeNumber('workers', values['workers'], WORKERS);
    const isJson = values['json'] === true;
    const draw = drawOptionsOf(system, values['beyond'] === true, values['quirk']);
    const attack = new Attack(system, seeds, !isJson && process.stderr.isTTY);
    const onReport = (report: PlainReport) => {
      attack.add(report);
      return report.finding === null || values['all'] === true;
    };
    await trySeeds({ system: system.name, draw, from, seeds, workers, onReport });
    attack.end();
    const first = attack.failures[0];
    const smallest = first === undefined ? null : smallestOf(system, draw, first);
    if (isJson) console.log(JSON.stringify(attack.json(smallest)));
    else attack.print(smallest);
    return first === undefined ? 0 : 1;
  },
};

function drawOptionsOf(system: SwarmSystem, isBeyond: boolean, quirk: unknown): DrawOptions {
  const promise = isBeyond ? 'beyond' : 'within';
  if (quirk === undefined) return { promise };
  return { promise, quirk: oneOf('quirk', quirk, system.quirks, '') };
}

/** The whole of what happened, as it comes in. */
class Attack {
  readonly #system: SwarmSystem;
  readonly #coverage: Coverage;
  readonly #failures: PlainReport[] = [];
  readonly #seeds: number;
  readonly #shows: boolean;
  readonly #startedAt = Date.now();
  #events = 0;
  #losing = 0;

  constructor(system: SwarmSystem, seeds: number, shows: boolean) {
    this.#system = system;
    this.#coverage = new Coverage(system);
    this.#seeds = seeds;
    this.#shows = shows;
  }

  /** By seed: workers end theirs in any order. */
  get failures(): readonly PlainReport[] {
    return [...this.#failures].sort((left, right) => left.seed - right.seed);
  }

  get #seconds(): number {
    return Math.round((Date.now() - this.#startedAt) / 100) / 10;
  }

  add(report: PlainReport): void {
    this.#coverage.add(report);
    this.#events += report.events;
    if (report.lost > 0) this.#losing++;
    if (report.finding !== null) this.#failures.push(report);
    if (!this.#shows) return;
    const failed = this.#failures.length === 0 ? '' : `, ${this.#failures.length} failed`;
    const done = `${this.#coverage.seeds} of ${this.#seeds} seeds${failed}`;
    process.stderr.write(`\r${done}, ${this.#seconds} s `);
  }

  end(): void {
    if (this.#shows) process.stderr.write('\n');
  }

  json(smallest: Smallest | null): unknown {
    const { seeds, faults, transitions, never } = this.#coverage;
    const [events, losing] = [this.#events, this.#losing];
    const failures = this.failures.map(({ seed, finding }) => ({ seed, ...finding }));
    const system = this.#system.name;
    const smaller =
      smallest === null
        ? {}
        : { smallest: { link: smallest.link, commit: commit(), ...smallest.finding } };
    return { system, seeds, events, losing, failures, ...smaller, faults, transitions, never };
  }

  print(smallest: Smallest | null): void {
    const { seeds, faults, transitions, never } = this.#coverage;
    printShares('faults', faults, seeds);
    printShares('transitions', transitions, seeds);
    console.log(`\nnever: ${never.length === 0 ? 'nothing' : ''}`);
    for (const what of never) console.log(`  ${what}`);
    if (smallest !== null) printFailure(this.#system, smallest);
    const { failures } = this;
    console.log(`\n${seeds} seeds, ${this.#events} events, ${this.#seconds} s`);
    if (this.#losing > 0) console.log(`${this.#losing} seeds lost what was acknowledged`);
    if (failures.length === 0) console.log('everything held');
    else console.log(`failed: ${failures.map(toldShort).join(', ')}`);
  }
}

const toldShort = ({ seed, finding }: PlainReport) => `${seed} (${finding?.invariant ?? ''})`;

function printShares(title: string, shares: readonly Share[], seeds: number): void {
  console.log(`\n${title}, by share of seeds:`);
  for (const { what, seeds: met } of shares) {
    if (met === 0) continue;
    console.log(`${((met / seeds) * 100).toFixed(1).padStart(7)} %  ${what}`);
  }
}

// -------------------------------------------------------------------------------- one failure

interface Smallest {
  readonly plan: Plan;
  readonly finding: Finding;
  readonly link: string;
  /** Faults before it was made smaller, and the runs that it took. */
  readonly inputsBefore: number;
  readonly runs: number;
}

function smallestOf(system: SwarmSystem, draw: DrawOptions, failed: PlainReport): Smallest {
  const drawn = system.draw(failed.seed, draw);
  const finding = failed.finding!;
  const inputsBefore = drawn.inputs.length;
  // Two runs that differ are no matter of the plan.
  if (finding.invariant === 'S1') {
    return { plan: drawn, finding, link: toLink(drawn), inputsBefore, runs: 0 };
  }
  const { plan, finding: found, runs } = shrink(system, drawn, finding);
  return { plan, finding: found, link: toLink(plan), inputsBefore, runs };
}

function printFailure(system: SwarmSystem, smallest: Smallest): void {
  const { plan, finding, link, inputsBefore, runs } = smallest;
  console.log(`\nseed ${plan.seed} of ${system.name} at commit ${commit()}`);
  console.log(`made smaller in ${runs} runs: ${inputsBefore} faults, now ${plan.inputs.length}`);
  for (const [name, text] of Object.entries(plan.knobs)) console.log(`  ${name}=${text}`);
  for (const { event, fault } of plan.inputs) {
    console.log(`  event ${event}: ${JSON.stringify(fault)}`);
  }
  printEnd(system, plan, finding);
  console.log(`\nagain: npx highwater fuzz --system ${system.name} --link ${link}`);
  console.log(`told:  npx highwater run --link ${link}`);
}

/** The last trace entries, and what is wrong. */
function printEnd(system: SwarmSystem, plan: Plan, finding: Finding): void {
  const { run } = tryPlan(system, plan);
  const entries = [...run.world.trace.entries()].filter(({ event }) => event <= finding.event);
  console.log('');
  for (const { event, at, host, kind, data } of entries.slice(-TRACE_LINES)) {
    console.log(`${event} ${(at / 1000).toFixed(1)} ms ${host} ${kind} ${JSON.stringify(data)}`);
  }
  const { invariant, event, host, what } = finding;
  console.log(`\n${invariant} at event ${event}, ${host}: ${what}`);
}

function again(system: SwarmSystem, link: string): number {
  const shared = sharedRun(link);
  if (shared.experiment !== system.experiment.id) {
    throw new UsageError(`--link is a run of '${shared.experiment}', not of this system`);
  }
  const { finding, run } = tryPlan(system, shared);
  if (finding === null) console.log(`everything held, ${run.world.event} events`);
  else printEnd(system, shared, finding);
  return finding === null ? 0 : 1;
}

/** The commit of this clone, where git is there to say. */
function commit(): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'unknown';
}
