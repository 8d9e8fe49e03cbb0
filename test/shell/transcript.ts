/**
 * Transcripts of terminals: text files that say what was typed and what a real tool answered, and
 * the same lines typed into the engine's shell.
 *
 *   # What it shows.
 *   # world: profile=kafka-4.1 brokers=3        (what differs from the product's usual world)
 *   $ kafka-topics.sh --list                    a command in pane 1; `$2 ` in pane 2
 *   < hello                                     a line typed into the command that runs
 *   ^C  ^D                                      keys
 *   [wait 5s]                                   virtual time passes
 *   [exit 1]                                    how the command before it ended, where not with 0
 *
 * Everything else is output. `<word>` in it stands for what differs from run to run: any text
 * without blanks. Not here: the worlds (`worlds.ts`).
 */
import { END_OF_INPUT, INTERRUPT } from '../../engine/lab/terminal.ts';
import type { TerminalSession } from '../../engine/shell/terminal-session.ts';

/** Something that is done in a terminal, and what comes of it. */
export interface Act {
  /** Its line in the file, from 1. */
  readonly at: number;
  readonly kind: 'typed' | 'wait';
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
    const command = /^\$(\d?) (.*)$/.exec(line);
    const wait = /^\[wait (\d+(?:ms|s|m))\]$/.exec(line);
    const exit = /^\[exit (\d+)\]$/.exec(line);
    if (command !== null) {
      pane = Number(command[1] === '' ? '1' : command[1]);
      act('typed', command[2]!);
    } else if (line.startsWith('< ') || line === '<') act('typed', line.slice(2));
    else if (Object.hasOwn(KEYS, line)) act('typed', KEYS[line]!);
    else if (wait !== null) act('wait', wait[1]!);
    else if (acts.length === 0 && line.startsWith('# world:')) {
      for (const pair of line.slice(8).trim().split(/\s+/)) {
        const [name = '', value = ''] = pair.split('=');
        world[name] = value;
      }
    } else if (acts.length === 0) about.push(line.replace(/^# ?/, ''));
    else if (exit !== null) acts[acts.length - 1]!.exit = Number(exit[1]);
    else acts[acts.length - 1]!.printed = [...acts[acts.length - 1]!.printed, line];
  }
  return { about: about.join(' ').trim(), world, acts };
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
  return { printed, exit: isRunning ? 0 : code };
}

/** Whether a printed line is the recorded one, masks apart. */
export function isSame(recorded: string, printed: string): boolean {
  const parts = recorded.split(/<[a-z][a-z0-9-]*>/);
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\S+');
  return new RegExp(`^${pattern}$`).test(printed);
}
