/**
 * A node's application and its cluster: `cluster_status`, `stop_app`, `start_app`, and how nodes
 * wait for each other.
 *
 * Differs: the version of Erlang is the newest that the
 * release runs on; feature flags are shown of 3.10.
 * Source: RabbitMQ.CLI.Ctl.Commands.ClusterStatusCommand.
 */
import { assert } from '../../kernel/assert.ts';
import { compareReleases } from '../../kernel/releases.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { AMQP_PORT } from '../../rabbitmq/connection/amqp-listener.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { badArgument, type CliCommand, EXIT } from './cli-command.ts';
import { type Invocation, nodeNameOf } from './invocation.ts';

const cluster = { tools: ['rabbitmqctl', 'rabbitmq-diagnostics'], section: 'Cluster' } as const;
const life = { tools: ['rabbitmqctl'], section: 'Nodes', words: [0, 0] } as const;
const DISTRIBUTION_PORT = 25672;
/** Of the management plugin, whose part `rabbitmqadmin` has here. */
const HTTP_PORT = 15672;
const ERLANG: readonly (readonly [string, string])[] = [
  ['4.1', '27.3'],
  ['3.13', '26.2'],
  ['3.10', '25.3'],
  ['3.8', '24.3'],
];
/** All of them, in the release that was recorded. */
const FLAGS_310: readonly string[] = [
  ...['classic_mirrored_queue_version', 'drop_unroutable_metric', 'empty_basic_get_metric'],
  ...['implicit_default_bindings', 'maintenance_mode_status', 'quorum_queue', 'stream_queue'],
  ...['user_limits', 'virtual_host_metadata'],
];
const LOOK_AGAIN_MS = 1000;
const AWAIT_S = 300;

/** What one node says of itself. */
interface NodeReport {
  readonly name: string;
  readonly running: readonly string[];
  readonly discs: readonly string[];
  readonly rams: readonly string[];
  readonly partitions: readonly string[];
  readonly alarms: readonly string[];
  readonly clusterName: string;
}

function reportOf(node: RabbitNode): NodeReport {
  const { metadata, links, listener, ports, membership } = node;
  const isRam = (name: string): boolean => membership?.nodes.get(name) === 'ram';
  let clusterName: string | null = null;
  for (const row of metadata.tables.rows('rabbit_runtime_parameters')) {
    if (row.component === 'cluster_name') clusterName = row.value;
  }
  return {
    ...{ name: nodeNameOf(ports.host), running: node.running.map(nodeNameOf) },
    discs: links.members.filter((name) => !isRam(name)).map(nodeNameOf),
    rams: links.members.filter(isRam).map(nodeNameOf),
    partitions: node.partitions.map(nodeNameOf),
    ...{ alarms: listener.alarms, clusterName: clusterName ?? nodeNameOf(ports.host) },
  };
}

/** A heading, and what stands below it. */
function part(heading: string, lines: readonly string[]): readonly string[] {
  return [heading, '', ...(lines.length === 0 ? ['(none)'] : lines), ''];
}

/** `Memory alarm on node rabbit@rabbit-1` */
export function alarmLine(resource: string, node: string): string {
  assert(resource === 'memory' || resource === 'disk', 'a resource', { resource });
  return resource === 'memory'
    ? `Memory alarm on node ${node}`
    : `Free disk space alarm on node ${node}`;
}

export function listenerLines(): readonly string[] {
  return [
    `interface: [::], port: ${HTTP_PORT}, protocol: http, purpose: HTTP API`,
    `interface: [::], port: ${DISTRIBUTION_PORT}, protocol: clustering, ` +
      'purpose: inter-node and CLI tool communication',
    `interface: [::], port: ${AMQP_PORT}, protocol: amqp, purpose: AMQP 0-9-1 and AMQP 1.0`,
  ];
}

function statusText(
  own: NodeReport,
  reports: readonly (NodeReport | null)[],
  release: string,
): readonly string[] {
  const there = reports.flatMap((report) => report ?? []);
  const byName = [...there].sort((one, other) => (one.name < other.name ? -1 : 1));
  const alarms = byName.flatMap(({ name, alarms: raised }) =>
    raised.map((resource) => alarmLine(resource, name)),
  );
  const partitions = byName
    .filter((report) => report.partitions.length > 0)
    .map(
      ({ name, partitions: others }) => `Node ${name} cannot communicate with ${others.join(', ')}`,
    );
  const lines = [
    ...['Basics', '', `Cluster name: ${own.clusterName}`, ''],
    ...part('Disk Nodes', [...own.discs].sort(byLetters)),
    ...(own.rams.length === 0 ? [] : part('RAM Nodes', [...own.rams].sort(byLetters))),
    ...part(
      'Running Nodes',
      byName.map(({ name }) => name),
    ),
    ...part(
      'Versions',
      byName.map(({ name }) => `${name}: RabbitMQ ${release}.0 on Erlang ${erlangOf(release)}`),
    ),
    ...part(
      'Maintenance status',
      byName.map(({ name }) => `Node: ${name}, status: not under maintenance`),
    ),
    ...part('Alarms', alarms),
    ...part('Network Partitions', partitions),
    ...part(
      'Listeners',
      byName.flatMap(({ name }) => listenerLines().map((line) => `Node: ${name}, ${line}`)),
    ),
    ...featureFlags(release),
  ];
  return lines.slice(0, -1);
}

/** The newest that a release runs on. */
function erlangOf(release: string): string {
  const found = ERLANG.find(([since]) => compareReleases(release, since) >= 0);
  assert(found !== undefined, 'a release runs on something', { release });
  return found[1];
}

