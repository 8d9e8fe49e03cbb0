/**
 * Faults as text, the one grammar of them: what the command line of the stage and the terminal
 * take and complete, and what the list of runs shows of a run.
 *
 *   crash broker-1              isolate broker-1 [from whom …]
 *   cut broker-1 broker-2       both ways; with -> between the hosts, one way
 *   delay broker-1 -> broker-2 500ms
 *   clock redis-1 +60s          heal
 *
 * Not here: the sentences about what is wrong (`web/i18n/acting.ts`), and what a fault does
 * (`engine/sim/faults.ts`). A flipped bit cannot be typed; a partition in groups only into a
 * terminal (`shell/fault-commands.ts`).
 */
import type { Fault } from '../sim/faults.ts';

type Amount = 'factor' | 'span' | 'percent' | 'offset' | 'drift' | 'count' | 'switch' | 'room';

interface Rule {
  /** What stands behind the verb: a host, some hosts, two hosts, or nothing. */
  readonly on: 'host' | 'hosts' | 'link' | 'nothing';
  readonly amount?: Amount;
}

const RULES = {
  crash: { on: 'host' },
  power: { on: 'host' },
  stop: { on: 'host' },
  start: { on: 'host' },
  pause: { on: 'host' },
  resume: { on: 'host' },
  slow: { on: 'host', amount: 'factor' },
  isolate: { on: 'hosts' },
  cut: { on: 'link' },
  clog: { on: 'link' },
  delay: { on: 'link', amount: 'span' },
  loss: { on: 'link', amount: 'percent' },
  duplicate: { on: 'link', amount: 'percent' },
  reset: { on: 'link' },
  heal: { on: 'nothing' },
  clock: { on: 'host', amount: 'offset' },
  drift: { on: 'host', amount: 'drift' },
  'disk-full': { on: 'host', amount: 'room' },
  'slow-disk': { on: 'host', amount: 'factor' },
  'lying-sync': { on: 'host', amount: 'switch' },
  'sync-error': { on: 'host', amount: 'count' },
} as const satisfies Readonly<Record<string, Rule>>;

export type Verb = keyof typeof RULES;
/** All commands that are faults. */
export const faultVerbs = Object.keys(RULES) as readonly Verb[];

/** One way only. */
const ONE_WAY = '->';
/** A disk that is not limited. */
const ROOM_MAX = Number.MAX_SAFE_INTEGER;

/** What may be written for an amount: a pattern, and examples, the most useful first. */
const AMOUNTS: Readonly<Record<Amount, { pattern: RegExp; examples: readonly string[] }>> = {
  factor: { pattern: /^([1-9]\d{0,3})x$/, examples: ['10x', '100x', '1x'] },
  span: { pattern: /^(\d{1,6})(us|ms|s)$/, examples: ['500ms', '5s', '0ms'] },
  percent: { pattern: /^(\d|[1-9]\d|100)%$/, examples: ['10%', '50%', '100%', '0%'] },
  offset: { pattern: /^([+-]\d{1,6})(ms|s|m|h)$/, examples: ['+60s', '-60s'] },
  drift: { pattern: /^([+-]?\d{1,6})ppm$/, examples: ['+500ppm', '-500ppm', '0ppm'] },
  count: { pattern: /^(\d{1,3})$/, examples: ['1', '3', '0'] },
  switch: { pattern: /^(on|off)$/, examples: ['on', 'off'] },
  room: { pattern: /^(?:(\d{1,9})B|off)$/, examples: ['0B', 'off'] },
};

/** How a command is typed: its verb, and what stands behind it. */
export function usageOfVerb(verb: Verb): string {
  const { on, amount }: Rule = RULES[verb];
  // a connection that is reset has no direction
  const arrow = verb === 'reset' ? '' : ' [->]';
  const behind = {
    nothing: '',
    host: ' <host>',
    hosts: ' <host> [<host> ...]',
    link: ` <host>${arrow} <host>`,
  }[on];
  const examples = amount === undefined ? '' : ` <${AMOUNTS[amount].examples.join('|')}>`;
  return `${verb}${behind}${examples}`;
}

/** What is wrong with a command: the word, and what could stand there. */
export interface CommandProblem {
  readonly kind: 'verb' | 'host' | 'amount' | 'end';
  /** Empty where a word is missing. */
  readonly got: string;
  readonly allowed: readonly string[];
}

