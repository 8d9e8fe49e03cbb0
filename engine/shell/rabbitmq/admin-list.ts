/** `rabbitmqadmin list ...`: what the nodes know, in tables. */
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { AdminCommand } from './admin-arguments.ts';
import type { AdminCall } from './admin-call.ts';
import { argumentLines, propertyLines } from './admin-table.ts';
import { type Cell, cellText, valueJson } from './cell.ts';
import { byText } from './columns.ts';
import { bindingRows } from './list-topology.ts';
import { downFacts, ledFacts, type QueueFacts } from './queue-columns.ts';

type Row = Readonly<Record<string, Cell>>;

/** A command that lists rows of the first node, in the order of some columns. */
function listing(
  what: string,
  about: string,
  columns: readonly string[],
  order: readonly string[],
  rowsOf: (node: RabbitNode, call: AdminCall) => readonly Row[],
): AdminCommand {
  return {
    ...{ path: ['list', what], about, options: [] },
    run: (call) =>
      call.ask(
        (node) => rowsOf(node, call),
        (rows) => tableOf(call, columns, order, rows),
      ),
  };
}

function tableOf(
  call: AdminCall,
  columns: readonly string[],
  order: readonly string[],
  rows: readonly Row[],
): void {
  const sorted = [...rows].sort(byText(...order));
  call.table({
    columns,
    rows: sorted.map((row) => columns.map((name) => cellText(row[name] ?? ''))),
  });
}

function argumentText(table: FieldTable): string {
  const sorted = [...table].sort((one, other) => (one.name < other.name ? -1 : 1));
  return argumentLines(sorted.map(({ name, value }) => [name, valueJson(value)] as const));
}

const QUEUE_COLUMNS = [
  ...['name', 'vhost', 'queue_type', 'durable', 'auto_delete', 'exclusive', 'arguments', 'node'],
  ...['state', 'leader', 'members', 'online', 'memory', 'consumer_count', 'consumer_utilisation'],
  ...[
    'policy',
    'operator_policy',
    'message_bytes',
    'message_count',
    'unacknowledged_message_count',
  ],
];

function nodesText(cell: Cell | undefined): string {
  return Array.isArray(cell) ? (cell as readonly string[]).join(', ') : '';
}

function queueRow(vhost: string, facts: QueueFacts, args: FieldTable): Row {
  const at = (name: string): Cell => facts[name] ?? '';
  const pid = String(at('pid'));
  return {
    ...{ name: at('name'), vhost, queue_type: at('type'), durable: at('durable') },
    ...{ auto_delete: at('auto_delete'), exclusive: at('exclusive') },
    arguments: argumentText(args),
    node: pid === '' ? '?' : pid.slice(1, pid.indexOf('.')),
    ...{ state: at('state'), leader: at('leader'), members: nodesText(facts['members']) },
    ...{ online: nodesText(facts['online']), memory: at('memory') || 0 },
    ...{ consumer_count: at('consumers') || 0, consumer_utilisation: 0 },
    ...{ policy: at('policy'), operator_policy: at('operator_policy') },
    ...{ message_bytes: at('message_bytes') || 0, message_count: at('messages') || 0 },
    unacknowledged_message_count: at('messages_unacknowledged') || 0,
  };
}

interface KnownQueues {
  readonly running: readonly string[];
  readonly queues: readonly { readonly facts: QueueFacts; readonly args: FieldTable }[];
}

