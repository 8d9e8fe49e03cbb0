/**
 * The words of the picture of an exchange as a switchboard, in both languages. They are loaded with
 * the picture.
 */
import type { Lang } from '../lesson/content.ts';

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const en = {
  bindings: (exchange: string) => `Bindings of ${exchange}`,
  destinations: (exchange: string) => `Where the bindings of ${exchange} lead`,
  exchange: 'exchange',
  matched: 'matches',
  unmatched: 'does not match',
  later: 'bound later',
  waiting: 'no message yet',
  takes: 'gets it',
  anyKey: 'any key',
  has: 'there',
  lacks: 'missing',
  key: (id: string) => `Message ${id} with the key`,
  emptyKey: 'empty key',
  headers: 'headers',
  none: 'No message has come by.',
  outcome: (matched: number, all: number, queues: readonly string[]) => {
    if (all === 0) return 'Nothing was bound.';
    if (matched === 0) return `None of ${plural(all, 'binding')} matches.`;
    const verb = matched === 1 ? 'matches' : 'match';
    return `${matched} of ${plural(all, 'binding')} ${verb}. One copy each: ${queues.join(', ')}.`;
  },
  alternate: (name: string) => `What no binding takes goes to ${name}.`,
  alternateTook: (name: string) => `It goes to ${name}.`,
  trie: (exchange: string) => `Words of the binding keys of ${exchange}`,
  root: 'start',
  onWay: 'on the way',
};

type SwitchboardMessages = typeof en;

const zh: SwitchboardMessages = {
  bindings: (exchange) => `${exchange} 的绑定`,
  destinations: (exchange) => `${exchange} 的绑定通向哪里`,
  exchange: '交换机',
  matched: '匹配',
  unmatched: '不匹配',
  later: '之后才绑定',
  waiting: '还没有消息',
  takes: '收到',
  anyKey: '任意键',
  has: '有',
  lacks: '没有',
  key: (id) => `消息 ${id}，键为`,
  emptyKey: '空键',
  headers: '消息头',
  none: '还没有消息经过。',
  outcome: (matched, all, queues) => {
    if (all === 0) return '当时没有任何绑定。';
    if (matched === 0) return `${all} 个绑定都不匹配。`;
    return `${all} 个绑定中有 ${matched} 个匹配：${queues.join('、')} 各得一份。`;
  },
  alternate: (name) => `没有绑定接收的消息转给 ${name}。`,
  alternateTook: (name) => `它转给 ${name}。`,
  trie: (exchange) => `${exchange} 的绑定键按词排成的树`,
  root: '起点',
  onWay: '在路径上',
};

export const SWITCHBOARD_MESSAGES: Readonly<Record<Lang, SwitchboardMessages>> = { en, zh };
