/**
 * The service worker: fetches the whole workbook once, and answers from it when there is no
 * network. It is written to `sw.js` by the build, with the fingerprint of the site in its text, so
 * that a browser sees a new worker when anything has changed.
 *
 * With a network, pages and data come from it, so that nobody reads an old page; what has a digest
 * in its name comes from the cache. Without one, any page is the empty page, out of which the
 * scripts make the page of the address, or the one that says that there is none.
 */
import type { OfflineSet } from './offline-set.ts';

interface Lasting extends Event {
  waitUntil(until: Promise<unknown>): void;
}

interface Asked extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** What is used here of a service worker's global scope, which the types of pages do not have. */
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Asked) => void): void;
}

const scope = self as unknown as Scope;
const base = scope.registration.scope;
/** Several workbooks below one host each have their own caches. */
const PREFIX = `highwater ${new URL(base).pathname} `;
const FINGERPRINT = '__FINGERPRINT__';
const NAME = PREFIX + FINGERPRINT;
const FETCHES_AT_ONCE = 6;

const hasDigest = (url: string): boolean => url.startsWith(`${base}assets/`);

/** Fetches the whole set; fails, and is tried again at a later visit, where one file fails. */
async function install(): Promise<void> {
  const answer = await fetch(`${base}offline.json`, { cache: 'no-cache' });
  const { fingerprint, files } = (await answer.json()) as OfflineSet;
  if (fingerprint !== FINGERPRINT) throw new Error('the site was replaced meanwhile');
  const cache = await caches.open(NAME);
  const waiting = [...files];
  const fetchSome = async (): Promise<void> => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      await keep(cache, base + file[0], file[1]);
    }
  };
  await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, fetchSome));
}

async function keep(cache: Cache, url: string, integrity: string): Promise<void> {
  if ((await cache.match(url)) !== undefined) return;
  const before = hasDigest(url) ? await caches.match(url) : undefined;
  const response = before ?? (await fetch(url, { cache: 'no-cache', integrity }));
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  // a page must not be answered with what came by a redirection
  const direct = response.redirected ? new Response(await response.blob()) : response;
  await cache.put(url, direct);
}

/** Deletes what earlier builds kept. */
async function activate(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function kept(url: string): Promise<Response | undefined> {
  const cache = await caches.open(NAME);
  return cache.match(url, { ignoreSearch: true });
}

async function answerTo(request: Request): Promise<Response> {
  if (hasDigest(request.url)) return (await kept(request.url)) ?? fetch(request);
  try {
    return await fetch(request);
  } catch {
    const url = request.mode === 'navigate' ? `${base}offline.html` : request.url;
    // the whole site is here: what is not here is not there
    return (await kept(url)) ?? new Response('null', { status: 404 });
  }
}

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(activate()));
scope.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(base)) event.respondWith(answerTo(event.request));
});
