/** `highwater check`: what it prints, its exit code, and that it lints again after a change. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lintProject } from '../../engine/node/command/lesson-folders.ts';
import type { Counts } from '../../lessons/counts.ts';
import type { Copy } from './project.ts';
import { copyProject, highwater, ROOT } from './project.ts';

let copy: Copy;
beforeEach(() => (copy = copyProject()));
afterEach(() => copy.remove());

const LESSON = 'lessons/kafka/acks-and-loss';

function change(name: string, from: string, to: string): void {
  const file = join(copy.root, LESSON, name);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

test('command: check: the lessons of the project pass, with exit code 0', () => {
  const { status, out, err } = highwater('check');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out).toMatch(/\nlessons: no problem\n$/);
  const json = JSON.parse(highwater('check', '--json').out) as { problems: []; counts: Counts };
  expect(json.problems).toEqual([]);
  const { lessons, experiments, claims } = json.counts.total;
  expect(out).toContain(`\n${lessons} lessons, ${experiments} with their experiment\n`);
  const { all, proved, sourced, open } = claims;
  expect(out).toMatch(new RegExp(`^ {2}total +${all} .* ${proved} +${sourced} +${open}$`, 'm'));
});

test('command: check: a measure that the run does not have is a problem', async () => {
  change('en.svx', '<Measure id="lost"', '<Measure id="gone"');
  const problems = await lintProject(copy.root);
  const found = problems.map(({ file, rule }) => `${file} ${rule}`);
  expect(found).toContain(`${LESSON}/en.svx unknown-measure`);
});

test('command: check: an experiment that cannot be loaded is a problem, not a crash', async () => {
  change('experiment.ts', 'export default', 'throw new Error("broken");\nexport default');
  expect(await lintProject(copy.root)).toContainEqual({
    rule: 'experiment',
    file: `${LESSON}/experiment.ts`,
    line: 1,
    message: 'it cannot be loaded: broken',
  });
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
    change('experiment.ts', "id: 'elect'", "id: 'make'");
    await printed(`${LESSON}/en.svx:1 untold-step`);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([1, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
