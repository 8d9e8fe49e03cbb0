/**
 * Declaring again what exists: the fields and arguments must mean what they meant at first.
 *
 * Which arguments count differs: those of its type for a queue, the alternate exchange for an
 * exchange; the rest of a table is not compared. Source: `rabbit_misc:assert_args_equivalence`,
 * `assert_field_equivalence`.
 */
import { preconditionFailed } from './amqp-error.ts';
import type { AmqpError } from '../wire/amqp/reply-code.ts';
import { printed, sameMeaning } from './field-table.ts';
import { type FieldTable, type FieldValue, tableLookup } from '../wire/amqp/field-table.ts';

export interface ComparedField {
  /** As the error's text names it, as in `durable` or `auto_delete`. */
  readonly name: string;
  readonly current: boolean | string;
  readonly received: boolean | string;
}

/** The 406 for the first field that differs; null where none does. `resource` as in `named`. */
export function differingField(
  resource: string,
  fields: readonly ComparedField[],
): AmqpError | null {
  for (const { name, current, received } of fields) {
    if (current !== received) return differs(resource, name, `'${received}'`, `'${current}'`);
  }
  return null;
}

/** The 406 for the first of the `names` whose values differ; null where none does. */
export function differingArgument(
  resource: string,
  names: readonly string[],
  { current, received }: { readonly current: FieldTable; readonly received: FieldTable },
): AmqpError | null {
  for (const name of names) {
    const [was, is] = [tableLookup(current, name), tableLookup(received, name)];
    if (was === undefined && is === undefined) continue;
    if (name === 'x-queue-type' && isClassicOrNone(was) && isClassicOrNone(is)) continue;
    if (was !== undefined && is !== undefined) {
      if (sameMeaning(was, is)) continue;
      return differs(resource, name, `'${printed(is)}'`, `'${printed(was)}'`);
    }
    return differs(resource, name, withType(is), withType(was));
  }
  return null;
}

/** A classic queue was not always declared with its type. */
function isClassicOrNone(of: FieldValue | undefined): boolean {
  return of === undefined || (of.type === 'longstr' && of.value === 'classic');
}

function differs(resource: string, name: string, received: string, current: string): AmqpError {
  return preconditionFailed(
    `inequivalent arg '${name}' for ${resource}: received ${received} but current is ${current}`,
  );
}

function withType(of: FieldValue | undefined): string {
  return of === undefined ? 'none' : `the value '${printed(of)}' of type '${of.type}'`;
}
