/**
 * The lab's own commands on a run that is going on: faults, as the stage takes them
 * (`lab/fault-command.ts`), and two that only a terminal has: `restart`, `partition`.
 *
 * They are inputs of the run. Not here: what a fault does (`sim/faults.ts`).
 */
import type { Lab } from '../lab/experiment.ts';
import { faultVerbs, parseCommand, usageOfVerb } from '../lab/fault-command.ts';
import type { CommandProblem, Verb } from '../lab/fault-command.ts';
import type { Localized } from '../lab/knob.ts';
import { refused } from './refusal.ts';

/** The commands that are not faults of their own, and what they do. */
export const COMPOSED = ['restart', 'partition'] as const;

/** What stands behind `partition`. */
const GROUPS = 'host+host host ...';

const PANE = /^shell-\d+$/;

export class FaultCommands {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Every command, by name. */
  get names(): readonly string[] {
    return [...faultVerbs, ...COMPOSED];
  }

  /** How one of them is typed. */
  usageOf(name: string): string {
    if (name === 'restart') return 'restart <host>';
    if (name === 'partition') return `partition ${GROUPS}`;
    return usageOfVerb(name as Verb);
  }

  get hosts(): readonly string[] {
    const names = this.#lab.hosts().map(({ name }) => name);
    return names.filter((name) => !PANE.test(name));
  }

  /** Whether a line is one of these commands. */
  takes(line: string): boolean {
    return this.names.includes(wordsOf(line)[0] ?? '');
  }

  /** Does it at once; what is wrong with it, or null. */
  run(line: string): Localized | null {
    const [verb, ...rest] = wordsOf(line);
    if (verb === 'restart') return this.#restart(rest);
    if (verb === 'partition') return this.#partition(rest);
    const parsed = parseCommand(line, this.hosts);
    if (!parsed.ok) return sentenceOf(verb!, parsed.problem);
    for (const fault of parsed.faults) this.#lab.inject(fault);
    return null;
  }

  /** Stops a process in good order, if it runs, and starts it. */
  #restart([name, ...more]: readonly string[]): Localized | null {
    const wrong = this.#hostProblem('restart', name, more);
    if (wrong !== null) return wrong;
    const host = this.#lab.host(name!);
    const start = (): void => this.#lab.inject({ fault: 'start', host: name! });
    if (host.state !== 'running') {
      start();
      return null;
    }
    this.#lab.inject({ fault: 'stop', host: name! });
    this.#lab.when(() => host.state !== 'running', start);
    return null;
  }

  /** `partition a+b c`: hosts of different groups hear nothing of each other. */
  #partition(words: readonly string[]): Localized | null {
    const groups = words.map((word) => word.split('+'));
    const named = groups.flat();
    if (words.length < 2) return refused('partition', '', GROUPS);
    const unknown = named.find((name) => !this.hosts.includes(name));
    if (unknown !== undefined) return refused('partition', unknown, this.hosts.join(', '));
    const twice = named.find((name, place) => named.indexOf(name) !== place);
    if (twice !== undefined) return refused('partition', twice, 'each host once');
    this.#lab.inject({ fault: 'partition', groups });
    return null;
  }

  #hostProblem(verb: string, name: string | undefined, more: readonly string[]): Localized | null {
    if (name === undefined || !this.hosts.includes(name)) {
      return refused(verb, name ?? '', this.hosts.join(', '));
    }
    return more.length === 0 ? null : refused(verb, more[0]!, verb + ' ' + name);
  }
}

function wordsOf(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}

function sentenceOf(verb: string, { kind, got, allowed }: CommandProblem): Localized {
  return kind === 'end' ? refused(verb, got, '') : refused(verb, got, allowed.join(', '));
}
