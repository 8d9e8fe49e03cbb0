/**
 * The words for acting on a run and for what comes of it, in both languages: faults, the command
 * line, the keys, two runs side by side. The parts of the stage that need them load them.
 *
 * Not here: the other words of the stage (`stage.ts`).
 */
import type { Lang } from '../lesson/content.ts';
import type { CommandProblem, Verb } from '#engine/lab/fault-command.ts';
import type { OfferGroup } from '../stage/fault-offers.ts';

type Words = readonly [name: string, about: string];

const list = (words: readonly string[]): string => words.join(', ');

const en = {
  act: 'Break it, at this event',
  actHint: 'The run is made anew from here. The one that you leave stays in the list.',
  close: 'Close',
  link: (from: string, to: string) => `Between ${from} and ${to}`,
  group: {
    process: 'Process',
    network: 'Network',
    clock: 'Clock',
    disk: 'Disk',
  } satisfies Record<OfferGroup['id'], string>,
  links: 'Links to others',
  fault: {
    crash: ['Crash', 'the process is killed; the page cache stays'],
    power: ['Power off', 'what was not synced to disk is gone'],
    stop: ['Stop', 'it is asked to shut down'],
    start: ['Start', 'the process starts on the same disk'],
    pause: ['Pause', 'as a long garbage collection does; sockets stay open'],
    resume: ['Resume', 'it goes on where it stood'],
    slow: ['Slow host', 'everything it does takes longer'],
    isolate: ['Isolate', 'it hears nobody, nobody hears it'],
    cut: ['Cut', 'nothing arrives; with an arrow, one way only'],
    clog: ['Clog', 'the link takes bytes and delivers none'],
    delay: ['Delay', 'every message takes so long'],
    loss: ['Packet loss', 'TCP sends again and again, and stalls'],
    duplicate: ['Lost replies', 'the connection breaks after the request has arrived'],
    reset: ['Reset', 'every connection between them breaks now'],
    heal: ['Heal', 'every cut and clogged link works again'],
    clock: ['Step the clock', 'wall time jumps; timers go on'],
    drift: ['Let the clock drift', 'it gains or loses, a little every second'],
    'disk-full': ['Disk full', 'no byte more can be written'],
    'slow-disk': ['Slow disk', 'each write and sync takes longer'],
    'lying-sync': ['Lying sync', 'it says that it is on disk, and it is not'],
    'sync-error': ['Sync error', 'the next sync fails'],
  } satisfies Record<Verb, Words> as Readonly<Record<Verb, Words>>,
  over: (name: string) => `End: ${name}`,
  command: 'A command, at this event',
  commandHint: 'crash broker-1 · Tab completes',
  commandRun: 'Do it',
  commandNext: (words: readonly string[]) => list(words),
  problem({ kind, got, allowed }: CommandProblem): string {
    switch (kind) {
      case 'verb':
        return `${got === '' ? 'A command is missing' : `There is no command “${got}”`}. There are: ${list(allowed)}.`;
      case 'host':
        return `${got === '' ? 'A host is missing' : `“${got}” cannot stand here`}. There are: ${list(allowed)}.`;
      case 'amount':
        return `${got === '' ? 'An amount is missing' : `“${got}” is no amount for it`}. It is written as ${list(allowed)}.`;
      case 'end':
        return `The command is whole before “${got}”.`;
    }
  },
  keysTitle: 'Keys of the stage',
  keys: [
    ['Space', 'play and pause'],
    ['← →', 'an event back, an event on'],
    ['Shift ← →', 'a step back, a step on'],
    ['Home End', 'to the start, to the end'],
    ['F', 'what can be done to the host that has the focus'],
    ['/', 'the command line'],
    ['Tab', 'in the command line: completes the word'],
    ['↑ ↓', 'on a line of the handler that can move: moves it'],
    ['Esc', 'closes what is open'],
    ['?', 'this list'],
  ] as readonly Words[],
  keysNote: 'They act while something on the stage has the focus.',
  compare: 'Two runs side by side',
  compareHere: 'On the stage',
  compareThere: 'The other run',
  swap: 'Put this one on the stage',
  hide: 'Stop comparing',
  same: 'The two runs are the same, event by event.',
  parted: (event: number) => `They part at event ${event}.`,
  notYet: (event: number) => `Up to here they are the same; they part at event ${event}.`,
  goTo: 'Go there',
  silent: 'nothing worth a sentence',
  here: (text: string) => `Here: ${text}`,
  there: (text: string) => `There: ${text}`,
  none: 'Nothing has happened yet.',
};

