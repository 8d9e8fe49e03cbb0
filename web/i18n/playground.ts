/** The words of the playground, in both languages. They are loaded with its page. */
import type { Lang } from '../lesson/content.ts';
import type { OfferId } from '../playground/offers.ts';
import type { StartingPoint } from '../playground/starting-points.ts';
import type { LinkProblem } from '../worker/recording.ts';

const en = {
  lead: 'Build a cluster, let time pass, break it, and see what its clients see. Each click types a command into the terminal: what you do by mouse today you can type tomorrow.',
  begin: 'Begin with',
  starting: {
    kafka: ['Kafka', 'Three brokers, a topic, a producer, a consumer'],
    rabbitmq: ['RabbitMQ', 'Three nodes, an exchange with two queues, a publisher, a consumer'],
    both: ['Kafka and RabbitMQ', 'Both side by side, each with its clients'],
    empty: ['An empty world', 'Nothing is there yet'],
  } as Readonly<Record<StartingPoint, readonly [string, string]>>,
  goOn: 'Go on where you left',
  noScripts: 'The playground runs a broker in the page, so it needs JavaScript.',
  opening: 'The world is being prepared …',
  toolbox: 'Add a part',
  offer: {
    kafka: 'Kafka',
    broker: 'Broker',
    topic: 'Topic',
    producer: 'Producer',
    member: 'Consumer of a group',
    rabbitmq: 'RabbitMQ',
    exchange: 'Exchange',
    queue: 'Queue',
    publisher: 'Publisher',
    consumer: 'Consumer of a queue',
  } as Readonly<Record<OfferId, string>>,
  add: (what: string) => `Add: ${what}`,
  none: '(none)',
  clients: 'Clients',
  rate: 'Rate',
  remove: 'Remove',
  removeNamed: (name: string) => `Remove ${name}`,
  nothing: 'Nothing is here yet. Add a Kafka or a RabbitMQ.',
  hint: 'Press a host in the picture to break it: each fault is typed as a command.',
  share: 'Copy a link to this world',
  shared: 'The link is copied. It opens this world at this moment.',
  shareFailed: 'The browser does not let the page copy. This is the link:',
  tooLong: 'Too much was typed for a link.',
  reset: 'Begin again',
  linkProblem: {
    format: 'This is not a link of a playground. Here is an empty one.',
    'engine version':
      'The link was made by another version of the engine and would be another story. Here is an empty playground.',
    content: 'The link is damaged. Here is an empty playground.',
    'other lesson': 'The link belongs to a lesson. Here is an empty playground.',
  } as Readonly<Record<LinkProblem, string>>,
};

export type PlaygroundWords = typeof en;

const zh: PlaygroundWords = {
  lead: '搭一个集群，让时间前进，制造故障，看看客户端会看到什么。每次点击都会在终端里输入一条命令：今天用鼠标做的，明天就能自己敲出来。',
  begin: '从这里开始',
  starting: {
    kafka: ['Kafka', '三个 broker、一个主题、一个生产者、一个消费者'],
    rabbitmq: ['RabbitMQ', '三个节点、一个交换机和两个队列、一个发布者、一个消费者'],
    both: ['Kafka 和 RabbitMQ', '两者并排，各有自己的客户端'],
    empty: ['空白世界', '还什么都没有'],
  },
  goOn: '继续上次的世界',
  noScripts: '试验场在页面里运行真正的 broker，需要启用 JavaScript。',
  opening: '正在准备环境……',
  toolbox: '添加',
  offer: {
    kafka: 'Kafka',
    broker: 'Broker',
    topic: '主题',
    producer: '生产者',
    member: '消费者组成员',
    rabbitmq: 'RabbitMQ',
    exchange: '交换机',
    queue: '队列',
    publisher: '发布者',
    consumer: '队列消费者',
  },
  add: (what) => `添加${what}`,
  none: '（无）',
  clients: '客户端',
  rate: '速率',
  remove: '移除',
  removeNamed: (name) => `移除 ${name}`,
  nothing: '这里还是空的，先添加 Kafka 或 RabbitMQ。',
  hint: '点击画面里的主机即可制造故障，每个故障都会作为命令输入。',
  share: '复制这个世界的链接',
  shared: '链接已复制，打开后就是此刻的世界。',
  shareFailed: '浏览器不允许页面复制，链接如下：',
  tooLong: '输入的内容太多，无法放进链接。',
  reset: '从头开始',
  linkProblem: {
    format: '这不是试验场的链接。这里是一个空白的试验场。',
    'engine version': '链接由另一个版本的引擎生成，重放出来会不一样。这里是一个空白的试验场。',
    content: '链接已损坏。这里是一个空白的试验场。',
    'other lesson': '链接属于某一课。这里是一个空白的试验场。',
  },
};

export const PLAYGROUND_MESSAGES: Readonly<Record<Lang, PlaygroundWords>> = { en, zh };
