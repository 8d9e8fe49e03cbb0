/** What the trace is told of changes of metadata. */
import { traceKind } from '../../kernel/ports.ts';

/** A change as a node applied it; `rows` are how many changed. */
export const changedTrace = traceKind('metadata-changed', {
  change: 'string',
  subject: 'string',
  outcome: 'string',
  rows: 'int',
});
