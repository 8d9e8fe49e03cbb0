/**
 * How much a page loads, gzip: at most 95 KB of scripts for the first page without the worker,
 * and 16 KB of text for a lesson or a question in one language.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, inject, test } from 'vitest';
import {
  builtPaths,
  htmlOf,
  lessonPaths,
  onPage,
  questionPaths,
  samplePaths,
  useBrowser,
  whenAlive,
} from './pages.ts';

useBrowser();

const dist = inject('dist');
const KB = 1024;
const gzipped = (file: string) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
const textSize = (path: string) => gzipSync(htmlOf(path), { level: 9 }).length;

describe('web: sizes', () => {
  const both = ['en/kafka/acks-and-loss/', 'en/guarantees/idempotent-consumer/'];
  const sampled = samplePaths().filter((path) => !path.startsWith('zh'));
  const pages = [...new Set([...both, ...sampled])];
  test.each(pages)('/%s loads at most 95 KB of scripts', (path) =>
    onPage(path, {}, async (page) => {
      const scripts = new Set<string>();
      page.on('response', (response) => {
        const isWorker = response.url().includes('worker');
        if (response.url().endsWith('.js') && !isWorker) scripts.add(response.url());
      });
      await page.reload({ waitUntil: 'networkidle' });
      await whenAlive(page);
      const files = [...scripts].map((url) => new URL(url).pathname.slice(1));
      expect(files.length).toBeGreaterThan(0);
      const total = files.reduce((sum, file) => sum + gzipped(file), 0);
      console.log(`/${path} loads ${(total / KB).toFixed(1)} KB of scripts`);
      expect(total).toBeLessThanOrEqual(95 * KB);
    }),
  );

  test('the worker, where there is one, has at most 150 KB', () => {
    const assets = readdirSync(join(dist, 'assets'));
    const workers = assets.filter((file) => /worker.*\.js$/.test(file));
    for (const worker of workers) {
      expect(gzipped(`assets/${worker}`), worker).toBeLessThanOrEqual(150 * KB);
    }
  });

  test('the text of a lesson or a question has at most 16 KB, with its data', () => {
    for (const path of [...lessonPaths('en'), ...lessonPaths('zh')]) {
      expect(textSize(path), path).toBeLessThanOrEqual(16 * KB);
    }
    for (const path of [...questionPaths('en'), ...questionPaths('zh')]) {
      expect(textSize(path) + gzipped(`${path}data.json`), path).toBeLessThanOrEqual(16 * KB);
    }
  });

  test('the text of any other page has at most 40 KB', () => {
    for (const path of builtPaths()) expect(textSize(path), path).toBeLessThanOrEqual(40 * KB);
  });
});
