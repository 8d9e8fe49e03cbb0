/**
 * The direct exchange: a message goes where the binding key equals one of its routing keys.
 * Source: `rabbit_exchange_type_direct`; AMQP 0-9-1, section 3.1.3.1.
 */
import { assert } from '../../kernel/assert.ts';
import type { Message } from '../message.ts';
import type { Binding, Destination } from './binding.ts';
import type { BindingIndex, ExchangeType, Take } from './binding-index.ts';

class DirectIndex implements BindingIndex {
  readonly #byKey = new Map<string, Map<string, Destination>>();

  add({ routingKey, id, destination }: Binding): void {
    let bound = this.#byKey.get(routingKey);
    if (bound === undefined) this.#byKey.set(routingKey, (bound = new Map()));
    assert(!bound.has(id), 'a binding is added once', { id });
    bound.set(id, destination);
  }

  remove({ routingKey, id }: Binding): void {
    const bound = this.#byKey.get(routingKey);
    assert(bound?.delete(id) === true, 'a binding that is removed was there', { id });
    if (bound.size === 0) this.#byKey.delete(routingKey);
  }

  match({ routingKeys }: Message, take: Take): void {
    for (const key of routingKeys) this.#byKey.get(key)?.forEach(take);
  }
}

export const directExchange: ExchangeType = {
  makeIndex: () => new DirectIndex(),
  checkBinding: () => null,
};
