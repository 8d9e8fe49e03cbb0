/** What ZooKeeper writes into the trace, and the sentences of it. */
import { traceKind } from '../kernel/ports.ts';

export const zkSessionTrace = traceKind('zk-session', {
  session: 'string',
  client: 'string',
  event: 'string',
});
export const zkChangeTrace = traceKind('zk-change', {
  zxid: 'int',
  operation: 'string',
  path: 'string',
});
export const zkWatchTrace = traceKind('zk-watch', {
  client: 'string',
  event: 'string',
  path: 'string',
});

type Entry = Readonly<Record<string, unknown>>;

const sessionEn: Readonly<Record<string, string>> = {
  opened: 'opens',
  reattached: 'comes back to',
  closed: 'closes',
  expired: 'was not heard in time and loses',
  refused: 'asks for what is gone,',
};
const sessionZh: Readonly<Record<string, string>> = {
  opened: '打开',
  reattached: '重新接上',
  closed: '关闭',
  expired: '超时未有心跳，失去',
  refused: '想接回已不存在的',
};
const changeEn: Readonly<Record<string, string>> = {
  create: 'creates',
  delete: 'deletes',
  setData: 'writes',
};
const changeZh: Readonly<Record<string, string>> = {
  create: '创建',
  delete: '删除',
  setData: '写入',
};

export const zooKeeperNarration = {
  'zk-session': {
    en: (e: Entry) => `${e['client']} ${sessionEn[String(e['event'])]} session ${e['session']}.`,
    zh: (e: Entry) => `${e['client']} ${sessionZh[String(e['event'])]}会话 ${e['session']}。`,
  },
  'zk-change': {
    en: (e: Entry) =>
      `${e['host']} ${changeEn[String(e['operation'])]} znode ${e['path']} (zxid ${e['zxid']}).`,
    zh: (e: Entry) =>
      `${e['host']} ${changeZh[String(e['operation'])]} znode ${e['path']}（zxid ${e['zxid']}）。`,
  },
  'zk-watch': {
    en: (e: Entry) => `A watch of ${e['client']} fires: ${e['event']} ${e['path']}.`,
    zh: (e: Entry) => `${e['client']} 的监听被触发：${e['event']} ${e['path']}。`,
  },
};
