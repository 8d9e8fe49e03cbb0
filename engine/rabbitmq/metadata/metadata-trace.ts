/** What the trace is told of changes of metadata, and the sentences of it. */
import { traceKind } from '../../kernel/ports.ts';

/** A change as a node applied it; `rows` are how many changed. */
export const changedTrace = traceKind('metadata-changed', {
  change: 'string',
  subject: 'string',
  outcome: 'string',
  rows: 'int',
});

type Entry = Readonly<Record<string, unknown>>;
type Words = readonly [en: (subject: string) => string, zh: (subject: string) => string];

/** Changes of definitions; the rest is housekeeping. */
const WORDS: Readonly<Record<string, Words>> = {
  'add-vhost': [(of) => `now has virtual host "${of}"`, (of) => `有了虚拟主机“${of}”`],
  'delete-vhost': [(of) => `no longer has virtual host "${of}"`, (of) => `不再有虚拟主机“${of}”`],
  'add-user': [(of) => `now has user "${of}"`, (of) => `有了用户“${of}”`],
  'delete-user': [(of) => `no longer has user "${of}"`, (of) => `不再有用户“${of}”`],
  'set-policy': [(of) => `applies policy "${of}"`, (of) => `应用策略“${of}”`],
  'clear-policy': [(of) => `drops policy "${of}"`, (of) => `取消策略“${of}”`],
  'declare-exchange': [(of) => `now has exchange "${of}"`, (of) => `有了交换机“${of}”`],
  'delete-exchange': [(of) => `no longer has exchange "${of}"`, (of) => `不再有交换机“${of}”`],
  'declare-queue': [(of) => `now has queue "${of}"`, (of) => `有了队列“${of}”`],
  'move-queue': [
    (of) => `knows another leader of queue "${of}"`,
    (of) => `得知队列“${of}”换了 leader`,
  ],
  'delete-queue': [(of) => `no longer has queue "${of}"`, (of) => `不再有队列“${of}”`],
  'delete-transient-queues': [
    (of) => `forgets the transient queues of ${of}`,
    (of) => `删去 ${of} 的非持久队列`,
  ],
  'add-node': [(of) => `has ${of} in its cluster`, (of) => `的集群有了 ${of}`],
  'remove-node': [(of) => `no longer has ${of} in its cluster`, (of) => `的集群不再有 ${of}`],
  bind: [(of) => `binds ${of}`, (of) => `绑定了 ${of.replace(' to ', ' → ')}`],
  unbind: [(of) => `no longer binds ${of}`, (of) => `解除了绑定 ${of.replace(' to ', ' → ')}`],
};

const wordsOf = (e: Entry): Words | null =>
  Number(e['rows']) > 0 ? (WORDS[String(e['change'])] ?? null) : null;

export const metadataNarration = {
  'metadata-changed': {
    en: (e: Entry): string => {
      const words = wordsOf(e);
      return words === null ? '' : `${e['host']} ${words[0](String(e['subject']))}.`;
    },
    zh: (e: Entry): string => {
      const words = wordsOf(e);
      return words === null ? '' : `${e['host']} ${words[1](String(e['subject']))}。`;
    },
  },
};
