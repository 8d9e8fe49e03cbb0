/**
 * Sentences about what the simulated world records: messages, faults, processes. Timers, syncs and
 * the opening of connections have none: a reader would drown in them.
 *
 * Not here: what a product does with them; its own sentences stand beside it.
 */

/** The fields of an entry, and its host as `host`. */
type Entry = Readonly<Record<string, unknown>>;
interface Template {
  readonly en: (entry: Entry) => string;
  readonly zh: (entry: Entry) => string;
}

const faults: Readonly<Record<string, Template>> = {
  crash: {
    en: (e) => `The process on ${e['host']} is killed. Its page cache stays.`,
    zh: (e) => `${e['host']} 上的进程被杀死，页缓存还在。`,
  },
  power: {
    en: (e) => `${e['host']} loses power. What was not synced to disk is gone.`,
    zh: (e) => `${e['host']} 断电，没有刷盘的数据全部消失。`,
  },
  stop: {
    en: (e) => `${e['host']} is asked to stop.`,
    zh: (e) => `通知 ${e['host']} 正常停机。`,
  },
  start: { en: (e) => `${e['host']} is started.`, zh: (e) => `启动 ${e['host']}。` },
  pause: {
    en: (e) => `The process on ${e['host']} pauses; its connections stay open.`,
    zh: (e) => `${e['host']} 上的进程暂停，连接没有断开。`,
  },
  resume: { en: (e) => `${e['host']} goes on.`, zh: (e) => `${e['host']} 恢复运行。` },
  isolate: {
    en: (e) => `${e['host']} is cut off from the network.`,
    zh: (e) => `${e['host']} 与网络隔离。`,
  },
  partition: {
    en: () => 'The network is partitioned.',
    zh: () => '网络发生分区。',
  },
  heal: { en: () => 'The network is whole again.', zh: () => '网络恢复。' },
};

const otherFault: Template = {
  en: (e) => `A fault is injected: ${e['fault']} ${e['detail']}.`,
  zh: (e) => `注入故障：${e['fault']} ${e['detail']}。`,
};

export const simNarration = {
  send: {
    en: (e) => `${e['host']} sends ${e['what']} to ${e['to']}.`,
    zh: (e) => `${e['host']} 向 ${e['to']} 发送 ${e['what']}。`,
  },
  deliver: {
    en: (e) => `${e['host']} receives ${e['what']} from ${e['from']}.`,
    zh: (e) => `${e['host']} 收到 ${e['from']} 发来的 ${e['what']}。`,
  },
  drop: {
    en: (e) => `${e['what']} from ${e['from']} to ${e['to']} is lost with its connection.`,
    zh: (e) => `${e['from']} 发给 ${e['to']} 的 ${e['what']} 随连接一起丢失。`,
  },
  closed: {
    en: (e) => `${e['host']} sees its connection to ${e['peer']} end (${e['reason']}).`,
    zh: (e) => `${e['host']} 发现与 ${e['peer']} 的连接断开（${e['reason']}）。`,
  },
  halt: {
    en: (e) => `${e['host']} stops: ${e['reason']}.`,
    zh: (e) => `${e['host']} 停止：${e['reason']}。`,
  },
  bug: {
    en: (e) => `A bug of the lab on ${e['host']}: ${e['message']}.`,
    zh: (e) => `实验引擎自身出错（${e['host']}）：${e['message']}。`,
  },
  fault: {
    en: (e) => (faults[String(e['fault'])] ?? otherFault).en(e),
    zh: (e) => (faults[String(e['fault'])] ?? otherFault).zh(e),
  },
} satisfies Readonly<Record<string, Template>>;
