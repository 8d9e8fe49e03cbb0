/**
 * What may stand where a line ends: commands, options, and values that the world has now.
 *
 * Pure: it reads the world, and changes nothing. Words in quotes are taken as they are, and what
 * stands before the last `|`, `;`, `&&` or `||` belongs to another command.
 * Not here: what a Tab does with it (`web/terminal`, `engine/node`), faults (`lab/fault-command`).
 */
import { assert } from '../kernel/assert.ts';
import { completionsOf as faultCompletionsOf, faultVerbs } from '../lab/fault-command.ts';
import { groupsOf, topicNames } from '../lab/kafka-state.ts';
import { exchangeNames } from '../lab/rabbitmq-state.ts';
import { COMPOSED } from './fault-commands.ts';
import type { OptionSpec, Tool, ValueKind } from './program.ts';
import { sessionCommands } from './session-commands.ts';
import type { Shell } from './shell.ts';

/** Words that can stand at the end of a line, and where the one that is begun begins. */
export interface Completion {
  readonly from: number;
  readonly words: readonly string[];
}

/** The last command of a line: its words before the one that is begun, and that one. */
interface Begun {
  readonly before: readonly string[];
  readonly word: string;
  readonly from: number;
  /** Whether it is the line's only command, so that it may be one of the lab's. */
  readonly isFirst: boolean;
}

/** Where a broker takes clients. */
const BROKER_PORT = 9092;

/**
 * Completes a line up to its cursor.
 * @param earlier lines that were typed before: what they name can be named again
 */
export function completionsOf(text: string, shell: Shell, earlier: readonly string[]): Completion {
  const begun = begunIn(text);
  assert(begun.from <= text.length, 'a word begins within its line', { from: begun.from, text });
  const { from, words } = candidates(text, begun, shell, earlier);
  const typed = text.slice(from);
  const fitting = [...new Set(words)].filter((word) => word.startsWith(typed));
  return { from, words: fitting.sort((left, right) => (left < right ? -1 : 1)) };
}

function candidates(
  text: string,
  { before, word, from, isFirst }: Begun,
  shell: Shell,
  earlier: readonly string[],
): Completion {
  const [name, ...words] = before;
  if (name === undefined) return { from, words: commandNames(shell, isFirst) };
  const last = before[before.length - 1];
  if (last === '<' || last === '>' || last === '>>') return { from, words: fileNames(shell) };
  const lab = isFirst ? afterLabCommand(text, before, shell) : null;
  if (lab !== null) return { from, words: lab };
  const tool = shell.toolNamed(name);
  if (tool === undefined) return { from, words: [] };
  return ofTool(tool, { words, word, from }, shell, earlier);
}

function commandNames(shell: Shell, isFirst: boolean): readonly string[] {
  const tools = shell.tools.map((tool) => tool.name);
  if (!isFirst) return tools;
  return [...tools, ...shell.faultCommands, ...sessionCommands.map((command) => command.name)];
}

/** What may follow a command of the lab; null where the line is none. */
function afterLabCommand(
  text: string,
  [name = '', ...words]: readonly string[],
  shell: Shell,
): readonly string[] | null {
  if ((faultVerbs as readonly string[]).includes(name)) {
    return faultCompletionsOf(text, shell.hosts).words;
  }
  if ((COMPOSED as readonly string[]).includes(name)) {
    const isOver = name === 'restart' && words.length > 0;
    return isOver ? [] : shell.hosts.filter((host) => !words.includes(host));
  }
  if (!sessionCommands.some((command) => command.name === name)) return null;
  if (words.length > 0) return [];
  switch (name) {
    case 'man':
      return commandNames(shell, true);
    case 'run':
    case 'back':
      return ['500ms', '1s', '5s', '30s', '2m'];
    case 'speed':
      return ['0.01x', '0.1x', '1x', '10x', '100x'];
    default:
      return [];
  }
}

