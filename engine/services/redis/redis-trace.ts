/** What Redis and its Sentinel write into the trace, and the sentences of it. */
import { traceKind } from '../../kernel/ports.ts';

export const loadTrace = traceKind('redis-load', { keys: 'int' });
export const replicaOfTrace = traceKind('redis-replicaof', { master: 'string' });
export const syncTrace = traceKind('redis-sync', { master: 'string', keys: 'int' });
export const promotedTrace = traceKind('redis-promoted', { keys: 'int' });
export const downTrace = traceKind('sentinel-down', { instance: 'string' });
export const switchTrace = traceKind('sentinel-switch', { from: 'string', to: 'string' });

type Entry = Readonly<Record<string, unknown>>;

export const redisNarration = {
  'redis-load': {
    en: (e: Entry) => `${e['host']} starts with ${e['keys']} keys.`,
    zh: (e: Entry) => `${e['host']} 启动，载入 ${e['keys']} 个键。`,
  },
  'redis-replicaof': {
    en: (e: Entry) => `${e['host']} becomes a replica of ${e['master']}.`,
    zh: (e: Entry) => `${e['host']} 成为 ${e['master']} 的从库。`,
  },
  'redis-sync': {
    en: (e: Entry) =>
      `${e['host']} copies ${e['keys']} keys from ${e['master']}, dropping its own.`,
    zh: (e: Entry) => `${e['host']} 丢弃自己的数据，从 ${e['master']} 全量复制 ${e['keys']} 个键。`,
  },
  'redis-promoted': {
    en: (e: Entry) => `${e['host']} is promoted to master, with ${e['keys']} keys.`,
    zh: (e: Entry) => `${e['host']} 升为主库，带着 ${e['keys']} 个键。`,
  },
  'sentinel-down': {
    en: (e: Entry) => `${e['host']} holds ${e['instance']} for down.`,
    zh: (e: Entry) => `${e['host']} 判定 ${e['instance']} 下线。`,
  },
  'sentinel-switch': {
    en: (e: Entry) => `${e['host']} names ${e['to']} the master in place of ${e['from']}.`,
    zh: (e: Entry) => `${e['host']} 宣布主库由 ${e['from']} 换成 ${e['to']}。`,
  },
};
