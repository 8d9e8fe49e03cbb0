/**
 * axe on a page of each kind, in both themes. What axe cannot know (whether a text makes sense when
 * it is heard) is for a person.
 */
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, samplePaths, useBrowser, whenAlive } from './pages.ts';

useBrowser();

/** The index of questions with what a search has found. */
const FOUND = 'en/questions/?q=NOT_ENOUGH_REPLICAS';
const CASES = ['light', 'dark'].flatMap((theme) =>
  [...samplePaths(), FOUND, 'no-such-page/'].map(
    (path) => [theme as 'light' | 'dark', path] as const,
  ),
);

describe('web: accessibility', () => {
  test.each(CASES)('axe finds nothing (%s): /%s', (theme, path) =>
    onPage(path, { colorScheme: theme }, async (page) => {
      await whenAlive(page);
      if (path === FOUND) await page.locator('.error-card').first().waitFor();
      expect(await axeFindings(page)).toEqual([]);
    }),
  );
});
