/**
 * Nodes that join a cluster and leave it: `join_cluster`, `reset`, `force_reset`,
 * `forget_cluster_node`, `change_cluster_node_type`.
 *
 * Differs: `forget_cluster_node --offline` is for a node whose application is stopped; the real
 * tool takes the place of one that does not run at all. In the metadata streams keep their copy on
 * a node that is forgotten (there `rabbit_stream_queue:delete_all_replicas`, since 3.13). Not here:
 * what becomes of a node (`rabbitmq/cluster/membership/`).
 * Sources: RabbitMQ.CLI.Ctl.Commands.JoinClusterCommand and so on, of 3.10.8, 3.13.7 and 4.3.5.
 */
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { compareReleases } from '../../kernel/releases.ts';
import {
  type ClusterMembership,
  membershipOf,
} from '../../rabbitmq/cluster/membership/cluster-membership.ts';
import type { Refusal as Refused } from '../../rabbitmq/cluster/membership/membership-calls.ts';
import type { NodeType } from '../../rabbitmq/metadata/rows.ts';
import { QuorumMembership } from '../../rabbitmq/quorum/quorum-membership.ts';
import { StreamCoordination } from '../../rabbitmq/stream/stream-coordination.ts';
import { badArgument, type CliCommand, EXIT } from './cli-command.ts';
import { hostOf, type Invocation, nodeNameOf } from './invocation.ts';
import { nodeDown } from './node-problems.ts';

const own = { tools: ['rabbitmqctl'] } as const;
const NEITHER = 'The node type must be either disc or ram.';
const FIXED: Refused = { error: 'not_supported', text: 'The nodes of this cluster never change.' };

/** An error as Elixir prints it, with the names of nodes as they are typed. */
function printed({ error, text }: Refused): string {
  return text === '' ? error : `{:${error}, '${text.replaceAll("'", "\\'")}'}`;
}

type Then = (refused: Refused | null) => void;

/** Does something to the membership of the node. */
function change(
  invocation: Invocation,
  act: (membership: ClusterMembership, done: Then) => void,
  then: Then,
): void {
  invocation.on<Refused | null>((node, reply) => {
    const membership = membershipOf(node.membership);
    if (membership === null) reply(FIXED);
    else act(membership, reply);
  }, then);
}

function end(invocation: Invocation, refused: Refused | null): void {
  if (refused === null) invocation.done();
  else if (refused.error === 'already_member') {
    invocation.done('The node is already a member of this cluster');
  } else if (refused.error === 'cannot_cluster_node_with_itself') {
    const text = `Error: cannot cluster node with itself: ${invocation.node}`;
    invocation.error(text, EXIT.SOFTWARE);
  } else if (refused.error === 'node_type_unsupported') {
    const text = 'Error: `ram` node type is unsupported by the khepri database engine';
    invocation.error(text, EXIT.SOFTWARE);
  } else invocation.error(printed(refused));
}

/** `rabbit@rabbit-1`, or `rabbit-1` of a node that is none of ours. */
function nodeOf(name: string): string {
  return hostOf(name) ?? name;
}

function typeOf(invocation: Invocation): NodeType {
  return invocation.flag('ram') ? 'ram' : 'disc';
}

function join(invocation: Invocation): void {
  const target = nodeOf(invocation.arg(0));
  const isKnown = invocation.cluster.nodeNames.includes(target);
  const type = typeOf(invocation);
  const unreachable = (): void =>
    invocation.fail(EXIT.UNAVAILABLE, nodeDown(invocation, nodeNameOf(target)));
  if (!isKnown) return unreachable();
  change(
    invocation,
    (membership, done) => membership.join(target, type, done),
    (refused) => {
      if (refused?.error === 'nodedown') unreachable();
      else end(invocation, refused);
    },
  );
}

const joining = {
  ...own,
  section: 'Cluster',
  name: 'join_cluster',
  description: 'Instructs the node to become a member of the cluster that the specified node is in',
  usage: '[--disc|--ram] <existing_cluster_member>',
  switches: { disc: 'boolean', ram: 'boolean' },
  words: [1, 1],
  refuse: (invocation: Invocation) =>
    invocation.flag('disc') && invocation.flag('ram') ? badArgument(NEITHER) : null,
  banner: ({ node, args }: Invocation) => [`Clustering node ${node} with ${args[0]}`],
} as const satisfies Partial<CliCommand>;

const joinStopped: CliCommand = {
  ...joining,
  until: 'rabbitmq-3.12',
  needs: 'stopped',
  run: join,
};

/** Since 3.13 it stops RabbitMQ by itself, and starts it again. */
const joinRunning: CliCommand = {
  ...joining,
  since: 'rabbitmq-3.13',
  needs: 'node',
  run: (invocation) => {
    const target = nodeOf(invocation.arg(0));
    const isKnown = invocation.cluster.nodeNames.includes(target);
    invocation.on<boolean>(
      (node, reply) => {
        const membership = membershipOf(node.membership);
        const mayJoin = isKnown && membership?.mayJoin(target, typeOf(invocation)) === null;
        const stops = mayJoin && node.isRunning && !membership.nodes.has(target);
        if (stops) node.stopApplication();
        reply(stops);
      },
      (wasStopped) => {
        if (!wasStopped) return join(invocation);
        change(
          invocation,
          (membership, done) => membership.join(target, typeOf(invocation), done),
          (refused) =>
            invocation.on<null>(
              (node, reply) => {
                if (node.isStopped) node.startApplication();
                reply(null);
              },
              () => end(invocation, refused),
            ),
        );
      },
    );
  },
};

