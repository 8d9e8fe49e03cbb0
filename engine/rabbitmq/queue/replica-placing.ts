/**
 * Which nodes a new queue is on, and which of them leads it.
 *
 * A queue with replicas has one on this node, then on nodes that are connected, drawn, then on
 * others; it is led by this node, or where its locator is balanced, by the node among them that
 * leads the fewest queues of the type. A classic queue is on one node: this one, or where its
 * locator is balanced, the one of all that run. The locator is said by a policy, else by an
 * argument, else by the node; for a classic queue until 3.13 by the argument first.
 * Sources: `rabbit_queue_location`; until 3.13 `rabbit_queue_master_location_misc`,
 * `rabbit_queue_location_min_masters`. Differences: replicas are drawn from the first queue on,
 * there from 1000 queues on, and before that by what nodes have; leaders are counted however many
 * queues there are; a node in maintenance is as good as another; `min-masters` looks at all nodes
 * that run, whatever `ha-mode` says.
 */
import { assert, present } from '../../kernel/assert.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { textOf } from '../field-table.ts';
import type { QueueType } from './queue.ts';
import type { QueueDeclaration } from './queue-ports.ts';
import type { Place, QueuePlacing } from './queue-types.ts';

/** What a node may be told of queues of which nothing else says it. */
export type LeaderLocator = 'client-local' | 'balanced';

const BALANCED: ReadonlySet<string> = new Set([
  ...['balanced', 'random', 'least-leaders', 'min-masters'],
]);
const MASTER_LOCATORS: ReadonlySet<string> = new Set(['client-local', 'min-masters', 'random']);

/** At most `size` members. */
export function placeReplicas(
  declaration: QueueDeclaration,
  at: QueuePlacing,
  size: number,
  type: QueueType,
): Place {
  const { links, random, locator } = at;
  const others = random.shuffle(links.members.filter((node) => node !== links.self));
  const up = others.filter((node) => links.isConnected(node));
  const down = others.filter((node) => !links.isConnected(node));
  const members = [links.self, ...up, ...down].slice(0, size);
  assert(members[0] === links.self, 'this node has one', { members });
  if (!BALANCED.has(saidOf('queue-leader-locator', declaration, at) ?? locator)) {
    return { leader: links.self, members };
  }
  const candidates = members.filter((node) => links.isConnected(node));
  return { leader: leadsFewest(candidates, type, at), members };
}

/** An exclusive queue is where its connection is. */
export function placeClassicQueue(declaration: QueueDeclaration, at: QueuePlacing): Place {
  const { links, random, running } = at;
  assert(running.includes(links.self), 'this node runs', { self: links.self });
  const on = (leader: string): Place => ({ leader, members: [leader] });
  if (declaration.exclusiveOwner !== null) return on(links.self);
  const locator = classicLocator(declaration, at);
  if (!BALANCED.has(locator)) return on(links.self);
  // Since 4.0 random is an older name of balanced.
  const isDrawn = locator === 'random' && !at.profile.switches.classicQueueLeaderLocator;
  return on(isDrawn ? random.pick(running) : leadsFewest(running, 'classic', at));
}

function classicLocator(declaration: QueueDeclaration, at: QueuePlacing): string {
  const { policy, profile, locator } = at;
  if (profile.switches.classicQueueLeaderLocator) {
    const said = saidOf('queue-leader-locator', declaration, at);
    return said ?? saidOf('queue-master-locator', declaration, at) ?? locator;
  }
  const asked = textOf(tableLookup(declaration.arguments, 'x-queue-master-locator'));
  // One that nobody knows counts for nothing.
  if (asked !== undefined && MASTER_LOCATORS.has(asked)) return asked;
  const said = policy['queue-master-locator'];
  return typeof said === 'string' ? said : locator;
}

/** By a policy, else by the argument. */
function saidOf(
  key: 'queue-leader-locator' | 'queue-master-locator',
  { arguments: args }: QueueDeclaration,
  { policy }: QueuePlacing,
): string | undefined {
  const said = policy[key];
  return typeof said === 'string' ? said : textOf(tableLookup(args, `x-${key}`));
}

/** Of those that lead as few, the first by name. */
function leadsFewest(nodes: readonly string[], type: QueueType, at: QueuePlacing): string {
  const counts = new Map(nodes.toSorted(byName).map((node) => [node, 0]));
  for (const queue of at.queues()) {
    const count = counts.get(queue.leader);
    if (queue.type === type && count !== undefined) counts.set(queue.leader, count + 1);
  }
  const least = Math.min(...counts.values());
  const [leader] = present(
    [...counts].find(([, count]) => count === least),
    'there is a node',
  );
  return leader;
}

const byName = (left: string, right: string): number => (left < right ? -1 : 1);
