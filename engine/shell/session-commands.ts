/**
 * The commands on a session: they act on time, on what was typed and on the drill, and are no
 * inputs of the run. Their words are the lab's, in both languages.
 *
 * Not here: commands in the world (`shell.ts`).
 */
import type { Localized } from '../lab/knob.ts';
import { helpOf, manualOf } from './manual.ts';
import { refused } from './refusal.ts';
import { SPAN_PRESET, SPANS, spanOf, spanOfRun } from './time-span.ts';
import type { TerminalSession } from './terminal-session.ts';

export interface SessionCommand {
  readonly name: string;
  /** Which of its lines are inputs of the run as well, given to the shell before this. */
  readonly isInput?: (line: string) => boolean;
  /** What may stand behind the name. */
  readonly usage: string;
  readonly about: Localized;
  run(session: TerminalSession, pane: number, words: readonly string[]): void;
}

const NO_GOAL = { en: 'there is no goal here', zh: '这里没有目标' } as const;
const NO_MORE = { en: 'no more hints', zh: '没有更多提示了' } as const;
const SPEEDS = { min: 0.01, max: 100 } as const;
const STEPS_MAX = 100_000;

function countOf(word: string | undefined, preset: number, max: number): number | null {
  if (word === undefined) return preset;
  const count = /^\d{1,6}$/.test(word) ? Number(word) : 0;
  return count >= 1 && count <= max ? count : null;
}

/** A time as the lab tells it. */
export function timeOf(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const rest = String(millis % 1000).padStart(3, '0');
  return `${Math.floor(millis / 1000)}.${rest} s`;
}

function tellTime(session: TerminalSession, pane: number): void {
  const { now, event } = session.run.world;
  session.tell(pane, {
    en: `time ${timeOf(now)}, event ${event}`,
    zh: `时间 ${timeOf(now)}，事件 ${event}`,
  });
}

const runCommand: SessionCommand = {
  name: 'run',
  usage: 'run [5s]',
  about: { en: 'lets virtual time pass', zh: '让虚拟时间前进' },
  // What is refused is no input: a shell that got it would look for a program of this name.
  isInput: (line) => spanOfRun(line) !== null,
  run(session, pane, [span = SPAN_PRESET, more]) {
    const micros = spanOf(span);
    if (micros === null) session.tell(pane, refused('run', span, SPANS));
    else if (more !== undefined) session.tell(pane, refused(`run ${span}`, more, ''));
    else {
      session.pass(micros);
      tellTime(session, pane);
    }
  },
};

const step: SessionCommand = {
  name: 'step',
  usage: 'step [10]',
  about: { en: 'handles the next event, or so many', zh: '处理下一个或若干个事件' },
  run(session, pane, [word]) {
    const count = countOf(word, 1, STEPS_MAX);
    if (count === null) {
      session.tell(pane, refused('step', word!, `1 to ${STEPS_MAX}`));
      return;
    }
    session.step(count);
    tellTime(session, pane);
  },
};

const back: SessionCommand = {
  name: 'back',
  usage: 'back [5s | 100]',
  about: {
    en: 'goes back in time, by a span or by events; what was typed later is gone',
    zh: '回到过去（一段时间或若干事件），之后输入的命令作废',
  },
  run(session, pane, [word = '1s']) {
    const { world } = session.run;
    const micros = spanOf(word);
    const events = countOf(word, 1, Number.MAX_SAFE_INTEGER);
    if (micros === null && events === null) {
      session.tell(pane, refused('back', word, '500ms, 5s, 2m; 100'));
      return;
    }
    session.back(micros === null ? world.event - events! : session.eventAt(world.now - micros));
    tellTime(session, pane);
  },
};

const undo: SessionCommand = {
  name: 'undo',
  usage: 'undo [1]',
  about: { en: 'takes back the last commands', zh: '撤销最近的命令' },
  run(session, pane, [word]) {
    const typed = session.undoable;
    if (typed === 0) {
      session.tell(pane, { en: 'nothing was typed that undo takes back', zh: '没有可撤销的命令' });
      return;
    }
    const count = countOf(word, 1, typed);
    if (count === null || !session.undo(count)) {
      session.tell(pane, refused('undo', word ?? '1', `1 to ${typed}`));
      return;
    }
    tellTime(session, pane);
  },
};

