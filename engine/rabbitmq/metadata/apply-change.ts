/**
 * What a change does to the tables: deterministic, so that every node that applies the same changes
 * in the same order has the same tables and gives the same outcomes.
 *
 * An exchange or queue that goes takes its bindings along, and an auto-delete exchange goes with
 * the last binding that began at it. A change of a vhost or user takes what is in it or of it.
 * Not here: permissions and arguments of clients (`vhost/`).
 * Source: `rabbit_binding:remove_for_destination`, `rabbit_exchange:maybe_auto_delete`,
 * `rabbit_vhost:internal_delete`, `rabbit_auth_backend_internal:delete_user`.
 */
import { assert } from '../../kernel/assert.ts';
import { EMPTY_TABLE } from '../../wire/amqp/field-table.ts';
import type { Destination } from '../exchange/binding.ts';
import type { ExchangeTypeName } from '../exchange/exchange.ts';
import type { MetadataChange, Outcome } from './metadata-change.ts';
import {
  type RouteRow,
  type RowChange,
  type Rows,
  type TableName,
  type UserRow,
  routeKey,
  rowKey,
} from './rows.ts';
import type { Tables } from './tables.ts';

/** What a change did: rows in the order in which they changed. */
export interface Applied {
  readonly outcome: Outcome;
  readonly changes: readonly RowChange[];
}

/** The exchanges of every virtual host; amq.match is another headers exchange. */
const predeclared: readonly (readonly [string, ExchangeTypeName, boolean])[] = [
  ['', 'direct', false],
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
];

const APPLIED: Outcome = { kind: 'applied' };
const UNCHANGED: Outcome = { kind: 'unchanged' };
const CLUSTER_NAME = rowKey('cluster_name');

type MissingThing = Extract<Outcome, { kind: 'missing' }>['what'];
const missing = (what: MissingThing, name: string): Outcome => ({ kind: 'missing', what, name });

type ChangeOf<K extends MetadataChange['kind']> = Extract<MetadataChange, { kind: K }>;
type Handlers = {
  readonly [K in MetadataChange['kind']]: (tx: Transaction, change: ChangeOf<K>) => Outcome;
};

export function applyChange(tables: Tables, change: MetadataChange): Applied {
  const tx = new Transaction(tables);
  const handle = handlers[change.kind] as (tx: Transaction, change: MetadataChange) => Outcome;
  const outcome = handle(tx, change);
  assert(outcome.kind === 'applied' || tx.changes.length === 0, 'what is refused does nothing', {
    change: change.kind,
    outcome: outcome.kind,
  });
  return { outcome, changes: tx.changes };
}

const handlers: Handlers = {
  'add-vhost': addVhost,
  'delete-vhost': (tx, { vhost }) => deleteVhost(tx, vhost),
  'add-user': (tx, { user }) => {
    if (tx.has('rabbit_user', rowKey(user.name))) return UNCHANGED;
    return tx.put('rabbit_user', rowKey(user.name), user);
  },
  'delete-user': (tx, { user }) => deleteUser(tx, user),
  'change-password': (tx, { user, passwordHash }) =>
    changeUser(tx, user, (row) => ({ ...row, passwordHash })),
  'set-user-tags': (tx, { user, tags }) => changeUser(tx, user, (row) => ({ ...row, tags })),
  'set-permissions': (tx, { user, vhost, permissions }) =>
    checkUserAndVhost(tx, user, vhost) ??
    tx.put('rabbit_user_permission', rowKey(user, vhost), { user, vhost, permissions }),
  'clear-permissions': (tx, { user, vhost }) =>
    checkUserAndVhost(tx, user, vhost) ?? tx.remove('rabbit_user_permission', rowKey(user, vhost)),
  'set-topic-permissions': (tx, { user, vhost, exchange, permissions }) => {
    const row = { user, vhost, exchange, permissions };
    const key = rowKey(user, vhost, exchange);
    return checkUserAndVhost(tx, user, vhost) ?? tx.put('rabbit_topic_permission', key, row);
  },
  'clear-topic-permissions': clearTopicPermissions,
  'set-policy': (tx, { vhost, by, policy }) => {
    const row = { component: 'policy', vhost, by, policy } as const;
    const key = rowKey('policy', vhost, by, policy.name);
    return checkVhost(tx, vhost) ?? tx.put('rabbit_runtime_parameters', key, row);
  },
  'clear-policy': (tx, { vhost, by, name }) =>
    checkVhost(tx, vhost) ??
    tx.remove('rabbit_runtime_parameters', rowKey('policy', vhost, by, name)),
  'declare-exchange': (tx, { vhost, declaration }) => {
    const key = rowKey(vhost, declaration.name);
    if (tx.has('rabbit_exchange', key)) return UNCHANGED;
    return checkVhost(tx, vhost) ?? tx.put('rabbit_exchange', key, { vhost, declaration });
  },
  'delete-exchange': (tx, { vhost, name, ifUnused }) => {
    if (!tx.has('rabbit_exchange', rowKey(vhost, name))) return UNCHANGED;
    if (ifUnused && tx.tables.routesFrom(vhost, name).size > 0) return { kind: 'in-use' };
    return removeExchange(tx, vhost, name);
  },
  'declare-queue': (tx, { vhost, record }) => {
    const key = rowKey(vhost, record.declaration.name);
    if (tx.has('rabbit_queue', key)) return UNCHANGED;
    return checkVhost(tx, vhost) ?? tx.put('rabbit_queue', key, { vhost, record });
  },
  'move-queue': (tx, { vhost, name, leader, members }) => {
    const row = tx.tables.get('rabbit_queue', rowKey(vhost, name));
    if (row === undefined) return missing('queue', name);
    const record = { ...row.record, leader, members: members ?? row.record.members };
    // Who leads has left meanwhile.
    if (!record.members.includes(leader)) return UNCHANGED;
    return tx.put('rabbit_queue', rowKey(vhost, name), { vhost, record });
  },
  'delete-queue': (tx, { vhost, name }) => removeQueue(tx, vhost, name),
  'delete-transient-queues': deleteTransientQueues,
  bind,
  unbind: (tx, { vhost, binding }) => {
    const route = tx.tables.get('rabbit_route', routeKey(vhost, binding));
    if (route === undefined) return UNCHANGED;
    unbindRoute(tx, route);
    return APPLIED;
  },
  'set-cluster-name': (tx, { name: value }) =>
    tx.put('rabbit_runtime_parameters', CLUSTER_NAME, { component: 'cluster_name', value }),
  'add-node': (tx, { node }) => tx.put('db_nodes', rowKey(node.name), node),
  'remove-node': (tx, { name }) => tx.remove('db_nodes', rowKey(name)),
};

