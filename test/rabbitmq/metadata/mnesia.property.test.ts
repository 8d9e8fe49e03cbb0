/** Random lives of Mnesia's files: what was answered is there after every crash and power loss. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MetadataChange, Outcome } from '../../../engine/rabbitmq/metadata/metadata-change.ts';
import { Rig, VHOST, bind, exchange, queue } from './rig.ts';

const RUNS = 150;

type Op =
  | { readonly kind: 'change'; readonly change: MetadataChange }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'restart'; readonly how: 'crash' | 'lost' | 'random' | 'torn' };

const name = fc.constantFrom('a', 'b', 'c');
const durable = fc.boolean();
const deletion = fc.constantFrom('delete-queue', 'delete-exchange');
const change: fc.Arbitrary<MetadataChange> = fc.oneof(
  fc.tuple(name, durable).map(([of, isDurable]) => queue(of, isDurable)),
  fc.tuple(name, durable, durable).map(([of, isDurable, auto]) => exchange(of, isDurable, auto)),
  fc
    .tuple(name, name, durable, durable)
    .map(([source, to, unbind, toQueue]) =>
      bind(source, to, { unbind, kind: toQueue ? 'queue' : 'exchange' }),
    ),
  fc
    .tuple(deletion, name)
    .map(([kind, of]) => ({ kind, vhost: '/', name: of, ifUnused: false }) as MetadataChange),
);
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('change' as const), change }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      how: fc.constantFrom('crash', 'lost', 'random', 'torn' as const),
    }),
  },
);

class Life {
  readonly rig: Rig;
  /** The durable rows after each change of this incarnation, and whether it was answered. */
  #states: { readonly rows: string; readonly answer: () => Outcome | null }[] = [];

  constructor(seed: number) {
    this.rig = new Rig(seed, { dumpLogWriteThreshold: 4 });
    this.rig.commit(VHOST);
    this.#restarted();
  }

  run(of: Op): void {
    if (of.kind === 'wait') this.rig.advance(of.ms);
    else if (of.kind === 'restart') this.#restart(of.how);
    else this.#change(of.change);
  }

  #change(of: MetadataChange): void {
    const answer = this.rig.sendAndApply(of);
    this.#states.push({ rows: this.rig.rows('durable'), answer });
  }

  #restart(how: 'crash' | 'lost' | 'random' | 'torn'): void {
    // What changed nothing durable is answered without the disk and so before what is older.
    const answered = this.#states.findLastIndex(
      ({ rows, answer }, at) => rows !== this.#states[at - 1]?.rows && answer() !== null,
    );
    const possible = this.#states.slice(answered).map(({ rows }) => rows);
    this.rig.restart(how);
    expect(possible).toContain(this.rig.rows());
    this.#restarted();
  }

  #restarted(): void {
    this.#states = [{ rows: this.rig.rows(), answer: () => ({ kind: 'applied' }) }];
  }
}

test('rabbitmq: metadata: after a restart the tables are of a moment after the last answer', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.array(op, { maxLength: 60 }), (seed, ops) => {
      const life = new Life(seed);
      for (const of of ops) life.run(of);
    }),
    { numRuns: RUNS },
  );
});
