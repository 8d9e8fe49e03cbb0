/**
 * `rabbitmqctl list_connections`, `list_channels`, `list_consumers` and the commands that close
 * connections: what the nodes know of their clients.
 *
 * Differs: a peer is known by its host's name, there by its address.
 */
import { assert } from '../../kernel/assert.ts';
import { AMQP_PORT } from '../../rabbitmq/connection/amqp-listener.ts';
import type { AmqpConnection } from '../../rabbitmq/connection/connection.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { argumentsCell, type Cell } from './cell.ts';
import { byText, chosenColumns, columnRefusal } from './columns.ts';
import { type CliCommand, EXIT } from './cli-command.ts';
import { type Invocation, nodeNameOf } from './invocation.ts';
import { connectionPid, isPid } from './process-identifiers.ts';

type Row = Readonly<Record<string, Cell>>;

const CONNECTION_COLUMNS = [
  ...['pid', 'name', 'port', 'host', 'peer_port', 'peer_host', 'ssl', 'state', 'channels'],
  ...['protocol', 'auth_mechanism', 'user', 'vhost', 'timeout', 'frame_max', 'channel_max'],
];
const CHANNEL_COLUMNS = [
  ...['pid', 'connection', 'name', 'number', 'user', 'vhost', 'transactional', 'confirm'],
  ...['consumer_count', 'messages_unacknowledged', 'prefetch_count'],
];
const CONSUMER_COLUMNS = [
  ...['queue_name', 'channel_pid', 'consumer_tag', 'ack_required', 'prefetch_count', 'active'],
  ...['activity_status', 'arguments'],
];
const LISTED_CONSUMER_COLUMNS = CONSUMER_COLUMNS.filter((name) => name !== 'activity_status');
const NOTHING = 'normal';

/** `shell-1:40001 -> rabbit-1:5672` */
export function connectionName(host: string, { peer }: AmqpConnection): string {
  return `${peer.host}:${peer.port} -> ${host}:${AMQP_PORT}`;
}

function connectionRows({ listener, ports: { host } }: RabbitNode): readonly Row[] {
  return listener.connections.map((connection) => {
    const { user, virtualHost, state, channels } = connection.inspect();
    const { peer } = connection;
    return {
      ...{ pid: connectionPid(connection), name: connectionName(host, connection), host },
      ...{ port: AMQP_PORT, peer_port: peer.port, peer_host: peer.host, ssl: false },
      ...{ state, channels: channels.length, protocol: '{0,9,1}', auth_mechanism: 'PLAIN' },
      ...{ user, vhost: virtualHost, timeout: peer.heartbeat },
      ...{ frame_max: peer.frameMax, channel_max: peer.channelMax },
    };
  });
}

function channelRows({ listener, ports: { host } }: RabbitNode): readonly Row[] {
  return listener.connections.flatMap((connection) => {
    const { user, virtualHost } = connection.inspect();
    return connection.channels.flatMap((channel) => {
      const { info, number, mode } = channel;
      if (info === null) return [];
      const name = `${connectionName(host, connection)} (${number})`;
      return {
        ...{ pid: connectionPid(connection, number), connection: connectionPid(connection) },
        ...{ name, number, user, vhost: virtualHost },
        ...{ transactional: mode === 'tx', confirm: mode === 'confirm' },
        ...{ consumer_count: info.consumers, prefetch_count: channel.session?.prefetchCount ?? 0 },
        messages_unacknowledged: info.messagesUnacknowledged,
      };
    });
  });
}

function consumerRows({ listener }: RabbitNode, vhost: string): readonly Row[] {
  return listener.connections
    .filter((connection) => connection.inspect().virtualHost === vhost)
    .flatMap((connection) =>
      connection.channels.flatMap(({ number, session }) =>
        (session?.consumers() ?? []).map((consumer) => ({
          ...{ queue_name: consumer.queue, channel_pid: connectionPid(connection, number) },
          ...{ consumer_tag: consumer.tag, ack_required: consumer.ackRequired },
          ...{ prefetch_count: consumer.prefetchCount, active: consumer.isActive },
          activity_status: consumer.isActive ? 'up' : 'waiting',
          arguments: argumentsCell(consumer.arguments),
        })),
      ),
    );
}

/** Asks all nodes that run, and lists what they answer. */
function listFromAll(
  invocation: Invocation,
  columns: readonly string[],
  rowsOf: (node: RabbitNode) => readonly Row[],
): void {
  eachRunning(invocation, rowsOf, (answers) => {
    const rows = [...answers.flatMap((answer) => answer ?? [])].sort(byText(...columns));
    invocation.list({ columns, rows: rows.map((row) => columns.map((name) => row[name] ?? '')) });
  });
}

function eachRunning<T>(
  invocation: Invocation,
  act: (node: RabbitNode) => T,
  then: (answers: readonly (T | null)[]) => void,
): void {
  invocation.on<readonly string[]>(
    (node, reply) => reply(node.running.map(nodeNameOf)),
    (names) => invocation.onEach<T>(names, (node, reply) => reply(act(node)), then),
  );
}

const listing = {
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  formatter: 'table',
  words: [0, 100],
} as const;

