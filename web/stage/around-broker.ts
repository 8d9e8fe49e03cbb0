/**
 * What stands around the broker, as the stage draws it: a worker's lines or threads, a
 * database's rows, the keys of a Redis; what a RabbitMQ node has; and how the broker sends files.
 * Read from the views of their processes.
 *
 * Not here: the brokers' logs (`replicas.ts`).
 */
import type { FileTransferView } from '#engine/lab/file-transfer.ts';
import type { HostFrame } from '#engine/lab/frames.ts';
import type { RabbitNodeView } from '#engine/rabbitmq/node.ts';
import { WORLD_BEGAN_AT_MILLIS } from '#engine/lab/wall-clock.ts';

type Value = string | number | null;

export interface WorkerShown {
  readonly lines: readonly string[];
  /** Lines that are done of the message in hand; -1 while there is none. */
  readonly done: number;
  readonly key: string;
  readonly handled: number;
  readonly skipped: number;
}

export interface PoolShown {
  /** What each thread does; null: nothing. */
  readonly threads: readonly (string | null)[];
  readonly waiting: readonly string[];
  readonly done: readonly string[];
}

export interface MemberShown {
  readonly group: string;
  /** -1 outside any. */
  readonly generation: number;
  readonly leads: boolean;
  readonly partitions: readonly { readonly partition: string; readonly position: number }[];
}

export interface DatabaseShown {
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly Value[])[];
  }[];
  readonly sessions: readonly { readonly client: string; readonly waits: boolean }[];
}

export interface RedisShown {
  readonly role: 'master' | 'slave';
  readonly master: string;
  readonly replicas: readonly string[];
  readonly keys: readonly (readonly [
    string,
    { readonly value: string; readonly expiresAt: number | null },
  ])[];
}

export type NodeShown = RabbitNodeView;

export type ServiceShown =
  | { readonly kind: 'rabbitmq'; readonly node: NodeShown }
  | { readonly kind: 'worker'; readonly worker: WorkerShown }
  | { readonly kind: 'pool'; readonly pool: PoolShown }
  | { readonly kind: 'member'; readonly member: MemberShown }
  | { readonly kind: 'transfer'; readonly transfer: FileTransferView }
  | { readonly kind: 'database'; readonly database: DatabaseShown }
  | { readonly kind: 'redis'; readonly redis: RedisShown };

/** Rows that are listed at most of a table: the last ones. */
const ROWS_MAX = 8;

interface View {
  readonly kind?: string;
  readonly modules?: readonly View[];
}

/** How a broker sends files, where it counts that. */
export function transferOf(host: HostFrame): FileTransferView | null {
  const { modules = [] } = (host.view ?? {}) as View;
  const found = modules.find(({ kind }) => kind === 'file-transfer');
  return (found as FileTransferView | undefined) ?? null;
}

/** What a host shows beside its name, or null where it is no service (or down). */
export function serviceOf(host: HostFrame): ServiceShown | null {
  const view = host.view as View | null;
  const transfer = transferOf(host);
  if (transfer !== null) return { kind: 'transfer', transfer };
  switch (view?.kind) {
    case 'worker':
      return { kind: 'worker', worker: view as unknown as WorkerShown };
    case 'pool-worker':
      return { kind: 'pool', pool: view as unknown as PoolShown };
    case 'kafka-group-consumer':
      return { kind: 'member', member: view as unknown as MemberShown };
    case 'kafka-share-consumer':
      return { kind: 'member', member: sharerShown(view as unknown as SharerView) };
    case 'database':
      return { kind: 'database', database: view as unknown as DatabaseShown };
    case 'rabbitmq':
      return { kind: 'rabbitmq', node: view as unknown as NodeShown };
    case 'redis':
      return { kind: 'redis', redis: view as unknown as RedisShown };
    default:
      return null;
  }
}

interface SharerView {
  readonly group: string;
  readonly memberEpoch: number;
  readonly partitions: readonly string[];
}

/** A member of a share group has partitions with others, and no position of its own in them. */
function sharerShown({ group, memberEpoch, partitions }: SharerView): MemberShown {
  const shown = partitions.map((partition) => ({ partition, position: -1 }));
  return { group, generation: memberEpoch, leads: false, partitions: shown };
}

/** The newest generation that any of these is in, of those in a group; -1 without any. */
export function newestGeneration(hosts: readonly HostFrame[], group: string): number {
  const services = hosts.map(serviceOf).filter((service) => service?.kind === 'member');
  const members = services.map(({ member }) => member).filter((one) => one.group === group);
  return Math.max(-1, ...members.map(({ generation }) => generation));
}

/** The last rows, each with whether one above has the same first value. */
export function shownRows(rows: readonly (readonly Value[])[]): {
  readonly rows: readonly { readonly row: readonly Value[]; readonly isAgain: boolean }[];
  readonly hidden: number;
} {
  const met = new Set<Value>();
  const all = rows.map((row) => {
    const first = row[0] ?? null;
    const isAgain = met.has(first);
    met.add(first);
    return { row, isAgain };
  });
  return { rows: all.slice(-ROWS_MAX), hidden: Math.max(all.length - ROWS_MAX, 0) };
}

/** Seconds until an expiry, by a wall clock that no fault has touched; null: it never expires. */
export function secondsLeft(expiresAt: number | null, atMicros: number): number | null {
  if (expiresAt === null) return null;
  return Math.max(Math.ceil((expiresAt - WORLD_BEGAN_AT_MILLIS) / 1000 - atMicros / 1_000_000), 0);
}