const reset: SessionCommand = {
  name: 'reset',
  usage: 'reset',
  about: { en: 'begins again', zh: '从头开始' },
  run(session, pane) {
    session.reset();
    tellTime(session, pane);
  },
};

const speed: SessionCommand = {
  name: 'speed',
  usage: 'speed [1x]',
  about: {
    en: 'virtual seconds a second, while time passes by itself',
    zh: '自动运行时，每秒前进多少虚拟秒',
  },
  run(session, pane, [word]) {
    if (word !== undefined) {
      const match = /^(\d{1,3}(?:\.\d{1,2})?)x?$/.exec(word);
      const factor = match === null ? 0 : Number(match[1]);
      if (factor < SPEEDS.min || factor > SPEEDS.max) {
        session.tell(pane, refused('speed', word, `${SPEEDS.min}x to ${SPEEDS.max}x`));
        return;
      }
      session.speed = factor;
    }
    session.tell(pane, `${session.speed}x`);
  },
};

const LINES_MAX = 500;

const trace: SessionCommand = {
  name: 'trace',
  usage: 'trace [20]',
  about: { en: 'tells what happened last, sentence by sentence', zh: '逐句讲述最近发生的事' },
  run(session, pane, [word]) {
    const count = countOf(word, 20, LINES_MAX);
    if (count === null) {
      session.tell(pane, refused('trace', word!, `1 to ${LINES_MAX}`));
      return;
    }
    for (const sentence of session.sentences(count)) session.tell(pane, sentence);
  },
};

const goal: SessionCommand = {
  name: 'goal',
  usage: 'goal',
  about: { en: 'shows the goal, and what of it is reached', zh: '显示目标与完成情况' },
  run(session, pane) {
    const { drill } = session.options;
    if (drill === undefined) {
      session.tell(pane, NO_GOAL);
      return;
    }
    session.tell(pane, drill.task);
    for (const { text, holds } of session.goal) {
      const mark = holds ? '[x]' : '[ ]';
      session.tell(pane, { en: `${mark} ${text.en}`, zh: `${mark} ${text.zh}` });
    }
    const { commands, par, hints } = session;
    session.tell(pane, {
      en: `${commands} commands (par ${par}), ${hints} hints`,
      zh: `已用 ${commands} 条命令（标准 ${par} 条），提示 ${hints} 次`,
    });
  },
};

const hint: SessionCommand = {
  name: 'hint',
  usage: 'hint',
  about: { en: 'a hint; there are three', zh: '给一个提示，共三个' },
  run(session, pane) {
    const none = session.options.drill === undefined ? NO_GOAL : NO_MORE;
    session.tell(pane, session.takeHint() ?? none);
  },
};

const solution: SessionCommand = {
  name: 'solution',
  usage: 'solution',
  about: { en: 'shows a solution; it is noted in the score', zh: '显示参考解法，会记入成绩' },
  run(session, pane) {
    const lines = session.showSolution();
    if (lines.length === 0) session.tell(pane, NO_GOAL);
    for (const line of lines) session.tell(pane, line);
  },
};

const help: SessionCommand = {
  name: 'help',
  usage: 'help',
  about: { en: 'lists the commands', zh: '列出所有命令' },
  run(session, pane) {
    for (const line of helpOf(session.shell, sessionCommands)) session.tell(pane, line);
  },
};

const man: SessionCommand = {
  name: 'man',
  usage: 'man <command>',
  about: { en: 'what a command is for, and its options', zh: '命令的用途和选项' },
  run(session, pane, [name = '']) {
    const lines = manualOf(name, session.shell, sessionCommands);
    for (const line of lines) session.tell(pane, line);
  },
};

/** In the order in which `help` lists them. */
export const sessionCommands: readonly SessionCommand[] = [
  ...[runCommand, step, back, speed, trace, undo, reset],
  ...[goal, hint, solution, help, man],
];
