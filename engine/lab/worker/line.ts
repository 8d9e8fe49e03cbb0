/**
 * The lines of a message handler, as data: what it asks of a database or a Redis, when it skips,
 * and where it commits the offset. So a lesson can show the lines, stop between two of them, and
 * move one.
 *
 * `$key` stands for the business key, `$id` for the message id, `$version` for the version that
 * the message carries, `$read` for what the last SELECT gave, `$worker` for the worker's name.
 * Not here: how lines are carried out (`worker.ts`).
 */

/** Why the rest of the lines does not apply: the message has been handled, or somebody has it. */
export type Skip =
  | { readonly on: 'duplicate key' }
  | { readonly on: 'no row changed' }
  | { readonly on: 'a row' }
  | { readonly on: 'no row' }
  /** As `redis-cli` prints it. */
  | { readonly on: 'reply'; readonly reply: string };

export type Line =
  | { readonly kind: 'sql'; readonly sql: string; readonly skip?: Skip }
  | { readonly kind: 'redis'; readonly words: readonly string[]; readonly skip?: Skip }
  /** Commits the offset behind the record: the broker will not give it again. */
  | { readonly kind: 'offset' };

/** The line as the handler's source shows it. */
export function textOfLine(line: Line): string {
  if (line.kind === 'offset') return 'commit offset';
  const text = line.kind === 'sql' ? line.sql : line.words.join(' ');
  return line.skip === undefined ? text : `${text}  -- ${textOfSkip(line.skip)}`;
}

function textOfSkip(skip: Skip): string {
  return `${skip.on === 'reply' ? skip.reply : skip.on}: skip`;
}
