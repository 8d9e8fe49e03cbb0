/**
 * Finds a Chromium for the browser tests and starts it: the environment variable, the one that is
 * packed in @sparticuz/chromium (Linux on x64), the system's, then Playwright's own.
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

/** A browser, and what its environment must say besides. */
interface Found {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The packed browser unpacks itself below TMPDIR, which must not be shared with other users. What
 * it sets in this process to that end is taken back, so that only the browser meets it.
 */
async function packedBrowser(): Promise<Found | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  mkdirSync(`${CACHE}/fontconfig`, { recursive: true });
  writeFileSync(`${CACHE}/fontconfig/fonts.conf`, FONTS);
  const names = ['TMPDIR', 'AWS_LAMBDA_JS_RUNTIME', 'FONTCONFIG_PATH', 'LD_LIBRARY_PATH', 'HOME'];
  const before = names.map((name) => [name, process.env[name]] as const);
  process.env.TMPDIR = CACHE;
  // read when the package is imported: makes it unpack the libraries that a bare system lacks
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  try {
    const packed = await import('@sparticuz/chromium').catch(() => undefined);
    const path = await packed?.default.executablePath();
    if (path === undefined) return undefined;
    const libraries = [`${CACHE}/al2023/lib`, process.env.LD_LIBRARY_PATH ?? ''].filter(Boolean);
    const env = {
      TMPDIR: CACHE,
      FONTCONFIG_PATH: `${CACHE}/fontconfig`,
      LD_LIBRARY_PATH: [...new Set(libraries.join(':').split(':'))].join(':'),
    };
    return { path, env };
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/**
 * A browser that exists. The packed one first: it has no windows, and to open a page costs it a
 * third of the processor time that a whole Chromium takes.
 * @throws Error when there is none, or HIGHWATER_BROWSER names no file
 */
export async function findBrowser(
  named: string | undefined = process.env.HIGHWATER_BROWSER,
): Promise<Found> {
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`HIGHWATER_BROWSER names no file: ${named}`);
    return { path: named, env: {} };
  }
  const packed = await packedBrowser();
  if (packed !== undefined) return packed;
  const path = [...SYSTEM_PATHS, chromium.executablePath()].find((one) => existsSync(one));
  if (path === undefined) throw new Error(NONE);
  return { path, env: {} };
}

/** Starts a browser of its own; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const { path, env } = await findBrowser();
  return chromium.launch({
    executablePath: path,
    headless: true,
    args: ARGS,
    env: { ...process.env, ...env } as Record<string, string>,
  });
}
