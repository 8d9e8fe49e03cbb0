/**
 * The columns of `list_queues`: what a node knows of a queue.
 *
 * What only the queue's process knows is asked of the node that leads it; where no such node runs,
 * these columns are empty and the state is `down`. Not here: who is asked (`list-queues.ts`).
 * Differs: memory is that of the bodies of messages; nothing is kept on disk alone, so that what is
 * ready is in memory, too. Source: `rabbit_amqqueue:info`, `rabbit_quorum_queue:info`.
 */
import { assert } from '../../kernel/assert.ts';
import { compareReleases } from '../../kernel/releases.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { MirroredQueue } from '../../rabbitmq/cluster/mirror/mirrored-queue.ts';
import type { Queue } from '../../rabbitmq/queue/queue.ts';
import type { QueueRecord } from '../../rabbitmq/queue/queue-types.ts';
import type { VirtualHost } from '../../rabbitmq/vhost/virtual-host.ts';
import { argumentsCell, type Cell } from './cell.ts';
import { nodeNameOf } from './invocation.ts';
import { queuePid } from './process-identifiers.ts';

const COLUMNS = [
  ...['name', 'durable', 'auto_delete', 'arguments', 'policy', 'pid', 'owner_pid', 'exclusive'],
  ...['exclusive_consumer_pid', 'exclusive_consumer_tag', 'messages_ready'],
  ...['messages_unacknowledged', 'messages', 'messages_ready_ram', 'messages_unacknowledged_ram'],
  ...['messages_ram', 'messages_persistent', 'message_bytes', 'message_bytes_ready'],
  ...['message_bytes_unacknowledged', 'message_bytes_ram', 'message_bytes_persistent'],
  ...['head_message_timestamp', 'disk_reads', 'disk_writes', 'consumers', 'consumer_utilisation'],
  ...['consumer_capacity', 'memory', 'state', 'type'],
];
/** Columns that came with a release, and those that went with one. */
const SINCE: Readonly<Record<string, string>> = {
  ...{ leader: '3.9', members: '3.9', online: '3.9' },
  ...{ operator_policy: '3.11', effective_policy_definition: '3.11' },
};
const UNTIL: Readonly<Record<string, string>> = {
  ...{ slave_pids: '3.13', synchronised_slave_pids: '3.13' },
};
const MESSAGES_MAX = 1_000_000;

/** The columns of a release. */
export function queueColumns(release: string): readonly string[] {
  const came = Object.keys(SINCE).filter((name) => compareReleases(release, SINCE[name]!) >= 0);
  const stay = Object.keys(UNTIL).filter((name) => compareReleases(release, UNTIL[name]!) <= 0);
  return [...COLUMNS, ...stay, ...came];
}

/** What is known of a queue, by column. */
export type QueueFacts = Readonly<Record<string, Cell>>;

/** What every node knows of a queue. */
export function declaredFacts(vhost: VirtualHost, { declaration, type }: QueueRecord): QueueFacts {
  const { name, durable, autoDelete, exclusiveOwner, arguments: args } = declaration;
  const { policy, operatorPolicy, definition } = vhost.policiesOf(type, name);
  return {
    ...{ name, durable, auto_delete: autoDelete, type },
    exclusive: exclusiveOwner !== null,
    owner_pid: exclusiveOwner ?? '',
    arguments: argumentsCell(args),
    policy: policy ?? '',
    operator_policy: operatorPolicy ?? '',
    effective_policy_definition: JSON.stringify(definition),
  };
}

/** Of a queue that nobody leads now. */
export function downFacts(vhost: VirtualHost, record: QueueRecord): QueueFacts {
  return { ...declaredFacts(vhost, record), state: 'down' };
}

/** Of the queues of a virtual host that a node leads, by name. */
export function ledFacts(node: RabbitNode, vhostName: string): ReadonlyMap<string, QueueFacts> {
  const facts = new Map<string, QueueFacts>();
  const vhost = node.vhosts.get(vhostName);
  if (vhost === undefined) return facts;
  let place = 0;
  for (const { vhost: of, record } of node.metadata.tables.rows('rabbit_queue')) {
    place += 1;
    const queue = vhost.queues.get(record.declaration.name);
    if (of !== vhostName || queue === undefined || !leads(queue)) continue;
    const pid = queuePid(node.ports.host, node.ports.incarnation, place);
    const declared = declaredFacts(vhost, record);
    const replicas = replicaFacts(node, record, queue);
    facts.set(queue.name, { ...declared, pid, ...heldFacts(queue), ...replicas });
  }
  return facts;
}

function leads(queue: Queue): boolean {
  return (queue.inspect?.(0) ?? null) !== null;
}

/** What the queue's process holds. */
function heldFacts(queue: Queue): QueueFacts {
  const view = queue.inspect?.(MESSAGES_MAX) ?? null;
  assert(view !== null, 'a queue that is led here', { queue: queue.name });
  const { ready, unacknowledged, consumers, messages } = view;
  const held = queue.holdings;
  const persistent = messages.filter((message) => message.isPersistent).length;
  const readyBytes = held?.messageBytesReady ?? 0;
  const heldBytes = held?.messageBytesUnacknowledged ?? 0;
  const memory = queue.memoryBytes ?? readyBytes + heldBytes;
  const capacity = ratioText(held?.consumerCapacity ?? 0);
  const isAllPersistent = persistent > 0 && persistent === messages.length;
  return {
    ...{ messages_ready: ready, messages_unacknowledged: unacknowledged, consumers },
    messages: ready + unacknowledged,
    messages_persistent: queue.type === 'classic' ? persistent : '',
    ...{ messages_ready_ram: ready, messages_unacknowledged_ram: unacknowledged },
    ...{ messages_ram: ready + unacknowledged, state: 'running', memory },
    ...{ message_bytes: readyBytes + heldBytes, message_bytes_ready: readyBytes },
    ...{ message_bytes_unacknowledged: heldBytes, message_bytes_ram: readyBytes + heldBytes },
    message_bytes_persistent: isAllPersistent ? readyBytes + heldBytes : 0,
    ...{ disk_reads: 0, disk_writes: 0 },
    ...{ consumer_utilisation: capacity, consumer_capacity: capacity },
  };
}

/** As Elixir writes it: 0 without consumers, which is no float there. */
function ratioText(ratio: number): Cell {
  assert(ratio >= 0 && ratio <= 1, 'a ratio', { ratio });
  return ratio === 1 ? '1.0' : ratio === 0 ? 0 : String(ratio);
}

/** Who has a replica, and which of them are there. */
function replicaFacts(node: RabbitNode, { type, members }: QueueRecord, queue: Queue): QueueFacts {
  if (type === 'classic') {
    if (!(queue instanceof MirroredQueue) || members.length === 1) return {};
    const others = members.filter((host) => host !== node.ports.host);
    return { slave_pids: others.map((host) => queuePid(host, 1, 1)) };
  }
  const byName = [...members].sort((one, other) => (one < other ? -1 : 1));
  const online = byName.filter((host) => node.running.includes(host));
  return {
    leader: nodeNameOf(node.ports.host),
    members: byName.map(nodeNameOf),
    online: online.map(nodeNameOf),
  };
}
