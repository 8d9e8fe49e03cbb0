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
  slow: {
    en: (e) => `Everything on ${e['host']} takes ${valueOf(e, 'factor')} times as long.`,
    zh: (e) => `${e['host']} 上的一切都慢到 ${valueOf(e, 'factor')} 倍。`,
  },
  isolate: {
    en: (e) => `${e['host']} is cut off from ${namesOf(e, ', ') ?? 'the network'}.`,
    zh: (e) => `${e['host']} 与${spaced(namesOf(e, '、')) ?? '网络'}断开。`,
  },
  cut: {
    en: (e) => `Nothing from ${valueOf(e, 'from')} reaches ${valueOf(e, 'to')} any more.`,
    zh: (e) => `${valueOf(e, 'from')} 发出的再也到不了 ${valueOf(e, 'to')}。`,
  },
  clog: {
    en: (e) => `The link from ${valueOf(e, 'from')} to ${valueOf(e, 'to')} is clogged.`,
    zh: (e) => `从 ${valueOf(e, 'from')} 到 ${valueOf(e, 'to')} 的链路堵塞。`,
  },
  delay: {
    en: (e) => `From ${valueOf(e, 'from')} to ${valueOf(e, 'to')} now takes ${delayOf(e)} ms.`,
    zh: (e) => `从 ${valueOf(e, 'from')} 到 ${valueOf(e, 'to')} 现在要 ${delayOf(e)} 毫秒。`,
  },
  loss: {
    en: (e) =>
      `${percentOf(e)}% of the packets from ${valueOf(e, 'from')} to ${valueOf(e, 'to')} get lost.`,
    zh: (e) => `从 ${valueOf(e, 'from')} 到 ${valueOf(e, 'to')} 的包丢失 ${percentOf(e)}%。`,
  },
  duplicate: {
    en: (e) =>
      `${percentOf(e)}% of what ${valueOf(e, 'from')} asks ${valueOf(e, 'to')} loses its reply.`,
    zh: (e) =>
      `${valueOf(e, 'from')} 发给 ${valueOf(e, 'to')} 的请求，${percentOf(e)}% 收不到响应。`,
  },
  reset: {
    en: (e) => `Connections between ${valueOf(e, 'from')} and ${valueOf(e, 'to')} are reset.`,
    zh: (e) => `${valueOf(e, 'from')} 与 ${valueOf(e, 'to')} 之间的连接被重置。`,
  },
  clock: {
    en: (e) => `The clock of ${e['host']} is stepped by ${valueOf(e, 'offsetMs')} ms.`,
    zh: (e) => `${e['host']} 的时钟被拨动 ${valueOf(e, 'offsetMs')} 毫秒。`,
  },
  drift: {
    en: (e) => `The clock of ${e['host']} drifts by ${valueOf(e, 'ppm')} ppm.`,
    zh: (e) => `${e['host']} 的时钟开始漂移：${valueOf(e, 'ppm')} ppm。`,
  },
  'disk-full': {
    en: (e) => `The disk of ${e['host']} holds at most ${valueOf(e, 'capacityBytes')} bytes now.`,
    zh: (e) => `${e['host']} 的磁盘现在最多放 ${valueOf(e, 'capacityBytes')} 字节。`,
  },
  'slow-disk': {
    en: (e) => `The disk of ${e['host']} takes ${valueOf(e, 'factor')} times as long.`,
    zh: (e) => `${e['host']} 的磁盘慢到 ${valueOf(e, 'factor')} 倍。`,
  },
  'lying-sync': {
    en: (e) =>
      valueOf(e, 'on') === 'true'
        ? `From now on the disk of ${e['host']} lies: a sync answers ok and does nothing.`
        : `The disk of ${e['host']} lies no more.`,
    zh: (e) =>
      valueOf(e, 'on') === 'true'
        ? `从现在起 ${e['host']} 的磁盘说谎：刷盘回答成功，其实什么也没做。`
        : `${e['host']} 的磁盘不再说谎。`,
  },
  'sync-error': {
    en: (e) => `The next syncs of ${e['host']} fail (${valueOf(e, 'count')}).`,
    zh: (e) => `${e['host']} 接下来 ${valueOf(e, 'count')} 次刷盘会失败。`,
  },
  partition: {
    en: () => 'The network is partitioned.',
    zh: () => '网络发生分区。',
  },
  heal: { en: () => 'The network is whole again.', zh: () => '网络恢复。' },
};

/** A parameter of a fault, from its text in the trace; empty where it has none of that name. */
function valueOf(entry: Entry, name: string): string {
  const text = String(entry['detail']);
  const value = new RegExp(`(?:^| )${name}=(.*?)(?= \\w+=|$)`).exec(text)?.[1] ?? '';
  return value.replace(/^"|"$/g, '');
}

/** Those from whom a host is cut off, or null where it is cut off from all. */
function namesOf(entry: Entry, separator: string): string | null {
  const names = /"[^\]]*"/.exec(valueOf(entry, 'from'))?.[0];
  return names === undefined ? null : names.replaceAll('"', '').replaceAll(',', separator);
}

const spaced = (names: string | null): string | null => (names === null ? null : ` ${names} `);
const delayOf = (entry: Entry): number => Number(valueOf(entry, 'minMicros')) / 1000;

function percentOf(entry: Entry): number {
  const ratio = /"numerator":(\d+).*"denominator":(\d+)/.exec(valueOf(entry, 'ratio'));
  const [numerator, denominator] = [Number(ratio?.[1] ?? 0), Number(ratio?.[2] ?? 1)];
  return Math.floor((100 * numerator) / denominator);
}

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
