/**
 * A copy of the tree in a folder of its own, in which a patch is applied and a catcher is run, and
 * then the next. Whether catchers are green without a patch is asked once for all of a file.
 *
 * The packages are those of the tree, by a link. Not here: which catcher belongs to which patch
 * (`catchers.ts`), and what is expected of it (`mutations.test.ts`).
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Catcher } from './catcher.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['engine', 'lessons', 'test', 'package.json', 'tsconfig.json'];
const RUN_MS_MAX = 300_000;
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

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Applies a patch: null, or why it does not apply. No context may differ. */
  async apply(patch: string): Promise<string | null> {
    const { ok, output } = await this.#run('git', ['apply', '--whitespace=nowarn', patch]);
    return ok ? null : output;
  }

  /** Takes a patch back that was applied. */
  async takeBack(patch: string): Promise<void> {
    const args = ['apply', '--reverse', '--whitespace=nowarn', patch];
    const { ok, output } = await this.#run('git', args);
    if (!ok) throw new Error(`${patch} cannot be taken back: ${output}`);
  }

  async catch(catcher: Catcher): Promise<Outcome> {
    if (catcher.kind === 'proof') return this.#prove(catcher);
    const [outcome] = await this.test(catcher.file, [catcher.name]);
    return outcome!;
  }

  /**
   * What the tests of a file come to that end with these names, in their order. The exit code would
   * not do: vitest also ends well where no test has the name.
   */
  async test(file: string, names: readonly string[]): Promise<Outcome[]> {
    const report = join(this.folder, 'report.json');
    rmSync(report, { force: true });
    const { output } = await this.#run(process.execPath, [
      ...[join('node_modules', 'vitest', 'vitest.mjs'), 'run'],
      ...['--config', 'test/vitest.config.ts', '--project', 'unit'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ...[file, '-t', `(${names.map(escaped).join('|')})$`],
    ]);
    const ran = reported(report).filter(({ status }) => status === 'passed' || status === 'failed');
    return names.map((name) => {
      const [one, ...others] = ran.filter(({ fullName }) => fullName.endsWith(name));
      if (one === undefined || others.length > 0) return { verdict: 'none', output };
      return { verdict: one.status === 'failed' ? 'red' : 'green', output };
    });
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

/** A test in the report of vitest. */
interface Reported {
  readonly fullName: string;
  readonly status: string;
}

/** The tests of all files; none where the run broke off. */
function reported(path: string): Reported[] {
  try {
    const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly testResults: readonly { readonly assertionResults: readonly Reported[] }[];
    };
    return testResults.flatMap(({ assertionResults }) => assertionResults);
  } catch {
    return [];
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
