/** `highwater shell`: the real tools' commands on a simulated world, in this terminal. */
import { playgroundExperiment } from '../../shell/playground/playground-experiment.ts';
import { TerminalSession } from '../../shell/terminal-session.ts';
import { toolsOf } from '../../shell/toolbox.ts';
import { loadExperiment } from './experiments.ts';
import { sharedRun } from './shared-run.ts';
import { typeInto } from './terminal.ts';
import { oneOf, parse, UsageError } from './usage.ts';
import type { Command } from './usage.ts';

const OPTIONS = { lang: { type: 'string' }, link: { type: 'string' } } as const;
const LANGUAGES = ['en', 'zh'] as const;

const GREETING = {
  en: "Try 'add kafka --brokers 3' or 'add rabbitmq'; 'help' lists everything, 'exit' leaves.",
  zh: '试试 add kafka --brokers 3 或 add rabbitmq；help 列出所有命令，exit 退出。',
} as const;

export const shell: Command = {
  name: 'shell',
  summary: "type the real tools' commands into a simulated world",
  usage: `highwater shell [--lang en|zh] [--link <text after # of a shared page>]

An empty world: 'add kafka --brokers 3' or 'add rabbitmq' puts a cluster there, then the real tools
work on it: kafka-topics.sh, rabbitmqctl, ... 'crash broker-1' breaks it, 'run 5s' lets time pass,
'undo' takes a command back, 'pane 2' goes to another pane, 'help' lists everything. At the end the
link of the session is printed. Without a terminal, lines are read from standard input ('2> line' is
typed into pane 2, ^C and ^D are keys).

  --lang en|zh   the language of the lab's own sentences (default en)
  --link text    goes on with a session that was shared`,

  async run(args) {
    const { values } = parse(args, OPTIONS);
    const language = oneOf('lang', values['lang'], LANGUAGES, 'en');
    const link = values['link'];
    const session = typeof link === 'string' ? await shared(link) : empty();
    const print = (text: string): void => console.log(text);
    if (process.stdin.isTTY) print(GREETING[language]);
    await typeInto({ session, language, input: process.stdin, print, afterLine: () => undefined });
    print(`npx highwater shell --link ${session.link()}`);
    return 0;
  },
};

function empty(): TerminalSession {
  const experiment = playgroundExperiment;
  return new TerminalSession({ experiment, tools: toolsOf(experiment.terminal!.products) });
}

async function shared(link: string): Promise<TerminalSession> {
  const { experiment: id, seed, typed = [], closedAt = 0 } = sharedRun(link);
  const experiment = await loadExperiment(id);
  if (experiment.terminal === undefined) {
    throw new UsageError(`--link is of '${experiment.id}', in which nobody can type; see 'run'`);
  }
  const tools = toolsOf(experiment.terminal.products);
  return new TerminalSession({ experiment, tools, seed, kept: { typed, event: closedAt } });
}
