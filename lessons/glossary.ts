/**
 * One Chinese term for one English term, and the variants that the lint refuses. Words of a
 * protocol that Chinese engineers say in English (leader, follower, ISR, Broker) stay English.
 *
 * A variant is refused everywhere in its language, so one that is an ordinary word elsewhere
 * (通道, 时间间隔) has no place in the list.
 */
export interface Term {
  readonly en: string;
  readonly zh: string;
  readonly wrongEn: readonly string[];
  readonly wrongZh: readonly string[];
}

type Row = readonly [en: string, zh: string, wrongZh?: string, wrongEn?: string];

/** English, Chinese, refused Chinese variants, refused English variants; `|` separates variants. */
const ROWS: readonly Row[] = [
  // what a queue is made of
  ['message', '消息', '讯息'],
  ['record', '记录'],
  ['message queue', '消息队列', '讯息队列'],
  ['broker', 'Broker', '消息代理|代理服务器|经纪人'],
  ['cluster', '集群', '群集|丛集'],
  ['node', '节点', '结点'],
  ['client', '客户端', '用户端'],
  ['producer', '生产者', '生产商|制造者'],
  ['consumer', '消费者', '消费方'],
  ['consumer group', '消费组', '消费者组|消费群组|消费者群组', 'consumers group'],
  ['topic', '主题', '话题'],
  ['partition', '分区', '分割区'],
  ['network partition', '网络分区', '网络分割|网络隔断'],
  ['queue', '队列', '伫列'],
  ['batch', '批次'],
  ['batching', '攒批'],
  // the log and the disk
  ['log', '日志', '日誌'],
  ['segment', '日志段', '日志片段|日志分段'],
  ['offset', '位移', '偏移量|偏移值'],
  ['high watermark', '高水位', '高水位线|高水印|高水位标记', 'high water mark|high-water mark'],
  ['log end offset', '日志末端位移', '日志结束偏移|日志尾部位移', 'log-end offset'],
  ['last stable offset', '最后稳定位移', '最后稳定偏移'],
  ['append', '追加', '附加写入'],
  ['flush', '刷盘', '冲刷|刷写磁盘'],
  ['page cache', '页缓存', '页面缓存|页高速缓存|页快取', 'pagecache'],
  ['disk', '磁盘', '磁碟', 'disc|discs'],
  ['retention', '保留', '留存期|滞留期'],
  ['compaction', '压实', '日志紧缩|日志压紧'],
  ['compression', '压缩', '压缩化'],
  ['truncation', '截断', '截短|裁断'],
  ['sparse index', '稀疏索引', '稀松索引'],
  ['sequential I/O', '顺序读写', '循序读写', 'sequential IO'],
  ['zero-copy', '零拷贝', '零复制|零拷贝化', 'zero copy'],
  ['memory mapping', '内存映射', '记忆体映射|内存映像'],
  // replication
  ['replica', '副本', '复本|拷贝副本'],
  ['replication', '复制', '复制化'],
  ['replication factor', '副本数', '副本因子|复制因子'],
  ['leader', 'leader', '领导者|领导副本|首领副本|Leader'],
  ['follower', 'follower', '追随者|跟随者|Follower'],
  ['in-sync replicas', 'ISR', '同步中的副本集|同步副本集', 'insync replicas|in sync replicas'],
  ['eligible leader replicas', 'ELR', '合格领导副本|合格 leader 副本'],
  ['leader epoch', 'leader 纪元', 'leader 任期|leader 世代|leader 时期'],
  ['leader election', '选主', '领导选举|leader 选举|主选举'],
  ['unclean leader election', 'unclean 选主', '脏选举|不洁选举|不干净选举|非干净选举'],
  ['controller', '控制器', '控制者'],
  ['quorum', '法定人数', '法定数目'],
  ['majority', '多数派', '过半派'],
  ['split brain', '脑裂', '裂脑'],
  // sending and acknowledging
  ['acknowledgement', '确认', '回执|应答确认', 'acknowledgment|acknowledgments'],
  ['commit', '提交', '递交'],
  ['committed', '已提交', '已递交'],
  ['retry', '重试', '再试'],
  ['timeout', '超时', '逾时', 'time-out|time out'],
  ['idempotence', '幂等', '等幂'],
  ['idempotent producer', '幂等生产者', '等幂生产者'],
  ['sequence number', '序列号', '顺序号|序号码'],
  ['duplicate', '重复', '重覆'],
  ['loss', '丢失', '遗失|遗漏丢失'],
  ['out of order', '乱序', '失序'],
  ['callback', '回调', '回呼'],
  ['asynchronous', '异步', '非同步|异步化'],
  ['throughput', '吞吐', '通量|输送量'],
  ['latency', '延迟', '时延|延迟时间差'],
  ['long polling', '长轮询', '长轮巡|长拉取'],
  ['back-pressure', '背压', '反压|回压', 'backpressure|back pressure'],
  // guarantees
  ['delivery semantics', '投递语义', '交付语义|传递语义|传输语义'],
  ['at least once', '至少一次', '最少一次'],
  ['at most once', '至多一次', '最多一次'],
  ['exactly once', '恰好一次', '精确一次|正好一次|精准一次'],
  ['transaction', '事务', '事物处理|交易事务'],
  ['two-phase commit', '两阶段提交', '二阶段提交|两段提交|两段式提交', 'two phase commit'],
  ['eventual consistency', '最终一致性', '终究一致性|最后一致性'],
  ['consistency', '一致性', '一致度'],
  ['availability', '可用性', '可得性'],
  ['durability', '持久性', '耐久性|持续性保证'],
  ['reliability', '可靠性', '可信赖性'],
  ['backlog', '积压', '堆积|积存'],
  ['consumer lag', '消费滞后', '消费延后|消费落后量'],
  ['rebalance', '再均衡', '重平衡|再平衡|重均衡', 're-balance'],
  ['heartbeat', '心跳', '心搏'],
  ['session timeout', '会话超时', '会话逾时|会期超时'],
  // RabbitMQ
  ['exchange', '交换机', '交换器'],
  ['binding', '绑定', '系结'],
  ['routing key', '路由键', '路由密钥|路由关键字'],
  ['virtual host', '虚拟主机', '虚拟机主机'],
  ['channel', '信道', '频道'],
  ['publisher confirm', '发布确认', '发布者确认|发送方确认'],
  ['prefetch', '预取', '预抓取|预先获取'],
  ['redelivery', '重新投递', '再投递|重复递送'],
  ['dead letter', '死信', '死信件'],
  ['dead-letter exchange', '死信交换机', '死信交换器', 'dead letter exchange'],
  ['delayed message', '延迟消息', '延时消息|延后消息'],
  ['priority queue', '优先级队列', '优先权队列'],
  ['mirrored queue', '镜像队列', '镜像伫列', 'mirror queue'],
  ['quorum queue', '仲裁队列', '法定队列|法定人数队列'],
  // RocketMQ
  ['name server', 'NameServer', '名称服务器|命名服务器|名字服务器'],
  ['half message', '半消息', '半事务消息|Half 消息'],
  ['transaction check', '事务回查', '事务反查|交易回查'],
  ['ordered message', '顺序消息', '有序消息|循序消息'],
  ['CommitLog', 'CommitLog', '提交日志文件'],
  // around the broker
  ['decoupling', '解耦', '去耦'],
  ['peak shaving', '削峰', '削平峰值'],
  ['publish-subscribe', '发布订阅', '发布-订阅|发布/订阅'],
  ['point-to-point', '点对点', '点到点', 'point to point messaging'],
  ['rate limit', '限流', '流量限制'],
  ['circuit breaker', '熔断', '断路保护'],
  ['distributed lock', '分布式锁', '分散式锁'],
  ['optimistic lock', '乐观锁', '乐观锁定'],
  ['unique index', '唯一索引', '独特索引'],
  ['deadlock', '死锁', '死结锁'],
  ['snapshot', '快照', '快相'],
  ['checkpoint', '检查点', '校验点|查核点', 'check-point'],
  // the lab
  ['crash', '宕机', '当机|死机'],
  ['power loss', '断电', '掉电|失电'],
  ['restart', '重启', '重新启动机器'],
  ['fault', '故障', '失效注入'],
  ['experiment', '实验', '试验'],
  ['proof', '证明', '佐证'],
  ['drill', '演练', '操练'],
  ['bet', '押注', '下注|打赌'],
];

