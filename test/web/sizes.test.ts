/**
 * How much a page loads, gzip: at most 95 KB of scripts for the first page without the worker,
 * and 16 KB of text for a lesson or a question in one language.
 */
import { readFileSync } from 'node:fs';
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
import { importedBy, KB, loadedBy, sizeOf, workerFile } from './worker-files.ts';

useBrowser();

const dist = inject('dist');
const gzipped = (file: string) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
const textSize = (path: string) => gzipSync(htmlOf(path), { level: 9 }).length;

/** What stands around brokers and clients in an experiment, over the 150 KB of the worker. */
const EXTRA_KB: Readonly<Record<string, number>> = {
  // a transaction coordinator and a producer's transactions
  'gallery/hanging-transaction': 20,
  'gallery/late-commit-in-the-next-transaction': 20,
  'gallery/no-epoch-left-to-fence': 20,
  'gallery/producer-forgotten-early': 20,
  'kafka/kafka-transactions': 21,
  'kafka/replication-isr-hw': 22,
  // the same, and the log cleaner
  'gallery/marker-compacted-away': 35,
  // the same as of transactions, and a group coordinator with its members
  'gallery/zombie-commits-offsets': 56,
  // a group coordinator, members and assignors of both protocols
  'kafka/consumer-groups': 41,
  'kafka/rebalance': 42,
  // groups of the classic protocol and share groups, with members of both
  'kafka/share-groups': 64,
  // ZooKeeper, the controller upon it, and a quorum of controllers beside it
  'kafka/zookeeper-and-kraft': 36,
  // a quorum of controllers
  'kafka/kafka-architecture': 15,
  // quorum queues on Raft, and their dead-letter workers
  'gallery/dead-letter-lost-in-transit': 11,
  'gallery/partition-discards-a-side': 11,
  'rabbitmq/mirrored-and-quorum-queues': 11,
  'rabbitmq/rabbitmq-clustering': 11,
  'rabbitmq/rabbitmq-persistence': 11,
  // a database and a Redis
  'guarantees/idempotent-consumer': 6,
};

/** What a page loads over the 95 KB of scripts, and why. */
const EXTRA_SCRIPTS_KB: Readonly<Record<string, number>> = {
  // the pictures of a handler's lines, a database and a Redis together
  'en/guarantees/idempotent-consumer/': 1,
};

/** The bytes of the files that a lesson's experiment and the worker import, by lesson. */
function workersOfLessons(): ReadonlyMap<string, number> {
  const entry = workerFile('lab.worker');
  const found = [...loadedBy(entry)].flatMap(([path, file]) => {
    const [, lesson = ''] = /lessons\/(.+)\/experiment\.ts$/.exec(path) ?? [];
    if (lesson === '') return [];
    const files = new Set([...importedBy(entry), ...importedBy(file)]);
    return [[lesson, sizeOf(files)] as const];
  });
  return new Map(found);
}

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
      expect(total).toBeLessThanOrEqual((95 + (EXTRA_SCRIPTS_KB[path] ?? 0)) * KB);
    }),
  );

  test('the worker has at most 150 KB, with all that the lesson of a broker loads into it', () => {
    const lessons = workersOfLessons();
    expect(lessons.size).toBeGreaterThan(40);
    for (const [lesson, total] of lessons) {
      console.log(`the worker of ${lesson} has ${(total / KB).toFixed(1)} KB`);
      // whoever brings more than brokers and their clients says here what it is
      expect.soft(total, lesson).toBeLessThanOrEqual((150 + (EXTRA_KB[lesson] ?? 0)) * KB);
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
