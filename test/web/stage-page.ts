/**
 * What the tests of the stage share: a stage with its engine running, where it is, and which run is
 * on it.
 */
import type { Page } from 'playwright-core';
import { whenAlive } from './pages.ts';

/** The stage with its engine running. */
export async function stageOf(page: Page) {
  await whenAlive(page);
  const stage = page.locator('.stage');
  await stage.scrollIntoViewIfNeeded();
  await page.locator('.stage[data-engine=running]').waitFor();
  return stage;
}

/** The event that is shown. */
export const place = async (page: Page) => {
  const text = await page.locator('.scrub .where span').innerText();
  return Number(/(\d+)\/\d+/.exec(text)?.[1]);
};
export const hashOf = (page: Page) => page.locator('[data-trace-hash]').innerText();

/** Waits until another run is on the stage than that of a hash. */
export async function otherRun(page: Page, hash: string): Promise<void> {
  await page.waitForFunction(
    (before) => document.querySelector('[data-trace-hash]')?.textContent !== before,
    hash,
  );
}

/** The command line, which is there from its first use on. */
export async function commandLine(page: Page) {
  const opener = page.locator('[data-open-command]');
  if ((await opener.count()) > 0) await opener.click();
  const line = page.locator('[data-command-line]');
  await line.waitFor();
  return line;
}
