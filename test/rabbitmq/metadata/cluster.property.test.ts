/** Random lives of a cluster's nodes: what was answered is there, and all have the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cluster } from './cluster-rig.ts';
import { VHOST, queue } from './rig.ts';

const RUNS = 40;
const MEMBERS = ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const;

type Op =
  | { readonly kind: 'declare'; readonly host: string; readonly durable: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'crash' | 'power' | 'start' | 'stop-app'; readonly host: string };

const host = fc.constantFrom(...MEMBERS);
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('declare' as const), host, durable: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 2, 20, 1500),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('crash', 'power', 'start', 'start', 'stop-app' as const),
      host,
    }),
  },
);

class Life {
  readonly cluster: Cluster;
  readonly #answers = new Map<string, () => string | null>();
  readonly #durable = new Set<string>();

  constructor(seed: number, store: 'mnesia' | 'khepri') {
    const settings = { dumpLogWriteThreshold: 5 };
    this.cluster = new Cluster(MEMBERS.length, { seed, store, settings });
    this.cluster.advance(5);
    expect(this.cluster.commit('rabbit-1', VHOST)).toBe('applied');
  }

  run(of: Op): void {
    switch (of.kind) {
      case 'declare':
        this.#declare(of.host, of.durable);
        return;
      case 'wait':
        this.cluster.advance(of.ms / 1000);
        return;
      case 'stop-app':
        this.#restartApplication(of.host);
        return;
      case 'power':
        this.cluster.inject({ fault: 'power', host: of.host, unsynced: 'random' });
        return;
      default:
        this.cluster.inject({ fault: of.kind, host: of.host });
    }
  }

  #declare(name: string, durable: boolean): void {
    if (!this.cluster.isReady(name)) return;
    const of = `q${this.#answers.size}`;
    this.#answers.set(of, this.cluster.send(name, queue(of, durable, name)));
    if (durable) this.#durable.add(of);
  }

  #restartApplication(name: string): void {
    if (!this.cluster.isReady(name) || this.cluster.store === 'khepri') return;
    this.cluster.world.command(name, 'restart', () => this.cluster.of(name).restart());
  }

  /** All nodes run again. */
  end(): void {
    for (const name of MEMBERS) this.cluster.inject({ fault: 'start', host: name });
    this.cluster.advance(40);
    for (const name of MEMBERS) {
      expect(`${name} ${this.cluster.isReady(name)}`).toBe(`${name} true`);
      expect(this.cluster.rows(name)).toBe(this.cluster.rows('rabbit-1'));
      expect(this.cluster.of(name).inconsistent).toEqual([]);
    }
    const there = this.cluster.queues('rabbit-1');
    for (const [name, answer] of this.#answers) {
      if (answer() === 'applied' && this.#durable.has(name)) expect(there).toContain(name);
    }
  }
}

test.each(['mnesia', 'khepri'] as const)(
  'rabbitmq: metadata: %s: whoever dies and comes back, what was answered is on all nodes',
  (store) => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.array(op, { maxLength: 40 }), (seed, ops) => {
        const life = new Life(seed, store);
        for (const of of ops) life.run(of);
        life.end();
      }),
      { numRuns: RUNS },
    );
  },
);
