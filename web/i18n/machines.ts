/**
 * The words of the catalogue of state machines in both languages. They are loaded with it. Names of
 * machines, states, events and guards are the real component's own: they have no translation.
 */
import type { Lang } from '../lesson/content.ts';

const en = {
  list: 'Machines',
  realName: 'What the real component calls it',
  source: 'Where it is documented',
  counts: (states: number, transitions: number) => `${states} states, ${transitions} transitions`,
  picture: (machine: string) => `Statechart of ${machine}; the table below says the same`,
  states: 'States and transitions',
  state: 'State',
  event: 'Event',
  condition: 'condition',
  to: 'Leads to',
  initial: 'begins here',
  final: 'ends here',
  inside: (parent: string) => `inside ${parent}`,
  anyState: 'any state',
  now: 'now',
  stays: 'stays',
  none: 'nothing leads on from here',
  hint: 'In a run, press the sign with two boxes beside the name of a host to see its machines in their current states.',
};

export type MachineWords = typeof en;

const zh: MachineWords = {
  list: '状态机',
  realName: '真实组件里的名字',
  source: '文档出处',
  counts: (states, transitions) => `${states} 个状态，${transitions} 个转换`,
  picture: (machine) => `${machine} 的状态图；下面的表格内容相同`,
  states: '状态与转换',
  state: '状态',
  event: '事件',
  condition: '条件',
  to: '转到',
  initial: '从这里开始',
  final: '在这里结束',
  inside: (parent) => `属于 ${parent}`,
  anyState: '任何状态',
  now: '当前',
  stays: '不变',
  none: '没有后续转换',
  hint: '在实验里点主机名旁边带两个方框的图标，就能看到这台主机的状态机各处在什么状态。',
};

export const MACHINE_MESSAGES: Readonly<Record<Lang, MachineWords>> = { en, zh };

/** What each machine is for, in one sentence, by its id. */
export const MACHINE_PURPOSES: Readonly<Record<string, Readonly<Record<Lang, string>>>> = {
  'broker-lifecycle': {
    en: 'A broker, from its start through registration to its controlled shutdown.',
    zh: 'Broker 从启动、注册到受控关闭。',
  },
  replica: {
    en: 'What a broker’s replica of one partition does: lead, follow, cut its log, or nothing.',
    zh: 'Broker 上某个分区的副本在做什么：当 leader、跟随、截断日志，还是停着。',
  },
  isr: {
    en: 'A leader’s view of the ISR: agreed with the controller, or a change on its way.',
    zh: 'leader 眼中的 ISR：已与控制器一致，还是有一次变更正在路上。',
  },
  controller: {
    en: 'Whether a controller may decide: it loads the metadata, is active, or has resigned.',
    zh: '控制器能不能做决定：正在加载元数据、处于活动状态，还是已经卸任。',
  },
  'broker-registration': {
    en: 'What the controller holds a broker for: fenced, fit to lead, or on its way out.',
    zh: '控制器怎样看待一台 Broker：被隔离、可以当 leader，还是正在退出。',
  },
  producer: {
    en: 'A producer’s identity at the broker: asked for, had, or lost for good.',
    zh: '生产者在 Broker 那里的身份：正在申请、已经拿到，还是彻底失效。',
  },
  'fetch-state': {
    en: 'A consumer’s position in one partition: reading, looking for a start, or checking it.',
    zh: '消费者在某个分区的位移：正在读、在找起点，还是在核对。',
  },
  connection: {
    en: 'A client’s connection to a broker, from the first attempt to the versions it agrees on.',
    zh: '客户端与 Broker 的连接，从第一次尝试到商定 API 版本。',
  },
  session: {
    en: 'A session of the database: idle, at work, or in a transaction that goes on or has failed.',
    zh: '数据库会话：空闲、执行中，还是在一个进行中或已失败的事务里。',
  },
  failover: {
    en: 'How Redis Sentinel puts a replica in the place of a master that is down.',
    zh: 'Redis Sentinel 怎样让从节点顶替下线的主节点。',
  },
  'zookeeper-client': {
    en: 'A client’s session with ZooKeeper: connecting, connected, expired or closed.',
    zh: '客户端与 ZooKeeper 的会话：正在连接、已经连上、已过期或已关闭。',
  },
  'amqp-connection': {
    en: 'A connection at a RabbitMQ node: handshake, open, blocked (by an alarm, or because queues lag), closing.',
    zh: 'RabbitMQ 节点上的一条连接：握手、打开、被阻塞（因告警，或因队列跟不上）、关闭。',
  },
  'amqp-channel': {
    en: 'A channel within such a connection: open, committing, or closed after an error.',
    zh: '连接里的一个信道：打开、正在提交事务，或出错后关闭。',
  },
  'member-state': {
    en: 'A member of a consumer group, as the member itself sees it: joining, stable or out.',
    zh: '消费组成员自己眼中的状态：正在加入、稳定，还是不在组里。',
  },
  'consumer-member-state': {
    en: 'A member by the protocol of KIP-848: joining, reconciling its partitions, stable or out.',
    zh: '按 KIP-848 协议的消费组成员：正在加入、调整分区、稳定，还是不在组里。',
  },
  'share-partition': {
    en: 'A partition as a share group sees it, on its leader: its state is read, at work, or fenced.',
    zh: '共享组眼中的分区（在 leader 上）：正在读取状态、正常工作，还是已被隔离。',
  },
  'quorum-controller': {
    en: 'A controller of a quorum: it replays what is committed, or decides, or has stopped.',
    zh: '法定人数里的一台控制器：只重放已提交的内容、正在做决定，还是已经停止。',
  },
  'transactional-producer': {
    en: 'A transactional producer, from its first id through each transaction to a fatal error.',
    zh: '事务生产者：从拿到身份，到每一个事务，再到无法恢复的错误。',
  },
  coordinator: {
    en: 'A coordinator’s share of the groups or transactions: being loaded, at work, or given up.',
    zh: '协调者负责的那部分消费组或事务：正在加载、正常工作，还是已经交出。',
  },
  'classic-group': {
    en: 'A consumer group at its coordinator: empty, waiting for joins, for the plan, or stable.',
    zh: '协调者眼中的消费组：没有成员、等成员加入、等分配方案，还是已经稳定。',
  },
  transaction: {
    en: 'A transaction at its coordinator, from its first partition to the last marker.',
    zh: '协调者眼中的事务：从第一个分区加入，到最后一个标记写完。',
  },
  raft: {
    en: 'A member of a Raft quorum: waiting, voting, standing for election, leading or following.',
    zh: 'Raft 法定人数里的一员：等待、投票、参选、当 leader，还是跟随。',
  },
};
