/**
 * What consumers were given: K13, an offset once consumed always denotes the same record, and the
 * other half of K12, nothing was given that no replica had below its high watermark.
 */
import type { History } from '../../history.ts';
import type { PartitionWatch } from './partition-watch.ts';

export class ConsumedLedger {
  readonly #history: History;
  #seen = 0;
  #judged = false;

  constructor(history: History) {
    this.#history = history;
  }

  /** Looks at what was delivered since the last time, and once at the end. */
  check(watchNamed: (name: string) => PartitionWatch | undefined): void {
    const { delivered, final } = this.#history;
    for (; this.#seen < delivered.length; this.#seen++) {
      const { partition, offset, id, consumer } = delivered[this.#seen]!;
      const watch = watchNamed(partition);
      if (watch === undefined) continue;
      if (offset >= watch.visible.end) watch.violated('K12', `${consumer} was given ${offset}`);
      checkSame(watch, offset, id);
      watch.consumed[offset] = id;
    }
    if (this.#judged || final === null) return;
    this.#judged = true;
    for (const { partition, offset, id } of final) {
      const watch = watchNamed(partition);
      if (watch !== undefined) checkSame(watch, offset, id);
    }
  }
}

function checkSame(watch: PartitionWatch, offset: number, id: string): void {
  const known = watch.consumed[offset];
  if (known === undefined || known === id) return;
  watch.broken('K13', offset, `offset ${offset} was ${known} for a consumer, and is ${id} now`);
}
