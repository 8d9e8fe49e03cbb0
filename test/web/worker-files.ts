/**
 * The files of the worker in the built site: which import which, what is loaded on demand, and how
 * much they are by gzip.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inject } from 'vitest';

export const KB = 1024;
const assets = join(inject('dist'), 'assets');
const text = (file: string): string => readFileSync(join(assets, file), 'utf8');

/** The file of a module's name: its name has a digest. */
export function workerFile(name: string): string {
  const found = readdirSync(assets).filter((file) => file.startsWith(`worker-${name}-`));
  if (found.length !== 1) throw new Error(`one file of ${name}, not ${found.join(', ')}`);
  return found[0]!;
}

/** A file and all that it imports, however far. */
export function importedBy(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  const imports = text(file).matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g);
  for (const [, one = ''] of imports) importedBy(one, found);
  return found;
}

/** What a file loads on demand by a name: a tool's, or a path of lessons. */
export function loadedBy(file: string): ReadonlyMap<string, string> {
  const byName = /["'`]?([\w./-]+)["'`]?:(?:async)?\(\)=>[^"'`:]*["'`]\.\/([^"'`]+)["'`]/g;
  return new Map([...text(file).matchAll(byName)].map(([, name = '', one = '']) => [name, one]));
}

export function without(
  files: ReadonlySet<string>,
  ...others: readonly ReadonlySet<string>[]
): string[] {
  return [...files].filter((file) => !others.some((other) => other.has(file)));
}

/** Bytes by gzip, each file by itself. */
export function sizeOf(files: Iterable<string>): number {
  const size = (file: string) => gzipSync(readFileSync(join(assets, file)), { level: 9 }).length;
  return [...files].reduce((sum, file) => sum + size(file), 0);
}
