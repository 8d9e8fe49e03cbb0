/**
 * What is kept for reading offline: the scripts, styles and data of all pages in both languages,
 * and one page without content, out of which the scripts make any of them. The build lists it with
 * a digest of each file, and writes the service worker beside the list.
 *
 * Not here: how the set is fetched and used (`sw.ts`).
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { transformWithOxc } from 'vite';

/** The list, as the service worker reads it. */
export interface OfflineSet {
  /** A digest of all files: another one is another site. */
  readonly fingerprint: string;
  /** Of all files, as they are and by gzip each. */
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Paths below the base, each with its digest as `integrity` of a request takes it. */
  readonly files: readonly (readonly [path: string, integrity: string])[];
}

const LIST = 'offline.json';
const WORKER = 'sw.js';
const SHELL = 'offline.html';
const SOURCE = fileURLToPath(new URL('./sw.ts', import.meta.url));

/** Pages are made again in the browser; the others are for those who crawl. */
const isKept = (path: string): boolean =>
  path === SHELL ||
  !/\.html$|^\.vite\/|^(robots\.txt|sitemap\.xml|offline\.json|sw\.js)$/.test(path);

/**
 * Writes the empty page, the list and the service worker into a built site's folder.
 * @param template the page that every page is made of, with its comments for head and app
 */
export async function writeOfflineSet(folder: string, template: string): Promise<OfflineSet> {
  const robots = '<meta name="robots" content="noindex">';
  const shell = template.replace('<!--head-->', robots).replace('<!--app-->', '');
  await writeFile(join(folder, SHELL), shell);
  const set = await listed(folder);
  await writeFile(join(folder, LIST), JSON.stringify(set));
  const source = await readFile(SOURCE, 'utf8');
  const { code } = await transformWithOxc(source, 'sw.ts', { lang: 'ts' });
  const worker = code
    .replace('__FINGERPRINT__', () => set.fingerprint)
    // a classic script, since not every browser takes a module for it
    .replace(/^export\s*\{\s*\};?\s*$/m, '');
  await writeFile(join(folder, WORKER), worker);
  return set;
}

async function listed(folder: string): Promise<OfflineSet> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .filter(isKept)
    .sort();
  const all = createHash('sha256');
  const files: [string, string][] = [];
  let [bytes, gzipBytes] = [0, 0];
  for (const path of paths) {
    const content = await readFile(join(folder, path));
    const integrity = `sha256-${createHash('sha256').update(content).digest('base64')}`;
    all.update(`${path}\0${integrity}\0`);
    files.push([path, integrity]);
    bytes += content.length;
    gzipBytes += gzipSync(content, { level: 9 }).length;
  }
  return { fingerprint: all.digest('hex').slice(0, 16), bytes, gzipBytes, files };
}