/** The tables while one change is applied, and what it changed so far. */
class Transaction {
  readonly tables: Tables;
  readonly changes: RowChange[] = [];

  constructor(tables: Tables) {
    this.tables = tables;
  }

  has(table: TableName, key: string): boolean {
    return this.tables.get(table, key) !== undefined;
  }

  put<T extends TableName>(table: T, key: string, row: Rows[T]): Outcome {
    this.changes.push(this.tables.write({ table, key, row }));
    return APPLIED;
  }

  remove(table: TableName, key: string): Outcome {
    if (!this.has(table, key)) return UNCHANGED;
    this.changes.push(this.tables.write({ table, key, row: null }));
    return APPLIED;
  }

  /** Removes the rows of a table that `which` names. */
  removeAll<T extends TableName>(table: T, which: (row: Rows[T]) => boolean): void {
    const keys: string[] = [];
    for (const [key, row] of this.tables.entries(table)) if (which(row as Rows[T])) keys.push(key);
    for (const key of keys) this.remove(table, key);
  }
}

// ---------------------------------------------------------------------------- vhosts and users

function checkVhost(tx: Transaction, vhost: string): Outcome | null {
  return tx.has('rabbit_vhost', rowKey(vhost)) ? null : missing('vhost', vhost);
}

function checkUserAndVhost(tx: Transaction, user: string, vhost: string): Outcome | null {
  if (!tx.has('rabbit_user', rowKey(user))) return missing('user', user);
  return checkVhost(tx, vhost);
}

function addVhost(tx: Transaction, { vhost }: ChangeOf<'add-vhost'>): Outcome {
  const { name } = vhost;
  if (tx.has('rabbit_vhost', rowKey(name))) return UNCHANGED;
  tx.put('rabbit_vhost', rowKey(name), vhost);
  for (const [exchange, type, internal] of predeclared) {
    const options = { durable: true, autoDelete: false, internal, arguments: EMPTY_TABLE };
    const declaration = { name: exchange, type, ...options };
    tx.put('rabbit_exchange', rowKey(name, exchange), { vhost: name, declaration });
  }
  return APPLIED;
}

function deleteVhost(tx: Transaction, vhost: string): Outcome {
  if (!tx.has('rabbit_vhost', rowKey(vhost))) return missing('vhost', vhost);
  const isInIt = (row: { readonly vhost: string }): boolean => row.vhost === vhost;
  tx.removeAll('rabbit_route', isInIt);
  tx.removeAll('rabbit_queue', isInIt);
  tx.removeAll('rabbit_exchange', isInIt);
  tx.removeAll('rabbit_runtime_parameters', (row) => row.component === 'policy' && isInIt(row));
  tx.removeAll('rabbit_topic_permission', isInIt);
  tx.removeAll('rabbit_user_permission', isInIt);
  return tx.remove('rabbit_vhost', rowKey(vhost));
}

