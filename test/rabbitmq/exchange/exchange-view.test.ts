/** What the views see of an exchange after a message: against what the message was routed by. */
import { describe, expect, test } from 'vitest';
import { bindingOf } from '../../../engine/rabbitmq/exchange/binding.ts';
import { Exchange, type ExchangeTypeName } from '../../../engine/rabbitmq/exchange/exchange.ts';
import type { TopicNodeView } from '../../../engine/rabbitmq/exchange/topic-trie.ts';
import { longstr } from '../../../engine/rabbitmq/field-table.ts';
import type { Message } from '../../../engine/rabbitmq/message.ts';
import { fieldTable } from '../../../engine/wire/amqp/field-table.ts';

type Pairs = Readonly<Record<string, string>>;

const table = (pairs: Pairs) =>
  fieldTable(Object.fromEntries(Object.entries(pairs).map(([key, text]) => [key, longstr(text)])));

function exchangeOf(type: ExchangeTypeName): Exchange {
  const flags = { durable: true, autoDelete: false, internal: false };
  return new Exchange({ name: 'x', type, ...flags, arguments: [] }, { headersWithX: true });
}

function bind(exchange: Exchange, name: string, routingKey: string, pairs: Pairs = {}): void {
  const destination = { kind: 'queue', name } as const;
  exchange.bind(bindingOf('x', destination, { routingKey, arguments: table(pairs) }));
}

function send(exchange: Exchange, key: string, pairs: Pairs = {}): void {
  const body = Uint8Array.from('m1 body', (letter) => letter.charCodeAt(0));
  const properties = { headers: table(pairs) };
  const message: Message = {
    ...{ exchange: 'x', routingKeys: [key], properties, body, ttlMs: null, deaths: null },
  };
  exchange.match(message, () => {});
}

/** The words of the nodes on the way, each below its parent's. */
function wayIn({ word, isTaken, children }: TopicNodeView): readonly string[] {
  return isTaken ? [word, ...children.flatMap(wayIn)] : [];
}

describe('rabbitmq: exchange view', () => {
  test('rabbitmq: exchange view: it has the bindings that the last message took', () => {
    const exchange = exchangeOf('topic');
    for (const key of ['log.*', 'log.#', '*.error']) bind(exchange, `by ${key}`, key);
    const matched = () => exchange.inspect().bindings.map(({ isMatched }) => isMatched);
    expect(matched()).toEqual([null, null, null]);
    send(exchange, 'log.error.db');
    expect(exchange.inspect().routed).toEqual({
      ...{ id: 'm1', routingKeys: ['log.error.db'], headers: [] },
    });
    expect(matched()).toEqual([false, true, false]);
    expect(wayIn(exchange.inspect().trie!)).toEqual(['', 'log', '#']);
    send(exchange, 'stock.error');
    expect(matched()).toEqual([false, false, true]);
    expect(wayIn(exchange.inspect().trie!)).toEqual(['', '*', 'error']);
    bind(exchange, 'late', '#');
    expect(matched()).toEqual([false, false, true, null]);
  });

  test('rabbitmq: exchange view: a headers exchange says which pairs were there', () => {
    const exchange = exchangeOf('headers');
    bind(exchange, 'both', '', { format: 'pdf', type: 'report', 'x-match': 'all' });
    send(exchange, 'any', { format: 'pdf', extra: 'more' });
    const [binding] = exchange.inspect().bindings;
    expect(binding!.isMatched).toBe(false);
    expect(binding!.match).toBe('all');
    expect(binding!.pairs).toEqual([
      { text: 'format=pdf', isMet: true },
      { text: 'type=report', isMet: false },
    ]);
  });

  test('rabbitmq: exchange view: it is the same while nothing came by, and another then', () => {
    const exchange = exchangeOf('fanout');
    bind(exchange, 'all', '');
    const before = exchange.inspect();
    expect(exchange.inspect()).toBe(before);
    exchange.policyAlternate = 'other';
    expect(exchange.inspect().alternate).toBe('other');
    send(exchange, 'any');
    expect(exchange.inspect().bindings[0]!.isMatched).toBe(true);
    expect(before.bindings[0]!.isMatched).toBe(null);
  });
});
