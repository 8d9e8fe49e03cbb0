/**
 * The run that `--link` names: the text behind # of a shared page, or the page's whole address.
 * Not here: the format of a link (`lab/link.ts`).
 */
import { fromLink } from '../../lab/link.ts';
import type { Shared } from '../../lab/link.ts';
import { UsageError } from './usage.ts';

/** Throws a `UsageError` where the text is no link, or one of another version. */
export function sharedRun(link: string): Shared {
  const opened = fromLink(link.replace(/^.*#/, ''));
  if (opened.ok) return opened.shared;
  throw new UsageError(`--link cannot be opened: its ${opened.reason} is not one of this version`);
}
