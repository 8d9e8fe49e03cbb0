/** The sentences of what a worker writes into the trace. */
type Entry = Readonly<Record<string, unknown>>;

export const workerNarration = {
  'worker-line': {
    en: (e: Entry) => `${e['host']}, ${e['key']}, line ${e['line']} done: ${e['text']}`,
    zh: (e: Entry) => `${e['host']}（${e['key']}）执行完第 ${e['line']} 行：${e['text']}`,
  },
  'worker-skip': {
    en: (e: Entry) => `${e['host']} skips ${e['key']}: ${e['reason']}.`,
    zh: (e: Entry) => `${e['host']} 跳过 ${e['key']}：${e['reason']}。`,
  },
  'worker-retry': {
    en: (e: Entry) => `${e['host']} begins ${e['key']} anew: ${e['reason']}.`,
    zh: (e: Entry) => `${e['host']} 从头重做 ${e['key']}：${e['reason']}。`,
  },
};
