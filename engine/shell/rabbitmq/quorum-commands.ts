/**
 * Replicas of quorum queues: `rabbitmq-queues quorum_status`, `add_member`, `delete_member`,
 * `grow`, `shrink`, `check_if_node_is_quorum_critical`.
 *
 * Differs: members stand in the order of their names; a machine has no version; `rebalance` and
 * `peek` are not there. Source: `rabbit_quorum_queue`, RabbitMQ.CLI.Queues.Commands.
 */
import { assert } from '../../kernel/assert.ts';
import type { Done } from '../../rabbitmq/administration.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { QuorumMembership } from '../../rabbitmq/quorum/quorum-membership.ts';
import { QuorumQueue } from '../../rabbitmq/quorum/quorum-queue.ts';
import { isPattern, matchesPattern } from '../../rabbitmq/vhost/pattern.ts';
import type { Cell } from './cell.ts';
import { badArgument, type CliCommand, EXIT } from './cli-command.ts';
import { hostOf, type Invocation, nodeNameOf } from './invocation.ts';

const own = { tools: ['rabbitmq-queues'] } as const;
const RAFT_COLUMNS = [
  ...['Node Name', 'Raft State', 'Log Index', 'Commit Index', 'Snapshot Index', 'Term'],
];
const SIZE_COLUMNS = ['vhost', 'name', 'size', 'result'];

/** A member as its own node sees it. */
type Member = readonly Cell[];

function memberOf(node: RabbitNode, { vhost, args }: Invocation): Member | null {
  const queue = node.vhosts.get(vhost)?.queues.get(args[0] ?? '');
  if (!(queue instanceof QuorumQueue) || queue.server === undefined) return null;
  const { role, endOffset, highWatermark, startOffset, term } = queue.server.inspect();
  const snapshot = startOffset === 0 ? 'undefined' : startOffset;
  return [
    nodeNameOf(node.ports.host),
    role.toLowerCase(),
    endOffset,
    highWatermark,
    snapshot,
    term,
  ];
}

/** The members of the queue, or what is wrong with it. */
function membersOf(
  node: RabbitNode,
  { vhost, args }: Invocation,
  wrongType: string,
): readonly string[] | string {
  const queue = node.vhosts.get(vhost)?.queues.get(args[0] ?? '');
  if (queue === undefined) return 'not_found';
  if (!(queue instanceof QuorumQueue)) return wrongType;
  return queue.cluster.members;
}

