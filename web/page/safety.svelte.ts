/**
 * A configuration as the page holds it: the files, what the worker reads in them, and the check
 * with its progress.
 *
 * Not here: the page (`Safe.svelte`), the slices of a check (`web/worker/checking.ts`).
 */
import type { Progress, ReadResult, SafetyReport, SettingsFile } from '#engine/lab/safe/index.ts';
import { lab } from '../worker/lab.ts';
import type { SafetyWish } from '../worker/checking.ts';

type State = 'idle' | 'checking' | 'cancelled' | 'done';

export class Safety {
  /** Typed or pasted. */
  text = $state('');
  files: readonly SettingsFile[] = $state.raw([]);
  /** Empty: by the files. */
  release = $state('');
  releases: readonly string[] = $state.raw([]);
  result: ReadResult | null = $state.raw(null);
  state: State = $state('idle');
  progress: Progress | null = $state.raw(null);
  report: SafetyReport | null = $state.raw(null);
  /** A sentence of the engine's, or empty. */
  problem = $state('');
  readonly #pasted: string;
  #visit = 0;
  #reads = 0;

  /** `pasted` is the name by which what was typed is called. */
  constructor(pasted: string) {
    this.#pasted = pasted;
  }

  get #wish(): SafetyWish {
    const typed = this.text === '' ? [] : [{ name: this.#pasted, text: this.text }];
    const files = [...typed, ...this.files];
    return { files, release: this.release === '' ? null : this.release };
  }

  /** Reads what is there now. A verdict on something else is no longer shown. */
  async read(): Promise<void> {
    const read = ++this.#reads;
    this.cancel();
    this.report = null;
    this.state = 'idle';
    try {
      const { releases, result } = await lab().readSettings(this.#wish);
      if (read !== this.#reads) return;
      this.releases = releases;
      this.result = result;
    } catch (problem) {
      this.problem = problem instanceof Error ? problem.message : String(problem);
    }
  }

  async add(list: FileList | readonly File[]): Promise<void> {
    const added = await Promise.all(
      [...list].map(async (file) => ({ name: file.name, text: await file.text() })),
    );
    const isNew = (name: string) => !added.some((file) => file.name === name);
    this.files = [...this.files.filter(({ name }) => isNew(name)), ...added];
    await this.read();
  }

  async remove(name: string): Promise<void> {
    this.files = this.files.filter((file) => file.name !== name);
    await this.read();
  }

  /** Checks to the end, unless it is cancelled or something else is read. */
  async check(): Promise<void> {
    const visit = ++this.#visit;
    this.state = 'checking';
    this.report = null;
    this.progress = null;
    this.problem = '';
    for (let next: SafetyWish | null = this.#wish; ; next = null) {
      const answer = await lab().check(next);
      if (visit !== this.#visit) return;
      if (!answer.ok) {
        this.problem = answer.error;
        this.state = 'idle';
        return;
      }
      const { progress, report } = answer.value;
      this.progress = progress;
      if (report === null) continue;
      this.report = report;
      this.state = 'done';
      return;
    }
  }

  cancel(): void {
    if (this.state !== 'checking') return;
    this.#visit++;
    this.state = 'cancelled';
  }
}