function ofTool(
  tool: Tool,
  { words, word, from }: { readonly words: readonly string[]; word: string; from: number },
  shell: Shell,
  earlier: readonly string[],
): Completion {
  const options = tool.options(shell.world);
  const named = (name: string | undefined): OptionSpec | undefined =>
    options.find((option) => option.name === name || option.aliases?.includes(name ?? '') === true);
  const joined = /^(--?[^=]+)=/.exec(word);
  if (joined !== null) {
    const option = named(joined[1]);
    const values = option?.value === undefined ? [] : valuesOf(option, shell, earlier);
    return { from: from + joined[0].length, words: values };
  }
  const asked = named(words[words.length - 1]);
  if (asked?.value !== undefined) return { from, words: valuesOf(asked, shell, earlier) };
  const names = options.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  const next = tool.wordsAfter?.(words, shell.world) ?? [];
  // an option that stands there already is not offered again
  const left = names.filter((name) => name.startsWith('-') && !words.includes(name));
  if (word.startsWith('-')) return { from, words: left };
  if (next.length > 0) return { from, words: next };
  return { from, words: word === '' ? left : fileNames(shell) };
}

/** What the world has of a kind now. */
function valuesOf(
  { value = 'text', name, aliases = [] }: OptionSpec,
  shell: Shell,
  earlier: readonly string[],
): readonly string[] {
  if (typeof value !== 'string') return value;
  const again = valuesNamed([name, ...aliases], earlier);
  return [...worldValues(value, shell), ...(value === 'number' ? [] : again)];
}

function worldValues(kind: Exclude<ValueKind, readonly string[]>, shell: Shell): readonly string[] {
  const { lab, handles } = shell.world;
  const { kafka, rabbitmq } = handles;
  switch (kind) {
    case 'topic':
      return kafka === undefined ? [] : topicNames(kafka);
    case 'group':
      return kafka === undefined ? [] : groupsOf(lab, kafka).map(({ groupId }) => groupId);
    case 'queue':
      return (rabbitmq?.nodeNames ?? []).flatMap((_, place) => rabbitmq!.queueNames(place + 1));
    case 'exchange':
      return rabbitmq === undefined ? [] : exchangeNames(rabbitmq).filter((one) => one !== '');
    case 'host':
      return shell.hosts;
    case 'broker-address':
      return addressesOf(shell);
    case 'file':
      return fileNames(shell);
    case 'number':
    case 'text':
      return [];
  }
}

function addressesOf(shell: Shell): readonly string[] {
  const { kafka, rabbitmq } = shell.world.handles;
  const brokers = (kafka?.nodeIds ?? []).map((id) => `${kafka!.brokerName(id)}:${BROKER_PORT}`);
  return [...brokers, ...(rabbitmq?.nodeNames ?? [])];
}

/** What stood behind an option in lines that were typed before. */
function valuesNamed(names: readonly string[], lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const words = line.split(/\s+/);
    return words.flatMap((word, place) => {
      const value = words[place + 1] ?? '';
      return names.includes(word) && /^[\w.:,/-]+$/.test(value) ? [value] : [];
    });
  });
}

function fileNames(shell: Shell): readonly string[] {
  return [...shell.world.files.keys()];
}

/** Reads a line that may end anywhere: quotes that are open stay open. */
function begunIn(text: string): Begun {
  let before: string[] = [];
  let word = '';
  let from = 0;
  let quote = '';
  let isFirst = true;
  const close = (next: number): void => {
    if (word !== '') before.push(word);
    word = '';
    from = next;
  };
  for (let place = 0; place < text.length; place++) {
    const char = text[place]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
    } else if (/\s/.test(char)) {
      close(place + 1);
    } else if (char === '<' || char === '>') {
      close(place + 1);
      before.push(char);
    } else if (/[|;&]/.test(char)) {
      close(place + 1);
      before = [];
      isFirst = false;
    } else {
      word += char;
    }
  }
  return { before, word, from, isFirst };
}
