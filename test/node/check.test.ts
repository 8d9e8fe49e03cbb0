/**
 * `highwater check`: what it prints, its exit code, and that it lints again after a change. To lint
 * runs every experiment, so that a lint is asked for as much as it can tell.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkProject } from '../../engine/node/command/check.ts';
import { countProject } from '../../engine/node/command/lesson-folders.ts';
import type { Copy } from './project.ts';
import { copyProject, highwater, printedBy, ROOT } from './project.ts';

let copy: Copy;
beforeEach(() => (copy = copyProject()));
afterEach(() => copy.remove());

const LESSON = 'lessons/kafka/acks-and-loss';
const BROKEN = 'lessons/kafka/rebalance';

function change(name: string, from: string, to: string): void {
  const file = join(copy.root, name);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

test('command: check: the lessons of the project pass, with exit code 0', async () => {
  const { status, out, err } = highwater('check', '--json');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(JSON.parse(out)).toEqual({ problems: [], counts: await countProject(ROOT) });
});

test('command: check: what is wrong is told in lines, and the counts', async () => {
  change(`${LESSON}/en.svx`, '<Measure id="lost"', '<Measure id="gone"');
  const thrown = 'throw new Error("broken");\nexport default';
  change(`${BROKEN}/experiment.ts`, 'export default', thrown);
  const options = { watch: false, json: false };
  const { status, out, err } = await printedBy(() => checkProject(copy.root, options));
  expect({ status, err }).toEqual({ status: 1, err: '' });
  expect(out).toMatch(new RegExp(`^${LESSON}/en.svx:\\d+ unknown-measure: `, 'm'));
  expect(out).toContain(`${BROKEN}/experiment.ts:1 experiment: it cannot be loaded: broken\n`);
  expect(out).toMatch(/\nlessons: \d+ problems\n$/);
  const { lessons, experiments, claims } = (await countProject(ROOT)).total;
  expect(out).toContain(`\n${lessons} lessons, ${experiments} with their experiment\n`);
  const { all, proved, sourced, open } = claims;
  expect(out).toMatch(new RegExp(`^ {2}total +${all} .* ${proved} +${sourced} +${open}$`, 'm'));
});

test('command: check: --watch lints again after a change, until SIGINT', async () => {
  const url = (path: string) => JSON.stringify(pathToFileURL(join(ROOT, path)).href);
  const script = `
    import { register } from 'tsx/esm/api';
    register();
    const { checkProject } = await import(${url('engine/node/command/check.ts')});
    const options = { watch: true, json: false };
    process.exitCode = await checkProject(${JSON.stringify(copy.root)}, options);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const printed = async (text: string) => {
    while (!output.includes(text)) {
      expect(child.exitCode, output).toBeNull();
      await sleep(20);
    }
  };
  try {
    await printed('lessons: no problem');
    change(`${LESSON}/experiment.ts`, "id: 'elect'", "id: 'make'");
    await printed(`${LESSON}/en.svx:1 untold-step`);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([1, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
