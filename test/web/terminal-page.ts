/**
 * What the tests of the terminal share: a lesson's drill that is open, and what its panes show.
 */
import type { Page } from 'playwright-core';
import { whenAlive } from './pages.ts';

/** Opens the drill of the lesson that is on the page, and waits for its first pane. */
export async function openDrill(page: Page): Promise<void> {
  await whenAlive(page);
  await page.locator('[data-open-drill]').click();
  await paneReady(page, 1);
}

/** Waits for a pane with its prompt, and puts the focus into it. */
export async function paneReady(page: Page, pane: number): Promise<void> {
  await page.locator(`[data-xterm-pane="${pane}"][data-ready=true]`).waitFor({ timeout: 60_000 });
  await focusPane(page, pane);
  await page.waitForFunction(
    (number) =>
      document
        .querySelector(`[data-xterm-pane="${number}"] .xterm-rows`)
        ?.textContent.includes('$'),
    pane,
  );
}

export async function focusPane(page: Page, pane: number): Promise<void> {
  await page.locator(`[data-xterm-pane="${pane}"] textarea`).focus();
}

/** The rows of a pane that show anything; a line over two rows is two. */
export function rowsOf(page: Page, pane: number): Promise<string[]> {
  return page.evaluate((number) => {
    const rows = document.querySelectorAll(`[data-xterm-pane="${number}"] .xterm-rows > div`);
    const texts = [...rows].map((row) => (row.textContent ?? '').replaceAll('\u00a0', ' '));
    return texts.map((text) => text.trimEnd()).filter((text) => text !== '');
  }, pane);
}

/** The last row of a pane that shows anything. */
export async function lastRow(page: Page, pane: number): Promise<string> {
  return (await rowsOf(page, pane)).at(-1) ?? '';
}

/** Types a line into the pane that has the focus, and waits until its command is done or waits. */
export async function typeLine(page: Page, line: string): Promise<void> {
  await page.keyboard.type(`${line}\r`);
  await page.locator('[data-drill][aria-busy=false]').waitFor({ timeout: 60_000 });
}

/** Pastes a text into the pane that has the focus. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
    document.activeElement?.dispatchEvent(event);
  }, text);
}
