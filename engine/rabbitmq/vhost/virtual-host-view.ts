/**
 * What the views see of a virtual host: exchanges that somebody declared or bound, with their
 * bindings, and queues.
 *
 * Predeclared exchanges that nobody uses are left out; the default one has its bindings by name.
 */
import { assert } from '../../kernel/assert.ts';
import { printed } from '../field-table.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { QueueView } from '../queue/queue-view.ts';

interface BindingView {
  readonly to: 'queue' | 'exchange';
  readonly destination: string;
  readonly routingKey: string;
  /** As `format=pdf, x-match=all`; empty where there are none. */
  readonly arguments: string;
}

interface ExchangeView {
  readonly name: string;
  readonly type: string;
  /** Where what no binding takes goes; empty where it is dropped. */
  readonly alternate: string;
  readonly bindings: readonly BindingView[];
}

export interface VirtualHostView {
  readonly name: string;
  readonly exchanges: readonly ExchangeView[];
  readonly queues: readonly QueueView[];
}

/** Bindings that are shown of one exchange. */
const BINDINGS_MAX = 24;

export function exchangeViews(exchanges: ReadonlyMap<string, Exchange>): readonly ExchangeView[] {
  const shown = [...exchanges.values()].filter(
    ({ name, bindings }) => name !== '' && (!name.startsWith('amq.') || bindings.size > 0),
  );
  assert(shown.length <= exchanges.size, 'some of them', { shown: shown.length });
  return shown.map(({ declaration, alternate, bindings }) => ({
    name: declaration.name,
    type: declaration.type,
    alternate: alternate ?? '',
    bindings: [...bindings.values()].slice(0, BINDINGS_MAX).map((binding) => ({
      to: binding.destination.kind,
      destination: binding.destination.name,
      routingKey: binding.routingKey,
      arguments: binding.arguments.map(({ name, value }) => `${name}=${printed(value)}`).join(', '),
    })),
  }));
}
