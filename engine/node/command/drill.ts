/** `highwater drill`: the drill of a lesson, in this terminal. */
import { drillExperiment } from '../../lab/drill.ts';
import { TerminalSession } from '../../shell/terminal-session.ts';
import { toolsOf } from '../../shell/toolbox.ts';
import { drillPlaces, loadDrill } from './experiments.ts';
import { typeInto } from './terminal.ts';
import { oneOf, parse } from './usage.ts';
import type { Command } from './usage.ts';

const OPTIONS = { lang: { type: 'string' }, list: { type: 'boolean' } } as const;
const LANGUAGES = ['en', 'zh'] as const;

export const drill: Command = {
  name: 'drill',
  summary: "type a lesson's drill to its goal",
  usage: `highwater drill <lesson> [--lang en|zh]
highwater drill --list

A world, a goal, and the real tools' commands. 'goal' shows what is still to do, 'hint' helps,
'solution' shows a way, 'undo' takes a command back, 'help' lists everything. Without a terminal,
lines are read from standard input ('2> line' is typed into pane 2, ^C and ^D are keys).
Exits with 0 if the goal was reached, with 1 if not.

  --lang en|zh   the language of the lab's own sentences (default en)
  --list         the lessons that have a drill`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1);
    const language = oneOf('lang', values['lang'], LANGUAGES, 'en');
    if (values['list'] === true) {
      for (const { track, slug } of drillPlaces()) console.log(`${track}/${slug}`);
      return 0;
    }
    const one = await loadDrill(positionals[0]);
    const experiment = drillExperiment(one);
    const session = new TerminalSession({ experiment, tools: toolsOf(one.products), drill: one });
    const print = (text: string): void => console.log(text);
    print(one.title[language]);
    print(one.task[language]);
    for (const { text } of session.goal) print(`[ ] ${text[language]}`);
    let isTold = false;
    const afterLine = (): void => {
      if (isTold || !session.isSolved) return;
      isTold = true;
      const { commands, par, hints } = session;
      print(
        language === 'en'
          ? `Solved with ${commands} commands (par ${par}) and ${hints} hints.`
          : `完成：${commands} 条命令（标准 ${par} 条），提示 ${hints} 次。`,
      );
    };
    await typeInto({ session, language, input: process.stdin, print, afterLine });
    return session.isSolved ? 0 : 1;
  },
};
