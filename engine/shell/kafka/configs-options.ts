/**
 * The options of `kafka-configs.sh`, and whose settings a line is about.
 * Source: `kafka.admin.ConfigCommand.ConfigCommandOptions` (4.1). Differences: quotas of users,
 * clients and addresses, client metrics and loggers are unsupported.
 */
import { assert } from '../../kernel/assert.ts';
import type { ConfigResource } from '../../kafka/client/administration.ts';
import type { ValueKind } from '../program.ts';
import { argument, type GivenOptions, type JoptOption } from './jopt.ts';
import { contradiction } from './jopt-tool.ts';
import { commandConfigOption } from './topics-options.ts';

const valued = (name: string, kind: ValueKind, en: string, zh: string): JoptOption => {
  return { name, argument: argument('String', null, kind), about: { en, zh } };
};
const flag = (name: string, en: string, zh: string): JoptOption => ({ name, about: { en, zh } });
const missing = (name: string, hasValue: boolean): JoptOption => ({
  name,
  ...(hasValue ? { argument: argument('String', null) } : {}),
  isUnsupported: true,
  about: { en: 'Unsupported here.', zh: '此处不支持。' },
});

const entityTypes = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
  'broker-loggers',
] as const;

export const configOptions: readonly JoptOption[] = [
  {
    name: 'bootstrap-server',
    argument: argument('String', 'server to connect to', 'broker-address'),
    about: { en: 'Brokers to begin with.', zh: '最先连接的 broker。' },
  },
  {
    name: 'bootstrap-controller',
    argument: argument('String', 'controller to connect to'),
    isUnsupported: true,
    about: { en: 'Unsupported here.', zh: '此处不支持。' },
  },
  commandConfigOption,
  flag('describe', 'Shows settings.', '查看配置。'),
  flag('alter', 'Changes settings.', '修改配置。'),
  flag('all', 'With --describe: defaults, too.', '与 --describe 连用：包括默认值。'),
  valued('topic', 'topic', 'A topic.', '主题。'),
  valued('broker', 'number', 'A broker, by its id.', 'broker 的 ID。'),
  flag('broker-defaults', 'All brokers.', '所有 broker。'),
  valued('group', 'group', 'A group.', '消费者组。'),
  valued(
    'entity-type',
    entityTypes,
    'Whose settings: topics, brokers, groups.',
    '配置所属的类型。',
  ),
  valued('entity-name', 'text', 'Its name.', '名称。'),
  flag('entity-default', 'The default of all of a type.', '该类型所有实体的默认值。'),
  valued(
    'add-config',
    'text',
    'Settings to set, as k1=v1,k2=[v1,v2].',
    '要设置的配置，例如 k1=v1,k2=[v1,v2]。',
  ),
  valued('add-config-file', 'file', 'A file of settings to set.', '要设置的配置文件。'),
  valued('delete-config', 'text', 'Settings to take back, as k1,k2.', '要取消的配置，例如 k1,k2。'),
  missing('client', true),
  missing('client-defaults', false),
  missing('client-metrics', true),
  missing('user', true),
  missing('user-defaults', false),
  missing('ip', true),
  missing('ip-defaults', false),
  missing('broker-logger', true),
];

type EntityType = (typeof entityTypes)[number];

/** Whose settings: `name` null: of all; an empty name: the default of all. */
export interface Entity {
  readonly type: ConfigResource['type'];
  readonly types: EntityType;
  readonly name: string | null;
}

export type ReadEntity =
  | { readonly ok: true; readonly entity: Entity }
  | { readonly ok: false; readonly problem: string; readonly isUsage: boolean };

const wrong = (problem: string, isUsage = false): ReadEntity => ({ ok: false, problem, isUsage });

/** Source: `ConfigCommandOptions.checkArgs`. */
export function readEntity(given: GivenOptions): ReadEntity {
  if (given.has('describe') === given.has('alter')) {
    return wrong('Command must include exactly one action: --describe, --alter', true);
  }
  for (const invalid of ['add-config', 'add-config-file', 'delete-config']) {
    const problem = contradiction(given, 'describe', [invalid]);
    if (problem !== null) return wrong(problem, true);
  }
  const problem = contradiction(given, 'alter', ['all']);
  if (problem !== null) return wrong(problem, true);
  const [unsupported] = given.unsupported;
  if (unsupported !== undefined) {
    return wrong(`--${unsupported} is unsupported: this simulation does not have it`);
  }
  const types = typesOf(given);
  if (typeof types === 'string') return wrong(types);
  if (!given.has('bootstrap-server') && !given.has('zookeeper')) {
    return wrong('Either --bootstrap-server or --bootstrap-controller must be specified.');
  }
  const [type] = types;
  assert(type !== undefined, 'a type', { types: types.length });
  return entityOf(given, type);
}

/** The types that are named: one, since users and clients are not here. */
function typesOf(given: GivenOptions): readonly EntityType[] | string {
  const named = given.values('entity-type');
  const all = entityTypes.join(', ');
  const unknown = named.find((name) => !(entityTypes as readonly string[]).includes(name));
  if (unknown !== undefined) {
    return (
      `Invalid entity type ${unknown}, the entity type must be one of ${all} ` +
      'with a --bootstrap-server or --bootstrap-controller argument'
    );
  }
  const types = [
    ...(named as readonly EntityType[]),
    ...(given.has('topic') ? ['topics' as const] : []),
    ...(given.has('broker') || given.has('broker-defaults') ? ['brokers' as const] : []),
    ...(given.has('group') ? ['groups' as const] : []),
  ];
  if (types.length === 0) return 'At least one entity type must be specified';
  const twice = types.filter((type, place) => types.indexOf(type) < place);
  if (twice.length > 0) return `Duplicate entity type(s) specified: ${twice.join(',')}`;
  if (types.length > 1) return "Only 'users' and 'clients' entity types may be specified together";
  return types;
}

const RESOURCES: Readonly<Partial<Record<EntityType, ConfigResource['type']>>> = {
  topics: 'topic',
  brokers: 'broker',
  groups: 'group',
};

function entityOf(given: GivenOptions, types: EntityType): ReadEntity {
  const type = RESOURCES[types];
  if (type === undefined) return wrong(`settings of ${types} are unsupported here`);
  const isDefault = given.has('broker-defaults') || given.has('entity-default');
  const name = isDefault
    ? ''
    : (given.value('topic') ??
      given.value('broker') ??
      given.value('group') ??
      given.value('entity-name'));
  if (type === 'broker' && name !== null && name !== '' && !/^-?\d{1,9}$/.test(name)) {
    return wrong(
      `The entity name for brokers must be a valid integer broker id, but it is: ${name}`,
    );
  }
  if (given.has('alter')) {
    if (name === null) return wrong(`An entity name must be specified with --alter of ${types}`);
    const changes = ['add-config', 'add-config-file', 'delete-config'];
    if (!changes.some((one) => given.has(one))) {
      return wrong(
        'At least one of --add-config, --add-config-file, or --delete-config ' +
          'must be specified with --alter',
      );
    }
  }
  return { ok: true, entity: { type, types, name } };
}
