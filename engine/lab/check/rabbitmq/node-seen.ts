/**
 * What the checkers see of a node besides the wire: queues' numbers, of whichever node has their
 * process, and where a message goes by the node's bindings, found without the broker's indexes.
 *
 * Not here: the checks.
 */
import { assert } from '../../../kernel/assert.ts';
import { printed, sameContent } from '../../../rabbitmq/field-table.ts';
import type { Binding } from '../../../rabbitmq/exchange/binding.ts';
import type { Exchange } from '../../../rabbitmq/exchange/exchange.ts';
import type { RabbitNode } from '../../../rabbitmq/node.ts';
import type { Queue } from '../../../rabbitmq/queue/queue.ts';
import type { PolicyDefinition } from '../../../rabbitmq/queue/queue-settings.ts';
import type { QueueView } from '../../../rabbitmq/queue/queue-view.ts';
import type { QuorumQueue } from '../../../rabbitmq/quorum/quorum-queue.ts';
import type { VirtualHost } from '../../../rabbitmq/vhost/virtual-host.ts';
import { tableLookup, type FieldTable } from '../../../wire/amqp/field-table.ts';
import type { ConfirmedCopies } from './confirmed-copies.ts';

/** What basic.publish says of the way. */
export interface Addressed {
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: FieldTable;
}

/** What the checkers of all nodes share. */
export interface ClusterSeen {
  readonly nodes: readonly string[];
  /** Null while it is down, or does not serve. */
  process(node: string): RabbitNode | null;
  readonly copies: ConfirmedCopies;
}

export interface NodeSeen {
  /** Microseconds. */
  readonly now: number;
  /** Without its messages, as its process has it; null where there is none of the name. */
  queue(name: string): QueueView | null;
  /** The same, where its process is on this node. */
  ownQueue(name: string): QueueView | null;
  /** What has its process now, to be compared; null: nothing. */
  processOf(name: string): unknown;
  /** What the policies say of it; nothing where there is none of the name. */
  policy(name: string): PolicyDefinition;
  /** Its process is in this node, and no other node has one: all that happens is in its events. */
  isNear(name: string): boolean;
  /** What is wrong where this queue's message is confirmed now, or null. */
  confirmed(queue: string, id: string): string | null;
  /** The priority of the message that is next; null where none is ready. */
  headPriority(queue: string): number | null;
  /** The queues that a message goes to; null where the exchange is not there or internal. */
  route(message: Addressed): readonly string[] | null;
}

/** The default virtual host of a cluster as the checkers of one node see it. */
export class NodeEyes implements NodeSeen {
  readonly #clock: { readonly now: number };
  readonly #host: string;
  readonly #cluster: ClusterSeen;

  constructor(clock: { readonly now: number }, host: string, cluster: ClusterSeen) {
    this.#clock = clock;
    this.#host = host;
    this.#cluster = cluster;
  }

  get now(): number {
    return this.#clock.now;
  }

