/**
 * The words of the first page's cluster in both languages. They are loaded with it.
 */
import type { Lang } from '../lesson/content.ts';

const en = {
  title: 'A cluster that is slightly broken',
  start: 'As you find it',
  end: 'After the leader crashed and came back',
  calm: (leader: string, record: string, offset: number) =>
    `${leader} leads. Its two followers cannot reach it. Its producer runs with acks=1, so ${record} counts as written: offset ${offset}, on one broker.`,
  question: (leader: string) => `What if ${leader} dies now?`,
  crash: (host: string) => `Crash ${host}`,
  waiting: 'The engine is being loaded …',
  down: (host: string) => `You have killed ${host}. The controller waits for its heartbeats.`,
  elected: (host: string, record: string) =>
    `The controller has elected a follower. It never had ${record}; only the disk of ${host} does.`,
  goOn: (host: string) => `What if ${host} comes back?`,
  restart: (host: string) => `Bring ${host} back`,
  recovering: (host: string) => `${host} loads its log and asks the new leader where to go on.`,
  lost: (offset: number) => `Offset ${offset} was acknowledged; after recovery it is absent.`,
  why: (host: string, record: string) =>
    `${host} had to follow the new leader, and cut ${record} off its own log. The producer still believes that it is stored.`,
  broken: 'This is what comes of it.',
  kept: 'You did this, and every acknowledged record is still there. Another fault may take one.',
  lesson: 'Your run in the lesson',
  lessonHint: 'Turn acks to all there, and lose nothing; then lose one all the same.',
  again: 'From the beginning',
  told: 'What has happened',
  others: 'Press the name of a host to break something else.',
  withoutScripts: 'With scripts this cluster runs here, and you break it.',
};

export type HomeWords = typeof en;

const zh: HomeWords = {
  title: '一个有点小毛病的集群',
  start: '现在的样子',
  end: 'leader 崩溃又恢复之后',
  calm: (leader, record, offset) =>
    `${leader} 是 leader，两个 follower 连不上它。生产者用的是 acks=1，所以 ${record} 已经算写入成功：位移 ${offset}，只在一台 Broker 上。`,
  question: (leader) => `如果 ${leader} 这时宕机呢？`,
  crash: (host) => `让 ${host} 宕机`,
  waiting: '引擎加载中……',
  down: (host) => `你杀掉了 ${host}。控制器还在等它的心跳。`,
  elected: (host, record) =>
    `控制器选出了新 leader，它从来没有过 ${record}；只有 ${host} 的磁盘上还留着。`,
  goOn: (host) => `${host} 回来之后会怎样？`,
  restart: (host) => `让 ${host} 恢复`,
  recovering: (host) => `${host} 加载日志，向新 leader 询问从哪里接着复制。`,
  lost: (offset) => `位移 ${offset} 已经确认；恢复之后，它不在了。`,
  why: (host, record) =>
    `${host} 必须跟随新 leader，于是把 ${record} 从自己的日志里截掉了。生产者至今以为它已经存好。`,
  broken: '接下来看会怎样。',
  kept: '这是你制造的故障，而已确认的消息一条没少。换一种故障，也许就少了。',
  lesson: '在课程里打开你的这次运行',
  lessonHint: '到那里把 acks 换成 all，一条也不丢；然后想办法照样丢一条。',
  again: '从头再来',
  told: '发生了什么',
  others: '点主机的名字，可以制造别的故障。',
  withoutScripts: '开启脚本后，这个集群就在这里运行，由你来弄坏它。',
};

export const HOME_MESSAGES: Readonly<Record<Lang, HomeWords>> = { en, zh };
