/**
 * Every link within the built site leads to a file that is there, and every anchor to an id. It
 * reads the files of dist/ and needs no browser.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { builtPaths } from './pages.ts';

const dist = inject('dist');
const htmlOf = (path: string) => readFileSync(join(dist, path, 'index.html'), 'utf8');
const idsOf = (html: string) => new Set([...html.matchAll(/\sid="([^"]+)"/g)].map((m) => m[1]));

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
  return idsOf(htmlOf(path)).has(anchor) ? undefined : `${from} -> ${link}: no such anchor`;
}

describe('web: links', () => {
  test.each([...builtPaths()])('every link of /%s leads somewhere', (path) => {
    const links = [...htmlOf(path).matchAll(/\s(?:href|src)="([^"]+)"/g)].map((m) => m[1] ?? '');
    expect(links.length).toBeGreaterThan(5);
    expect(links.flatMap((link) => broken(path, link) ?? [])).toEqual([]);
  });

  test('a missing file and a missing anchor are found', () => {
    expect(broken('en/', '/en/no-such-page/')).toContain('no such file');
    expect(broken('en/', '#no-such-anchor')).toContain('no such anchor');
    expect(broken('en/', 'https://elsewhere.example/')).toBeUndefined();
  });
});
