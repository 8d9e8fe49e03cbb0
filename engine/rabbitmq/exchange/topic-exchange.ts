/**
 * The topic exchange: a message goes where the binding key's pattern matches one of its routing
 * keys. How patterns match is in `topic-trie.ts`. Source: `rabbit_exchange_type_topic`.
 */
import type { Message } from '../message.ts';
import type { Binding } from './binding.ts';
import type { BindingIndex, ExchangeType, Take } from './binding-index.ts';
import { TopicTrie, type TopicNodeView } from './topic-trie.ts';

class TopicIndex implements BindingIndex {
  readonly #trie = new TopicTrie();

  add(binding: Binding): void {
    this.#trie.add(binding);
  }

  remove(binding: Binding): void {
    this.#trie.remove(binding);
  }

  match({ routingKeys }: Message, take: Take): void {
    for (const key of routingKeys) this.#trie.match(key, take);
  }

  inspectTrie(taken: ReadonlySet<string>): TopicNodeView {
    return this.#trie.inspect(taken);
  }
}

export const topicExchange: ExchangeType = {
  makeIndex: () => new TopicIndex(),
  checkBinding: () => null,
};
