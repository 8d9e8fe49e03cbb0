/**
 * The options of `kafka-consumer-groups.sh`, and which of them go together.
 * Source: `org.apache.kafka.tools.consumer.group.ConsumerGroupCommandOptions` (4.1).
 */
import { argument, type GivenOptions, type JoptArgument, type JoptOption } from './jopt.ts';
import { contradiction, missingOption, unsupportedOption } from './jopt-tool.ts';
import { commandConfigOption } from './topics-options.ts';

const flag = (name: string, en: string, zh: string): JoptOption => ({ name, about: { en, zh } });

const valued = (
  name: string,
  behind: JoptArgument,
  en: string,
  zh: string,
  over: Partial<JoptOption> = {},
): JoptOption => ({ name, argument: behind, about: { en, zh }, ...over });

const optional = (kind: readonly string[]): JoptArgument => {
  return { ...argument('String', null, kind), isOptional: true };
};

export const groupStates = [
  'Dead',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Reconciling',
  'Assigning',
  'Empty',
] as const;
export const groupTypes = ['Consumer', 'Classic'] as const;

const actions = [
  'list',
  'describe',
  'delete',
  'reset-offsets',
  'delete-offsets',
  'validate-regex',
] as const;

/** Where offsets are reset to: a line has one of them. */
export const resetTargets = [
  'to-offset',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'to-current',
  'shift-by',
  'from-file',
] as const;

export const groupOptions: readonly JoptOption[] = [
  valued(
    'bootstrap-server',
    argument('String', 'server to connect to', 'broker-address'),
    'REQUIRED: brokers to begin with, as host:port,host:port.',
    '必填：最先连接的 broker，格式为 host:port,host:port。',
  ),
  commandConfigOption,
  flag('list', 'Names all groups.', '列出所有组。'),
  flag(
    'describe',
    'Shows a group: how far it is, who is in it.',
    '查看组：消费到哪里，有哪些成员。',
  ),
  flag('delete', 'Deletes groups that have no members.', '删除没有成员的组。'),
  flag('delete-offsets', 'Deletes offsets of topics.', '删除某些主题的偏移量。'),
  flag(
    'reset-offsets',
    'Sets offsets of a group without members; tries only, unless --execute is there.',
    '重设没有成员的组的偏移量；没有 --execute 时只演示。',
  ),
  valued('group', argument('String', 'consumer group', 'group'), 'The group.', '消费者组。'),
  flag('all-groups', 'All groups.', '所有组。'),
  valued(
    'topic',
    argument('String', 'topic', 'topic'),
    'A topic, as orders or orders:0,1 with partitions.',
    '主题，可带分区，例如 orders 或 orders:0,1。',
  ),
  flag('all-topics', 'All topics of which the group has offsets.', '组有偏移量的所有主题。'),
  valued(
    'timeout',
    argument('Long', 'timeout (ms)'),
    'How long a request may take in all.',
    '一次请求总共最多多久。',
    { defaultText: '30000' },
  ),
  flag(
    'offsets',
    'With --describe: how far it is (the default).',
    '与 --describe 连用：消费进度（默认）。',
  ),
  flag('members', 'With --describe: its members.', '与 --describe 连用：成员。'),
  valued(
    'state',
    optional(groupStates),
    'With --describe: its state. With --list: states, or only groups in these.',
    '与 --describe 连用：状态；与 --list 连用：显示状态，或只列出这些状态的组。',
  ),
  valued(
    'type',
    optional(groupTypes),
    'With --list: types, or only groups of these.',
    '与 --list 连用：显示类型，或只列出这些类型的组。',
  ),
  flag('verbose', 'With --describe: more columns.', '与 --describe 连用：显示更多列。'),
  flag('dry-run', 'With --reset-offsets: shows only.', '与 --reset-offsets 连用：只显示。'),
  flag('execute', 'With --reset-offsets: does it.', '与 --reset-offsets 连用：真正执行。'),
  flag('export', 'With --reset-offsets: prints CSV.', '与 --reset-offsets 连用：输出 CSV。'),
  flag('to-earliest', 'To the first record.', '重设到最早的记录。'),
  flag('to-latest', 'Behind the last record.', '重设到末尾。'),
  flag('to-current', 'To where it is.', '重设到当前位置。'),
  valued('to-offset', argument('Long', 'offset'), 'To an offset.', '重设到某个偏移量。'),
  valued(
    'to-datetime',
    argument('String', 'datetime'),
    'To a time (UTC), as 2026-01-31T12:00:00.000.',
    '重设到某个时间（UTC），例如 2026-01-31T12:00:00.000。',
  ),
  valued(
    'by-duration',
    argument('String', 'duration'),
    'To so long ago, as P1DT2H3M4S.',
    '重设到这么久以前，例如 P1DT2H3M4S。',
  ),
  valued(
    'shift-by',
    argument('Long', 'number-of-offsets'),
    'By so many records, forwards or back.',
    '前进或后退这么多条记录。',
  ),
  valued(
    'from-file',
    argument('String', 'path to CSV file', 'file'),
    'To what a CSV file says: topic,partition,offset.',
    '按 CSV 文件重设：主题,分区,偏移量。',
  ),
  valued('validate-regex', argument('String', 'regex'), 'Unsupported here.', '此处不支持。', {
    isUnsupported: true,
  }),
];

