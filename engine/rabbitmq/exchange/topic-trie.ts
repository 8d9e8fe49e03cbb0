/**
 * The trie of a topic exchange: one level a word, so that a message costs what its key's words and
 * the wildcards on their way cost, and not what bindings there are.
 *
 *     stock.*.nyse, stock.#      root -- stock -- * -- nyse [bindings]
 *                                             \-- # [bindings]
 *
 * A key is words between dots: `a..b` has an empty word in it, and the empty key has no word. `*`
 * stands for one word, `#` for any number of them. A word is compared octet by octet, and only a
 * binding's key has wildcards.
 * Source: `rabbit_exchange_type_topic` (`trie_match`). Differs: there a key with many `#` visits
 * the same node again and again; here a node below `#` is visited once for each word.
 */
import { assert } from '../../kernel/assert.ts';
import type { Binding, Destination } from './binding.ts';
import type { Take } from './binding-index.ts';

interface TrieNode {
  readonly children: Map<string, TrieNode>;
  /** What is bound with the key that ends here, by the binding's id. */
  readonly bound: Map<string, Destination>;
  /** The match that came by last, and the word from which it did: for `#` only. */
  visit: number;
  visitedFrom: number;
}

/** A node as the views see it. */
export interface TopicNodeView {
  /** Empty for the root, and for an empty word. */
  readonly word: string;
  /** Whether the way to a binding that was taken goes over it. */
  readonly isTaken: boolean;
  /** Where the bindings lead whose key ends here. */
  readonly bound: readonly { readonly destination: string; readonly isTaken: boolean }[];
  readonly children: readonly TopicNodeView[];
}

const SEPARATOR = '.';
const ONE_WORD = '*';
const ANY_WORDS = '#';

/** The words of a key; the empty key has none. */
export function wordsOf(key: string): readonly string[] {
  return key === '' ? [] : key.split(SEPARATOR);
}

const emptyNode = (): TrieNode => ({
  children: new Map(),
  bound: new Map(),
  visit: 0,
  visitedFrom: 0,
});

export class TopicTrie {
  readonly #root = emptyNode();
  #visits = 0;

  add({ routingKey, id, destination }: Binding): void {
    let node = this.#root;
    for (const word of wordsOf(routingKey)) {
      let child = node.children.get(word);
      if (child === undefined) node.children.set(word, (child = emptyNode()));
      node = child;
    }
    assert(!node.bound.has(id), 'a binding is added once', { id });
    node.bound.set(id, destination);
  }

  /** Removes the binding, and the nodes that led to nothing else. */
  remove({ routingKey, id }: Binding): void {
    const words = wordsOf(routingKey);
    const path = [this.#root];
    for (const word of words) {
      const child = path.at(-1)!.children.get(word);
      assert(child !== undefined, 'the way to a binding is there', { routingKey, word });
      path.push(child);
    }
    const removed = path.at(-1)!.bound.delete(id);
    assert(removed, 'a binding that is removed was there', { id });
    for (let depth = words.length; depth > 0; depth--) {
      const { children, bound } = path[depth]!;
      if (children.size > 0 || bound.size > 0) return;
      path[depth - 1]!.children.delete(words[depth - 1]!);
    }
  }

  /** The trie with the way to the bindings that were taken, by their ids. */
  inspect(taken: ReadonlySet<string>): TopicNodeView {
    return nodeView('', this.#root, taken);
  }

  match(routingKey: string, take: Take): void {
    const words = wordsOf(routingKey);
    this.#visits += 1;
    assert(Number.isSafeInteger(this.#visits), 'visits are counted', { visits: this.#visits });
    this.#matchFrom(this.#root, words, 0, take);
  }

  #matchFrom(node: TrieNode, words: readonly string[], at: number, take: Take): void {
    assert(at <= words.length, 'a word of the key', { at, words: words.length });
    if (at === words.length) {
      node.bound.forEach(take);
    } else {
      const same = node.children.get(words[at]!);
      // A routing key may have a word that looks like a wildcard; below, it is matched as one.
      if (same !== undefined && !isWildcard(words[at]!)) this.#matchFrom(same, words, at + 1, take);
      const any = node.children.get(ONE_WORD);
      if (any !== undefined) this.#matchFrom(any, words, at + 1, take);
    }
    const many = node.children.get(ANY_WORDS);
    if (many !== undefined) this.#skipWords(many, words, at, take);
  }

  /** Goes on below `#` from each word on, once in a match: who comes first comes earliest. */
  #skipWords(node: TrieNode, words: readonly string[], from: number, take: Take): void {
    if (node.visit === this.#visits) {
      assert(node.visitedFrom <= from, 'a node is met from word to word', {
        visitedFrom: node.visitedFrom,
        from,
      });
      return;
    }
    node.visit = this.#visits;
    node.visitedFrom = from;
    for (let at = from; at <= words.length; at++) this.#matchFrom(node, words, at, take);
  }
}

function nodeView(word: string, node: TrieNode, taken: ReadonlySet<string>): TopicNodeView {
  const bound = [...node.bound].map(([id, { name }]) => ({
    destination: name,
    isTaken: taken.has(id),
  }));
  const children = [...node.children].map(([next, child]) => nodeView(next, child, taken));
  const isTaken = [...bound, ...children].some((below) => below.isTaken);
  return { word, isTaken, bound, children };
}

const isWildcard = (word: string): boolean => word === ONE_WORD || word === ANY_WORDS;
