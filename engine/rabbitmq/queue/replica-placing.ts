/**
 * Where a new queue with replicas has its members, and which of them is to lead.
 *
 * This node has one, then nodes that are connected, drawn, then others. The leader is this node, or
 * with `x-queue-leader-locator` balanced one that is drawn among those that are connected.
 * Source: `rabbit_queue_location`. Differences: members and leaders are drawn from the first queue
 * on, there from 1000 queues on, and before that by what nodes have; the policy's locator.
 */
import { assert } from '../../kernel/assert.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { textOf } from '../field-table.ts';
import type { QueueDeclaration } from './queue-ports.ts';
import type { QueuePlacing, QueueRecord } from './queue-types.ts';

const BALANCED: ReadonlySet<string> = new Set(['balanced', 'random', 'least-leaders']);

/** At most `size` members. */
export function placeReplicas(
  { arguments: args }: QueueDeclaration,
  { links, random }: QueuePlacing,
  size: number,
): Pick<QueueRecord, 'leader' | 'members'> {
  const others = random.shuffle(links.members.filter((node) => node !== links.self));
  const up = others.filter((node) => links.isConnected(node));
  const down = others.filter((node) => !links.isConnected(node));
  const members = [links.self, ...up, ...down].slice(0, size);
  assert(members[0] === links.self, 'this node has one', { members });
  const locator = textOf(tableLookup(args, 'x-queue-leader-locator')) ?? 'client-local';
  const candidates = members.filter((node) => links.isConnected(node));
  const leader = BALANCED.has(locator) ? random.pick(candidates) : links.self;
  return { leader, members };
}
