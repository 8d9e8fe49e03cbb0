/**
 * One exchange: what it was declared with, and the bindings that begin at it.
 *
 * Not here: declaring and deleting (`vhost/exchange-methods.ts`), the way of a message over several
 * exchanges (`route.ts`). The default exchange has no bindings: every queue is bound to it by its
 * name, which the route knows. Sources: `rabbit_exchange`, AMQP 0-9-1 section 3.1.3.
 */
import { assert, present } from '../../kernel/assert.ts';
import { textOf } from '../field-table.ts';
import { type FieldTable, tableLookup } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import { firstWord } from '../queue/queue-view.ts';
import type { Binding } from './binding.ts';
import type { BindingIndex, ExchangeType, Take } from './binding-index.ts';
import { directExchange } from './direct-exchange.ts';
import { exchangeView, type ExchangeView, type Routed } from './exchange-view.ts';
import { fanoutExchange } from './fanout-exchange.ts';
import { headersExchange } from './headers-exchange.ts';
import { topicExchange } from './topic-exchange.ts';

export type ExchangeTypeName = 'direct' | 'fanout' | 'topic' | 'headers';

const types: Readonly<Record<ExchangeTypeName, ExchangeType>> = {
  direct: directExchange,
  fanout: fanoutExchange,
  topic: topicExchange,
  headers: headersExchange(true),
};
const headersBefore310 = headersExchange(false);

export function isExchangeType(name: string): name is ExchangeTypeName {
  return Object.hasOwn(types, name);
}

export interface ExchangeDeclaration {
  readonly name: string;
  readonly type: ExchangeTypeName;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

export class Exchange {
  readonly declaration: ExchangeDeclaration;
  /** By id, in the order of binding. */
  readonly bindings: ReadonlyMap<string, Binding>;
  /** What the policy says; an argument goes before it. */
  policyAlternate: string | null = null;
  readonly #bindings = new Map<string, Binding>();
  readonly #index: BindingIndex;
  readonly #type: ExchangeType;
  readonly #argumentAlternate: string | null;
  #routed: Routed | null = null;
  /** Null where something changed since it was made: a moment shares it with the next. */
  #view: ExchangeView | null = null;

  constructor(declaration: ExchangeDeclaration, options: { readonly headersWithX: boolean }) {
    assert(isExchangeType(declaration.type), 'a type of exchange', { type: declaration.type });
    this.declaration = declaration;
    this.bindings = this.#bindings;
    const old = declaration.type === 'headers' && !options.headersWithX;
    this.#type = old ? headersBefore310 : types[declaration.type];
    this.#index = this.#type.makeIndex();
    this.#argumentAlternate =
      textOf(tableLookup(declaration.arguments, 'alternate-exchange')) ?? null;
  }

  get name(): string {
    return this.declaration.name;
  }

  /** The exchange for what no binding takes, or null. */
  get alternate(): string | null {
    return this.#argumentAlternate ?? this.policyAlternate;
  }

  checkBinding(args: FieldTable): ReturnType<ExchangeType['checkBinding']> {
    return this.#type.checkBinding(args);
  }

  /** Whether the binding is new. */
  bind(binding: Binding): boolean {
    assert(binding.source === this.name, 'a binding begins at its source', { binding: binding.id });
    if (this.#bindings.has(binding.id)) return false;
    this.#bindings.set(binding.id, binding);
    this.#index.add(binding);
    this.#routed?.later.add(binding.id);
    this.#view = null;
    assert(this.#bindings.size > 0, 'it is bound', { exchange: this.name });
    return true;
  }

  /** Whether there was such a binding. */
  unbind(id: string): boolean {
    if (!this.#bindings.has(id)) return false;
    const binding = present(this.#bindings.get(id), 'the binding');
    this.#bindings.delete(id);
    this.#index.remove(binding);
    this.#view = null;
    return true;
  }

  match(message: Message, take: Take): void {
    assert(this.name !== '', 'the default exchange has no bindings', {});
    const taken = new Set<string>();
    this.#index.match(message, (destination, id) => {
      taken.add(id);
      take(destination, id);
    });
    const { routingKeys, properties, body } = message;
    const { headers = [] } = properties;
    this.#routed = { id: firstWord(body), routingKeys, headers, taken, later: new Set() };
    this.#view = null;
  }

  /** The exchange as it is now, with what became of the last message: the same while that is so. */
  inspect(): ExchangeView {
    const { declaration, alternate, bindings } = this;
    if (this.#view === null || this.#view.alternate !== (alternate ?? '')) {
      const [index, routed] = [this.#index, this.#routed];
      this.#view = exchangeView({ declaration, alternate, bindings, index, routed });
    }
    return this.#view;
  }
}
