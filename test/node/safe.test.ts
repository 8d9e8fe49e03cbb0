/** `highwater safe` as a program: files, standard input, exit codes, both languages. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../engine/node/command/highwater.mjs', import.meta.url));

function safe(args: readonly string[], input: string | null = null) {
  const options = { encoding: 'utf8', timeout: 100_000 } as const;
  return spawnSync(
    process.execPath,
    [COMMAND, 'safe', ...args],
    input === null ? { ...options, stdio: ['ignore', 'pipe', 'pipe'] } : { ...options, input },
  );
}

function fileWith(name: string, text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'safe-')), name);
  writeFileSync(file, text);
  return file;
}

describe('highwater safe', () => {
  test('a configuration that loses: exit code 1, the steps, a link that repeats them', () => {
    const server = fileWith('server.properties', 'broker.id=1\ndefault.replication.factor=3\n');
    const producer = fileWith('producer.properties', 'bootstrap.servers=x\nacks=1\n');
    const { status, stdout } = safe(['--file', server, '--file', producer]);
    expect(status).toBe(1);
    expect(stdout).toContain('acks=1  (producer.properties:2)');
    expect(stdout).toContain('acks=all prevents it');
    const link = /highwater run --link (\S+)/.exec(stdout)?.[1];
    const again = spawnSync(process.execPath, [COMMAND, 'run', '--link', link!, '--json'], {
      encoding: 'utf8',
    });
    expect(JSON.parse(again.stdout).measures.lost).toBeGreaterThan(0);
  });

  test('standard input is read, and a safe configuration is 0', () => {
    const text = 'default.replication.factor=1\nlog.flush.interval.messages=1\n';
    const { status, stdout } = safe(['--json', '--lang', 'zh'], text);
    expect(status).toBe(0);
    const { verdict, reading } = JSON.parse(stdout);
    expect(verdict).toBe('safe');
    expect(reading.recognised[0].origin).toEqual({ file: 'stdin', line: 1 });
  });

  test('without files the defaults of the release, in Chinese', () => {
    const { status, stdout } = safe(['--release', '2.8', '--lang', 'zh']);
    expect(status).toBe(1);
    expect(stdout).toContain('以下只是默认值');
    expect(stdout).toContain('不安全');
  });

  test('what Kafka would refuse is 2, with the file and the line', () => {
    const file = fileWith('producer.properties', 'enable.idempotence=true\nacks=1\n');
    const { status, stderr } = safe(['--file', file]);
    expect(status).toBe(2);
    expect(stderr).toContain('producer.properties:1');
    expect(stderr).toContain('Must set acks to all in order to use the idempotent producer.');
    expect(safe(['--file', '/no/such/file']).status).toBe(2);
    expect(safe(['--release', '9.9']).status).toBe(2);
  });
});