function featureFlags(release: string): readonly string[] {
  const flags = release === '3.10' ? FLAGS_310 : [];
  const lines = flags.map((name) => `Flag: ${name}, state: enabled`);
  return lines.length === 0 ? [] : part('Feature flags', lines);
}

function byLetters(left: string, right: string): number {
  return left < right ? -1 : 1;
}

const clusterStatus: CliCommand = {
  ...cluster,
  name: 'cluster_status',
  description:
    'Displays all the nodes in the cluster grouped by node type, together with the currently ' +
    'running nodes',
  usage: '',
  switches: { timeout: 'integer' },
  words: [0, 0],
  banner: ({ node }) => [`Cluster status of node ${node} ...`],
  run: (invocation) =>
    invocation.on<NodeReport>(
      (node, reply) => reply(reportOf(node)),
      (own) => {
        const { release } = invocation.cluster.profile;
        invocation.onEach<NodeReport | null>(
          own.running,
          (node, reply) => reply(node.isRunning ? reportOf(node) : null),
          (reports) => invocation.done(...statusText(own, reports, release)),
        );
      },
    ),
};

const stopApp: CliCommand = {
  ...life,
  name: 'stop_app',
  description: 'Stops the RabbitMQ application, leaving the runtime (Erlang VM) running',
  usage: '',
  needs: 'node',
  banner: ({ node }) => [`Stopping rabbit application on node ${node} ...`],
  run: (invocation) =>
    invocation.on<null>(
      (node, reply) => {
        if (node.isRunning) node.stopApplication();
        reply(null);
      },
      () => invocation.done(),
    ),
};

const startApp: CliCommand = {
  ...life,
  name: 'start_app',
  description: 'Starts the RabbitMQ application but leaves the runtime (Erlang VM) running',
  usage: '',
  needs: 'node',
  banner: ({ node }) => [`Starting node ${node} ...`],
  run: (invocation) =>
    invocation.on<null>(
      (node, reply) => {
        if (node.isStopped) node.startApplication();
        reply(null);
      },
      () => awaitRunning(invocation),
    ),
};

/** Looks again and again until the application runs on the node, or will not. */
function awaitRunning(invocation: Invocation): void {
  invocation.on<readonly [boolean, string | null]>(
    (node, reply) => {
      // It was busy with its cluster before.
      if (node.isStopped && node.startProblem === null) node.startApplication();
      reply([node.isRunning, node.startProblem]);
    },
    ([isRunning, problem]) => {
      if (isRunning) invocation.done();
      else if (problem === null) lookAgain(invocation, () => awaitRunning(invocation));
      else invocation.error(startFailure(problem));
    },
  );
}

/** As Elixir prints what an application did not start for. */
function startFailure(problem: string): string {
  const text = problem.replaceAll("'", "\\'");
  return `{:rabbit, {{:inconsistent_cluster, '${text}'}, {:rabbit, :start, [:normal, []]}}}`;
}

function lookAgain({ call }: Invocation, look: () => void): void {
  call.ports.clock.after(microsOfMillis(LOOK_AGAIN_MS), 'look again', look);
}

const awaitStartup: CliCommand = {
  ...life,
  name: 'await_startup',
  description: 'Waits for the RabbitMQ application to start on the target node',
  usage: '',
  switches: { timeout: 'integer' },
  needs: 'node',
  run: (invocation) => {
    const until = invocation.timeoutS ?? AWAIT_S;
    const look = (left: number): void =>
      invocation.on<boolean>(
        (node, reply) => reply(node.isRunning),
        (isRunning) => {
          if (isRunning) invocation.done();
          else if (left <= 0) invocation.error('rabbit_is_not_running');
          else lookAgain(invocation, () => look(left - 1));
        },
      );
    look(until);
  },
};

const awaitOnlineNodes: CliCommand = {
  tools: ['rabbitmqctl'],
  section: 'Cluster',
  name: 'await_online_nodes',
  description: 'Waits for <count> nodes to join the cluster',
  usage: '<count>',
  words: [1, 1],
  refuse: ({ args: [count = ''] }) =>
    /^[1-9]\d{0,3}$/.test(count) ? null : badArgument(`${count} is not a number of nodes`),
  banner: (invocation) => [
    `Will wait for at least ${invocation.args[0]} nodes to join the cluster of ` +
      `${invocation.node}. Timeout: ${invocation.timeoutS ?? AWAIT_S} seconds.`,
  ],
  run: (invocation) => {
    const wanted = Number(invocation.arg(0));
    const look = (left: number): void =>
      invocation.on<number>(
        (node, reply) => reply(node.running.length),
        (count) => {
          if (count >= wanted) invocation.done();
          else if (left <= 0) invocation.error('timeout', EXIT.TEMPFAIL);
          else lookAgain(invocation, () => look(left - 1));
        },
      );
    look(invocation.timeoutS ?? AWAIT_S);
  },
};

const setClusterName: CliCommand = {
  tools: ['rabbitmqctl'],
  section: 'Configuration and Environment',
  name: 'set_cluster_name',
  description: 'Sets the cluster name',
  usage: '<name>',
  words: [1, 1],
  banner: ({ args }) => [`Setting cluster name to ${args[0]} ...`],
  run: (invocation) => {
    const name = invocation.arg(0);
    invocation.on<string | null>(
      (node, reply) => node.administration.setClusterName(name, reply),
      (problem) => {
        if (problem === null) invocation.done();
        else invocation.error(problem);
      },
    );
  },
};

export const clusterCommands: readonly CliCommand[] = [
  ...[clusterStatus, stopApp, startApp, awaitStartup, awaitOnlineNodes, setClusterName],
];