export type ParsedCommand =
  | { readonly ok: true; readonly faults: readonly Fault[] }
  | { readonly ok: false; readonly problem: CommandProblem };

const ruleOf = (verb: string | undefined): Rule | null =>
  verb !== undefined && Object.hasOwn(RULES, verb) ? RULES[verb as Verb] : null;
const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Reads a command. Two hosts without an arrow are both ways, which may be two faults. */
export function parseCommand(text: string, hosts: readonly string[]): ParsedCommand {
  const words = wordsOf(text);
  for (let place = 0; ; place++) {
    const expected = expectedAfter(words.slice(0, place), hosts);
    const got = words[place];
    if (got === undefined) {
      if (!expected.needed) return { ok: true, faults: faultsOf(words) };
    } else if (fits(got, expected)) {
      continue;
    }
    const { kind, words: allowed } = expected;
    return { ok: false, problem: { kind, got: got ?? '', allowed } };
  }
}

/** The words that can stand where the text ends, and where the one that is begun begins. */
export function completionsOf(
  text: string,
  hosts: readonly string[],
): { readonly from: number; readonly words: readonly string[] } {
  const begun = /\S*$/.exec(text)?.[0] ?? '';
  const from = text.length - begun.length;
  const { words } = expectedAfter(wordsOf(text.slice(0, from)), hosts);
  return { from, words: words.filter((word) => word.startsWith(begun)) };
}