function deleteUser(tx: Transaction, user: string): Outcome {
  if (!tx.has('rabbit_user', rowKey(user))) return missing('user', user);
  tx.removeAll('rabbit_topic_permission', (row) => row.user === user);
  tx.removeAll('rabbit_user_permission', (row) => row.user === user);
  return tx.remove('rabbit_user', rowKey(user));
}

function changeUser(tx: Transaction, user: string, change: (row: UserRow) => UserRow): Outcome {
  const row = tx.tables.get('rabbit_user', rowKey(user));
  if (row === undefined) return missing('user', user);
  return tx.put('rabbit_user', rowKey(user), change(row));
}

function clearTopicPermissions(
  tx: Transaction,
  { user, vhost, exchange }: ChangeOf<'clear-topic-permissions'>,
): Outcome {
  const wrong = checkUserAndVhost(tx, user, vhost);
  if (wrong !== null) return wrong;
  tx.removeAll(
    'rabbit_topic_permission',
    (row) =>
      row.user === user && row.vhost === vhost && (exchange === null || row.exchange === exchange),
  );
  return tx.changes.length === 0 ? UNCHANGED : APPLIED;
}

// ------------------------------------------------------------- exchanges, queues and bindings

/** What is durable on both ends is durable; the ends are there. */
function bind(tx: Transaction, { vhost, binding }: ChangeOf<'bind'>): Outcome {
  const { kind, name } = binding.destination;
  const source = tx.tables.get('rabbit_exchange', rowKey(vhost, binding.source));
  if (source === undefined) return missing('exchange', binding.source);
  const end =
    kind === 'queue'
      ? tx.tables.get('rabbit_queue', rowKey(vhost, name))?.record.declaration
      : tx.tables.get('rabbit_exchange', rowKey(vhost, name))?.declaration;
  if (end === undefined) return missing(kind, name);
  const key = routeKey(vhost, binding);
  if (tx.has('rabbit_route', key)) return UNCHANGED;
  const durable = source.declaration.durable && end.durable;
  return tx.put('rabbit_route', key, { vhost, binding, durable });
}

/** Removes a route, and its source if that is auto-delete and has no other. */
function unbindRoute(tx: Transaction, { vhost, binding }: RouteRow): void {
  tx.remove('rabbit_route', routeKey(vhost, binding));
  const source = tx.tables.get('rabbit_exchange', rowKey(vhost, binding.source));
  assert(source !== undefined, 'a binding begins at an exchange', { binding: binding.id });
  const isUsed = tx.tables.routesFrom(vhost, binding.source).size > 0;
  if (source.declaration.autoDelete && !isUsed) removeExchange(tx, vhost, binding.source);
}

function removeExchange(tx: Transaction, vhost: string, name: string): Outcome {
  const key = rowKey(vhost, name);
  for (const { binding } of [...tx.tables.routesFrom(vhost, name).values()]) {
    tx.remove('rabbit_route', routeKey(vhost, binding));
  }
  removeRoutesTo(tx, vhost, { kind: 'exchange', name });
  return tx.remove('rabbit_exchange', key);
}

function removeQueue(tx: Transaction, vhost: string, name: string): Outcome {
  removeRoutesTo(tx, vhost, { kind: 'queue', name });
  return tx.remove('rabbit_queue', rowKey(vhost, name));
}

function removeRoutesTo(tx: Transaction, vhost: string, destination: Destination): void {
  for (const [key, route] of [...tx.tables.routesTo(vhost, destination)]) {
    // A source that went while this loop ran has taken its bindings along.
    if (tx.has('rabbit_route', key)) unbindRoute(tx, route);
  }
  const left = tx.tables.routesTo(vhost, destination).size;
  assert(left === 0, 'nothing is bound to it any more', { name: destination.name, left });
}

function deleteTransientQueues(
  tx: Transaction,
  { leader }: ChangeOf<'delete-transient-queues'>,
): Outcome {
  const gone: { readonly vhost: string; readonly name: string }[] = [];
  for (const { vhost, record } of tx.tables.rows('rabbit_queue')) {
    if (record.leader !== leader || record.declaration.durable) continue;
    // A mirror takes its leader's place.
    if (record.members.length > 1) continue;
    gone.push({ vhost, name: record.declaration.name });
  }
  for (const { vhost, name } of gone) removeQueue(tx, vhost, name);
  return gone.length === 0 ? UNCHANGED : APPLIED;
}
