/**
 * A static file server for a built workbook: index.html of a folder, 404.html for what is missing,
 * gzip for who takes it, and a sub-path if the workbook was built for one. Bound to this machine
 * only.
 *
 * Plain JavaScript on Node's own modules: `npm start` and the browser tests use it. It is no
 * server for the public.
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const HOST = '127.0.0.1';

/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml; charset=utf-8',
};

/** What is worth packing: text. Pictures and fonts are packed already. */
const PACKED = /^(text\/|image\/svg|application\/(json|xml|wasm|manifest))/;

const pack = promisify(gzip);

/** @type {Map<string, { changedMs: number, bytes: Buffer }>} Files that were packed before. */
const packed = new Map();

/** A file by gzip; a site is small, so that each is packed once. */
async function packedFile(/** @type {string} */ file) {
  const { mtimeMs } = await stat(file);
  const before = packed.get(file);
  if (before?.changedMs === mtimeMs) return before.bytes;
  const bytes = await pack(await readFile(file));
  packed.set(file, { changedMs: mtimeMs, bytes });
  return bytes;
}

/**
 * @param {string} folder
 * @param {string} path decoded, relative to the base
 * @returns {Promise<{ file: string } | { redirect: true } | undefined>}
 */
async function find(folder, path) {
  const file = normalize(join(folder, path));
  if (file !== normalize(folder) && !file.startsWith(normalize(folder + sep))) return undefined;
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return { file };
  if (!found?.isDirectory()) return undefined;
  const index = join(file, 'index.html');
  if (!(await stat(index).catch(() => undefined))?.isFile()) return undefined;
  return path === '' || path.endsWith('/') ? { file: index } : { redirect: true };
}

/**
 * @param {string} folder
 * @param {string} base
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(folder, base, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const url = new URL(request.url ?? '/', `http://${HOST}`);
  let path;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    response.writeHead(400).end();
    return;
  }
  if (`${path}/` === base || (base !== '/' && path === '/')) {
    response.writeHead(302, { location: base }).end();
    return;
  }
  const found = path.startsWith(base) ? await find(folder, path.slice(base.length)) : undefined;
  if (found && 'redirect' in found) {
    response.writeHead(301, { location: `${url.pathname}/${url.search}` }).end();
    return;
  }
  const file = found?.file ?? join(folder, '404.html');
  const hashed = path.startsWith(`${base}assets/`);
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const isPacked = PACKED.test(type) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  response.writeHead(found ? 200 : 404, {
    'content-type': type,
    'cache-control': found && hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    ...(PACKED.test(type) ? { vary: 'accept-encoding' } : {}),
    ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
  });
  if (request.method === 'HEAD') response.end();
  else if (isPacked) response.end(await packedFile(file));
  else
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
}

/**
 * Serves `folder`, on the first free port at or after `port` (0: any).
 * @param {{ folder: string, port: number, base?: string, exact?: boolean }} options `base` begins
 *   and ends with a slash; `exact` refuses the next free port
 * @returns {Promise<{ address: string, close: () => Promise<void> }>}
 * @throws when the port is taken and `exact` is set, or no port is free in a hundred
 */
export async function serveStatic({ folder, port, base = '/', exact = false }) {
  const server = createServer((request, response) => {
    answer(folder, base, request, response).catch(() => response.destroy());
  });
  for (let offset = 0; ; offset += 1) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject).listen(port === 0 ? 0 : port + offset, HOST, () => {
          server.off('error', reject);
          resolve(undefined);
        });
      });
      break;
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || exact || offset === 99) throw error;
    }
  }
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: `http://${HOST}:${boundPort}${base}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