/** What all the words have in front: so far a Tab can go. */
export function commonStart(words: readonly string[]): string {
  const [first = '', ...rest] = words;
  let length = first.length;
  for (const word of rest) {
    while (!word.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}

interface Expected {
  readonly kind: CommandProblem['kind'];
  readonly words: readonly string[];
  /** Whether the command is not whole without it. */
  readonly needed: boolean;
  /** Where other words than those named are allowed too. */
  readonly pattern?: RegExp;
}

function fits(word: string, { words, pattern }: Expected): boolean {
  return words.includes(word) || pattern?.test(word) === true;
}

const END: Expected = { kind: 'end', words: [], needed: false };

function expectedAfter(before: readonly string[], hosts: readonly string[]): Expected {
  const [verb, ...rest] = before;
  if (verb === undefined) return { kind: 'verb', words: faultVerbs, needed: true };
  const rule = ruleOf(verb);
  if (rule === null || rule.on === 'nothing') return END;
  const others = hosts.filter((host) => !rest.includes(host));
  if (rest.length === 0) return { kind: 'host', words: hosts, needed: true };
  if (rule.on === 'hosts') return { kind: 'host', words: others, needed: false };
  const named = rest.filter((word) => word !== ONE_WAY).length;
  if (rule.on === 'link' && named < 2) {
    const isArrowed = rest.includes(ONE_WAY) || verb === 'reset';
    return { kind: 'host', words: isArrowed ? others : [...others, ONE_WAY], needed: true };
  }
  const hasAmount = named > (rule.on === 'link' ? 2 : 1);
  if (rule.amount === undefined || hasAmount) return END;
  const { pattern, examples } = AMOUNTS[rule.amount];
  return { kind: 'amount', words: examples, needed: true, pattern };
}

/** The faults of words that are known to be a command. */
function faultsOf(words: readonly string[]): Fault[] {
  const [verb = '', ...rest] = words;
  const rule = ruleOf(verb)!;
  const [first = '', second = '', third = ''] = rest.filter((word) => word !== ONE_WAY);
  if (rule.on === 'nothing') return [{ fault: 'heal' }];
  if (rule.on === 'hosts') {
    const from = rest.slice(1);
    return [{ fault: 'isolate', host: first, ...(from.length > 0 ? { from } : {}) }];
  }
  if (rule.on === 'host') return [hostFault(verb as Verb, first, second)];
  if (verb === 'reset') return [{ fault: 'reset', from: first, to: second, bytes: 0 }];
  if (rest.includes(ONE_WAY)) return [linkFault(verb as Verb, first, second, third)];
  // a cut both ways is one fault
  if (verb === 'cut') return [{ fault: 'isolate', host: first, from: [second] }];
  const [to, back] = [
    [first, second],
    [second, first],
  ] as const;
  return [linkFault(verb as Verb, ...to, third), linkFault(verb as Verb, ...back, third)];
}

function hostFault(verb: Verb, host: string, amount: string): Fault {
  switch (verb) {
    case 'slow':
    case 'slow-disk':
      return { fault: verb, host, factor: parseInt(amount, 10) };
    case 'clock':
      return { fault: verb, host, offsetMs: micros(amount) / 1000 };
    case 'drift':
      return { fault: verb, host, ppm: parseInt(amount, 10) };
    case 'disk-full':
      return {
        fault: verb,
        host,
        capacityBytes: amount === 'off' ? ROOM_MAX : parseInt(amount, 10),
      };
    case 'lying-sync':
      return { fault: verb, host, on: amount === 'on' };
    case 'sync-error':
      return { fault: verb, host, count: Number(amount) };
    default:
      return { fault: verb, host } as Fault;
  }
}

function linkFault(verb: Verb, from: string, to: string, amount: string): Fault {
  switch (verb) {
    case 'delay':
      return { fault: verb, from, to, minMicros: micros(amount), jitterMicros: 0 };
    case 'loss':
    case 'duplicate': {
      const ratio = { numerator: parseInt(amount, 10), denominator: 100 };
      return { fault: verb, from, to, ratio };
    }
    default:
      return { fault: verb, from, to } as Fault;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};

/** Microseconds of `+60s`. */
function micros(amount: string): number {
  const [, count = '0', unit = 'us'] = /^([+-]?\d+)(\w+)$/.exec(amount) ?? [];
  return Number(count) * (UNITS[unit] ?? 1);
}

/** A span in the largest unit in which it is whole. */
function spanOf(value: number, units: readonly string[]): string {
  const unit = units.findLast((one) => value % UNITS[one]! === 0) ?? 'us';
  return `${value / UNITS[unit]!}${value === 0 ? 'ms' : unit}`;
}

/** Faults as commands, in order; one that was given both ways is one command. */
export function commandsOf(faults: readonly Fault[]): string[] {
  const commands: string[] = [];
  for (let place = 0; place < faults.length; place++) {
    const [fault, next] = [faults[place]!, faults[place + 1]];
    const isBoth = next !== undefined && isReverse(fault, next);
    if (isBoth) place++;
    commands.push(commandOf(fault, isBoth));
  }
  return commands;
}

function isReverse(one: Fault, other: Fault): boolean {
  if (!('to' in one) || !('to' in other) || one.fault === 'cut') return false;
  const turned = { ...other, from: other.to, to: other.from };
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(turned));
}

const sorted = (fault: Fault) =>
  Object.entries(fault).sort(([left], [right]) => (left < right ? -1 : 1));

/** A fault as it would be typed. */
export function commandOf(fault: Fault, isBothWays = false): string {
  const link = (): string => {
    if (!('to' in fault)) return '';
    const arrow = isBothWays || fault.fault === 'reset' ? '' : `${ONE_WAY} `;
    return `${fault.fault} ${fault.from} ${arrow}${fault.to}`;
  };
  switch (fault.fault) {
    case 'isolate':
      if (fault.from?.length === 1) return `cut ${fault.host} ${fault.from[0]}`;
      return ['isolate', fault.host, ...(fault.from ?? [])].join(' ');
    case 'heal':
      return 'heal';
    case 'partition':
      return `partition ${fault.groups.map((group) => group.join('+')).join(' ')}`;
    case 'delay':
      return `${link()} ${spanOf(fault.minMicros, ['us', 'ms', 's'])}`;
    case 'loss':
    case 'duplicate': {
      const { numerator, denominator } = fault.ratio;
      return `${link()} ${Math.floor((100 * numerator + denominator / 2) / denominator)}%`;
    }
    case 'cut':
    case 'clog':
    case 'reset':
      return link();
    default:
      return `${fault.fault} ${fault.host}${amountOf(fault)}`;
  }
}

function amountOf(fault: Fault): string {
  switch (fault.fault) {
    case 'slow':
    case 'slow-disk':
      return ` ${fault.factor}x`;
    case 'clock': {
      const sign = fault.offsetMs < 0 ? '-' : '+';
      return ` ${sign}${spanOf(Math.abs(fault.offsetMs) * 1000, ['ms', 's'])}`;
    }
    case 'drift':
      return ` ${fault.ppm > 0 ? '+' : ''}${fault.ppm}ppm`;
    case 'disk-full':
      return fault.capacityBytes === ROOM_MAX ? ' off' : ` ${fault.capacityBytes}B`;
    case 'lying-sync':
      return fault.on ? ' on' : ' off';
    case 'sync-error':
      return ` ${fault.count}`;
    default:
      return '';
  }
}