type ActingMessages = typeof en;

const zhList = (words: readonly string[]): string => words.join('、');

const zh: ActingMessages = {
  act: '就在这个事件处弄坏它',
  actHint: '从这里重新运行；离开的那次运行会留在列表里。',
  close: '关闭',
  link: (from, to) => `${from} 与 ${to} 之间`,
  group: { process: '进程', network: '网络', clock: '时钟', disk: '磁盘' },
  links: '到其他主机的链路',
  fault: {
    crash: ['宕机', '进程被杀死，页缓存还在'],
    power: ['断电', '没有刷盘的数据全部消失'],
    stop: ['停机', '通知进程正常退出'],
    start: ['启动', '在同一块磁盘上启动进程'],
    pause: ['暂停', '像一次很长的 GC，连接不断开'],
    resume: ['恢复运行', '从停下的地方继续'],
    slow: ['主机变慢', '做什么都更花时间'],
    isolate: ['隔离', '它听不到别人，别人也听不到它'],
    cut: ['断开', '什么都到不了；带箭头就只断一个方向'],
    clog: ['堵塞', '链路收下字节，却一个也不送达'],
    delay: ['延迟', '每条报文都要这么久'],
    loss: ['丢包', 'TCP 反复重传，连接卡住'],
    duplicate: ['丢失响应', '请求到达之后连接断开'],
    reset: ['重置连接', '两者之间的连接立刻全部断开'],
    heal: ['恢复网络', '所有断开和堵塞的链路恢复'],
    clock: ['拨动时钟', '墙上时间跳变，定时器不受影响'],
    drift: ['时钟漂移', '每秒快一点或慢一点'],
    'disk-full': ['磁盘写满', '一个字节也写不进去'],
    'slow-disk': ['慢磁盘', '每次写入和刷盘都更久'],
    'lying-sync': ['虚假刷盘', '说已经落盘，其实没有'],
    'sync-error': ['刷盘出错', '下一次刷盘失败'],
  },
  over: (name) => `结束：${name}`,
  command: '在这个事件处执行命令',
  commandHint: 'crash broker-1 · 按 Tab 补全',
  commandRun: '执行',
  commandNext: zhList,
  problem({ kind, got, allowed }) {
    switch (kind) {
      case 'verb':
        return `${got === '' ? '缺少命令' : `没有“${got}”这个命令`}。可用的有：${zhList(allowed)}。`;
      case 'host':
        return `${got === '' ? '缺少主机' : `这里不能写“${got}”`}。可以写：${zhList(allowed)}。`;
      case 'amount':
        return `${got === '' ? '缺少数值' : `“${got}”不是合适的数值`}。写法如：${zhList(allowed)}。`;
      case 'end':
        return `命令在“${got}”之前就完整了。`;
    }
  },
  keysTitle: '舞台的按键',
  keys: [
    ['空格', '播放或暂停'],
    ['← →', '后退、前进一个事件'],
    ['Shift ← →', '后退、前进一步'],
    ['Home End', '到开头、到结尾'],
    ['F', '打开焦点所在主机的故障菜单'],
    ['/', '到命令行'],
    ['Tab', '在命令行里补全'],
    ['↑ ↓', '焦点在可移动的代码行上时，移动这一行'],
    ['Esc', '关闭打开的菜单'],
    ['?', '这张列表'],
  ],
  keysNote: '焦点在舞台上时有效。',
  compare: '两次运行，并排对照',
  compareHere: '舞台上的这次',
  compareThere: '另一次',
  swap: '把这次放到舞台上',
  hide: '不再对照',
  same: '两次运行的每个事件都相同。',
  parted: (event) => `两次运行从第 ${event} 个事件开始不同。`,
  notYet: (event) => `到这里为止完全相同，第 ${event} 个事件开始不同。`,
  goTo: '跳到那里',
  silent: '没有值得一提的事',
  here: (text) => `这次：${text}`,
  there: (text) => `另一次：${text}`,
  none: '还什么都没发生。',
};

export const ACTING_MESSAGES: Readonly<Record<Lang, ActingMessages>> = { en, zh };
