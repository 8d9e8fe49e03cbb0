/**
 * Before the browser tests: the workbook, built if it is stale, is served on a free port, and its
 * address provided to the tests. A browser that has to unpack itself does so here, once.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { buildIfStale } from '../../web/serve/build.mjs';
import { serveStatic } from '../../web/serve/static.mjs';
import { findBrowser } from './browser.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The site's address, with the slash at the end. */
    site: string;
    /** The folder that the site is built into. */
    dist: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

export default async function serveSite(project: TestProject): Promise<() => Promise<void>> {
  if (!buildIfStale(root, '/')) throw new Error('the workbook does not build');
  await findBrowser();
  const dist = join(root, 'dist');
  const site = await serveStatic({ folder: dist, port: 0 });
  project.provide('site', site.address);
  project.provide('dist', dist);
  return site.close;
}
