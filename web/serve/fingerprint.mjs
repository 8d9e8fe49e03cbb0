/**
 * Whether dist/ was built from the sources as they are now: a digest of every source file, kept
 * beside the packages (so that dist/ itself holds nothing but the site).
 *
 * Plain JavaScript on Node's own modules: it is asked before the packages are there.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SOURCES = ['engine', 'lessons', 'web'];
const STAMP = 'node_modules/.cache/highwater/built';

/** @param {string} root @param {string} base the sub-path that the site is built for */
export function fingerprint(root, base) {
  const digest = createHash('sha256').update(base);
  const files = SOURCES.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of [...files.sort(), join(root, 'package-lock.json')]) {
    digest.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  }
  return digest.digest('hex');
}

/** @param {string} root @param {string} base */
export function isBuilt(root, base) {
  const stamp = join(root, STAMP);
  return (
    existsSync(join(root, 'dist/index.html')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === fingerprint(root, base)
  );
}

/** @param {string} root @param {string} print the fingerprint taken before the build began */
export function markBuilt(root, print) {
  const stamp = join(root, STAMP);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, print);
}
