/** What a reader looks at closely: a record in a log, or a host's state machines. Types only. */
import type { RecordAddress } from '#engine/lab/inspect/record.ts';

export type Inspected =
  | ({ readonly kind: 'record' } & RecordAddress)
  | { readonly kind: 'machines'; readonly host: string };
