/**
 * Our own consumer on real time: reads assigned partitions from their start by Fetch, over the
 * same adapters that brokers run on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConsumer } from '../../engine/kafka/client/consumer/consumer.ts';
import { newestProfile, profileOf } from '../../engine/kafka/profiles.ts';
import { assert } from '../../engine/kernel/assert.ts';
import { RealWorld } from '../../engine/node/adapters/real-world.ts';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

const PATIENCE_MS = 30_000;
/** After the last record that is expected: time for one that is not. */
const QUIET_MS = 100;

/** Reads so many records of each partition, and any that come within a moment after them. */
export async function readAll(
  addresses: readonly string[],
  topic: string,
  counts: readonly number[],
): Promise<readonly ReadRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'highwater-reader-'));
  const log: string[] = [];
  const read: ReadRecord[] = [];
  const world = new RealWorld({ log: (line) => log.push(line) });
  const bootstrap = addresses.map((address) => {
    const [host, port] = address.split(':');
    return { host: host!, port: Number(port) };
  });
  world.start({
    host: 'reader',
    folder,
    process: createConsumer({
      bootstrap,
      profile: profileOf(newestProfile),
      settings: { 'auto.offset.reset': 'earliest' },
      assignment: counts.map((_, partition) => ({ topic, partition })),
      onRecords: (records) => {
        for (const { partition, offset, value } of records) {
          read.push({ partition, offset, value: Buffer.from(value ?? []).toString() });
        }
      },
      onError: (error) => log.push(JSON.stringify(error)),
    }),
  });
  const expected = counts.reduce((sum, count) => sum + count, 0);
  const deadline = performance.now() + PATIENCE_MS;
  while (read.length < expected) {
    assert(performance.now() < deadline, 'read in time', { read: read.length, expected, log });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  world.end('read');
  rmSync(folder, { recursive: true, force: true });
  return read;
}
