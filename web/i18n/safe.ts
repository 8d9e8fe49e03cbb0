/**
 * The words of the page that checks a configuration, in both languages. The verdict itself comes
 * from the engine (`engine/lab/safe`), in both languages too.
 */
import type { Lang } from '../lesson/content.ts';

const en = {
  privacy: 'Your files stay in this page: they are read and run by this browser and sent nowhere.',
  paste: 'Settings, as in server.properties',
  pasteHint: 'Paste them here, or drop files anywhere on this form. Nothing: the defaults alone.',
  choose: 'Choose files',
  pasted: 'pasted',
  files: 'Files',
  remove: (name: string) => `Remove ${name}`,
  release: 'Release',
  byFiles: 'by the files, else the newest',
  example: 'Try an example',
  start: 'Check',
  cancel: 'Cancel',
  cancelled: 'Cancelled.',
  checking: 'Checking',
  at: (title: string, tried: number) => `Now: ${title}. ${tried} schedules run so far.`,
  refused: 'Kafka would not start with this:',
  failed: (why: string) => `The check cannot run: ${why}`,
  read: 'What was read',
  recognised: (count: number) => `Recognised (${count})`,
  ignored: (count: number) => `Not considered (${count})`,
  ignoredHint: 'They may matter for other things than losing records.',
  defaults: (count: number, release: string) => `Defaults of ${release} (${count})`,
  overridden: (line: number) => `overridden by line ${line}`,
  verdict: 'Verdict',
  steps: 'The shortest way',
  command: 'The same run in a terminal:',
  remedies: 'What would prevent it; each change was run',
  noRemedy: 'No change that was tried prevents it.',
  useless: 'Tried, and does not help:',
  how: 'What it does',
  howText: [
    'A cluster with one broker for each replica is made in this page, with your settings and the behaviour of the release that you choose: the same engine that the lessons run. A producer writes records; at six moments of that story something fails.',
    'First one broker process dies, then one loses power; one replica is left behind and the others die; then all lose power at once; replies are lost, writes are watched while a broker is away; at last every pair of faults, partitions included. After each schedule everything is healed and read back: a record that was acknowledged and is not there is lost.',
    'For what was found, single settings are changed and the same faults run again, and a short search on top. What is offered as a cure has been seen to work; its price stands beside it.',
    'What it cannot say: nothing about disks that lie, about bugs that the engine does not have, or about three faults and more.',
  ],
  considered: 'Settings that are considered',
} as const;

type Words = {
  readonly [Name in keyof typeof en]: (typeof en)[Name] extends string
    ? string
    : (typeof en)[Name] extends readonly string[]
      ? readonly string[]
      : (typeof en)[Name];
};

const zh: Words = {
  privacy: '文件只留在这个页面里：由浏览器自己读取和运行，不会发送到任何地方。',
  paste: '配置内容，写法同 server.properties',
  pasteHint: '粘贴到这里，或者把文件拖到表单上。什么都不填，就只检查默认值。',
  choose: '选择文件',
  pasted: '粘贴的内容',
  files: '文件',
  remove: (name) => `移除 ${name}`,
  release: '版本',
  byFiles: '按文件内容判断，否则用最新版本',
  example: '试一个例子',
  start: '开始检查',
  cancel: '取消',
  cancelled: '已取消。',
  checking: '检查中',
  at: (title, tried) => `正在试：${title}。已经跑了 ${tried} 种情形。`,
  refused: '用这份配置，Kafka 启动不了：',
  failed: (why) => `无法检查：${why}`,
  read: '读到了什么',
  recognised: (count) => `已识别（${count}）`,
  ignored: (count) => `未考虑（${count}）`,
  ignoredHint: '它们可能影响别的方面，但与丢不丢消息无关，或者这里没有模拟。',
  defaults: (count, release) => `${release} 的默认值（${count}）`,
  overridden: (line) => `被第 ${line} 行覆盖`,
  verdict: '结论',
  steps: '最短的步骤',
  command: '在终端里重现：',
  remedies: '怎样可以避免（每一项改动都运行过）',
  noRemedy: '试过的改动都避免不了。',
  useless: '试过，没有用：',
  how: '它做了什么',
  howText: [
    '页面里会搭起一个集群，有几个副本就有几台 Broker，用的是你的配置和你选的版本的行为，引擎与课程里的相同。生产者不断写入消息，在六个时刻上会有东西出故障。',
    '先是一个 Broker 进程崩溃，再是一台断电；一个副本落后、其余全部崩溃；再是全部同时断电；还会丢掉答复，观察有 Broker 不在时能否继续写入；最后是任意两个故障的组合，包括网络分区。每种情形之后都恢复一切、从头读回：确认过却读不到的消息，就是丢了。',
    '对于发现的问题，会逐项修改配置，把同样的故障再跑一遍，并再做一次简短的搜索。给出的办法都亲眼见过有效，代价也写在旁边。',
    '它说不了的：会撒谎的磁盘、引擎里没有的缺陷，以及三个或更多的故障。',
  ],
  considered: '会考虑的配置项',
};

export const SAFE_MESSAGES: Readonly<Record<Lang, Words>> = { en, zh };

/** What the example is: a common configuration, and not a safe one. */
export const SAFE_EXAMPLE = `# server.properties
default.replication.factor=3
min.insync.replicas=1
log.retention.hours=168

# producer.properties
acks=all
enable.idempotence=true
`;

/** The names that the engine recognises; test/web/safe.test.ts holds them against it. */
export const SAFE_SETTINGS = [
  'default.replication.factor',
  'replication.factor',
  'min.insync.replicas',
  'unclean.leader.election.enable',
  'log.flush.interval.messages',
  'flush.messages',
  'log.flush.interval.ms',
  'flush.ms',
  'log.flush.scheduler.interval.ms',
  'replica.lag.time.max.ms',
  'replica.fetch.wait.max.ms',
  'eligible.leader.replicas.version',
  'inter.broker.protocol.version',
  'acks',
  'enable.idempotence',
  'retries',
  'max.in.flight.requests.per.connection',
  'linger.ms',
  'request.timeout.ms',
  'delivery.timeout.ms',
  'transactional.id',
] as const;
