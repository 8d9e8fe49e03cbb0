/**
 * A copy of the tree in a folder of its own, in which a patch is applied and a catcher is run.
 *
 * The packages are those of the tree, by a link. Not here: which catcher belongs to which patch
 * (`catchers.ts`), and what is expected of it (`mutations.test.ts`).
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Catcher } from './catchers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['engine', 'lessons', 'test', 'package.json', 'tsconfig.json'];
const RUN_MS_MAX = 120_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** The command without its launcher, which would install packages, here through the link. */
const COMMAND = `
  const { register } = await import('tsx/esm/api');
  register({ tsconfig: 'tsconfig.json' });
  const { main } = await import('./engine/node/command/main.ts');
  process.exitCode = await main(process.argv.slice(1));
`;

/** `none`: the catcher did not come to a verdict, since it does not exist, or did not run. */
export interface Outcome {
  readonly verdict: 'green' | 'red' | 'none';
  readonly output: string;
}

interface Ended {
  readonly ok: boolean;
  readonly stdout: string;
  readonly output: string;
}

export class MutatedTree {
  readonly folder = mkdtempSync(join(tmpdir(), 'highwater-mutation-'));

  constructor() {
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'), 'junction');
  }

  /** Applies a patch: null, or why it does not apply. No context may differ. */
  async apply(patch: string): Promise<string | null> {
    const { ok, output } = await this.#run('git', ['apply', '--whitespace=nowarn', patch]);
    return ok ? null : output;
  }

  catch(catcher: Catcher): Promise<Outcome> {
    return catcher.kind === 'test' ? this.#test(catcher) : this.#prove(catcher);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The exit code would not do: vitest also ends well where no test has the name. */
  async #test({ file, name }: Catcher & { kind: 'test' }): Promise<Outcome> {
    const report = join(this.folder, 'report.json');
    rmSync(report, { force: true });
    const { output } = await this.#run(process.execPath, [
      ...[join('node_modules', 'vitest', 'vitest.mjs'), 'run'],
      ...['--config', 'test/vitest.config.ts', '--project', 'unit'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ...[file, '-t', `${escaped(name)}$`],
    ]);
    const counts = reported(report);
    if (counts === null || counts.numPassedTests + counts.numFailedTests !== 1) {
      return { verdict: 'none', output };
    }
    return { verdict: counts.numFailedTests === 1 ? 'red' : 'green', output };
  }

  async #prove({ experiment, proof }: Catcher & { kind: 'proof' }): Promise<Outcome> {
    const words = ['prove', experiment, '--proof', proof, '--json'];
    const args = ['--input-type=module', '--eval', COMMAND, '--', ...words];
    const { stdout, output } = await this.#run(process.execPath, args);
    if (!stdout.startsWith('[')) return { verdict: 'none', output };
    const [result] = JSON.parse(stdout) as { readonly verdict: string }[];
    const verdicts: Record<string, Outcome['verdict']> = { proved: 'green', refuted: 'red' };
    return { verdict: verdicts[result?.verdict ?? ''] ?? 'none', output };
  }

  #run(program: string, args: readonly string[]): Promise<Ended> {
    // A repository around the folder would make `git apply` pass over files that it ignores; and
    // a vitest that is started by another one must not take itself for its worker.
    const outer = Object.entries(process.env).filter(([name]) => !/^(VITEST|GIT_)/.test(name));
    const env = { ...Object.fromEntries(outer), GIT_CEILING_DIRECTORIES: tmpdir() };
    const options = { cwd: this.folder, env, timeout: RUN_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
    return new Promise((resolve) => {
      execFile(program, args, options, (error, stdout, stderr) => {
        resolve({ ok: error === null, stdout, output: `${stdout}\n${stderr}` });
      });
    });
  }
}

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

function reported(path: string): Counts | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Counts;
  } catch {
    return null;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
