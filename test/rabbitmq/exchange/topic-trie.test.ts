/** The trie of a topic exchange, against a matcher that is naive. */
import { describe, expect, test } from 'vitest';
import { type Binding, bindingOf } from '../../../engine/rabbitmq/exchange/binding.ts';
import { TopicTrie, wordsOf } from '../../../engine/rabbitmq/exchange/topic-trie.ts';
import { randomStream } from '../../../engine/kernel/random.ts';

const binding = (name: string, routingKey: string): Binding =>
  bindingOf('t', { kind: 'queue', name }, { routingKey, arguments: [] });

/** Whether the words have the pattern: `*` is one word, `#` any number. */
function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') {
    return Array.from({ length: words.length + 1 }, (_, at) => at).some((at) =>
      matches(rest, words.slice(at)),
    );
  }
  if (words.length === 0 || (first !== '*' && first !== words[0])) return false;
  return matches(rest, words.slice(1));
}

function matched(trie: TopicTrie, key: string): readonly string[] {
  const names = new Set<string>();
  trie.match(key, ({ name }) => names.add(name));
  return [...names].sort();
}

describe('rabbitmq: topic exchange', () => {
  test('rabbitmq: topic exchange: the trie equals a naive matcher as bindings come and go', () => {
    const random = randomStream(7, 'topics');
    const patternWords = ['a', 'b', '*', '#', ''];
    const keyWords = ['a', 'b', 'c', '', '*', '#'];
    const keyOf = (words: readonly string[], max: number): string =>
      Array.from({ length: random.between(0, max) }, () => random.pick(words)).join('.');
    let compared = 0;
    for (let round = 0; round < 200; round++) {
      const trie = new TopicTrie();
      const bindings: Binding[] = [];
      for (let step = 0; step < 30; step++) {
        if (bindings.length > 0 && random.below(4) === 0) {
          const [gone] = bindings.splice(random.below(bindings.length), 1);
          trie.remove(gone!);
        } else {
          const added = binding(`q${step}`, keyOf(patternWords, 5));
          bindings.push(added);
          trie.add(added);
        }
        const key = keyOf(keyWords, 6);
        const expected = bindings
          .filter(({ routingKey }) => matches(wordsOf(routingKey), wordsOf(key)))
          .map(({ destination }) => destination.name)
          .sort();
        expect(matched(trie, key), `${key} of ${bindings.map((of) => of.routingKey)}`).toEqual(
          expected,
        );
        compared += expected.length;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });

  test('rabbitmq: topic exchange: many hashes do not multiply the work', () => {
    const trie = new TopicTrie();
    trie.add(binding('q', Array.from({ length: 20 }, () => '#').join('.')));
    trie.add(binding('r', `${Array.from({ length: 20 }, () => '#.x').join('.')}.y`));
    let taken = 0;
    trie.match(Array.from({ length: 200 }, () => 'x').join('.'), () => (taken += 1));
    // Once from each of the twenty nodes at most, where a naive walk takes more than it can count.
    expect(taken).toBeLessThanOrEqual(20);
    expect(taken).toBeGreaterThan(0);
  });

  test('rabbitmq: topic exchange: two bindings with one key go one by one', () => {
    const trie = new TopicTrie();
    const [first, second] = [binding('q1', 'a.#.b'), binding('q2', 'a.#.b')];
    trie.add(first);
    trie.add(second);
    expect(matched(trie, 'a.x.b')).toEqual(['q1', 'q2']);
    trie.remove(first);
    expect(matched(trie, 'a.b')).toEqual(['q2']);
    trie.remove(second);
    expect(matched(trie, 'a.b')).toEqual([]);
    expect(() => trie.remove(second)).toThrow('the way to a binding is there');
  });
});
