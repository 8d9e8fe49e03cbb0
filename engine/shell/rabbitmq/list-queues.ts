/** `rabbitmqctl list_queues`: every node is asked for the queues that it leads. */
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { byText, chosenColumns, columnRefusal } from './columns.ts';
import type { CliCommand } from './cli-command.ts';
import { type Invocation, nodeNameOf } from './invocation.ts';
import { downFacts, ledFacts, queueColumns, type QueueFacts } from './queue-columns.ts';

const DEFAULT_COLUMNS = ['name', 'messages'];
const ALL = 'rabbitmqctl';

interface Known {
  readonly running: readonly string[];
  /** All queues of the virtual host, as they are where nobody leads them. */
  readonly down: readonly QueueFacts[];
}

function knownOf(node: RabbitNode, vhostName: string): Known {
  const vhost = node.vhosts.get(vhostName);
  const rows = vhost === undefined ? [] : [...node.metadata.tables.rows('rabbit_queue')];
  const own = rows.filter((row) => row.vhost === vhostName);
  return { running: node.running, down: own.map(({ record }) => downFacts(vhost!, record)) };
}

/** The rows of the queues that were asked for, by name. */
function chosen(
  { down }: Known,
  led: ReadonlyMap<string, QueueFacts>,
  which: { readonly online: boolean; readonly offline: boolean },
): readonly QueueFacts[] {
  const rows = down.flatMap((facts) => {
    const online = led.get(String(facts['name']));
    if (online !== undefined) return which.online ? [online] : [];
    return which.offline ? [facts] : [];
  });
  return [...rows].sort(byText('name'));
}

/** Calls back with what is known of the queues of a virtual host. */
export function gatherQueues(
  invocation: Invocation,
  which: { readonly online: boolean; readonly offline: boolean; readonly local: boolean },
  then: (rows: readonly QueueFacts[]) => void,
): void {
  const { vhost, node } = invocation;
  invocation.on<Known>(
    (process, reply) => reply(knownOf(process, vhost)),
    (known) => {
      const asked = which.local ? [node] : known.running.map(nodeNameOf);
      invocation.onEach<ReadonlyMap<string, QueueFacts>>(
        asked,
        (process, reply) => reply(ledFacts(process, vhost)),
        (answers) => {
          const led = new Map(answers.flatMap((answer) => [...(answer ?? [])]));
          const { online, offline } = which;
          then(chosen(known, led, { online, offline: offline && !which.local }));
        },
      );
    },
  );
}

export const listQueues: CliCommand = {
  name: 'list_queues',
  tools: [ALL, 'rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  description: 'Lists queues and their properties',
  usage: '[--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] [<column>, ...]',
  switches: { offline: 'boolean', online: 'boolean', local: 'boolean', timeout: 'integer' },
  words: [0, 100],
  formatter: 'table',
  refuse: ({ args, cluster }) => columnRefusal(args, queueColumns(cluster.profile.release)),
  banner: (invocation) => [
    `Timeout: ${(invocation.timeoutMs / 1000).toFixed(1)} seconds ...`,
    `Listing queues for vhost ${invocation.vhost} ...`,
  ],
  run: (invocation) => {
    const columns = chosenColumns(invocation, DEFAULT_COLUMNS);
    const [online, offline] = [invocation.flag('online'), invocation.flag('offline')];
    const both = online === offline;
    const which = { online: online || both, offline: offline || both };
    const local = invocation.flag('local');
    gatherQueues(invocation, { ...which, local }, (rows) =>
      invocation.list({ columns, rows: rows.map((row) => columns.map((name) => row[name] ?? '')) }),
    );
  },
};