const reset: CliCommand = {
  ...own,
  section: 'Nodes',
  name: 'reset',
  description: 'Instructs a RabbitMQ node to leave the cluster and return to its virgin state',
  usage: '',
  words: [0, 0],
  needs: 'stopped',
  banner: ({ node }) => [`Resetting node ${node} ...`],
  run: (invocation) =>
    change(
      invocation,
      (membership, done) => membership.reset(done),
      (refused) => end(invocation, refused),
    ),
};

const forceReset: CliCommand = {
  ...own,
  section: 'Cluster',
  name: 'force_reset',
  description: 'Forcefully returns a RabbitMQ node to its virgin state',
  usage: '',
  words: [0, 0],
  needs: 'stopped',
  banner: ({ node }) => [`Forcefully resetting node ${node} ...`],
  run: (invocation) =>
    change(
      invocation,
      (membership, done) => membership.forceReset(done),
      (refused) => end(invocation, refused),
    ),
};

const changeType: CliCommand = {
  ...own,
  section: 'Cluster',
  name: 'change_cluster_node_type',
  description: 'Changes the type of the cluster node',
  usage: '<disc | ram>',
  words: [1, 1],
  until: 'rabbitmq-4.2',
  needs: 'stopped',
  refuse: ({ args: [type = ''] }) => (/^(disc|ram)$/.test(type) ? null : badArgument(NEITHER)),
  banner: ({ node, args }) => [`Turning ${node} into a ${args[0]} node`],
  run: (invocation) => {
    const type = invocation.arg(0) === 'ram' ? 'ram' : 'disc';
    invocation.on<NodeType>(
      (node, reply) => reply(membershipOf(node.membership)?.type ?? 'disc'),
      (before) => {
        if (before === type) return invocation.done(`Node type is already ${type}`);
        change(
          invocation,
          (membership, done) => membership.changeType(type, done),
          (refused) => {
            if (refused === null) invocation.done();
            else invocation.error(printed(refused));
          },
        );
      },
    );
  },
};

/**
 * The node's members of all quorum queues go, and since 3.13 that of the coordinator of streams;
 * what could not is told.
 */
function shrinkAll(
  node: RabbitNode,
  host: string,
  hasStreams: boolean,
  done: (kept: readonly string[]) => void,
): void {
  const vhosts = [...node.vhosts.values()];
  const [vhost] = vhosts;
  const kept = new Set<string>();
  const finish = (): void => {
    if (!hasStreams || vhost === undefined) return done([...kept]);
    StreamCoordination.forget(vhost.context.links, host, (isGone) => {
      if (!isGone) kept.add('Stream coordinator');
      done([...kept]);
    });
  };
  const next = (): void => {
    const of = vhosts.shift();
    if (of === undefined) return finish();
    new QuorumMembership(of).shrink(host, (problem) => {
      if (problem !== null) kept.add('Quorum queues');
      next();
    });
  };
  next();
}

/** Since 4.3 replicas go before the node does, since 3.12 those that stay are told of. */
function forget(invocation: Invocation): void {
  const { release } = invocation.cluster.profile;
  const name = invocation.arg(0);
  const host = nodeOf(name);
  const refuse = (refused: Refused): void => {
    const text =
      `RabbitMQ on node ${name} must be stopped with 'rabbitmqctl -n ${name} stop_app' ` +
      'before it can be removed';
    invocation.error(refused.error === 'rabbit_still_running' ? text : printed(refused));
  };
  const remove = (then: () => void): void =>
    change(
      invocation,
      (membership, done) => membership.forget(host, done),
      (refused) => (refused === null ? then() : refuse(refused)),
    );
  const hasStreams = compareReleases(release, '3.13') >= 0;
  const shrink = (then: (kept: readonly string[]) => void): void =>
    invocation.on<readonly string[]>(
      (node, reply) => shrinkAll(node, host, hasStreams, reply),
      then,
    );
  const finish = (kept: readonly string[]): void => {
    const failed = 'RabbitMQ failed to shrink';
    if (kept.length === 0 || compareReleases(release, '3.12') < 0) invocation.done();
    else if (hasStreams) {
      invocation.error(`${failed} some entities on node ${name} : ${kept.join(', ')}`);
    } else invocation.error(`${failed} some of the quorum queues on node ${name}`);
  };
  if (compareReleases(release, '4.3') < 0) return remove(() => shrink(finish));
  change(
    invocation,
    (membership, done) => membership.mayForget(host, done),
    (refused) => {
      if (refused !== null) return refuse(refused);
      shrink((kept) => remove(() => finish(kept)));
    },
  );
}

const forgetNode: CliCommand = {
  ...own,
  section: 'Cluster',
  name: 'forget_cluster_node',
  description: 'Removes a node from the cluster',
  usage: '[--offline] <existing_cluster_member_node>',
  switches: { offline: 'boolean' },
  words: [1, 1],
  needs: (invocation) => (invocation.flag('offline') ? 'ended' : 'node'),
  banner: ({ args }) => [`Removing node ${args[0]} from the cluster`],
  run: (invocation) => {
    if (!invocation.flag('offline')) return forget(invocation);
    change(
      invocation,
      (membership, done) => membership.forgetOffline(nodeOf(invocation.arg(0)), done),
      (refused) => end(invocation, refused),
    );
  },
};

export const membershipCommands: readonly CliCommand[] = [
  ...[joinStopped, joinRunning, reset, forceReset, changeType, forgetNode],
];
