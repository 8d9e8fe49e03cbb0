/**
 * Who is who in a run's picture: which hosts are brokers, controllers and clients, and on which
 * side a client stands. A host that is down keeps its part.
 */
import type { HostFrame } from '#engine/lab/frames.ts';
import { controllerView } from './replicas.ts';
import type { Tape } from './tape.ts';

export type Part =
  'broker' | 'controller' | 'producer' | 'consumer' | 'worker' | 'service' | 'client';

/** Views of what stands around a broker. */
const SERVICES: ReadonlySet<string> = new Set(['database', 'redis', 'redis-sentinel']);

interface ClientView {
  readonly kind?: string;
  readonly sent?: number;
  readonly acked?: number;
  readonly partitions?: readonly { readonly partition: string; readonly position: number }[];
}

/** By host, in the order of appearance. */
export function castOf(tape: Tape): ReadonlyMap<string, Part> {
  return new Map(tape.hostNames.map((name) => [name, partOf(tape, name)]));
}

function partOf(tape: Tape, name: string): Part {
  for (const { host } of tape.changesOf(name)) {
    const kind = (host.view as ClientView | null)?.kind ?? '';
    if (SERVICES.has(kind)) return 'service';
    if (kind === 'rabbitmq') return 'broker';
    for (const part of ['broker', 'controller', 'producer', 'consumer', 'worker'] as const) {
      if (kind.endsWith(part)) return part;
    }
  }
  return 'client';
}

/** A consumer's positions, as in `pay-0: 5`; empty for whoever has none. */
export function positionsOf(view: unknown): string {
  const { kind = '', partitions = [] } = (view ?? {}) as ClientView;
  if (!kind.endsWith('consumer')) return '';
  return partitions
    .filter(({ position }) => position >= 0)
    .map(({ partition, position }) => `${partition}: ${position}`)
    .join(', ');
}

/** Partitions of a controller's note: with more of them those of internal topics are left out. */
const REGISTRATIONS_MAX = 12;

/** What a controller holds of each partition, as in `pay-0: leader 1, epoch 0, ISR {1,2,3}`. */
export function registrationsOf(host: HostFrame, leaderWord: string, epochWord: string): string {
  const all = controllerView(host)?.partitions ?? [];
  const isMany = all.length > REGISTRATIONS_MAX;
  return all
    .filter(({ topic }) => !isMany || !topic.startsWith('__'))
    .map(({ topic, partition, leader, leaderEpoch, isr }) => {
      const led = `${leaderWord} ${leader < 0 ? '–' : leader}`;
      const epoch = `${epochWord} ${leaderEpoch}`;
      return `${topic}-${partition}: ${led}, ${epoch}, ISR {${isr.join(',')}}`;
    })
    .join('; ');
}
