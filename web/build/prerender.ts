/**
 * Vite plugin: builds the scripts for the browser, then the same app for Node, and writes one
 * HTML file a route, the files that pages load, 404.html, robots.txt and, where the site's address
 * is known, sitemap.xml.
 *
 * The output depends on the sources alone: two builds are the same byte for byte.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Manifest, Plugin, ViteBuilder } from 'vite';
import { writeOfflineSet } from '../offline/offline-set.ts';
import type { Rendered } from '../server.ts';
import { withoutStillMarkers } from './still-markers.ts';

/** The page of a lesson or story with an experiment loads it, as routes.ts says. */
const STAGE = 'stage/Stage.svelte';

/**
 * What the main script imports is loaded with it in any case: one file, not twenty. The script
 * itself is another, for it waits for pages that import from this one.
 */
const APP = {
  name: 'app',
  tags: ['$initial' as const],
  test: (id: string) => !/\/(?:main\.svelte\.ts|index\.html)(?:\?|$)/.test(id),
};

interface ServerEntry {
  readonly files: Readonly<Record<string, string>>;
  routes(): Promise<string[]>;
  render(path: string): Promise<Rendered>;
}

interface Options {
  /** The module that renders a path. */
  readonly entry: string;
  /** Without a slash at the end; empty where the site has no known address. */
  readonly siteAddress: string;
}

export function prerender({ entry, siteAddress }: Options): Plugin {
  return {
    name: 'highwater:prerender',
    apply: 'build',
    config: ({ build }) => {
      const serverFolder = resolve(build?.outDir ?? 'dist', '../node_modules/.cache/prerender');
      return {
        environments: {
          client: { build: { rolldownOptions: { output: { codeSplitting: { groups: [APP] } } } } },
          ssr: {
            build: {
              outDir: serverFolder,
              emptyOutDir: true,
              ssr: true,
              manifest: false,
              copyPublicDir: false,
              rolldownOptions: { input: entry, checks: { pluginTimings: false } },
            },
          },
        },
        builder: {
          async buildApp(builder) {
            const { client, ssr } = builder.environments;
            if (!client || !ssr) throw new Error('the build has no client or no server');
            await builder.build(client);
            await builder.build(ssr);
            await writePages(builder, serverFolder, siteAddress);
          },
        },
      };
    },
  };
}

async function writePages(
  builder: ViteBuilder,
  serverFolder: string,
  siteAddress: string,
): Promise<void> {
  const { base, root } = builder.config;
  const folder = resolve(root, builder.config.build.outDir);
  const template = await readFile(join(folder, 'index.html'), 'utf8');
  const manifestFile = join(folder, '.vite/manifest.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  const own = { base, template };
  const server = pathToFileURL(join(serverFolder, 'server.js')).href;
  const app = (await import(server)) as ServerEntry;
  const paths = await app.routes();
  for (const path of [...paths, '/404/']) {
    const { head, body, lang, modules, hasStage, data } = await app.render(path);
    const chunks = [...modules, ...(hasStage ? [STAGE] : [])];
    const html = template
      .replace('<html lang="en">', () => `<html lang="${lang}">`)
      .replace('<!--head-->', () => links(manifest, chunks, own) + preload(data, base) + head)
      .replace('<!--app-->', () => withoutStillMarkers(body));
    const file = join(folder, path === '/404/' ? '404.html' : `${path}index.html`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, html);
  }
  for (const [path, text] of Object.entries(app.files)) await writeFile(join(folder, path), text);
  await writeFile(join(folder, 'robots.txt'), robots(siteAddress, base));
  if (siteAddress !== '') {
    // for frames, not for readers
    const listed = paths.filter((path) => !/^\/\w+\/embed\//.test(path));
    await writeFile(join(folder, 'sitemap.xml'), sitemap(siteAddress, base, listed));
  }
  await rm(dirname(manifestFile), { recursive: true });
  const { files, gzipBytes } = await writeOfflineSet(folder, template);
  const megabytes = (gzipBytes / 2 ** 20).toFixed(2);
  const kept = `${files.length} files (${megabytes} MB gzip) for offline use`;
  builder.config.logger.info(`prerendered ${paths.length + 1} pages; ${kept}`);
}

/**
 * Preloads of a page's own chunks, and their styles, so that neither waits for the main script.
 * What every page has stands in the template.
 */
function links(
  manifest: Manifest,
  chunks: readonly string[],
  { base, template }: { readonly base: string; readonly template: string },
): string {
  const scripts = new Set<string>();
  const styles = new Set<string>();
  const visit = (key: string): void => {
    const chunk = manifest[key];
    if (chunk === undefined || scripts.has(chunk.file)) return;
    scripts.add(chunk.file);
    chunk.css?.forEach((file) => styles.add(file));
    chunk.imports?.forEach(visit);
  };
  for (const name of chunks) {
    const key = Object.keys(manifest).find((one) => one.endsWith(name));
    if (key === undefined) throw new Error(`the build has no chunk for ${name}`);
    visit(key);
  }
  const link = (rel: string) => (file: string) =>
    `<link rel="${rel}" crossorigin href="${base}${file}">`;
  return [...[...styles].map(link('stylesheet')), ...[...scripts].map(link('modulepreload'))]
    .filter((one) => !template.includes(one))
    .join('');
}

function preload(data: string | undefined, base: string): string {
  if (data === undefined) return '';
  return `<link rel="preload" as="fetch" crossorigin href="${base}${data}">`;
}

function robots(siteAddress: string, base: string): string {
  const map = siteAddress === '' ? '' : `Sitemap: ${siteAddress}${base}sitemap.xml\n`;
  return `User-agent: *\nAllow: /\n${map}`;
}

function sitemap(siteAddress: string, base: string, paths: readonly string[]): string {
  const entries = paths.map(
    (path) => `  <url><loc>${siteAddress}${base}${path.slice(1)}</loc></url>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
    ...entries,
    '</urlset>',
    '',
  ].join('\n');
}
