/**
 * `npm test`: sets up a fresh clone, then runs every part of the suite, two at a time, and ends
 * with a line "N passed, N failed": each test of vitest counts as one, each other check as one.
 *
 * Plain JavaScript on Node's own modules, since it runs before there are packages. `--only NAME`
 * (repeatable) runs those parts, `--list` names them. What a passing part printed is not shown.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setUp } from '../engine/node/command/set-up.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const results = join(root, 'node_modules/.cache/highwater/results');
/** As many as cores: what waits more than it works has workers of its own (`vitest.config.ts`). */
const WORKERS = 2;

/**
 * @typedef {{ name: string, command: string[], after?: string, tests?: boolean }} Part
 * @typedef {{ part: Part, ok: boolean, passed: number, failed: number, skipped: number,
 *   seconds: number }} Result
 */

/** @param {string} project @param {string[]} rest @returns {string[]} */
const vitest = (project, ...rest) => [
  ...['vitest', 'run', '--config', 'test/vitest.config.ts', '--project', project],
  ...['--reporter=default', '--reporter=json'],
  ...[`--outputFile.json=${join(results, `${project}.json`)}`, '--passWithNoTests', ...rest],
];

/** @type {Part[]} In order of start: what the longest waits for, then the longest. */
const PARTS = [
  { name: 'build', command: ['node', 'web/serve/build.mjs'] },
  { name: 'unit', command: vitest('unit'), tests: true },
  { name: 'browser', command: vitest('browser'), tests: true, after: 'build' },
  { name: 'interop', command: vitest('interop'), tests: true },
  { name: 'lint', command: ['eslint', '--config', 'test/eslint.config.js', '.'] },
  {
    name: 'types',
    command: [
      ...['svelte-check', '--config', 'web/vite.config.ts', '--fail-on-warnings'],
      ...['--output', 'human'],
    ],
  },
  { name: 'types of the engine', command: ['tsc', '--noEmit', '-p', 'engine'] },
  { name: 'types of the lessons', command: ['tsx', 'test/lesson-types.ts'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  {
    name: 'imports',
    command: ['depcruise', '--config', 'test/imports.cjs', 'engine', 'lessons', 'web', 'test'],
  },
  { name: 'dead files', command: ['knip', '--config', 'test/knip.config.js'] },
];

/**
 * @param {Part} part
 * @param {number} exitCode
 * @returns {Pick<Result, 'passed' | 'failed' | 'skipped'>}
 */
function counts(part, exitCode) {
  const failed = exitCode === 0 ? 0 : 1;
  if (!part.tests) return { passed: 1 - failed, failed, skipped: 0 };
  const file = join(results, `${part.name}.json`);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  return {
    passed: report.numPassedTests,
    // a file that does not load fails the run without a failed test
    failed: Math.max(report.numFailedTests, failed),
    skipped: report.numPendingTests,
  };
}

/** @param {Part} part @returns {Promise<Result>} */
async function run(part) {
  const began = performance.now();
  const [name = '', ...rest] = part.command;
  const suffix = process.platform === 'win32' ? '.cmd' : '';
  const bin = name === 'node' ? process.execPath : join(root, 'node_modules/.bin', name + suffix);
  const child = spawn(bin, rest, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) },
  });
  /** @type {Buffer[]} */
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  /** @type {number} */
  const exitCode = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
  const seconds = (performance.now() - began) / 1000;
  const { passed, failed, skipped } = counts(part, exitCode);
  const ok = failed === 0;
  if (!ok) console.log(`\n---- ${part.name} ----\n${Buffer.concat(output).toString()}`);
  const tests = part.tests ? `  ${passed} passed, ${failed} failed, ${skipped} skipped` : '';
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${part.name} ${seconds.toFixed(1)} s${tests}`);
  return { part, ok, passed, failed, skipped, seconds };
}

/** @param {Part} part @returns {Result} */
function notRun(part) {
  console.log(`FAILED ${part.name}: not run, since "${part.after}" failed`);
  return { part, ok: false, passed: 0, failed: 1, skipped: 0, seconds: 0 };
}

/** Runs the parts, at most `WORKERS` at once; one whose forerunner failed fails with it. */
async function runAll(/** @type {Part[]} */ parts) {
  /** @type {Map<string, Result>} */
  const done = new Map();
  const waiting = [...parts];
  const worker = async () => {
    while (waiting.length > 0) {
      const ready = waiting.findIndex(
        ({ after }) =>
          after === undefined || done.has(after) || !parts.some((p) => p.name === after),
      );
      const [part] = ready < 0 ? [] : waiting.splice(ready, 1);
      if (part === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      const broken = done.get(part.after ?? '')?.ok === false;
      done.set(part.name, broken ? notRun(part) : await run(part));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return [...done.values()];
}

async function main() {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } },
  });
  if (values.list) {
    console.log(PARTS.map((part) => part.name).join('\n'));
    return 0;
  }
  const unknown = values.only?.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) {
    console.error(
      `No part is named "${unknown}". There are: ${PARTS.map((p) => p.name).join(', ')}`,
    );
    return 2;
  }
  if (!setUp(root)) {
    console.log('FAILED set-up\n\n0 passed, 1 failed');
    return 1;
  }
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const began = performance.now();
  const all = await runAll(PARTS.filter(({ name }) => values.only?.includes(name) ?? true));
  const passed = all.reduce((sum, result) => sum + result.passed, 0);
  const failed = all.reduce((sum, result) => sum + result.failed, 0);
  console.log(`\n${((performance.now() - began) / 1000).toFixed(1)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