  get #vhost(): VirtualHost | undefined {
    return this.#cluster.process(this.#host)?.vhosts.get('/');
  }

  queue(name: string): QueueView | null {
    return (this.processOf(name) as Queue | null)?.inspect?.(0) ?? null;
  }

  ownQueue(name: string): QueueView | null {
    return this.#vhost?.queues.get(name)?.inspect?.(0) ?? null;
  }

  /**
   * Where the network is cut there may be two: this node's own counts; of a quorum queue's that of
   * the newest term, since the other leads nobody.
   */
  processOf(name: string): unknown {
    let found: Queue | null = null;
    let termOfFound = -1;
    for (const node of [this.#host, ...this.#cluster.nodes]) {
      const queue = this.#cluster.process(node)?.vhosts.get('/')?.queues.get(name);
      if (queue === undefined || (queue.inspect?.(0) ?? null) === null) continue;
      if (queue.type !== 'quorum') return found ?? queue;
      const term = (queue as QuorumQueue).server?.inspect().term ?? 0;
      if (term > termOfFound) [found, termOfFound] = [queue, term];
    }
    return found;
  }

  policy(name: string): PolicyDefinition {
    const vhost = this.#vhost;
    const queue = vhost?.queues.get(name);
    return vhost === undefined || queue === undefined ? {} : vhost.policyOf(queue);
  }

  isNear(name: string): boolean {
    const type = this.#vhost?.queues.get(name)?.type ?? 'classic';
    return this.#cluster.nodes.length === 1 && type === 'classic';
  }

  confirmed(queue: string, id: string): string | null {
    return this.#cluster.nodes.length === 1 ? null : this.#cluster.copies.confirmed(queue, id);
  }

  headPriority(queue: string): number | null {
    const view = this.#vhost?.queues.get(queue)?.inspect?.(Number.MAX_SAFE_INTEGER);
    const head = view?.messages.find(({ isUnacknowledged }) => !isUnacknowledged);
    return head?.priority ?? null;
  }

  route(message: Addressed): readonly string[] | null {
    const vhost = this.#vhost;
    if (vhost === undefined) return null;
    const keys = [message.routingKey, ...copies(message.headers)];
    const isThere = (name: string): boolean => {
      const queue = vhost.queues.get(name);
      return queue !== undefined && (queue.absence ?? null) === null;
    };
    if (message.exchange === '') return keys.filter(isThere);
    const first = vhost.exchanges.get(message.exchange);
    if (first === undefined || first.declaration.internal) return null;
    const seen = new Set([first]);
    const queues = new Set<string>();
    for (const exchange of seen) {
      const taken = [...exchange.bindings.values()].filter((binding) =>
        keys.some((key) => takes(exchange, binding, key, message.headers)),
      );
      const others = taken.length > 0 ? taken.map(nextOf) : [exchange.alternate ?? ''];
      for (const { destination } of taken) {
        if (destination.kind === 'queue' && isThere(destination.name)) {
          queues.add(destination.name);
        }
      }
      for (const name of others) {
        const next = vhost.exchanges.get(name);
        if (next !== undefined && name !== '') seen.add(next);
      }
    }
    return [...queues];
  }
}

const nextOf = ({ destination }: Binding): string =>
  destination.kind === 'exchange' ? destination.name : '';

function copies(headers: FieldTable): readonly string[] {
  return ['CC', 'BCC'].flatMap((name) => {
    const value = tableLookup(headers, name);
    return value?.type === 'array' ? value.value.map(printed) : [];
  });
}

function takes(exchange: Exchange, binding: Binding, key: string, headers: FieldTable): boolean {
  switch (exchange.declaration.type) {
    case 'fanout':
      return true;
    case 'direct':
      return binding.routingKey === key;
    case 'topic':
      return topicMatches(binding.routingKey.split('.'), key.split('.'));
    case 'headers':
      return headersMatch(binding.arguments, headers);
  }
}

/** By the definition: `*` is one word, `#` any number of them. */
export function topicMatches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  assert(pattern.length < 256, 'a key is a shortstr', { words: pattern.length });
  if (first === undefined) return words.length === 0;
  if (first === '#') {
    return words.some((_, at) => topicMatches(rest, words.slice(at))) || topicMatches(rest, []);
  }
  if (words.length === 0) return false;
  return (first === '*' || first === words[0]) && topicMatches(rest, words.slice(1));
}

function headersMatch(wanted: FieldTable, headers: FieldTable): boolean {
  const given = tableLookup(wanted, 'x-match');
  const kind = given === undefined ? 'all' : printed(given);
  const pairs = wanted.filter(({ name }) =>
    kind.endsWith('-with-x') ? name !== 'x-match' : !name.startsWith('x-'),
  );
  const isMet = ({ name, value }: (typeof pairs)[number]): boolean => {
    const has = tableLookup(headers, name);
    return has !== undefined && (value.type === 'void' || sameContent(value, has));
  };
  return kind.startsWith('all') ? pairs.every(isMet) : pairs.some(isMet);
}