export const listConnections: CliCommand = {
  ...listing,
  name: 'list_connections',
  description: 'Lists AMQP 0.9.1 connections for the node',
  usage: '[--no-table-headers] [<column> ...]',
  switches: { timeout: 'integer' },
  refuse: ({ args }) => columnRefusal(args, CONNECTION_COLUMNS),
  banner: () => ['Listing connections ...'],
  run: (invocation) => {
    const columns = chosenColumns(invocation, ['user', 'peer_host', 'peer_port', 'state']);
    listFromAll(invocation, columns, connectionRows);
  },
};

export const listChannels: CliCommand = {
  ...listing,
  name: 'list_channels',
  description: 'Lists all channels in the node',
  usage: '[--no-table-headers] [<column> ...]',
  refuse: ({ args }) => columnRefusal(args, CHANNEL_COLUMNS),
  banner: () => ['Listing channels ...'],
  run: (invocation) => {
    const defaults = ['pid', 'user', 'consumer_count', 'messages_unacknowledged'];
    listFromAll(invocation, chosenColumns(invocation, defaults), channelRows);
  },
};

export const listConsumers: CliCommand = {
  ...listing,
  name: 'list_consumers',
  description: 'Lists all consumers for a vhost',
  usage: '[--vhost <vhost>] [--no-table-headers] [<column> ...]',
  switches: { timeout: 'integer' },
  refuse: ({ args }) => columnRefusal(args, CONSUMER_COLUMNS),
  banner: ({ vhost }) => [`Listing consumers in vhost ${vhost} ...`],
  run: (invocation) => {
    const { vhost } = invocation;
    const columns = chosenColumns(invocation, LISTED_CONSUMER_COLUMNS);
    listFromAll(invocation, columns, (node) => consumerRows(node, vhost));
  },
};

function closeThose(
  invocation: Invocation,
  why: string,
  which: (connection: AmqpConnection) => boolean,
  said: (count: number) => readonly string[],
): void {
  const close = (node: RabbitNode): number => {
    const chosen = node.listener.connections.filter(which);
    for (const connection of chosen) connection.forceClose(why);
    return chosen.length;
  };
  eachRunning(invocation, close, (counts) => {
    const count = counts.reduce((sum: number, one) => sum + (one ?? 0), 0);
    assert(Number.isSafeInteger(count), 'a count', { count });
    invocation.done(...said(count));
  });
}

export const closeConnection: CliCommand = {
  name: 'close_connection',
  tools: ['rabbitmqctl'],
  section: 'Operations',
  description: 'Instructs the broker to close the connection associated with the Erlang process id',
  usage: '<connection pid> <explanation>',
  words: [2, 2],
  banner: ({ args }) => [`Closing connection ${args[0]}, reason: ${args[1]}...`],
  run: (invocation) => {
    const [pid = NOTHING, why = NOTHING] = invocation.args;
    if (!isPid(pid)) {
      invocation.error(`Error:\n{:invalid_pid_syntax, "${pid}"}`, EXIT.UNAVAILABLE);
      return;
    }
    closeThose(
      invocation,
      why,
      (connection) => connectionPid(connection) === pid,
      () => [],
    );
  },
};

export const closeAllConnections: CliCommand = {
  name: 'close_all_connections',
  tools: ['rabbitmqctl'],
  section: 'Operations',
  description:
    'Instructs the broker to close all connections for the specified vhost or entire RabbitMQ node',
  usage:
    '[--vhost <vhost> --limit <limit>] [-n <node> --global] [--per-connection-delay <delay>] ' +
    '<explanation>',
  switches: { global: 'boolean', limit: 'integer', 'per-connection-delay': 'integer' },
  words: [1, 1],
  refuse: (invocation) =>
    ['limit', 'per-connection-delay'].some((name) => invocation.has(name))
      ? { text: '--limit and --per-connection-delay are not supported here', code: EXIT.USAGE }
      : null,
  banner: (invocation) => {
    const [why] = invocation.args;
    if (invocation.flag('global')) {
      return [
        `Closing all connections to node ${invocation.node} (across all vhosts), reason: ${why}...`,
      ];
    }
    return [`Closing all connections in vhost ${invocation.vhost}, reason: ${why}...`];
  },
  run: (invocation) => {
    const { vhost } = invocation;
    const isGlobal = invocation.flag('global');
    const which = (connection: AmqpConnection): boolean =>
      isGlobal || connection.inspect().virtualHost === vhost;
    const said = (count: number): readonly string[] => [`Closed ${count} connections`];
    closeThose(invocation, invocation.arg(0), which, said);
  },
};

export const closeAllUserConnections: CliCommand = {
  name: 'close_all_user_connections',
  tools: ['rabbitmqctl'],
  section: 'Operations',
  description: 'Instructs the broker to close all connections of the specified user',
  usage: '<username> <explanation>',
  words: [2, 2],
  banner: ({ args }) => [`Closing connections of user ${args[0]}, reason: ${args[1]}...`],
  run: (invocation) => {
    const user = invocation.arg(0);
    const which = (connection: AmqpConnection): boolean => connection.identity.user === user;
    closeThose(invocation, invocation.arg(1), which, () => []);
  },
};
