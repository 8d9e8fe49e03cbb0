/**
 * Set-up of a clone: installs the packages that the lockfile names, when they are not there.
 *
 * Plain JavaScript on Node's own modules, since it runs before there are packages. It does not
 * build anything (see web/serve).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ version?: string, optional?: boolean, link?: boolean }} LockedPackage
 * @param {string} path a lockfile
 * @returns {Record<string, LockedPackage>}
 */
function lockedPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/**
 * Whether node_modules holds what the lockfile names: npm leaves a copy of what it installed, which
 * lacks the root and the optional packages of other platforms.
 * @param {string} root the clone's folder
 */
export function isSetUp(root) {
  const installedPath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const wanted = lockedPackages(join(root, 'package-lock.json'));
  const installed = lockedPackages(installedPath);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (path in installed ? installed[path]?.version === version : optional === true),
  );
}

/**
 * Installs the packages if need be. What npm says goes to stderr: stdout is the caller's.
 * @param {string} root the clone's folder
 * @returns {boolean} false when npm failed; it has said why by then
 */
export function setUp(root) {
  if (isSetUp(root)) return true;
  console.error('Installing the packages of the lockfile (npm ci)...');
  const npm = process.env.npm_execpath;
  const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } =
    npm !== undefined && npm.endsWith('npm-cli.js')
      ? spawnSync(process.execPath, [npm, ...options], { cwd: root, stdio: ['ignore', 2, 2] })
      : spawnSync('npm', options, {
          cwd: root,
          stdio: ['ignore', 2, 2],
          shell: process.platform === 'win32',
        });
  return status === 0;
}
