/**
 * axe on every page, in both themes. What axe cannot know (whether a text makes sense when it is
 * heard) is for a person.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { describe, expect, test } from 'vitest';
import { builtPaths, onPage, useBrowser, whenAlive } from './pages.ts';

useBrowser();

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const CASES = ['light', 'dark'].flatMap((theme) =>
  [...builtPaths(), 'no-such-page/'].map((path) => [theme as 'light' | 'dark', path] as const),
);

describe('web: accessibility', () => {
  test.each(CASES)('axe finds nothing (%s): /%s', (theme, path) =>
    onPage(path, { colorScheme: theme }, async (page) => {
      await whenAlive(page);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate<AxeResults>('axe.run()');
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
      );
      expect(found).toEqual([]);
    }),
  );
});
