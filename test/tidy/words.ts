/**
 * Names and words: file names that say nothing, marks of unfinished work, files without a head,
 * tests that do not run, hosts of package registries, and the shape of the top level.
 */
import { lineAt, type Fault, type SourceFile } from './tree.ts';

const TOP_LEVEL = [
  'README.md',
  'engine',
  'lessons',
  'package.json',
  'test',
  'tsconfig.json',
  'web',
];
const TOP_LEVEL_ALSO = /^(\..+|LICENSE|package-lock\.json)$/;

const EMPTY_NAME = /(^|[-/])(utils?|helpers?|common|manager|misc|services?)(?=[-./]|$)/;
/** The one folder whose name is a word of the plan: what stands around a broker. */
const SERVICES = /^(engine|test)\/services\//;

const CODE = /\.(ts|mjs|js|cjs|svelte|svx|css)$/;

/** Words that are banned in every text file, with what is wrong about them. */
const WORDS: readonly { pattern: RegExp; problem: string; only?: RegExp }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, problem: 'a mark of unfinished work', only: CODE },
  { pattern: /\b(for now|not implemented yet)\b/i, problem: 'unfinished work', only: CODE },
  { pattern: /\.\.\/shared\b|\/work\//, problem: 'a path outside the project' },
  {
    pattern: /\b(describe|test|it)\.(only|skip|todo)\b/,
    problem: 'a test that does not run',
    only: /\.test\.ts$/,
  },
  {
    pattern: /\bregistry\.(npmjs|yarnpkg|npmmirror)\b|\bregistry\s*=|"resolved":/,
    problem: 'the host of a package registry',
  },
];

/** What the top level has too much, and what it lacks. */
export function topLevelFaults(names: readonly string[]): string[] {
  const extra = names.filter((name) => !TOP_LEVEL.includes(name) && !TOP_LEVEL_ALSO.test(name));
  const missing = TOP_LEVEL.filter((name) => !names.includes(name));
  return [...extra.map((name) => `extra: ${name}`), ...missing.map((name) => `missing: ${name}`)];
}

/** File names that say how and not what. */
export function emptyNames({ path }: SourceFile): Fault[] {
  if (!EMPTY_NAME.test(path.replace(SERVICES, '$1/'))) return [];
  return [{ path, line: 1, problem: 'a name that says nothing of what is in it' }];
}

/** Files in upper case or with underscores, where kebab-case is the rule. */
export function wrongCase({ path }: SourceFile): Fault[] {
  if (!/\.(ts|mjs|css)$/.test(path)) return [];
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(name)) return [];
  return [{ path, line: 1, problem: 'file names are in kebab-case' }];
}

/** TypeScript and scripts that do not begin with a head comment. */
export function missingHead({ path, text }: SourceFile): Fault[] {
  const isScript = /\.(ts|mjs|cjs)$/.test(path) || path.endsWith('eslint.config.js');
  const start = text.replace(/^#!.*\n/, '');
  const hasHead = path.endsWith('.svelte') ? start.startsWith('<!--') : start.startsWith('/**');
  if (hasHead || !(isScript || path.endsWith('.svelte'))) return [];
  return [{ path, line: 1, problem: 'no head comment that says what the file is responsible for' }];
}

/** Banned words. The rules themselves have to name what they look for: test/tidy is left out. */
export function bannedWords({ path, text }: SourceFile): Fault[] {
  if (path.startsWith('test/tidy')) return [];
  return WORDS.flatMap(({ pattern, problem, only }) => {
    if (only !== undefined && !only.test(path)) return [];
    const everywhere = new RegExp(pattern, `${pattern.flags.replace('g', '')}g`);
    return [...text.matchAll(everywhere)].map((match) => ({
      path,
      line: lineAt(text, match.index),
      problem: `${problem}: ${match[0]}`,
    }));
  });
}
