/**
 * The options of `kafka-reassign-partitions.sh`, and which of them go with which action. Source:
 * `ReassignPartitionsCommandOptions` and `validateAndParseArgs` of 4.1. Not here: what they do
 * (`reassign-partitions.ts`).
 */
import { argument, type GivenOptions, type JoptOption } from './jopt.ts';
import { missingOption, unsupportedOption } from './jopt-tool.ts';

export type ReassignAction = 'generate' | 'execute' | 'verify' | 'cancel' | 'list';

const actions: readonly ReassignAction[] = ['generate', 'execute', 'verify', 'cancel', 'list'];
const FILE = 'reassignment-json-file';
const COMMON = ['bootstrap-server', 'command-config'];

interface ActionOptions {
  readonly required: readonly string[];
  readonly permitted: readonly string[];
}

const byAction: Readonly<Record<ReassignAction, ActionOptions>> = {
  verify: { required: [FILE], permitted: ['preserve-throttles'] },
  generate: {
    required: ['topics-to-move-json-file', 'broker-list'],
    permitted: ['disable-rack-aware'],
  },
  execute: {
    required: [FILE],
    permitted: [
      'additional',
      'throttle',
      'replica-alter-log-dirs-throttle',
      'timeout',
      'disallow-replication-factor-change',
    ],
  },
  cancel: {
    required: [FILE],
    permitted: ['bootstrap-controller', 'preserve-throttles', 'timeout'],
  },
  list: { required: [], permitted: ['bootstrap-controller'] },
};

export const reassignOptions: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: {
      ...argument('String', 'Server(s) to use for bootstrapping', 'broker-address'),
      isOptional: true,
    },
    about: { en: 'Brokers to begin with.', zh: '最先连接的 broker。' },
  },
  {
    name: 'bootstrap-controller',
    argument: { ...argument('String', 'bootstrap controller to connect to'), isOptional: true },
    isUnsupported: true,
    about: { en: 'The controller to ask, in place of brokers.', zh: '直接连接的 controller。' },
  },
  {
    name: 'command-config',
    argument: argument('String', 'Admin client property file', 'file'),
    about: { en: 'A file of settings of the admin client.', zh: '管理客户端的配置文件。' },
  },
  { name: 'generate', about: { en: 'Proposes an assignment.', zh: '生成一份分配方案。' } },
  { name: 'execute', about: { en: 'Starts to move.', zh: '开始迁移。' } },
  { name: 'verify', about: { en: 'Tells whether it is done.', zh: '查看是否完成。' } },
  { name: 'cancel', about: { en: 'Takes back what is going on.', zh: '取消正在进行的迁移。' } },
  { name: 'list', about: { en: 'Lists what is going on.', zh: '列出正在进行的迁移。' } },
  {
    name: FILE,
    argument: argument('String', 'manual assignment json file path', 'file'),
    about: {
      en: 'Partitions and their replicas: {"version":1,"partitions":[{"topic":...}]}.',
      zh: '分区及其副本：{"version":1,"partitions":[{"topic":...}]}。',
    },
  },
  {
    name: 'topics-to-move-json-file',
    argument: argument('String', 'topics to reassign json file path', 'file'),
    about: {
      en: 'With --generate: {"version":1,"topics":[{"topic":"orders"}]}.',
      zh: '与 --generate 连用：{"version":1,"topics":[{"topic":"orders"}]}。',
    },
  },
  {
    name: 'broker-list',
    argument: argument('String', 'brokerlist'),
    about: {
      en: 'With --generate: node ids, as in 1,2,3.',
      zh: '与 --generate 连用：节点号，如 1,2,3。',
    },
  },
  {
    name: 'additional',
    about: { en: 'Besides what is going on already.', zh: '与正在进行的迁移并行。' },
  },
  {
    name: 'disable-rack-aware',
    about: { en: 'With --generate: racks do not count.', zh: '与 --generate 连用：不考虑机架。' },
  },
  {
    name: 'disallow-replication-factor-change',
    about: { en: 'Refuses another number of replicas.', zh: '不允许改变副本数。' },
  },
  {
    name: 'preserve-throttles',
    about: { en: 'Leaves throttles as they are.', zh: '保留限流设置。' },
  },
  {
    name: 'throttle',
    argument: argument('Long', 'throttle'),
    defaultText: '-1',
    about: {
      en: 'Bytes a second between brokers: kept as settings, but nothing is limited here.',
      zh: 'broker 之间的限速（字节/秒）：此处只保存为配置，并不限速。',
    },
  },
  {
    name: 'replica-alter-log-dirs-throttle',
    argument: argument('Long', 'replicaAlterLogDirsThrottle'),
    defaultText: '-1',
    isUnsupported: true,
    about: { en: 'Bytes a second between log directories.', zh: '日志目录之间的限速（字节/秒）。' },
  },
  {
    name: 'timeout',
    argument: argument('Long', 'timeout'),
    defaultText: '10000',
    about: { en: 'Milliseconds to wait for log directories.', zh: '等待日志目录的毫秒数。' },
  },
];

/** The action of a line, or the sentence that says why there is none. */
export function reassignActionOf(
  given: GivenOptions,
): { readonly action: ReassignAction } | { readonly problem: string } {
  const named = actions.filter((action) => given.has(action));
  if (named.length !== 1) {
    const all = actions.map((name) => `--${name}`).join(', ');
    return { problem: `Command must include exactly one action: ${all}` };
  }
  const action = named[0]!;
  if (!given.has('bootstrap-server') && !given.has('bootstrap-controller')) {
    return { problem: 'Please specify either --bootstrap-server or --bootstrap-controller' };
  }
  const { required, permitted } = byAction[action];
  const missing = missingOption(given, required);
  if (missing !== null) return { problem: missing };
  const fitting = [...COMMON, action, ...required, ...permitted];
  const wrong = reassignOptions.find(({ name }) => given.has(name) && !fitting.includes(name));
  if (wrong !== undefined) {
    return { problem: `Option "[${wrong.name}]" can't be used with action "[${action}]"` };
  }
  const unsupported = unsupportedOption(given);
  return unsupported === null ? { action } : { problem: unsupported };
}
