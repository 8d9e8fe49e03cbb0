/** kcat (librdkafka) against `highwater serve`, where it is installed. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

const installed = spawnSync('kcat', ['-V']).status === 0;

describe.runIf(installed)('kcat', () => {
  let served: Served;
  beforeAll(async () => {
    served = await servedCluster(3, ['--set', 'default.replication.factor=3']);
    await served.program.start();
  });
  afterAll(() => served.clear());

  function kcat(args: readonly string[], input = ''): string {
    const done = spawnSync('kcat', ['-b', served.addresses.join(','), ...args], {
      input,
      encoding: 'utf8',
      timeout: 30_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(done.status, done.stderr).toBe(0);
    return done.stdout;
  }

  const lines = Array.from({ length: 1000 }, (_, place) => `line ${place}`);

  test('kcat: lists the brokers', () => {
    const listed = kcat(['-L']);
    for (const address of served.addresses) expect(listed).toContain(`at ${address}`);
  });

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'kcat: produces and consumes (%s)',
    (codec) => {
      const topic = `kcat-${codec}`;
      const produce = ['-P', '-t', topic, '-p', '0', '-X', 'acks=all', '-z', codec];
      kcat(produce, `${lines.join('\n')}\n`);
      const read = kcat(['-C', '-t', topic, '-p', '0', '-o', 'beginning', '-e', '-q']);
      expect(read.trimEnd().split('\n')).toEqual(lines);
    },
  );

  test('kcat: produces with idempotence', () => {
    const produce = ['-P', '-t', 'idempotent', '-p', '0', '-X', 'enable.idempotence=true'];
    kcat(produce, `${lines.join('\n')}\n`);
    const read = kcat(['-C', '-t', 'idempotent', '-p', '0', '-o', 'beginning', '-e', '-q']);
    expect(read.trimEnd().split('\n')).toEqual(lines);
  });

  test('kcat: consumes from the end backwards and from an offset', () => {
    kcat(['-P', '-t', 'offsets', '-p', '0', '-X', 'acks=all'], `${lines.join('\n')}\n`);
    const read = (from: string): string[] =>
      kcat(['-C', '-t', 'offsets', '-p', '0', '-o', from, '-e', '-q']).trimEnd().split('\n');
    expect(read('-10')).toEqual(lines.slice(-10));
    expect(read('990')).toEqual(lines.slice(990));
  });
});
