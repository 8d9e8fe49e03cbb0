/**
 * The way of a message from an exchange to queues: over bindings between exchanges, and to the
 * alternate exchange of each that none of its bindings takes it from.
 *
 * An exchange is passed once, so a cycle of bindings ends. A queue is named once, however many
 * bindings lead to it. Whether the queues exist is not asked here: for the default exchange, a
 * routing key is a queue's name. Source: `rabbit_exchange:route`. Differs: names are in the order
 * of their UTF-16 units, there of their octets, which differs beyond U+FFFF only.
 */
import { assert } from '../../kernel/assert.ts';
import type { Message } from '../message.ts';
import type { Destination } from './binding.ts';
import type { Exchange } from './exchange.ts';

/** Names of queues, each once, sorted. */
export function route(
  exchange: Exchange,
  message: Message,
  exchangeNamed: (name: string) => Exchange | undefined,
): readonly string[] {
  assert(message.routingKeys.length > 0, 'a message has a routing key', {});
  if (exchange.name === '') return sorted(new Set(message.routingKeys));
  const queues = new Set<string>();
  const seen = new Set<string>([exchange.name]);
  const work = [exchange];
  const goOn = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const next = exchangeNamed(name);
    // What was deleted, or never declared, takes nothing.
    if (next !== undefined) work.push(next);
  };
  for (let from = work.pop(); from !== undefined; from = work.pop()) {
    let taken = false;
    from.match(message, ({ kind, name }: Destination) => {
      taken = true;
      if (kind === 'queue') queues.add(name);
      else goOn(name);
    });
    if (!taken && from.alternate !== null) goOn(from.alternate);
  }
  assert(seen.has(exchange.name), 'the way begins at the exchange', { exchange: exchange.name });
  return sorted(queues);
}

function sorted(names: ReadonlySet<string>): readonly string[] {
  return [...names].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
}
