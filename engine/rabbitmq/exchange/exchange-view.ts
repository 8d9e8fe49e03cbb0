/**
 * What the views see of an exchange: its bindings, the last message that it routed with the
 * bindings that took it, and the trie of a topic exchange with the way of that message's key.
 *
 * Plain data, made when somebody looks. Not here: who keeps what was routed (`exchange.ts`). The
 * real broker keeps nothing of the kind; its firehose (`rabbit_trace`) tells it message by message.
 */
import { assert } from '../../kernel/assert.ts';
import { printed } from '../field-table.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Binding } from './binding.ts';
import type { BindingIndex, FieldEntry } from './binding-index.ts';
import type { TopicNodeView } from './topic-trie.ts';

interface PairView {
  /** As `format=pdf`. */
  readonly text: string;
  /** Whether the last message had it. */
  readonly isMet: boolean;
}

export interface BindingView {
  readonly to: 'queue' | 'exchange';
  readonly destination: string;
  readonly routingKey: string;
  /** As `format=pdf, x-match=all`; empty where there are none. */
  readonly arguments: string;
  /** Whether the last message took it; null where it was bound later, or no message came. */
  readonly isMatched: boolean | null;
  /** How a headers exchange compares, as `all`; empty for other types. */
  readonly match: string;
  /** What it compares. */
  readonly pairs: readonly PairView[];
}

/** The last message that an exchange routed. */
export interface RoutedView {
  /** The first word of its body, as the views of queues have it. */
  readonly id: string;
  /** The first is that of basic.publish. */
  readonly routingKeys: readonly string[];
  /** As `format=pdf`. */
  readonly headers: readonly string[];
}

export interface ExchangeView {
  readonly name: string;
  readonly type: string;
  /** Where what no binding takes goes; empty where it is dropped. */
  readonly alternate: string;
  readonly routed: RoutedView | null;
  readonly bindings: readonly BindingView[];
  /** Null where the exchange has none, or more bindings than are shown. */
  readonly trie: TopicNodeView | null;
}

/** What an exchange remembers of the last message. */
export interface Routed {
  readonly id: string;
  readonly routingKeys: readonly string[];
  readonly headers: FieldTable;
  /** Ids of the bindings that it took. */
  readonly taken: ReadonlySet<string>;
  /** Ids of those that were bound after it. */
  readonly later: Set<string>;
}

interface Inspected {
  readonly declaration: { readonly name: string; readonly type: string };
  readonly alternate: string | null;
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly index: BindingIndex;
  readonly routed: Routed | null;
}

/** Bindings that are shown of one exchange. */
const BINDINGS_MAX = 24;

const pairText = ({ name, value }: FieldEntry): string => `${name}=${printed(value)}`;

export function exchangeView(of: Inspected): ExchangeView {
  const { declaration, alternate, bindings, index, routed } = of;
  assert(declaration.name !== '', 'the default exchange is not shown', {});
  const taken = routed?.taken ?? new Set<string>();
  const isWhole = bindings.size <= BINDINGS_MAX;
  return {
    name: declaration.name,
    type: declaration.type,
    alternate: alternate ?? '',
    routed: routed && {
      id: routed.id,
      routingKeys: routed.routingKeys,
      headers: routed.headers.map(pairText),
    },
    bindings: [...bindings.values()]
      .slice(0, BINDINGS_MAX)
      .map((binding) => bindingView(binding, index, routed)),
    trie: isWhole ? (index.inspectTrie?.(taken) ?? null) : null,
  };
}

function bindingView(binding: Binding, index: BindingIndex, routed: Routed | null): BindingView {
  const { id, destination, routingKey, arguments: args } = binding;
  const isAsked = routed !== null && !routed.later.has(id);
  const headers = isAsked ? routed.headers : [];
  const { kind = '', pairs = [] } = index.inspectPairs?.(id, headers) ?? {};
  return {
    to: destination.kind,
    destination: destination.name,
    routingKey,
    arguments: args.map(pairText).join(', '),
    isMatched: isAsked ? routed.taken.has(id) : null,
    match: kind,
    pairs: pairs.map(({ entry, isMet }) => ({ text: pairText(entry), isMet })),
  };
}
