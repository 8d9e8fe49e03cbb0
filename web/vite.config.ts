/**
 * The workbook's build: Svelte pages and lessons, prerendered to static files in dist/.
 *
 * BASE_PATH=/path/ builds for a sub-path; SITE_ADDRESS=https://host adds canonical addresses and
 * a sitemap. Tests are configured in test/vitest.config.ts.
 */
import { fileURLToPath } from 'node:url';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { lessonModules } from './build/lesson-modules.ts';
import { lessonMarkdown } from './build/markdown.ts';
import { noActors } from './build/no-actors.ts';
import { noCodecs } from './build/no-codecs.ts';
import { noDocumentation } from './build/no-documentation.ts';
import { noOperands } from './build/no-operands.ts';
import { prerender } from './build/prerender.ts';
import { styleClass } from './build/style-class.ts';
import { workerChunks } from './build/worker-chunks.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const siteAddress = (process.env.SITE_ADDRESS ?? '').replace(/\/$/, '');

const chunks = workerChunks();

export default defineConfig({
  root: at('.').replace(/\/$/, ''),
  base: process.env.BASE_PATH ?? '/',
  publicDir: at('public'),
  cacheDir: at('../node_modules/.vite'),
  define: { __SITE_ADDRESS__: JSON.stringify(siteAddress) },
  plugins: [
    lessonModules(at('../lessons'), at('../engine')),
    svelte({
      configFile: false,
      extensions: ['.svelte', '.svx'],
      preprocess: [vitePreprocess(), lessonMarkdown()],
      compilerOptions: {
        runes: ({ filename }) => (filename.includes('node_modules') ? undefined : true),
        cssHash: styleClass(at('..')),
        warningFilter: (warning) => warning.code !== 'script_context_deprecated',
      },
    }),
    prerender({ entry: at('server.ts'), siteAddress }),
  ],
  optimizeDeps: { include: ['comlink', 'xstate'] },
  server: { fs: { allow: [at('..')] } },
  build: {
    outDir: at('../dist'),
    emptyOutDir: true,
    manifest: true,
    // most of the time of a build is ours: the experiments
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  worker: {
    format: 'es',
    plugins: () => [noActors(), noCodecs(), noDocumentation(), noOperands(), chunks.plugin()],
    rolldownOptions: {
      checks: { pluginTimings: false },
      // so that its size can be told from the page's
      output: {
        entryFileNames: 'assets/worker-[name]-[hash].js',
        chunkFileNames: 'assets/worker-[name]-[hash].js',
        codeSplitting: { groups: [...chunks.groups] },
        comments: { annotation: false, legal: false },
      },
    },
  },
});
