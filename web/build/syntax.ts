/**
 * What the plugins that leave something out of the worker look at and do: the nodes of a parsed
 * file, and its code without some of them. Not here: what is left out (`no-*.ts`).
 */

/** A node of a syntax tree, as far as the plugins look at it. */
export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [part: string]: unknown;
}

/** Where in a file, and what stands there instead. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

export function isSyntax(part: unknown): part is Syntax {
  return typeof (part as { readonly type?: unknown } | null)?.type === 'string';
}

/** Every node of a program, each before those within it. */
export function nodesOf(program: unknown): Syntax[] {
  const found: Syntax[] = [];
  const walk = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(walk);
    else if (isSyntax(part)) {
      found.push(part);
      Object.values(part).forEach(walk);
    }
  };
  walk(program);
  return found;
}

/** The code with its cuts; of one within another the outer counts. */
export function without(code: string, cuts: readonly Cut[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, by } of cuts.toSorted((left, right) => left.start - right.start)) {
    if (start < from) continue;
    parts.push(code.slice(from, start), by);
    from = end;
  }
  return [...parts, code.slice(from)].join('');
}
