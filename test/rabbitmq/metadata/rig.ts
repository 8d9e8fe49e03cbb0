/** Metadata on a host of a simulated world, which can lose its process or its power. */
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { micros } from '../../../engine/kernel/units.ts';
import type { MetadataChange, Outcome } from '../../../engine/rabbitmq/metadata/metadata-change.ts';
import { Distribution } from '../../../engine/rabbitmq/cluster/distribution.ts';
import { MnesiaMetadata } from '../../../engine/rabbitmq/metadata/mnesia/mnesia-metadata.ts';
import {
  type MnesiaSettings,
  defaultMnesiaSettings,
} from '../../../engine/rabbitmq/metadata/mnesia/mnesia-store.ts';
import { isDurable, tableNames } from '../../../engine/rabbitmq/metadata/rows.ts';
import { termText } from '../../../engine/rabbitmq/metadata/term-text.ts';
import { bindingOf } from '../../../engine/rabbitmq/exchange/binding.ts';
import { inject } from '../../../engine/sim/faults.ts';
import { World } from '../../../engine/sim/world.ts';
import { EMPTY_TABLE } from '../../../engine/wire/amqp/field-table.ts';

export const NODE = 'rabbit-1';
const MICROS_PER_MS = 1000;

class Holder implements Process {
  readonly metadata: MnesiaMetadata;
  isReady = false;

  constructor(ports: Ports, settings: MnesiaSettings) {
    const links = new Distribution({ ports, members: [ports.host] });
    const inconsistent = (): void => {};
    this.metadata = new MnesiaMetadata({ ports, links, settings, isDisc: true, inconsistent });
  }

  start(): void {
    this.metadata.start(() => (this.isReady = true));
  }
}

export class Rig {
  readonly world: World;
  #sent = 0;
  #applied = 0;

  constructor(seed = 1, settings: Partial<MnesiaSettings> = {}) {
    this.world = new World({ seed, trace: true });
    const all = { ...defaultMnesiaSettings, ...settings };
    this.world.addHost(NODE, (ports) => new Holder(ports, all)).start();
    this.#untilReady();
  }

  get metadata(): MnesiaMetadata {
    return (this.world.hostNamed(NODE)!.process as Holder).metadata;
  }

  /** Commits without waiting; what it gives says the outcome when it is there. */
  send(change: MetadataChange): () => Outcome | null {
    let outcome: Outcome | null = null;
    const number = ++this.#sent;
    this.world.command(NODE, change.kind, () => {
      this.metadata.commit(change, (of) => (outcome = of));
      this.#applied = number;
    });
    return () => outcome;
  }

  /** The same, until the change is applied; it may be answered then or later. */
  sendAndApply(change: MetadataChange): () => Outcome | null {
    const answer = this.send(change);
    const sent = this.#sent;
    this.world.run(() => this.#applied >= sent);
    this.#check();
    return answer;
  }

  /** Commits and waits: the outcome's kind. */
  commit(change: MetadataChange): string {
    const outcome = this.send(change);
    this.world.run(() => outcome() !== null, { micros: micros(1_000_000) });
    this.#check();
    return outcome()?.kind ?? 'no answer';
  }

  advance(ms: number): void {
    this.world.run(() => false, { micros: micros(ms * MICROS_PER_MS) });
    this.#check();
  }

  /** Ends the process, or the power, and starts it again. */
  restart(how: 'crash' | 'lost' | 'random' | 'torn'): void {
    if (how === 'crash') inject(this.world, { fault: 'crash', host: NODE });
    else inject(this.world, { fault: 'power', host: NODE, unsynced: how });
    inject(this.world, { fault: 'start', host: NODE });
    this.#untilReady();
  }

  #untilReady(): void {
    this.world.run(() => (this.world.hostNamed(NODE)!.process as Holder | null)?.isReady === true);
    this.#check();
  }

  /** Every row, or every durable one, as sorted text. */
  rows(which: 'all' | 'durable' = 'all'): string {
    const rows: string[] = [];
    for (const table of tableNames) {
      for (const row of this.metadata.tables.rows(table)) {
        if (which === 'all' || isDurable(table, row)) rows.push(`${table} ${termText(row)}`);
      }
    }
    return rows.toSorted().join('\n');
  }

  files(): readonly string[] {
    return this.world.hostNamed(NODE)!.disk.list(`mnesia/${NODE}`);
  }

  #check(): void {
    if (this.world.failure !== null) throw this.world.failure.error;
  }
}

export const VHOST: MetadataChange = {
  kind: 'add-vhost',
  vhost: { name: '/', description: '', tags: [], defaultQueueType: null },
};

export function exchange(name: string, durable = true, autoDelete = false): MetadataChange {
  const options = { durable, autoDelete, internal: false, arguments: EMPTY_TABLE };
  return { kind: 'declare-exchange', vhost: '/', declaration: { name, type: 'topic', ...options } };
}

export function queue(name: string, durable = true, leader = NODE): MetadataChange {
  const options = { autoDelete: false, exclusiveOwner: null, arguments: EMPTY_TABLE };
  const declaration = { name, durable, ...options };
  const record = { declaration, type: 'classic', leader, members: [leader] } as const;
  return { kind: 'declare-queue', vhost: '/', record };
}

export function bind(
  source: string,
  name: string,
  how: { kind?: 'queue' | 'exchange'; unbind?: boolean; routingKey?: string } = {},
): MetadataChange {
  const { kind = 'queue', unbind = false, routingKey = 'k' } = how;
  const binding = bindingOf(source, { kind, name }, { routingKey, arguments: EMPTY_TABLE });
  return { kind: unbind ? 'unbind' : 'bind', vhost: '/', binding };
}
