/**
 * knip: files that nothing reaches, exports that nobody imports, packages that nobody uses. The
 * entries are what Vite, Node, a worker or a test runner opens by its path.
 */
/** The imports of a lesson's prose; mdsvex would say no more. */
const importsOf = (/** @type {string} */ text) =>
  [...text.matchAll(/^\s*import\s.+?from\s+['"].+?['"];?$/gm)].join('\n');

export default {
  entry: [
    'web/index.html',
    'web/server.ts',
    'web/build/experiments.ts',
    'web/offline/sw.ts',
    'engine/node/command/{highwater.mjs,plain-names.mjs,main.ts}',
    'engine/node/command/{trial-thread,fuzz-thread}.ts',
    'lessons/*/*/{experiment,drill}.ts',
    'lessons/*/*/*.svx',
    'test/**/*.test.ts',
    'test/lesson-types.ts',
    'test/oracle/record.ts',
    'test/rabbitmq/oracle/record.ts',
    'test/oracle/record-share.ts',
    'test/{imports.cjs,knip.config.js}',
  ],
  project: ['{engine,lessons,web,test}/**/*.{ts,mjs,js,cjs,svelte,svx}'],
  compilers: { svx: importsOf },
  vite: { config: ['web/vite.config.ts'] },
  vitest: { config: ['test/vitest.config.ts'] },
  eslint: { config: ['test/eslint.config.js'] },
  // run.mjs starts these as commands
  ignoreDependencies: ['dependency-cruiser', 'svelte-check'],
  ignoreBinaries: ['kcat', 'script'],
  ignoreExportsUsedInFile: true,
};
