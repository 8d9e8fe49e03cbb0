/**
 * Every link within the built site leads to a file that is there, and every anchor to an id. It
 * reads the files of dist/ and needs no browser.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { builtPaths, htmlOf } from './pages.ts';

const dist = inject('dist');
const ids = new Map<string, ReadonlySet<string>>();

/** The ids of a page, which many others may link to. */
function idsOf(path: string): ReadonlySet<string> {
  const before = ids.get(path);
  if (before !== undefined) return before;
  const found = [...htmlOf(path).matchAll(/\sid="([^"]+)"/g)].map((match) => match[1] ?? '');
  ids.set(path, new Set(found));
  return new Set(found);
}

/** What a link of a page at `from` (a path below the site) does not reach, or undefined. */
function broken(from: string, link: string): string | undefined {
  const url = new URL(link, `http://site/${from}`);
  if (url.host !== 'site') return undefined;
  const path = decodeURIComponent(url.pathname).slice(1);
  const isPage = path === '' || path.endsWith('/');
  const file = join(dist, path, isPage ? 'index.html' : '');
  if (!existsSync(file)) return `${from} -> ${link}: no such file`;
  const anchor = decodeURIComponent(url.hash.slice(1));
  if (anchor === '' || !isPage) return undefined;
  return idsOf(path).has(anchor) ? undefined : `${from} -> ${link}: no such anchor`;
}

describe('web: links', () => {
  test('every link of every page leads somewhere', () => {
    for (const path of builtPaths()) {
      const links = [...htmlOf(path).matchAll(/\s(?:href|src)="([^"]+)"/g)].map((m) => m[1] ?? '');
      expect(links.length, path).toBeGreaterThan(5);
      expect(links.flatMap((link) => broken(path, link) ?? [])).toEqual([]);
    }
  });

  test('every page can be reached from the door', () => {
    const reached = new Set<string>(['']);
    for (const path of reached) {
      for (const [, link = ''] of htmlOf(path).matchAll(/<a [^>]*?href="([^"]+)"/g)) {
        const url = new URL(link, `http://site/${path}`);
        if (url.host === 'site' && url.pathname.endsWith('/')) reached.add(url.pathname.slice(1));
      }
    }
    expect(builtPaths().filter((path) => !reached.has(path))).toEqual([]);
  });

  test('a missing file and a missing anchor are found', () => {
    expect(broken('en/', '/en/no-such-page/')).toContain('no such file');
    expect(broken('en/', '/en/kafka/acks-and-loss/#proof=none')).toContain('no such anchor');
    expect(broken('en/', '#no-such-anchor')).toContain('no such anchor');
    expect(broken('en/', 'https://elsewhere.example/')).toBeUndefined();
  });
});
