/** `rabbitmqctl list_exchanges` and `list_bindings`: what metadata has of a virtual host. */
import { assert } from '../../kernel/assert.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { VirtualHost } from '../../rabbitmq/vhost/virtual-host.ts';
import { argumentsCell, type Cell } from './cell.ts';
import { byText, chosenColumns, columnRefusal } from './columns.ts';
import type { CliCommand } from './cli-command.ts';
import type { Invocation } from './invocation.ts';

type Row = Readonly<Record<string, Cell>>;

const EXCHANGE_COLUMNS = [
  ...[
    'name',
    'type',
    'durable',
    'auto_delete',
    'internal',
    'arguments',
    'policy',
    'user_who_performed_action',
  ],
];
const BINDING_COLUMNS = [
  ...['source_name', 'source_kind', 'destination_name', 'destination_kind', 'routing_key'],
  'arguments',
];

function exchangeRows({ exchanges, ...vhost }: ExchangesOf): readonly Row[] {
  return [...exchanges.values()].map(({ declaration }) => {
    const { name, type, durable, autoDelete, internal, arguments: args } = declaration;
    return {
      ...{ name, type, durable, auto_delete: autoDelete, internal },
      ...{ arguments: argumentsCell(args), policy: vhost.policyOf(name) ?? '' },
      user_who_performed_action: 'rmq-internal',
    };
  });
}

interface ExchangesOf {
  readonly exchanges: VirtualHost['exchanges'];
  readonly policyOf: (name: string) => string | null;
}

/** The bindings of a virtual host; each queue is bound to the default exchange by its name. */
export function bindingRows(node: RabbitNode, name: string): readonly Row[] {
  const rows: Row[] = [];
  const source_kind = 'exchange';
  for (const queue of node.vhosts.get(name)?.queues.keys() ?? []) {
    const ends = { source_name: '', source_kind, destination_name: queue };
    const what = { destination_kind: 'queue', routing_key: queue };
    rows.push({ ...ends, ...what, arguments: argumentsCell([]) });
  }
  for (const { vhost, binding } of node.metadata.tables.rows('rabbit_route')) {
    if (vhost !== name) continue;
    const { source, destination, routingKey, arguments: args } = binding;
    assert(source !== '', 'nothing binds to the default exchange', { vhost });
    rows.push({
      ...{ source_name: source, source_kind, destination_name: destination.name },
      ...{ destination_kind: destination.kind, routing_key: routingKey },
      arguments: argumentsCell(args),
    });
  }
  return rows;
}

/** Asks the node for rows, and lists them in the order of some columns. */
export function listRows(
  invocation: Invocation,
  columns: readonly string[],
  order: readonly string[],
  rowsOf: (node: RabbitNode) => readonly Row[],
): void {
  invocation.on<readonly Row[]>(
    (node, reply) => reply(rowsOf(node)),
    (answer) => {
      const sorted = [...answer].sort(byText(...order));
      const rows = sorted.map((row) => columns.map((name) => row[name] ?? ''));
      invocation.list({ columns, rows });
    },
  );
}

export const listExchanges: CliCommand = {
  name: 'list_exchanges',
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  description: 'Lists exchanges',
  usage: '[--vhost <vhost>] [--no-table-headers] [<column> ...]',
  notes: [['<column>', `must be one of ${[...EXCHANGE_COLUMNS].sort(byLetters).join(', ')}`]],
  switches: { timeout: 'integer' },
  words: [0, 100],
  formatter: 'table',
  refuse: ({ args }) => columnRefusal(args, EXCHANGE_COLUMNS),
  banner: ({ vhost }) => [`Listing exchanges for vhost ${vhost} ...`],
  run: (invocation) => {
    const columns = chosenColumns(invocation, ['name', 'type']);
    listRows(invocation, columns, ['name'], (node) => {
      const vhost = node.vhosts.get(invocation.vhost);
      if (vhost === undefined) return [];
      const policyOf = (name: string): string | null => vhost.policiesOf('exchange', name).policy;
      return exchangeRows({ exchanges: vhost.exchanges, policyOf });
    });
  },
};

export const listBindings: CliCommand = {
  name: 'list_bindings',
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  description: 'Lists all bindings on a vhost',
  usage: '[--vhost <vhost>] [--no-table-headers] [<column> ...]',
  notes: [['<column>', `must be one of ${[...BINDING_COLUMNS].sort(byLetters).join(', ')}`]],
  switches: { timeout: 'integer' },
  words: [0, 100],
  formatter: 'table',
  refuse: ({ args }) => columnRefusal(args, BINDING_COLUMNS),
  banner: ({ vhost }) => [`Listing bindings for vhost ${vhost}...`],
  run: (invocation) => {
    const columns = chosenColumns(invocation, BINDING_COLUMNS);
    const rowsOf = (node: RabbitNode): readonly Row[] => bindingRows(node, invocation.vhost);
    listRows(invocation, columns, BINDING_COLUMNS, rowsOf);
  },
};

function byLetters(left: string, right: string): number {
  return left < right ? -1 : 1;
}
