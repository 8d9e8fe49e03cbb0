/**
 * A binding: from a source exchange to a queue or another exchange, by a key and arguments.
 *
 * Two bindings are the same if all four are the same, whatever the order of the arguments
 * (`rabbit_binding`, whose arguments are sorted).
 */
import { assert } from '../../kernel/assert.ts';
import { tableKey } from '../field-table.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';

export interface Destination {
  readonly kind: 'queue' | 'exchange';
  readonly name: string;
}

export interface Binding {
  /** The source exchange. */
  readonly source: string;
  readonly destination: Destination;
  readonly routingKey: string;
  readonly arguments: FieldTable;
  /** Equal for equal bindings of one source. */
  readonly id: string;
}

export function bindingOf(
  source: string,
  destination: Destination,
  { routingKey, arguments: args }: { routingKey: string; arguments: FieldTable },
): Binding {
  const { kind, name } = destination;
  const id = JSON.stringify([kind, name, routingKey, tableKey(args)]);
  assert(source !== '', 'nothing binds to the default exchange', { destination });
  return { source, destination, routingKey, arguments: args, id };
}