const listQueues: AdminCommand = {
  path: ['list', 'queues'],
  about: 'Lists queues and streams',
  options: [],
  run: (call) =>
    call.ask<KnownQueues>(
      (node) => {
        const vhost = node.vhosts.get(call.vhost);
        const rows = [...node.metadata.tables.rows('rabbit_queue')];
        const own = vhost === undefined ? [] : rows.filter((row) => row.vhost === call.vhost);
        const queues = own.map(({ record }) => ({
          facts: downFacts(vhost!, record),
          args: record.declaration.arguments,
        }));
        return { running: node.running, queues };
      },
      ({ running, queues }) => {
        const led = new Map<string, QueueFacts>();
        const step = (place: number): void => {
          const host = running[place];
          if (host === undefined) {
            const rows = queues.map(({ facts, args }) =>
              queueRow(call.vhost, led.get(String(facts['name'])) ?? facts, args),
            );
            tableOf(call, QUEUE_COLUMNS, ['name'], rows);
            return;
          }
          const take = (found: ReadonlyMap<string, QueueFacts>): void => {
            for (const [name, facts] of found) led.set(name, facts);
            step(place + 1);
          };
          call.ask((node) => ledFacts(node, call.vhost), take, host);
        };
        step(0);
      },
    ),
};

const EXCHANGE_COLUMNS = ['name', 'vhost', 'exchange_type', 'durable', 'auto_delete', 'arguments'];
const BINDING_COLUMNS = [
  ...['vhost', 'source', 'destination', 'destination_type', 'routing_key', 'arguments'],
  'properties_key',
];

/** As it stands in a path of the plugin: the key, and `~` where there is none. */
function propertiesKey(key: string): string {
  return key === '' ? '~' : encodeURIComponent(key);
}

const listExchanges = listing(
  'exchanges',
  'Lists exchanges',
  EXCHANGE_COLUMNS,
  ['name'],
  (node, { vhost }) =>
    [...(node.vhosts.get(vhost)?.exchanges.values() ?? [])].map(({ declaration }) => ({
      ...{ name: declaration.name, vhost, exchange_type: declaration.type },
      ...{ durable: declaration.durable, auto_delete: declaration.autoDelete },
      arguments: argumentText(declaration.arguments),
    })),
);

const listBindings = listing(
  'bindings',
  'Lists bindings',
  BINDING_COLUMNS,
  ['source', 'destination', 'routing_key'],
  (node, { vhost }) =>
    bindingRows(node, vhost).map((row) => ({
      ...{ vhost, source: row['source_name']!, destination: row['destination_name']! },
      ...{ destination_type: row['destination_kind']!, routing_key: row['routing_key']! },
      arguments: argumentText((row['arguments'] as { table: FieldTable }).table),
      properties_key: propertiesKey(String(row['routing_key'])),
    })),
);

const listVhosts = listing(
  'vhosts',
  'Lists virtual hosts',
  ['name', 'tags', 'description', 'default_queue_type', 'protected_from_deletion'],
  ['name'],
  ({ metadata }) =>
    [...metadata.tables.rows('rabbit_vhost')].map(({ name, tags, description, ...row }) => ({
      ...{ name, tags: tags.join(', '), description },
      default_queue_type: row.defaultQueueType ?? 'undefined',
    })),
);

const listPermissions = listing(
  'permissions',
  'Lists user permissions',
  ['user', 'vhost', 'configure', 'read', 'write'],
  ['vhost', 'user'],
  ({ metadata }) =>
    [...metadata.tables.rows('rabbit_user_permission')].map(({ user, vhost, permissions }) => ({
      ...{ user, vhost },
      ...permissions,
    })),
);

function policies(by: 'user' | 'operator', what: string, about: string): AdminCommand {
  const columns = ['name', 'vhost', 'pattern', 'apply_to', 'priority', 'definition'];
  return listing(what, about, columns, ['name'], ({ metadata }) =>
    [...metadata.tables.rows('rabbit_runtime_parameters')].flatMap((row) => {
      if (row.component !== 'policy' || row.by !== by) return [];
      const { name, pattern, applyTo, priority, definition } = row.policy;
      return {
        ...{ name, vhost: row.vhost, pattern, apply_to: applyTo, priority },
        definition: propertyLines(Object.entries(definition)),
      };
    }),
  );
}

export const listings: readonly AdminCommand[] = [
  ...[listQueues, listExchanges, listBindings, listVhosts, listPermissions],
  policies('user', 'policies', 'Lists policies'),
  policies('operator', 'operator_policies', 'Lists operator policies'),
];
