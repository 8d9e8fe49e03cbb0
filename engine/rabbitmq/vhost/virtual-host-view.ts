/**
 * What the views see of a virtual host: exchanges that somebody declared or bound, with their
 * bindings, and queues.
 *
 * Predeclared exchanges that nobody uses are left out; the default one has its bindings by name.
 * Not here: what is seen of one exchange (`exchange/exchange-view.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { ExchangeView } from '../exchange/exchange-view.ts';
import type { QueueView } from '../queue/queue-view.ts';

export interface VirtualHostView {
  readonly name: string;
  readonly exchanges: readonly ExchangeView[];
  readonly queues: readonly QueueView[];
}

export function exchangeViews(exchanges: ReadonlyMap<string, Exchange>): readonly ExchangeView[] {
  const shown = [...exchanges.values()].filter(
    ({ name, bindings }) => name !== '' && (!name.startsWith('amq.') || bindings.size > 0),
  );
  assert(shown.length <= exchanges.size, 'some of them', { shown: shown.length });
  return shown.map((exchange) => exchange.inspect());
}
