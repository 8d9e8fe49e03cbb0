/** `highwater serve` as a program: what it says, how it ends, what it refuses. */
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { carriedOut } from '../node/project.ts';
import { Program, freePorts, servedCluster } from './served.ts';
import type { Served } from './served.ts';

let served: Served | undefined;
afterEach(async () => {
  await served?.clear();
  served = undefined;
});

/** Runs the command to its end: exit code and output. */
async function result(args: readonly string[]): Promise<{ code: number | string; text: string }> {
  const program = new Program(args);
  program.spawn();
  const code = await program.end();
  return { code, text: program.output };
}

test('serve: says where clients connect, and ends with 0 on SIGTERM and SIGINT', async () => {
  served = await servedCluster(2);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const from = served.program.output.length;
    await served.program.start();
    const said = served.program.output.slice(from);
    for (const address of served.addresses) expect(said).toContain(`at ${address}\n`);
    expect(await served.program.end(signal)).toBe(0);
  }
  expect(served.program.output).not.toContain('cut short');
});

test('serve: a data folder that another server has is refused', async () => {
  served = await servedCluster(1);
  await served.program.start();
  const port = `${await freePorts(1)}`;
  const second = await result(['serve', '--kafka', port, '--data', served.data]);
  expect(second.code).toBe(1);
  expect(second.text).toContain('is in use by process');
  const third = await servedCluster(1);
  await third.program.start();
  await third.clear();
});

test('serve: a port that is in use is an error that names it', async () => {
  served = await servedCluster(2);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(served!.port + 1, '127.0.0.1', resolve));
  const { code, text } = await result([
    ...['serve', '--kafka', `${served.port}`, '--brokers', '2', '--data', served.data],
  ]);
  taken.close();
  expect(code).toBe(1);
  expect(text).toContain(`port ${served.port + 1} of 127.0.0.1 is in use`);
});

test('serve: what makes no sense is refused with what there is', async () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [['--profile', 'kafka-9.9'], 'kafka-4.1'],
    [['--set', 'min.insync.replica=2'], 'min.insync.replica'],
    [['--set', 'min.insync.replicas=many'], 'min.insync.replicas'],
    [['--brokers', '0'], 'from 1 to'],
    [['--node', '7'], 'from 100 on for a controller'],
    [['--prot', '1'], '--kafka'],
    [['now'], "what is 'now'"],
  ];
  for (const [args, expected] of wrong) {
    const { status, out, err } = await carriedOut('serve', ...args);
    expect(status, err).toBe(2);
    expect(out + err).toContain(expected);
  }
});

test('serve: a second signal ends at once', async () => {
  served = await servedCluster(1);
  await served.program.start();
  const code = served.program.end('SIGINT');
  void served.program.end('SIGINT');
  expect([0, 130]).toContain(await code);
});
