/**
 * The rows of metadata: what a cluster knows of virtual hosts, users, permissions, policies,
 * exchanges, queues and bindings, as plain data in tables that have the real broker's names.
 *
 * What is durable has the name `rabbit_durable_...` on disk. Not here: how rows come to change
 * (`metadata-change.ts`). Differs: a route is one row, where `rabbit_route`, `rabbit_reverse_route`
 * and the topic tries are several; policies stand alone in `rabbit_runtime_parameters`.
 * Source: `rabbit_table:definitions`, `rabbit.hrl`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Binding } from '../exchange/binding.ts';
import type { ExchangeDeclaration } from '../exchange/exchange.ts';
import type { QueueRecord } from '../queue/queue-types.ts';
import type { QueueType } from '../queue/queue.ts';
import type { Policy } from '../vhost/policies.ts';
import type { Permissions, TopicPermissions } from '../vhost/users.ts';

export interface VhostRow {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** The type of a queue that is declared without one; null: classic. */
  readonly defaultQueueType: QueueType | null;
}

export interface UserRow {
  readonly name: string;
  /** Four octets of salt and the SHA-256 of it with the password; empty: no password fits. */
  readonly passwordHash: Uint8Array;
  readonly tags: readonly string[];
}

export interface PermissionRow {
  readonly user: string;
  readonly vhost: string;
  readonly permissions: Permissions;
}

export interface TopicPermissionRow {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly permissions: TopicPermissions;
}

/** Who set a policy. */
export type PolicyOwner = 'user' | 'operator';

export type ParameterRow =
  | {
      readonly component: 'policy';
      readonly vhost: string;
      readonly by: PolicyOwner;
      readonly policy: Policy;
    }
  | { readonly component: 'cluster_name'; readonly value: string };

export interface ExchangeRow {
  readonly vhost: string;
  readonly declaration: ExchangeDeclaration;
}

export interface QueueRow {
  readonly vhost: string;
  readonly record: QueueRecord;
}

export interface RouteRow {
  readonly vhost: string;
  readonly binding: Binding;
  /** Whether both of its ends are durable. */
  readonly durable: boolean;
}

/** Of a disc node the durable rows are on its disk; a RAM node has them in memory only. */
export type NodeType = 'disc' | 'ram';

export interface NodeRow {
  readonly name: string;
  readonly type: NodeType;
}

/** Each table and its rows. */
export interface Rows {
  /** The nodes of the cluster, where these ever changed (there `db_nodes` of Mnesia's schema). */
  readonly db_nodes: NodeRow;
  readonly rabbit_vhost: VhostRow;
  readonly rabbit_user: UserRow;
  readonly rabbit_user_permission: PermissionRow;
  readonly rabbit_topic_permission: TopicPermissionRow;
  readonly rabbit_runtime_parameters: ParameterRow;
  readonly rabbit_exchange: ExchangeRow;
  readonly rabbit_queue: QueueRow;
  readonly rabbit_route: RouteRow;
}

export type TableName = keyof Rows;

/** In the order in which rows can be put so that each finds what it hangs on. */
export const tableNames: readonly TableName[] = [
  ...(['db_nodes', 'rabbit_vhost', 'rabbit_user', 'rabbit_user_permission'] as const),
  ...(['rabbit_topic_permission', 'rabbit_runtime_parameters'] as const),
  ...(['rabbit_exchange', 'rabbit_queue', 'rabbit_route'] as const),
];

/** A row that was put (`row`), and what was in its place (`was`); null: nothing. */
export interface RowChangeOf<T extends TableName> {
  readonly table: T;
  readonly key: string;
  readonly row: Rows[T] | null;
  readonly was: Rows[T] | null;
}

export type RowChange = { readonly [T in TableName]: RowChangeOf<T> }[TableName];

/** A row in its place, as logs and other nodes get it; null: it is gone. */
export interface RowWrite {
  readonly table: TableName;
  readonly key: string;
  readonly row: Rows[TableName] | null;
}

/** Whether a row outlives a restart of its node. */
export function isDurable(table: TableName, row: Rows[TableName]): boolean {
  switch (table) {
    case 'rabbit_exchange':
      return (row as ExchangeRow).declaration.durable;
    case 'rabbit_queue':
      return (row as QueueRow).record.declaration.durable;
    case 'rabbit_route':
      return (row as RouteRow).durable;
    default:
      return true;
  }
}

/** The key of a row, from the names that it is known by. */
export function rowKey(...names: readonly string[]): string {
  assert(names.length > 0, 'a row is known by something', {});
  return JSON.stringify(names);
}

/** The key of a route: its binding's id is unique below its source. */
export function routeKey(vhost: string, { source, id }: Binding): string {
  assert(source !== '', 'nothing binds to the default exchange', { vhost, id });
  return rowKey(vhost, source, id);
}
