/**
 * Invariant R16 of a cluster whose nodes pause in a minority: a node that sees half of the nodes or
 * fewer confirms nothing to a publisher. Before it has noticed that the others are gone it may, and
 * what it took then can be lost: a run's verdict counts that, as with `ignore` and `autoheal`.
 *
 * Not here: how a node notices and pauses (`rabbitmq/cluster/node-monitor.ts`).
 * Source: rabbitmq.com/docs/partitions.
 */
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { AmqpMessage } from '../../wire/amqp/command.ts';
import type { Lab } from '../experiment.ts';

/** Registers the invariant with the lab. */
export function watchPartitionHandling(lab: Lab, nodes: readonly string[]): void {
  let found: string | null = null;
  let isWatching = false;
  lab.invariant('R16', 'always', () => {
    if (!isWatching) {
      isWatching = true;
      const { network } = lab.host(nodes[0]!).world;
      network.watcher = (endpoint, message) => {
        const { name } = endpoint.host;
        if (endpoint.protocolName !== 'amqp' || !nodes.includes(name)) return;
        const process = lab.host(name).process as RabbitNode | null;
        if (process === null || process.handling !== 'pause_minority') return;
        const { links } = process;
        const seen = links.members.filter((member) => links.isConnected(member)).length;
        const of = { node: name, seen, members: links.members.length };
        found ??= confirmedInMinority(of, message as AmqpMessage);
      };
    }
    const what = found;
    found = null;
    return what;
  });
}

/** What is wrong where a node sends this while it sees so many of the members, itself included. */
export function confirmedInMinority(
  {
    node,
    seen,
    members,
  }: { readonly node: string; readonly seen: number; readonly members: number },
  message: AmqpMessage,
): string | null {
  const isConfirm = message.kind === 'command' && message.name === 'basic.ack';
  if (!isConfirm || seen * 2 > members) return null;
  return `${node} confirms a message, and sees ${seen} of ${members} nodes`;
}
