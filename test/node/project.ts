/**
 * A copy of the project's lessons in a temporary folder, with links to the rest, so that a test can
 * add a lesson or break one. And the command, as a program or within the test.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { main } from '../../engine/node/command/main.ts';

/** The project's own folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The launcher of the command. */
export const COMMAND = join(ROOT, 'engine/node/command/highwater.mjs');

export interface Copy {
  readonly root: string;
  remove(): void;
}

/** Copies what a lesson needs: the lessons; engine, web and packages are links. */
export function copyProject(): Copy {
  const root = mkdtempSync(join(tmpdir(), 'highwater-lessons-'));
  cpSync(join(ROOT, 'lessons'), join(root, 'lessons'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  for (const name of ['engine', 'web', 'node_modules']) {
    symlinkSync(join(ROOT, name), join(root, name), 'junction');
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a program of its own. */
export function highwater(...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

/** Carries out a command line in this process, which is faster. */
export const carriedOut = (...args: string[]): Promise<Outcome> => printedBy(() => main(args));

/** What is printed while this runs, and the exit code that it resolves to. */
export async function printedBy(run: () => Promise<number>): Promise<Outcome> {
  let out = '';
  let err = '';
  const log = vi.spyOn(console, 'log').mockImplementation((text) => void (out += `${text}\n`));
  const error = vi.spyOn(console, 'error').mockImplementation((text) => void (err += `${text}\n`));
  try {
    const status = await run();
    return { status, out, err };
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
}
