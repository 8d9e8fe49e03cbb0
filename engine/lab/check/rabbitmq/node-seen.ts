/**
 * What the checkers see of a node besides the wire: its queues' numbers, and where a message goes
 * by its bindings, found without the broker's indexes.
 *
 * Not here: the checks.
 */
import { assert } from '../../../kernel/assert.ts';
import { printed, sameContent } from '../../../rabbitmq/field-table.ts';
import type { Binding } from '../../../rabbitmq/exchange/binding.ts';
import type { Exchange } from '../../../rabbitmq/exchange/exchange.ts';
import type { RabbitNode } from '../../../rabbitmq/node.ts';
import type { QueueView } from '../../../rabbitmq/queue/queue-view.ts';
import type { VirtualHost } from '../../../rabbitmq/vhost/virtual-host.ts';
import { tableLookup, type FieldTable } from '../../../wire/amqp/field-table.ts';

/** What basic.publish says of the way. */
export interface Addressed {
  readonly exchange: string;
  readonly routingKey: string;
  readonly headers: FieldTable;
}

export interface NodeSeen {
  /** Microseconds. */
  readonly now: number;
  /** Without its messages; null where there is none of the name. */
  queue(name: string): QueueView | null;
  queueNames(): readonly string[];
  /** The priority of the message that is next; null where none is ready. */
  headPriority(queue: string): number | null;
  /** The queues that a message goes to; null where the exchange is not there or internal. */
  route(message: Addressed): readonly string[] | null;
}

/** The default virtual host of a node as the checkers see it. */
export class NodeEyes implements NodeSeen {
  readonly #clock: { readonly now: number };
  readonly #node: () => RabbitNode | null;

  constructor(clock: { readonly now: number }, node: () => RabbitNode | null) {
    this.#clock = clock;
    this.#node = node;
  }

  get now(): number {
    return this.#clock.now;
  }

  get #vhost(): VirtualHost | undefined {
    return this.#node()?.vhosts.get('/');
  }

  queue(name: string): QueueView | null {
    return this.#vhost?.queues.get(name)?.inspect?.(0) ?? null;
  }

  queueNames(): readonly string[] {
    return [...(this.#vhost?.queues.keys() ?? [])];
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
    if (message.exchange === '') return keys.filter((key) => vhost.queues.has(key));
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
        if (destination.kind === 'queue' && vhost.queues.has(destination.name)) {
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