const quorumStatus: CliCommand = {
  tools: ['rabbitmq-queues', 'rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  name: 'quorum_status',
  description: 'Displays quorum status of a quorum queue',
  usage: '[--vhost <vhost>] <queue>',
  words: [1, 1],
  formatter: 'pretty_table',
  banner: ({ args, node }) => [`Status of quorum queue ${args[0]} on node ${node} ...`],
  run: (invocation) =>
    invocation.on<readonly string[] | string>(
      (node, reply) =>
        reply(membersOf(node, invocation, 'Cannot get quorum status of a classic queue')),
      (members) => {
        if (typeof members === 'string') {
          invocation.error(members);
          return;
        }
        const names = [...members].sort((one, other) => (one < other ? -1 : 1)).map(nodeNameOf);
        invocation.onEach<Member | null>(
          names,
          (node, reply) => reply(node.isRunning ? memberOf(node, invocation) : null),
          (answers) => {
            const none = (name: string): Member => [name, 'noproc', '', '', '', ''];
            const rows = answers.map((answer, place) => answer ?? none(names[place]!));
            invocation.list({ columns: RAFT_COLUMNS, rows });
          },
        );
      },
    ),
};

/** Has the node's membership do something, on a node that was named. */
function change(
  invocation: Invocation,
  act: (membership: QuorumMembership, host: string, done: Done) => void,
): void {
  const [, name = ''] = invocation.args;
  invocation.on<string | null>(
    (node, reply) => {
      const vhost = node.vhosts.get(invocation.vhost);
      const host = hostOf(name);
      if (vhost === undefined) reply('not_found');
      else act(new QuorumMembership(vhost), host ?? name, reply);
    },
    (problem) => {
      if (problem === null) invocation.done();
      else invocation.error(SENTENCES[problem] ?? problem);
    },
  );
}

const SENTENCES: Readonly<Record<string, string>> = {
  classic_queue_not_supported: 'Cannot add members to a classic queue',
};

const addMember: CliCommand = {
  ...own,
  section: 'Replication',
  name: 'add_member',
  description: 'Adds a quorum queue member (replica) on the given node.',
  usage: '[--vhost <vhost>] <queue> <node>',
  switches: { timeout: 'integer' },
  words: [2, 2],
  banner: ({ args: [queue, node] }) => [`Adding a replica for queue ${queue} on node ${node}...`],
  run: (invocation) =>
    change(invocation, (membership, host, done) => membership.add(invocation.arg(0), host, done)),
};

const deleteMember: CliCommand = {
  ...own,
  section: 'Replication',
  name: 'delete_member',
  description: 'Removes a quorum queue member (replica) on the given node.',
  usage: '[--vhost <vhost>] <queue> <node>',
  words: [2, 2],
  banner: ({ args: [queue, node] }) => [`Removing a replica of queue ${queue} on node ${node}...`],
  run: (invocation) =>
    change(invocation, (membership, host, done) =>
      membership.delete(invocation.arg(0), host, done),
    ),
};

/** Sizes of the quorum queues of all virtual hosts, by their names. */
function sizesOf(node: RabbitNode): ReadonlyMap<string, Member> {
  const sizes = new Map<string, Member>();
  for (const { vhost, record } of node.metadata.tables.rows('rabbit_queue')) {
    if (record.type !== 'quorum') continue;
    const { name } = record.declaration;
    sizes.set(JSON.stringify([vhost, name]), [vhost, name, record.members.length]);
  }
  return sizes;
}

/** Has every virtual host's membership do something, and lists the queues whose size changed. */
function changeAll(
  invocation: Invocation,
  act: (membership: QuorumMembership, done: Done) => void,
): void {
  invocation.on<readonly (readonly Cell[])[]>(
    (node, reply) => {
      const before = sizesOf(node);
      const memberships = [...node.vhosts.values()].map((vhost) => new QuorumMembership(vhost));
      let first: string | null = null;
      const step = (): void => {
        const membership = memberships.shift();
        if (membership !== undefined) {
          act(membership, (problem) => {
            first ??= problem;
            step();
          });
          return;
        }
        const changed = [...sizesOf(node)].filter(([key, row]) => before.get(key)?.[2] !== row[2]);
        reply(changed.map(([, row]) => [...row, first ?? 'ok']));
      };
      step();
    },
    (rows) => {
      assert(
        rows.every((row) => row.length === SIZE_COLUMNS.length),
        'a value for each column',
        { rows },
      );
      const shown = invocation.flag('errors-only') ? [] : rows;
      invocation.list({ columns: SIZE_COLUMNS, rows: shown }, ['']);
    },
  );
}

const STRATEGIES: readonly string[] = ['all', 'even'];

const grow: CliCommand = {
  ...own,
  section: 'Cluster',
  name: 'grow',
  description:
    'Grows quorum queue clusters by adding a member (replica) on the specified node for all ' +
    'matching queues',
  usage: '<node> <all | even> [--vhost-pattern <pattern>] [--queue-pattern <pattern>]',
  switches: { 'errors-only': 'boolean', 'queue-pattern': 'string' },
  words: [2, 2],
  formatter: 'table',
  refuse: (invocation) => {
    const [, strategy = ''] = invocation.args;
    const pattern = invocation.text('queue-pattern') ?? '';
    if (!STRATEGIES.includes(strategy)) {
      return { text: `"strategy '${strategy}' is not recognised."`, code: EXIT.USAGE };
    }
    return isPattern(pattern) ? null : badArgument(`${pattern} is no regular expression`);
  },
  banner: ({ args: [node, strategy] }) => [`Growing ${strategy} quorum queues on ${node}...`],
  run: (invocation) => {
    const [name = '', strategy = ''] = invocation.args;
    const host = hostOf(name) ?? name;
    const which = strategy === 'all' ? 'all' : 'even';
    const pattern = invocation.text('queue-pattern') ?? '';
    const isNamed = (queue: string): boolean => matchesPattern(pattern, queue);
    changeAll(invocation, (membership, done) => membership.grow(host, which, done, isNamed));
  },
};

const shrink: CliCommand = {
  ...own,
  section: 'Cluster',
  name: 'shrink',
  description:
    'Shrinks quorum queue clusters by removing any members (replicas) on the given node.',
  usage: '<node> [--errors-only]',
  switches: { 'errors-only': 'boolean' },
  words: [1, 1],
  formatter: 'table',
  banner: ({ args }) => [`Shrinking quorum queues on ${args[0]}...`],
  run: (invocation) => {
    const name = invocation.arg(0);
    const host = hostOf(name) ?? name;
    changeAll(invocation, (membership, done) => membership.shrink(host, done));
  },
};

/** Queues that would have no majority without the node. */
function criticalOn(node: RabbitNode): readonly string[] {
  const { host } = node.ports;
  const lines: string[] = [];
  for (const { vhost, record } of node.metadata.tables.rows('rabbit_queue')) {
    const { type, members, declaration } = record;
    if (type === 'classic' || !members.includes(host)) continue;
    const left = members.filter((member) => member !== host && node.running.includes(member));
    if (2 * left.length > members.length) continue;
    lines.push(
      `queue '${declaration.name}' in vhost '${vhost}' would lose quorum ` +
        `if node ${nodeNameOf(host)} is stopped`,
    );
  }
  return lines.sort((one, other) => (one < other ? -1 : 1));
}

const checkQuorumCritical: CliCommand = {
  tools: ['rabbitmq-queues', 'rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  name: 'check_if_node_is_quorum_critical',
  description:
    'Health check that exits with a non-zero code if there are queues with minimum online quorum ' +
    '(queues that would lose their quorum if the target node is shut down)',
  usage: '',
  words: [0, 0],
  banner: ({ node }) => [
    `Checking if node ${node} is critical for quorum of any quorum queues ...`,
  ],
  run: (invocation) =>
    invocation.on<{ readonly lines: readonly string[]; readonly isAlone: boolean }>(
      (node, reply) => reply({ lines: criticalOn(node), isAlone: node.links.members.length === 1 }),
      ({ lines, isAlone }) => {
        const { node } = invocation;
        if (isAlone) {
          invocation.done(
            `Node ${node} seems to be the only one in a single node cluster, ` +
              'the check does not apply',
          );
        } else if (lines.length > 0) invocation.fail(EXIT.UNAVAILABLE, lines.join('\n'));
        else invocation.done(`Node ${node} reported no quorum queues with minimum quorum`);
      },
    ),
};

export const quorumCommands: readonly CliCommand[] = [
  ...[quorumStatus, addMember, deleteMember, grow, shrink, checkQuorumCritical],
];
