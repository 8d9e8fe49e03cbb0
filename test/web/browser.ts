/**
 * Finds a Chromium for the browser tests and starts it: the environment variable, the system's,
 * Playwright's own, then the one that is packed in @sparticuz/chromium (Linux on x64).
 *
 * Where there is none it throws with what to do: a suite without a browser fails.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/chromium', import.meta.url));

const SYSTEM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

const NONE = `No browser was found. One of these helps:
  - install Chromium or Chrome on this system;
  - HIGHWATER_BROWSER=/path/to/chromium npm test;
  - npx playwright-core install chromium-headless-shell.`;

const ARGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The packed browser's own list of fonts knows only /tmp, and without any font it crashes. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${CACHE}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir>${CACHE}/font-cache</cachedir>
</fontconfig>
`;

/** The packed browser unpacks itself below TMPDIR, which must not be shared with other users. */
async function packedBrowser(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  mkdirSync(`${CACHE}/fontconfig`, { recursive: true });
  writeFileSync(`${CACHE}/fontconfig/fonts.conf`, FONTS);
  process.env.TMPDIR = CACHE;
  process.env.FONTCONFIG_PATH = `${CACHE}/fontconfig`;
  // read when the package is imported: makes it unpack the libraries that a bare system lacks
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  const packed = await import('@sparticuz/chromium').catch(() => undefined);
  return packed?.default.executablePath();
}

/**
 * The path of a browser that exists.
 * @throws Error when there is none, or HIGHWATER_BROWSER names no file
 */
export async function findBrowser(
  named: string | undefined = process.env.HIGHWATER_BROWSER,
): Promise<string> {
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`HIGHWATER_BROWSER names no file: ${named}`);
    return named;
  }
  const installed = [...SYSTEM_PATHS, chromium.executablePath()].find((path) => existsSync(path));
  const path = installed ?? (await packedBrowser());
  if (path === undefined) throw new Error(NONE);
  return path;
}

/** Starts a browser of its own; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findBrowser(),
    headless: true,
    args: ARGS,
    env: { ...process.env } as Record<string, string>,
  });
}
