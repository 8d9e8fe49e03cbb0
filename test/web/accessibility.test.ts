/**
 * axe on a page of each kind, in both themes. What axe cannot know (whether a text makes sense when
 * it is heard) is for a person.
 */
import { describe, expect, test } from 'vitest';
import { axeFindings, onPage, rulesOf, samplePaths, useBrowser, whenAlive } from './pages.ts';

useBrowser();

/** The index of questions with what a search has found. */
const FOUND = 'en/questions/?q=NOT_ENOUGH_REPLICAS';
const THEMES = ['light', 'dark'] as const;

describe('web: accessibility', () => {
  test.each([...samplePaths(), FOUND, 'no-such-page/'])('axe finds nothing: /%s', (path) =>
    onPage(path, {}, async (page) => {
      await whenAlive(page);
      if (path === FOUND) await page.locator('.error-card').first().waitFor();
      const colours = new Set<string>();
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme });
        expect(await axeFindings(page, rulesOf(colorScheme)), colorScheme).toEqual([]);
        colours.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      }
      expect(colours.size).toBe(THEMES.length);
    }),
  );
});
