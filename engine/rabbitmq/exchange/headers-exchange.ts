/**
 * The headers exchange: a message goes where its headers have what the binding's arguments ask.
 *
 * `x-match` says how many: `all` (also where it is missing) or `any`; both leave out arguments
 * whose name begins with `x-`. `all-with-x` and `any-with-x`, since 3.10, leave out `x-match` only.
 * An argument without a value (void) asks for the header's presence. A value is compared without
 * its type's size. Cost: linear in the bindings, as in the real one.
 * Source: `rabbit_exchange_type_headers` (`headers_match`).
 */
import { preconditionFailed } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { printed, sameContent } from '../field-table.ts';
import { type FieldTable, type FieldValue, tableLookup } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import type { Binding, Destination } from './binding.ts';
import type { AskedPairs, BindingIndex, ExchangeType, FieldEntry, Take } from './binding-index.ts';
import { assert, present } from '../../kernel/assert.ts';

type MatchKind = 'all' | 'any' | 'all-with-x' | 'any-with-x';
const OLD_KINDS: readonly string[] = ['all', 'any'];
const KINDS: readonly string[] = [...OLD_KINDS, 'all-with-x', 'any-with-x'];

interface HeadersBinding {
  readonly destination: Destination;
  readonly kind: MatchKind;
  readonly wanted: FieldTable;
}

class HeadersIndex implements BindingIndex {
  readonly #bindings = new Map<string, HeadersBinding>();

  add({ id, destination, arguments: args }: Binding): void {
    assert(!this.#bindings.has(id), 'a binding is added once', { id });
    const kind = matchKind(args);
    const withX = kind.endsWith('-with-x');
    const wanted = args.filter(({ name }) => (withX ? name !== 'x-match' : !name.startsWith('x-')));
    this.#bindings.set(id, { destination, kind, wanted });
  }

  remove({ id }: Binding): void {
    assert(this.#bindings.delete(id), 'a binding that is removed was there', { id });
  }

  match({ properties }: Message, take: Take): void {
    const headers = byName(properties.headers ?? []);
    this.#bindings.forEach((binding, id) => {
      if (matches(binding, headers)) take(binding.destination, id);
    });
  }

  inspectPairs(id: string, table: FieldTable): AskedPairs {
    const { kind, wanted } = present(this.#bindings.get(id), 'the binding is there');
    const headers = byName(table);
    return { kind, pairs: wanted.map((entry) => ({ entry, isMet: isMet(entry, headers) })) };
  }
}

function byName(table: FieldTable): ReadonlyMap<string, FieldValue> {
  const values = new Map<string, FieldValue>();
  for (const { name, value } of table) values.set(name, value);
  return values;
}

function isMet({ name, value }: FieldEntry, headers: ReadonlyMap<string, FieldValue>): boolean {
  const given = headers.get(name);
  return given !== undefined && (value.type === 'void' || sameContent(value, given));
}

/** Whether headers have what a binding wants: nothing wanted is all, and it is not any. */
function matches(
  { kind, wanted }: HeadersBinding,
  headers: ReadonlyMap<string, FieldValue>,
): boolean {
  const met = (entry: FieldEntry): boolean => isMet(entry, headers);
  return kind.startsWith('all') ? wanted.every(met) : wanted.some(met);
}

function matchKind(args: FieldTable): MatchKind {
  const of = tableLookup(args, 'x-match');
  if (of === undefined) return 'all';
  assert(of.type === 'longstr' && KINDS.includes(printed(of)), 'x-match was checked', { of });
  return of.value as MatchKind;
}

/** The type as it is since 3.10, or before, when it did not know the kinds `-with-x`. */
export function headersExchange(knowsWithX: boolean): ExchangeType {
  const kinds = knowsWithX ? KINDS : OLD_KINDS;
  const expected = knowsWithX ? 'all, any, all-with-x, or any-with-x' : 'all or any';
  return {
    makeIndex: () => new HeadersIndex(),
    checkBinding(args: FieldTable): AmqpError | null {
      const of = tableLookup(args, 'x-match');
      if (of === undefined) return null;
      const text = printed(of);
      if (of.type !== 'longstr') {
        return preconditionFailed(
          `Invalid x-match field type ${of.type} (value ${text}); expected longstr`,
        );
      }
      if (kinds.includes(text)) return null;
      return preconditionFailed(`Invalid x-match field value <<"${text}">>; expected ${expected}`);
    },
  };
}
