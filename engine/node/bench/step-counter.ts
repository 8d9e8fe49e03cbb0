/**
 * Counts the work of the engine in steps that are the same on every machine: each block of its code
 * that is carried out counts one, as V8's block coverage has it. So a walk over all members or all
 * partitions shows, however fast the machine walks.
 *
 * Not here: what a built-in does inside, such as `includes`; processor time has that.
 */
import { Session } from 'node:inspector';
import { assert } from '../../kernel/assert.ts';

export interface Steps {
  /** Blocks that were carried out. */
  readonly steps: number;
  /** Transitions of state machines among it. */
  readonly transitions: number;
}

interface Covered {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

const ENGINE = /\/engine\/(?!node\/)/;
const MACHINES = /\/engine\/kernel\/machine\.ts/;
/** `MachineRunner` takes one step for each event of a machine. */
const MACHINE_STEP = '#step';

/** Counts from when it is made. V8 counts only what it compiles from then on: make it first. */
export class StepCounter {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What `work` takes. It must be over when it returns. */
  count(work: () => void): Steps {
    this.#post('Profiler.takePreciseCoverage');
    work();
    const { result } = this.#post('Profiler.takePreciseCoverage') as Covered;
    return sumOf(result);
  }

  /** The program runs at its full speed again, and counts no more. */
  stop(): void {
    this.#post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** A session of one's own thread answers before `post` returns. */
  #post(method: string, params: object = {}): unknown {
    const answers: { readonly error: Error | null; readonly result: unknown }[] = [];
    this.#session.post(method, params, (error: Error | null, result?: unknown) => {
      answers.push({ error, result });
    });
    const [answer] = answers;
    assert(answer !== undefined, 'the inspector answers at once', { method });
    if (answer.error !== null) throw answer.error;
    return answer.result;
  }
}

function sumOf(files: Covered['result']): Steps {
  let steps = 0;
  let transitions = 0;
  for (const { url, functions } of files) {
    if (!ENGINE.test(url)) continue;
    for (const { functionName, ranges } of functions) {
      for (const { count } of ranges) steps += count;
      if (functionName === MACHINE_STEP && MACHINES.test(url)) transitions += ranges[0]!.count;
    }
  }
  assert(steps > 0, 'work of the engine', { files: files.length });
  return { steps, transitions };
}
