/**
 * Transcripts of terminals: text files that say what was typed and what a real tool answered, and
 * the same lines typed into the engine's shell.
 *
 *   # What it shows.
 *   # world: profile=kafka-4.1 brokers=3        (what differs from the product's usual world)
 *   $ kafka-topics.sh --list                    a command in pane 1; `$2 ` in pane 2
 *   < hello                                     a line typed into the command that runs
 *   ^C  ^D  ^C1                                 keys, in this pane or another
 *   [wait 5s]                                   virtual time passes
 *   [exit 1]                                    how the command before it ended, where not with 0
 *   [usage]                                     the usage text that the file shows before
 *
 * Everything else is output. `<word>` in it stands for what differs from run to run: any text
 * without blanks; blanks behind it that fill a column may be more or fewer. `[options]` is
 * what is told of options, which is in words of our own here. Not here: the worlds (`worlds.ts`).
 */
import { END_OF_INPUT, INTERRUPT } from '../../engine/lab/terminal.ts';
import type { TerminalSession } from '../../engine/shell/terminal-session.ts';

/** Something that is done in a terminal, and what comes of it. */
export interface Act {
  /** Its line in the file, from 1. */
  readonly at: number;
  readonly kind: 'command' | 'typed' | 'wait';
  readonly pane: number;
  readonly text: string;
  /** What was printed until the next act. */
  readonly printed: readonly string[];
  /** Null where the command had not ended, or nothing is said. */
  readonly exit: number;
}

export interface Transcript {
  readonly about: string;
  readonly world: Readonly<Record<string, string>>;
  readonly acts: readonly Act[];
}

const KEYS: Readonly<Record<string, string>> = { '^C': INTERRUPT, '^D': END_OF_INPUT };

export function readTranscript(text: string): Transcript {
  const about: string[] = [];
  const world: Record<string, string> = {};
  const acts: { -readonly [K in keyof Act]: Act[K] }[] = [];
  let pane = 1;
  for (const [place, line] of text.replace(/\n$/, '').split('\n').entries()) {
    const at = place + 1;
    const act = (kind: Act['kind'], what: string): void => {
      acts.push({ at, kind, pane, text: what, printed: [], exit: 0 });
    };
    const printed = (lines: readonly string[]): void => {
      const last = acts[acts.length - 1]!;
      last.printed = [...last.printed, ...lines];
    };
    const command = /^\$(\d?) (.*)$/.exec(line);
    const key = /^(\^[CD])(\d?)$/.exec(line);
    const wait = /^\[wait (\d+(?:ms|s|m))\]$/.exec(line);
    const exit = /^\[exit (\d+)\]$/.exec(line);
    if (command !== null) {
      pane = Number(command[1] === '' ? '1' : command[1]);
      act('command', command[2]!);
    } else if (line.startsWith('< ') || line === '<') act('typed', line.slice(2));
    else if (key !== null) {
      if (key[2] !== '') pane = Number(key[2]);
      act('typed', KEYS[key[1]!]!);
    } else if (wait !== null) act('wait', wait[1]!);
    else if (acts.length === 0 && line.startsWith('# world:')) {
      for (const pair of line.slice(8).trim().split(/\s+/)) {
        const [name = '', value = ''] = pair.split('=');
        world[name] = value;
      }
    } else if (acts.length === 0) about.push(line.replace(/^# ?/, ''));
    else if (exit !== null) acts[acts.length - 1]!.exit = Number(exit[1]);
    else if (line === '[usage]') printed(usageOf(acts));
    else printed([line]);
  }
  return { about: about.join(' ').trim(), world, acts };
}

/** Where the usage text of a tool on jopt-simple begins. */
const USAGE = /^Option\s+Description\s*$/;

/** The usage text that some act has printed. */
function usageOf(acts: readonly Pick<Act, 'printed'>[]): readonly string[] {
  const { printed = [] } = acts.find((act) => act.printed.some((line) => USAGE.test(line))) ?? {};
  return printed.slice(printed.findIndex((line) => USAGE.test(line)));
}

/**
 * Usage as what it says of options: names, arguments, defaults. What each is for is told here in
 * words of our own, so that lines break elsewhere.
 */
export function withoutDescriptions(lines: readonly string[]): readonly string[] {
  const begin = lines.findIndex((line) => USAGE.test(line));
  if (begin < 0) return lines;
  const column = lines[begin]!.indexOf('Description');
  const options: { left: string; right: string }[] = [];
  for (const line of lines.slice(begin + 2)) {
    const [left, right] = [line.slice(0, column).trim(), line.slice(column).trim()];
    if (line.startsWith('--')) options.push({ left, right });
    else {
      const last = options[options.length - 1]!;
      last.left = `${last.left} ${left}`.trim();
      last.right = `${last.right}${last.right.endsWith('.') ? '' : ' '}${right}`;
    }
  }
  const said = options.map(({ left, right }) => {
    const value = /\(default: ?(.*)\)/.exec(right)?.[1]?.replaceAll(' ', '');
    const name = left.replaceAll(' ', '');
    return value === undefined ? name : `${name} = ${value}`;
  });
  return [...lines.slice(0, begin), ...said];
}

/** Does it in a session; what was printed, and the exit code of the pane's last command. */
export function doIn(session: TerminalSession, { kind, pane, text }: Act) {
  const before = session.transcript.length;
  if (kind === 'wait') session.type(pane === 1 ? 2 : 1, `run ${text}`);
  else session.type(pane, text);
  const printed = session.transcript.slice(before).flatMap((line) => {
    const isTold = line.kind === 'out' || line.kind === 'err';
    return isTold && typeof line.text === 'string' ? line.text.split('\n') : [];
  });
  const { isRunning, code } = session.shell.pane(pane);
  const faults = session.shell.faultCommands;
  const isCommand = kind !== 'wait' && !faults.some((name) => text.startsWith(`${name} `));
  return { printed: folded(printed), exit: isRunning || !isCommand ? 0 : code };
}

/** How what is told of options begins, of argparse4j's tools and of zookeeper-shell. */
const USAGE_BEGINS = [/^(?:positional|optional) arguments:$/, /^ZooKeeper -server /];

/** What is told of options as one line, `[options]`; it reaches to the end, or to what is none. */
function folded(printed: readonly string[]): string[] {
  const begin = printed.findIndex((line) => USAGE_BEGINS.some((one) => one.test(line)));
  if (begin < 0) return [...printed];
  // argparse4j parts its usage line from what it says of the options by an empty line.
  const from = printed[begin]!.endsWith('arguments:') ? printed.indexOf('') : begin;
  const isTabbed = printed[from]!.startsWith('ZooKeeper');
  const length = isTabbed
    ? printed.slice(from + 1).findIndex((line) => !line.startsWith('\t'))
    : -1;
  const after = length < 0 ? [] : printed.slice(from + 1 + length);
  return [...printed.slice(0, from), '[options]', ...after];
}

/** Whether a printed line is the recorded one, masks apart. */
export function isSame(recorded: string, printed: string): boolean {
  const parts = recorded.split(/<[a-z][a-z0-9-]*>/);
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\S+');
  // What fills a column depends on what stands in the others of a line with masks.
  const filled = parts.length > 1 ? pattern.replace(/ +(?=\t)/g, ' *') : pattern;
  return new RegExp(`^${filled}$`).test(printed);
}
