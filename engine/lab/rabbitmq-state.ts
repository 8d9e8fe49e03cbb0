/**
 * What a RabbitMQ has, whoever brought it about: where a routing key leads, how many messages a
 * queue has and why others left it. Goals of drills look at it, and completion in a terminal.
 *
 * Read from the nodes themselves, not over the wire: it changes nothing. Not here: nodes, clients
 * and their calls (`rabbitmq.ts`).
 */
import type { ExchangeView } from '../rabbitmq/exchange/exchange-view.ts';
import { TopicTrie } from '../rabbitmq/exchange/topic-trie.ts';
import { settingsOf } from '../rabbitmq/queue/queue-settings.ts';
import type { RabbitCluster } from './rabbitmq.ts';

const VHOST = '/';

/** An exchange of the preset virtual host as a node shows it, or null. */
export function exchangeNamed(cluster: RabbitCluster, name: string): ExchangeView | null {
  return cluster.node(1)?.vhosts.get(VHOST)?.exchanges.get(name)?.inspect() ?? null;
}

/** Exchanges of the preset virtual host on any node, in the order of their names. */
export function exchangeNames(cluster: RabbitCluster): readonly string[] {
  const nodes = cluster.nodeNames.map((_, place) => cluster.node(place + 1));
  const names = nodes.flatMap((node) => [...(node?.vhosts.get(VHOST)?.exchanges.keys() ?? [])]);
  return [...new Set(names)].sort((left, right) => (left < right ? -1 : 1));
}

/**
 * The queues to which a topic exchange's own bindings lead a key, sorted. Bindings to exchanges are
 * not followed.
 */
export function topicQueues(exchange: ExchangeView | null, key: string): readonly string[] {
  if (exchange?.type !== 'topic') return [];
  const trie = new TopicTrie();
  const queues = exchange.bindings.filter(({ to }) => to === 'queue');
  for (const [place, { routingKey, destination }] of queues.entries()) {
    const to = { kind: 'queue', name: destination } as const;
    const binding = { source: exchange.name, destination: to, routingKey, arguments: [] };
    trie.add({ ...binding, id: String(place) });
  }
  const found = new Set<string>();
  trie.match(key, ({ name }) => found.add(name));
  return [...found].sort((left, right) => (left < right ? -1 : 1));
}

/** Messages that wait in a queue; 0 where there is none of the name. */
export function readyIn(cluster: RabbitCluster, queue: string): number {
  return cluster.queue(queue)?.ready ?? 0;
}

/** Messages that left a queue for a reason: `rejected`, `expired`, `maxlen`, ... */
export function goneFrom(cluster: RabbitCluster, queue: string, reason: string): number {
  return cluster.queue(queue)?.gone[reason] ?? 0;
}

/** How long a queue may be, by its arguments and policies; none of it where it is not there. */
export function queueLimits(
  cluster: RabbitCluster,
  queue: string,
): { readonly maxLength: number | null; readonly overflow: string } {
  const vhost = cluster.node(1)?.vhosts.get(VHOST);
  const found = vhost?.queues.get(queue);
  if (vhost === undefined || found === undefined) return { maxLength: null, overflow: '' };
  return settingsOf(found.declaration.arguments, vhost.policyOf(found));
}
