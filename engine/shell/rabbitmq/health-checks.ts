/**
 * What `rabbitmq-diagnostics` asks a node: whether it is there, runs, listens, is short of
 * something; and `status`, of which only what a node of ours has is shown.
 *
 * Not here: what of quorum queues is asked (`quorum-commands.ts`). Differs: processes, plugins,
 * paths, memory by its use and figures of the runtime are not there.
 * Source: RabbitMQ.CLI.Diagnostics.Commands.
 */
import { assert } from '../../kernel/assert.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { alarmLine, listenerLines } from './cluster-commands.ts';
import { type CliCommand, EXIT } from './cli-command.ts';
import { type Invocation, nodeNameOf } from './invocation.ts';

const check = {
  tools: ['rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  usage: '',
  switches: { timeout: 'integer' },
  words: [0, 0],
} as const;

const RUNS = (node: string): string => `RabbitMQ on node ${node} is fully booted and running`;
const RUNS_NOT = (node: string): string =>
  `RabbitMQ on node ${node} is not running or has not fully booted yet (check with is_booting)`;
const LISTENERS: Readonly<Record<string, string>> = {
  amqp: '5672',
  clustering: '25672',
  http: '15672',
};

const ping: CliCommand = {
  ...check,
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  name: 'ping',
  description:
    'Checks that the node OS process is up, registered with EPMD and CLI tools can authenticate ' +
    'with it',
  switches: { timeout: 'integer' },
  needs: 'nothing',
  banner: ({ node, timeoutMs }) => [
    `Will ping ${node}. This only checks if the OS process is running and registered with epmd. ` +
      `Timeout: ${timeoutMs} ms.`,
  ],
  run: (invocation) =>
    invocation.ask<null>(
      (_, reply) => reply(null),
      () => invocation.done('Ping succeeded'),
      invocation.node,
      () => {
        const { node, timeoutMs } = invocation;
        invocation.error(`Failed to connect and authenticate to ${node} in ${timeoutMs} ms`);
      },
    ),
};

function running(name: string, banner: (node: string) => string, isCheck: boolean): CliCommand {
  const description = isCheck
    ? 'Health check that exits with a non-zero code if the RabbitMQ app on the target node is ' +
      'not running'
    : 'Checks if RabbitMQ is fully booted and running on the target node';
  return {
    ...{ ...check, name, description, needs: 'nothing' },
    banner: ({ node }) => [banner(node)],
    run: (invocation) =>
      invocation.on<boolean>(
        (node, reply) => reply(node.isRunning),
        (isRunning) => {
          const { node } = invocation;
          if (isRunning) invocation.done(RUNS(node));
          else if (isCheck) invocation.error(RUNS_NOT(node));
          else invocation.done(RUNS_NOT(node));
        },
      ),
  };
}

const checkRunning = running(
  'check_running',
  (node) => `Checking if RabbitMQ is running on node ${node} ...`,
  true,
);
const isRunning = running('is_running', (node) => `Asking node ${node} for its status ...`, false);

interface Alarms {
  readonly own: readonly string[];
  readonly all: readonly string[];
}

/** Asks the nodes that run for their alarms. */
function withAlarms(invocation: Invocation, then: (alarms: Alarms) => void): void {
  const linesOf = (node: RabbitNode): readonly string[] =>
    node.alarms.raised.map((resource) => alarmLine(resource, nodeNameOf(node.ports.host)));
  invocation.on<{ readonly own: readonly string[]; readonly running: readonly string[] }>(
    (node, reply) => reply({ own: linesOf(node), running: node.running.map(nodeNameOf) }),
    ({ own, running: names }) => {
      assert(names.length > 0, 'a node that runs is one of them', { own });
      invocation.onEach<readonly string[]>(
        names,
        (node, reply) => reply(linesOf(node)),
        (answers) => then({ own, all: answers.flatMap((lines) => lines ?? []) }),
      );
    },
  );
}

const NO_ALARMS = (node: string): string => `Node ${node} reported no alarms, local or clusterwide`;

const alarms: CliCommand = {
  ...check,
  name: 'alarms',
  description: 'Lists resource alarms (local or cluster-wide) in effect on the target node',
  banner: ({ node }) => [`Asking node ${node} to report any known resource alarms ...`],
  run: (invocation) =>
    withAlarms(invocation, ({ all }) => {
      invocation.done(...(all.length === 0 ? [NO_ALARMS(invocation.node)] : all));
    }),
};

const LOCAL_BANNER = ({ node }: Invocation): readonly string[] => [
  `Asking node ${node} to report any local resource alarms ...`,
];

const checkAlarms: CliCommand = {
  ...check,
  name: 'check_alarms',
  description:
    'Health check that exits with a non-zero code if the target node reports any alarms, local ' +
    'or cluster-wide.',
  banner: LOCAL_BANNER,
  run: (invocation) =>
    withAlarms(invocation, ({ all }) => {
      if (all.length > 0) invocation.fail(EXIT.UNAVAILABLE, all.join('\n'));
      else invocation.done(...(invocation.isSilent ? [] : [NO_ALARMS(invocation.node)]));
    }),
};

const checkLocalAlarms: CliCommand = {
  ...check,
  name: 'check_local_alarms',
  description:
    'Health check that exits with a non-zero code if the target node reports any local alarms',
  banner: LOCAL_BANNER,
  run: (invocation) =>
    withAlarms(invocation, ({ own }) => {
      if (own.length > 0) invocation.error(own.join('\n'));
      else invocation.done(`Node ${invocation.node} reported no local alarms`);
    }),
};

function interfaceLines(): readonly string[] {
  return listenerLines().map((line) => `Interface${line.slice('interface'.length)}`);
}

const listeners: CliCommand = {
  ...check,
  name: 'listeners',
  description:
    'Lists active connection listeners (bound interface, port, protocol) on the target node',
  banner: ({ node }) => [`Asking node ${node} to report its protocol listeners ...`],
  run: (invocation) => invocation.done(...interfaceLines()),
};

function portsText(): string {
  return [...Object.values(LISTENERS)].sort((one, other) => Number(one) - Number(other)).join(', ');
}

const checkPortListener: CliCommand = {
  ...check,
  name: 'check_port_listener',
  description:
    'Health check that exits with a non-zero code if target node does not have an active ' +
    'listener for given port',
  usage: '<port>',
  words: [1, 1],
  banner: ({ args, node }) => [
    `Asking node ${node} if there's an active listener on port ${args[0]} ...`,
  ],
  run: (invocation) => {
    const port = invocation.arg(0);
    const { node } = invocation;
    if (Object.values(LISTENERS).includes(port)) {
      invocation.done(`A listener for port ${port} is running on node ${node}.`);
      return;
    }
    invocation.fail(
      EXIT.UNAVAILABLE,
      `No listener for port ${port} is active on node ${node}. ` +
        `Found listeners that use the following ports: ${portsText()}`,
    );
  },
};

const checkProtocolListener: CliCommand = {
  ...check,
  name: 'check_protocol_listener',
  description:
    'Health check that exits with a non-zero code if target node does not have an active ' +
    'listener for given protocol',
  usage: '<protocol>',
  words: [1, 1],
  banner: ({ args, node }) => [
    `Asking node ${node} if there's an active listener for protocol ${args[0]} ...`,
  ],
  run: (invocation) => {
    const protocol = invocation.arg(0);
    const { node } = invocation;
    if (Object.hasOwn(LISTENERS, protocol)) {
      invocation.done(`A listener for protocol ${protocol} is running on node ${node}.`);
      return;
    }
    invocation.error(
      `No listener for protocol ${protocol} is active on node ${node}. ` +
        `Found listeners for the following protocols: ${Object.keys(LISTENERS).join(', ')}`,
    );
  },
};

const checkVirtualHosts: CliCommand = {
  ...check,
  name: 'check_virtual_hosts',
  description: 'Health check that checks if all vhosts are running in the target node',
  banner: ({ node }) => [`Checking if all vhosts are running on node ${node} ...`],
  run: (invocation) => invocation.done(`Node ${invocation.node} reported all vhosts as running`),
};

const serverVersion: CliCommand = {
  ...check,
  name: 'server_version',
  description: 'Displays server version on the target node',
  banner: ({ node }) => [`Asking node ${node} for its RabbitMQ version...`],
  run: (invocation) => invocation.done(`${invocation.cluster.profile.release}.0`),
};

function statusLines(node: RabbitNode, release: string): readonly string[] {
  const name = nodeNameOf(node.ports.host);
  const raised = node.alarms.raised.map((resource) => alarmLine(resource, name));
  const queues = [...node.metadata.tables.rows('rabbit_queue')].length;
  const vhosts = [...node.metadata.tables.rows('rabbit_vhost')].length;
  return [
    ...['Runtime', '', `RabbitMQ version: ${release}.0`, `Node name: ${name}`, ''],
    ...['Alarms', '', ...(raised.length === 0 ? ['(none)'] : raised), ''],
    ...['Free Disk Space', '', `Free disk space: ${node.ports.disk.freeBytes()} bytes`, ''],
    ...['Totals', '', `Connection count: ${node.connectionCount}`],
    ...[`Queue count: ${queues}`, `Virtual host count: ${vhosts}`, ''],
    ...['Listeners', '', ...interfaceLines()],
  ];
}

const status: CliCommand = {
  ...check,
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  name: 'status',
  description: 'Displays status of a node',
  usage: '[--unit <unit>]',
  switches: { timeout: 'integer' },
  banner: ({ node }) => [`Status of node ${node} ...`],
  run: (invocation) => {
    const { release } = invocation.cluster.profile;
    invocation.on<readonly string[]>(
      (node, reply) => reply(statusLines(node, release)),
      (lines) => invocation.done(...lines),
    );
  },
};

const checkPortConnectivity: CliCommand = {
  ...check,
  name: 'check_port_connectivity',
  description: "Basic TCP connectivity health check for each listener's port on the target node",
  banner: ({ node }) => [`Testing TCP connections to all active listeners on node ${node} ...`],
  run: (invocation) => {
    const ports = portsText();
    invocation.done(`Successfully connected to ports ${ports} on node ${invocation.node}.`);
  },
};

export const healthChecks: readonly CliCommand[] = [
  ...[ping, checkRunning, isRunning, alarms, checkAlarms, checkLocalAlarms, listeners],
  ...[checkPortListener, checkProtocolListener, checkPortConnectivity, checkVirtualHosts],
  ...[serverVersion, status],
];