/** Printed before anything else where a reset does not say whether it is meant. */
export const NOT_EXECUTED =
  'WARN: No action will be performed as the --execute option is missing. In a future major ' +
  'release, the default behavior of this command will be to prompt the user before executing the ' +
  'reset rather than doing a dry run. You should add the --dry-run option explicitly if you are ' +
  'scripting this command and want to keep the current default behavior without prompting.';

/** What is wrong with a line; `isUnclear`: it is to be told first that nothing will be done. */
export interface GroupMisuse {
  readonly problem: string | null;
  readonly isUnclear: boolean;
}

/** Source: `ConsumerGroupCommandOptions.checkArgs`. */
export function groupMisuse(given: GivenOptions): GroupMisuse {
  const isReset = given.has('reset-offsets');
  const isDecided = given.has('execute') || given.has('dry-run');
  const count = actions.filter((name) => given.has(name)).length;
  if (count !== 1) {
    const all = actions.map((name) => `--${name}`).join(', ');
    return { problem: `Command must include exactly one action: ${all}`, isUnclear: false };
  }
  const missing = missingOption(given, ['bootstrap-server']);
  if (missing !== null) return { problem: missing, isUnclear: false };
  const problem = actionMisuse(given) ?? generalMisuse(given) ?? unsupportedOption(given);
  const both = given.has('execute') && given.has('dry-run');
  return { problem, isUnclear: isReset && !isDecided && !both };
}

function actionMisuse(given: GivenOptions): string | null {
  const hasGroup = given.has('group') || given.has('all-groups');
  const oneOf = (action: string): string =>
    `Option [${action}] takes one of these options: [all-groups], [group]`;
  if (given.has('describe')) {
    if (!hasGroup) return oneOf('describe');
    const views = ['members', 'offsets', 'state'].filter((name) => given.has(name));
    if (views.length > 1) {
      return 'Option [describe] takes at most one of these options: [members], [offsets], [state]';
    }
    if (given.values('state').length > 0) {
      return 'Option [describe] does not take a value for [state]';
    }
  }
  if (given.has('delete')) {
    if (!hasGroup) return oneOf('delete');
    if (given.has('topic')) {
      return 'The consumer does not support topic-specific offset deletion from a consumer group.';
    }
  }
  if (given.has('delete-offsets') && !(given.has('group') && given.has('topic'))) {
    return 'Option [delete-offsets] takes the following options: [topic], [group]';
  }
  return given.has('reset-offsets') ? resetMisuse(given, hasGroup) : null;
}

function resetMisuse(given: GivenOptions, hasGroup: boolean): string | null {
  if (given.has('execute') && given.has('dry-run')) {
    return 'Option [reset-offsets] only accepts one of [execute] and [dry-run]';
  }
  if (!hasGroup) {
    return 'Option [reset-offsets] takes one of these options: [all-groups], [group]';
  }
  for (const target of resetTargets) {
    const others = resetTargets.filter((name) => name !== target);
    const problem = contradiction(given, target, others);
    if (problem !== null) return problem;
  }
  return null;
}

function generalMisuse(given: GivenOptions): string | null {
  const rules: readonly [string, readonly string[]][] = [
    ['group', ['all-groups', 'list']],
    ['all-groups', ['group', 'list', 'delete-offsets']],
    ['topic', ['list', 'describe']],
  ];
  for (const [used, invalid] of rules) {
    const problem = contradiction(given, used, invalid);
    if (problem !== null) return problem;
  }
  return null;
}
