/** Metadata on the nodes of a cluster in a simulated world, with the links that they have. */
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { micros } from '../../../engine/kernel/units.ts';
import { Distribution } from '../../../engine/rabbitmq/cluster/distribution.ts';
import type { MetadataChange, Outcome } from '../../../engine/rabbitmq/metadata/metadata-change.ts';
import { KhepriMetadata } from '../../../engine/rabbitmq/metadata/khepri/khepri-metadata.ts';
import type { Metadata } from '../../../engine/rabbitmq/metadata/metadata.ts';
import { MnesiaMetadata } from '../../../engine/rabbitmq/metadata/mnesia/mnesia-metadata.ts';
import {
  type MnesiaSettings,
  defaultMnesiaSettings,
} from '../../../engine/rabbitmq/metadata/mnesia/mnesia-store.ts';
import { isDurable, tableNames } from '../../../engine/rabbitmq/metadata/rows.ts';
import { termText } from '../../../engine/rabbitmq/metadata/term-text.ts';
import { type Fault, inject } from '../../../engine/sim/faults.ts';
import { World } from '../../../engine/sim/world.ts';

const MICROS_PER_MS = 1000;

class Member implements Process {
  readonly links: Distribution;
  readonly metadata: Metadata;
  readonly inconsistent: string[] = [];
  isReady = false;

  constructor(ports: Ports, members: readonly string[], options: ClusterOptions) {
    const { settings, ram, store = 'mnesia' } = options;
    // A tick each second, so that a partition is noticed soon.
    const links = new Distribution({ ports, members, settings: { netTickTimeMs: 4000 } });
    this.links = links;
    const inconsistent = (node: string): void => void this.inconsistent.push(node);
    this.metadata =
      store === 'khepri'
        ? new KhepriMetadata({ ports, links })
        : new MnesiaMetadata({
            ...{ ports, links, inconsistent, isDisc: !ram?.includes(ports.host) },
            settings: { ...defaultMnesiaSettings, ...settings },
          });
  }

  start(): void {
    this.links.start();
    this.metadata.start(() => (this.isReady = true));
  }

  /** Stops the application and starts it again, as `rabbitmqctl stop_app` and `start_app` do. */
  restart(): void {
    this.isReady = false;
    this.metadata.stop();
    this.metadata.start(() => (this.isReady = true));
  }
}

interface ClusterOptions {
  readonly settings?: Partial<MnesiaSettings>;
  readonly store?: 'mnesia' | 'khepri';
  /** The hosts that are RAM nodes. */
  readonly ram?: readonly string[];
  readonly seed?: number;
}

export class Cluster {
  readonly world: World;
  readonly store: 'mnesia' | 'khepri';
  readonly names: readonly string[];

  constructor(size: number, options: ClusterOptions = {}) {
    this.store = options.store ?? 'mnesia';
    this.world = new World({ seed: options.seed ?? 1, trace: true, paranoidWire: true });
    this.names = Array.from({ length: size }, (_, at) => `rabbit-${at + 1}`);
    for (const name of this.names) {
      this.world.addHost(name, (ports) => new Member(ports, this.names, options)).start();
    }
  }

  of(name: string): Member {
    return this.world.hostNamed(name)!.process as Member;
  }

  /** Asks a node without waiting; what it gives says the outcome when it is there. */
  send(name: string, change: MetadataChange): () => string | null {
    let outcome: Outcome | null = null;
    this.world.command(name, change.kind, () => {
      if (!this.of(name).isReady) return;
      this.of(name).metadata.commit(change, (of) => (outcome = of));
    });
    return () => outcome?.kind ?? null;
  }

  /** Asks a node and waits for a while: the outcome, or `no answer`. */
  commit(name: string, change: MetadataChange): string {
    const outcome = this.send(name, change);
    this.world.run(() => outcome() !== null, { micros: micros(2000 * MICROS_PER_MS) });
    this.#check();
    return outcome() ?? 'no answer';
  }

  inject(...faults: readonly Fault[]): void {
    for (const fault of faults) inject(this.world, fault);
  }

  advance(seconds: number): void {
    this.world.run(() => false, { micros: micros(seconds * 1000 * MICROS_PER_MS) });
    this.#check();
  }

  isUp(name: string): boolean {
    return this.world.hostNamed(name)!.process !== null;
  }

  isReady(name: string): boolean {
    return this.isUp(name) && this.of(name).isReady;
  }

  /** Every row of a node, or every durable one, as sorted text. */
  rows(name: string, which: 'all' | 'durable' = 'all'): string {
    const rows: string[] = [];
    for (const table of tableNames) {
      for (const row of this.of(name).metadata.tables.rows(table)) {
        if (which === 'all' || isDurable(table, row)) rows.push(`${table} ${termText(row)}`);
      }
    }
    return rows.toSorted().join('\n');
  }

  /** The names of a node's queues. */
  queues(name: string): readonly string[] {
    const rows = [...this.of(name).metadata.tables.rows('rabbit_queue')];
    return rows.map(({ record }) => record.declaration.name).toSorted();
  }

  #check(): void {
    if (this.world.failure !== null) throw this.world.failure.error;
  }
}