/** Every term, by its id: the English term in lower case with hyphens. */
export const GLOSSARY: Readonly<Record<string, Term>> = Object.fromEntries(
  ROWS.map(([en, zh, wrongZh = '', wrongEn = '']) => [
    en.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    { en, zh, wrongEn: variants(wrongEn), wrongZh: variants(wrongZh) },
  ]),
);

function variants(text: string): string[] {
  return text === '' ? [] : text.split('|');
}

/** A refused variant in a text, where it stands, and the term to write in its place. */
export interface WrongVariant {
  readonly at: number;
  readonly variant: string;
  readonly term: string;
}

/** The refused variants in a text of one language, in the order of their places. */
export function wrongVariants(text: string, language: 'en' | 'zh'): WrongVariant[] {
  const found: WrongVariant[] = [];
  for (const [term, patterns] of PATTERNS[language]) {
    for (const { variant, pattern } of patterns) {
      for (const match of text.matchAll(pattern)) found.push({ at: match.index, variant, term });
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

interface VariantPattern {
  readonly variant: string;
  readonly pattern: RegExp;
}

const PATTERNS: Readonly<Record<'en' | 'zh', readonly (readonly [string, VariantPattern[]])[]>> = {
  en: Object.values(GLOSSARY).map(({ en, wrongEn }) => [
    en,
    wrongEn.map((variant) => ({ variant, pattern: new RegExp(`\\b${variant}\\b`, 'gi') })),
  ]),
  zh: Object.values(GLOSSARY).map(({ zh, wrongZh }) => [
    zh,
    wrongZh.map((variant) => ({ variant, pattern: new RegExp(inChinese(variant), 'g') })),
  ]),
};

/** Latin words in Chinese text have no \b beside a Han character; identifiers are left alone. */
function inChinese(variant: string): string {
  const starts = /^[A-Za-z]/.test(variant) ? '(?<![A-Za-z.`])' : '';
  const ends = /[A-Za-z]$/.test(variant) ? '(?![A-Za-z.`]| Replicas)' : '';
  return `${starts}${variant.replace(/[/.]/g, '\\$&')}${ends}`;
}
