/**
 * The files of the project as the tidy tests see them: every text file below the root that is not
 * generated or installed. It judges nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file's path from the root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a rule found: the place as an editor understands it, and what is wrong there. */
export interface Fault {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
const GENERATED = new Set(['node_modules', 'dist', '.git', '.svx']);
const BINARY = /\.(png|jpg|gif|ico|woff2|gz|wasm|bin|log|index|timeindex|snapshot)$/;

/** The names directly below the root, without what is generated. */
export function topLevel(): string[] {
  return readdirSync(ROOT)
    .filter((name) => !GENERATED.has(name))
    .sort();
}

/** Every text file of the project, sorted by path. */
export function sourceFiles(): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (GENERATED.has(entry.name)) continue;
      if (entry.isDirectory()) walk(path);
      else if (!BINARY.test(path))
        files.push({ path, text: readFileSync(join(ROOT, path), 'utf8') });
    }
  };
  walk('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The line, from 1, of a position in a text. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** One line a fault, for an assertion's message. */
export function printed(faults: readonly Fault[]): string[] {
  return faults.map(({ path, line, problem }) => `${path}:${line} ${problem}`);
}
