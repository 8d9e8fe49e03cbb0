/**
 * The commands of a playground: `add`, `set`, `remove`, `list`. They are programs of a pane like
 * any tool, so that `add kafka && add topic orders` does one after the other.
 *
 * Not here: what can be added (`kafka-parts.ts`, `rabbitmq-parts.ts`, `consumer-part.ts`).
 */
import { present } from '../../kernel/assert.ts';
import type { Localized } from '../../lab/knob.ts';
import type { Playground } from '../../lab/playground/playground.ts';
import type { Call, OptionSpec, ShellWorld, Tool } from '../program.ts';
import { refused } from '../refusal.ts';
import { consumerPart } from './consumer-part.ts';
import { kafkaParts } from './kafka-parts.ts';
import { listOf } from './list.ts';
import { addPart, done, refuse } from './part.ts';
import { rabbitParts } from './rabbitmq-parts.ts';

const parts = [...kafkaParts, ...rabbitParts, consumerPart];
const kinds = parts.map(({ kind }) => kind);

function playgroundOf({ handles }: ShellWorld): Playground {
  return present(handles.playground, 'a playground');
}

/** Every option of `add`, each once. */
function optionsOfAll(): OptionSpec[] {
  const named = new Map<string, OptionSpec>();
  for (const option of parts.flatMap(({ options }) => options)) {
    if (!named.has(option.name)) named.set(option.name, option);
  }
  return [...named.values()];
}

const add: Tool = {
  name: 'add',
  about: {
    en: `adds a part to the world: ${kinds.join(', ')}`,
    zh: `向世界中添加：${kinds.join('、')}`,
  },
  options: optionsOfAll,
  wordsAfter: (words) => (words.length === 0 ? kinds : []),
  examples: parts.map(({ example }) => example),
  start(call) {
    const kind = call.words[0] ?? '';
    const part = parts.find((one) => one.kind === kind);
    if (part === undefined) refuse(call, refused('add', kind, kinds.join(', ')));
    else addPart(call, playgroundOf(call.world), part);
    return {};
  },
};

/** The names of the clients that are there. */
function clientNames(world: ShellWorld): string[] {
  return playgroundOf(world).clients.map(({ name }) => name);
}

function startSet(call: Call): void {
  const [name = '', pair = '', ...more] = call.words;
  const playground = playgroundOf(call.world);
  const names = clientNames(call.world).join(', ');
  const [option = '', ...rest] = pair.split('=');
  if (name === '') refuse(call, refused('set', '', names === '' ? 'add producer' : names));
  else if (option === '' || rest.length === 0) {
    refuse(call, refused(`set ${name}`, pair, 'rate=50/s, acks=all, name=value'));
  } else if (more.length > 0) refuse(call, refused(`set ${name}`, more[0]!, `${option}=value`));
  else {
    const value = rest.join('=');
    const holds = playground.set(name, option, value);
    if (typeof holds !== 'string') refuse(call, holds);
    else done(call, heldFrom(name, `${option}=${value}`, holds));
  }
}

function heldFrom(name: string, what: string, holds: 'at once' | 'after a restart'): Localized {
  return holds === 'at once'
    ? { en: `${name} has ${what}`, zh: `${name} 已改为 ${what}` }
    : { en: `${name} restarts with ${what}`, zh: `${name} 以 ${what} 重启` };
}

const set: Tool = {
  name: 'set',
  about: {
    en: 'sets an option of a client: rate=50/s, processing=200ms, or a setting by its real name',
    zh: '修改客户端的选项：rate=50/s、processing=200ms，或真实配置项',
  },
  options: () => [],
  wordsAfter: (words, world) => (words.length === 0 ? clientNames(world) : []),
  examples: ['set shop rate=50/s', 'set shop acks=all'],
  start(call) {
    startSet(call);
    return {};
  },
};

const remove: Tool = {
  name: 'remove',
  about: {
    en: 'has a client end in good order and takes it away',
    zh: '让客户端正常退出并移除',
  },
  options: () => [],
  wordsAfter: (words, world) => (words.length === 0 ? clientNames(world) : []),
  examples: ['remove shop'],
  start(call) {
    const [name = '', ...more] = call.words;
    const wrong =
      more.length > 0
        ? refused(`remove ${name}`, more[0]!, `remove ${name}`)
        : playgroundOf(call.world).remove(name);
    if (wrong !== null) refuse(call, wrong);
    else done(call, { en: `${name} leaves`, zh: `${name} 正在退出` });
    return {};
  },
};

const list: Tool = {
  name: 'list',
  about: { en: 'lists what is in the world', zh: '列出世界里有什么' },
  options: () => [],
  examples: ['list'],
  start(call) {
    const [odd] = call.words;
    if (odd === undefined) {
      for (const line of listOf(playgroundOf(call.world))) call.tell(line);
      call.exit(0);
    } else refuse(call, refused('list', odd, 'list'));
    return {};
  },
};

/** In the order in which one needs them. */
export const playgroundTools: readonly Tool[] = [add, set, remove, list];
