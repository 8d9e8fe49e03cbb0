/**
 * The fanout exchange: a message goes to everything that is bound, whatever its routing key.
 * Source: `rabbit_exchange_type_fanout`; AMQP 0-9-1, section 3.1.3.2.
 */
import { assert } from '../../kernel/assert.ts';
import type { Message } from '../message.ts';
import type { Binding, Destination } from './binding.ts';
import type { BindingIndex, ExchangeType, Take } from './binding-index.ts';

class FanoutIndex implements BindingIndex {
  readonly #bound = new Map<string, Destination>();

  add({ id, destination }: Binding): void {
    assert(!this.#bound.has(id), 'a binding is added once', { id });
    this.#bound.set(id, destination);
  }

  remove({ id }: Binding): void {
    assert(this.#bound.delete(id), 'a binding that is removed was there', { id });
  }

  match(_message: Message, take: Take): void {
    this.#bound.forEach(take);
  }
}

export const fanoutExchange: ExchangeType = {
  makeIndex: () => new FanoutIndex(),
  checkBinding: () => null,
};
