/**
 * `npm start`: sets up a fresh clone, builds the workbook if it is stale, serves it, and prints
 * its address. Options: --port N (else 4173 or the next free one), --no-open, --help.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setUp } from '../../engine/node/command/set-up.mjs';
import { basePath, buildIfStale } from './build.mjs';
import { serveStatic } from './static.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PORT_DEFAULT = 4173;
const USAGE = `npm start -- [--port N] [--no-open]

Builds the workbook if its sources have changed, and serves it on this machine.
  --port N     the port to use; without it ${PORT_DEFAULT}, or the next free one
  --no-open    do not open a browser

BASE_PATH=/path/ builds and serves it below a path.`;

/** @returns {{ port: number | undefined, open: boolean } | undefined} undefined: help was asked */
function options() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', short: 'p' },
      'no-open': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new Error(`--port takes a number from 0 to 65535, not "${values.port}"`);
  }
  return { port, open: !values['no-open'] };
}

/** Opens a browser where a person sits at the terminal; where there is none, nothing happens. */
function openBrowser(/** @type {string} */ address) {
  if (!process.stdout.isTTY || process.env.CI || process.env.SSH_CONNECTION) return;
  /** @type {Partial<Record<NodeJS.Platform, [string, string[]]>>} */
  const openers = { darwin: ['open', []], win32: ['cmd', ['/c', 'start', '']] };
  const [command, before] = openers[process.platform] ?? ['xdg-open', []];
  spawn(command, [...before, address], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

/** @param {{ port: number | undefined, open: boolean }} chosen */
async function start({ port, open }) {
  const base = basePath();
  if (!setUp(root) || !buildIfStale(root, base)) return 1;
  const site = await serveStatic({
    folder: join(root, 'dist'),
    port: port ?? PORT_DEFAULT,
    base,
    exact: port !== undefined,
  });
  console.log(`Highwater is at ${site.address}  (Ctrl-C stops it)`);
  if (open) openBrowser(site.address);
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
  await stopped;
  await site.close();
  return 0;
}

try {
  const chosen = options();
  if (chosen === undefined) console.log(USAGE);
  process.exitCode = chosen === undefined ? 0 : await start(chosen);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  console.error(taken ? `${message}\nAnother program has this port: choose another.` : message);
  process.exitCode = taken ? 1 : 2;
}
