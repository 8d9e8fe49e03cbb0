/**
 * Builds the workbook into dist/: when the sources have changed since it was built, or always when
 * this file is run by itself (`npm run build`). BASE_PATH=/path/ builds for a sub-path.
 *
 * Plain JavaScript on Node's own modules: it starts Vite as a process and knows nothing of it.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fingerprint, isBuilt, markBuilt } from './fingerprint.mjs';

/**
 * @param {string} root the clone's folder
 * @param {string} base the sub-path that the site is built for, with a slash at both ends
 * @returns {boolean} false when the build failed; Vite has said why by then
 */
export function buildIfStale(root, base) {
  return isBuilt(root, base) || build(root, base);
}

/** @param {string} root @param {string} base @returns {boolean} */
function build(root, base) {
  console.error('Building the workbook...');
  const print = fingerprint(root, base);
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const { status } = spawnSync(
    process.execPath,
    [vite, 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, BASE_PATH: base, NODE_ENV: 'production' },
    },
  );
  if (status === 0) markBuilt(root, print);
  return status === 0;
}

/** The sub-path of the environment, with a slash at both ends. */
export function basePath() {
  return `/${process.env.BASE_PATH ?? ''}/`.replace(/\/+/g, '/');
}

const here = fileURLToPath(import.meta.url);
if (process.argv[1] === here) {
  process.exitCode = build(join(dirname(here), '../..'), basePath()) ? 0 : 1;
}
