/**
 * The suites of vitest: `unit` mirrors engine/ and tests the tree itself, `interop` speaks to
 * sockets and processes, `browser` drives the built site in Chromium, and `long` is what is too
 * long for every commit (`npm run test:long`).
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const LONG = ['test/long/**/*.test.ts', 'test/mutations/**/*.test.ts'];
/** What takes minutes together: a second build of the site, plays in real time, long searches. */
const MINUTES = [
  'test/web/sub-path.test.ts',
  'test/web/insight.test.ts',
  'test/web/frames.test.ts',
  'test/lab/safe/verdict.test.ts',
  'test/lab/swarm/shrink.test.ts',
  'test/node/safe.test.ts',
];
const BROWSER = ['test/web/**/*.test.ts'];
const INTEROP = ['test/interop/**/*.test.ts', 'test/node/**/*.test.ts'];

export default defineConfig({
  root,
  cacheDir: `${root}/node_modules/.vite-test`,
  test: {
    projects: [
      {
        root,
        test: {
          name: 'unit',
          // the engine keeps no state in modules, so that files can share them
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...LONG, ...BROWSER, ...INTEROP, ...MINUTES],
          // both cores, when nothing else runs any more
          maxWorkers: 2,
          testTimeout: 20_000,
        },
      },
      {
        root,
        test: {
          name: 'interop',
          isolate: false,
          include: INTEROP,
          exclude: MINUTES,
          // sessions that end, commits, back-offs: a file waits longer than it works
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        root,
        test: {
          name: 'browser',
          isolate: false,
          include: BROWSER,
          exclude: MINUTES,
          // a page waits more than it works; what is measured counts processor time
          maxWorkers: 2,
          globalSetup: ['test/web/site.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        root,
        test: {
          name: 'long',
          include: [...LONG, ...MINUTES],
          globalSetup: ['test/web/site.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
});
