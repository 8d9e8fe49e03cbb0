/**
 * Invariant R1 in a cluster, at the moment of a confirm: the message of a quorum queue is on the
 * disks of a majority of its members, what a stream calls committed is in the logs of a majority
 * of its replicas, and where a classic queue has mirrors each that is synchronised has the message
 * as long as the queue has it.
 *
 * A member that is down counts with what it had on its disk when it was last seen. A replica of a
 * stream that lost what it had (nothing is synced there) is not judged.
 * Not here: whether the message is there at the end (`lab/swarm/rabbitmq-verdict.ts`).
 * Sources: rabbitmq.com/docs/confirms (when publishes are confirmed), docs/streams.
 */
import type { MirroredQueue } from '../../../rabbitmq/cluster/mirror/mirrored-queue.ts';
import type { RabbitNode } from '../../../rabbitmq/node.ts';
import type { FifoCommand } from '../../../rabbitmq/quorum/fifo-command.ts';
import type { QuorumQueue } from '../../../rabbitmq/quorum/quorum-queue.ts';
import type { Queue } from '../../../rabbitmq/queue/queue.ts';
import { firstWord } from '../../../rabbitmq/queue/queue-view.ts';
import type { RaCommand } from '../../../rabbitmq/ra/ra-message.ts';
import type { RaServer } from '../../../rabbitmq/ra/ra-server.ts';
import type { StreamQueue } from '../../../rabbitmq/stream/stream-queue.ts';
import type { Message } from '../../../rabbitmq/message.ts';
import { copyOf } from './queue-ledger.ts';

/** What is asked of the nodes: their processes, null while they do not serve. */
export type ProcessOf = (node: string) => RabbitNode | null;

/** What a stream's replica was seen with. */
interface ReplicaSeen {
  readonly end: number;
  readonly hasLost: boolean;
}

export class ConfirmedCopies {
  readonly #nodes: readonly string[];
  readonly #processOf: ProcessOf;
  /** By queue and node: the member's server, also of a node that is down since. */
  readonly #servers = new Map<string, Map<string, RaServer>>();
  readonly #replicas = new Map<string, Map<string, ReplicaSeen>>();

  constructor(nodes: readonly string[], processOf: ProcessOf) {
    this.#nodes = nodes;
    this.#processOf = processOf;
  }

  /** Looks at what a node has, after each of its events. */
  look(node: string): void {
    const queues = this.#processOf(node)?.vhosts.get('/')?.queues ?? new Map<string, Queue>();
    for (const queue of queues.values()) {
      if (queue.type === 'quorum') this.#lookAtMember(node, queue as QuorumQueue);
      if (queue.type === 'stream') this.#lookAtReplica(node, queue as StreamQueue);
    }
  }

  #lookAtMember(node: string, { name, server }: QuorumQueue): void {
    if (server !== undefined) ofQueue(this.#servers, name).set(node, server);
  }

  #lookAtReplica(node: string, { name, member }: StreamQueue): void {
    if (member.log === null) return;
    const replicas = ofQueue(this.#replicas, name);
    const before = replicas.get(node);
    const end = member.log.nextOffset;
    if (before?.end === end) return;
    const hasLost = before !== undefined && (before.hasLost || end < before.end);
    replicas.set(node, { end, hasLost });
  }

  /** What is wrong where a node confirms this message of a queue now, or null. */
  confirmed(name: string, id: string): string | null {
    for (const node of this.#nodes) this.look(node);
    const queues = new Map<string, Queue>();
    for (const node of this.#nodes) {
      const queue = this.#processOf(node)?.vhosts.get('/')?.queues.get(name);
      if (queue !== undefined) queues.set(node, queue);
    }
    const all = [...queues.values()];
    switch (all[0]?.type) {
      case 'quorum':
        return this.#inMajority(all as QuorumQueue[], id);
      case 'stream':
        return this.#inLogs(all as StreamQueue[]);
      default:
        return inMirrors(queues, id);
    }
  }

  #inMajority(queues: readonly QuorumQueue[], id: string): string | null {
    const [{ name, cluster }] = queues as [QuorumQueue];
    const leader = queues.find(({ server }) => server?.isLeader === true);
    const members = leader?.server?.members ?? cluster.members;
    const servers = this.#servers.get(name);
    // One that was never seen may have everything.
    const having = members.filter((node) => {
      const server = servers?.get(node);
      return server === undefined || hasOnDisk(server, id);
    });
    if (having.length * 2 > members.length) return null;
    const on = having.join(', ');
    return `${id} is confirmed, and of ${name} the members [${on}] of ${members.length} have it`;
  }

  #inLogs(queues: readonly StreamQueue[]): string | null {
    const [{ name }] = queues as [StreamQueue];
    const replicas = [...(this.#replicas.get(name)?.values() ?? [])];
    if (replicas.some(({ hasLost }) => hasLost)) return null;
    const committed = Math.max(...queues.map(({ member }) => member.committed));
    const having = replicas.filter(({ end }) => end >= committed).length;
    if (having * 2 > replicas.length) return null;
    return `${name} is committed to ${committed}, and ${having} of ${replicas.length} have that`;
  }
}

function ofQueue<T>(all: Map<string, Map<string, T>>, name: string): Map<string, T> {
  let of = all.get(name);
  if (of === undefined) all.set(name, (of = new Map()));
  return of;
}

/** A confirm is of what was written lately, so the search begins at the end. */
function hasOnDisk(server: RaServer, id: string): boolean {
  const { log } = server;
  const { durableEndOffset } = server.inspect();
  for (let place = log.entries.length - 1; place >= 0; place--) {
    const { offset, control, payload } = log.entries[place]!;
    if (offset >= durableEndOffset || control !== null) continue;
    const { command } = payload as RaCommand;
    const asked = command as unknown as FifoCommand;
    if (asked.type === 'enqueue' && idOf(asked.message as unknown as Message) === id) return true;
  }
  // What is before a snapshot was applied, and hence on a majority's disks.
  return log.start.offset > 0;
}

/** A mirror that is synchronised has what its leader has. */
function inMirrors(queues: ReadonlyMap<string, Queue>, id: string): string | null {
  const leading = [...queues.values()].filter(isLeading);
  // On both sides of a partition there may be one.
  if (leading.length !== 1) return null;
  const [leader] = leading as [MirroredQueue];
  if (!has(leader, id)) return null;
  for (const node of leader.hearers) {
    const mirror = queues.get(node) as MirroredQueue | undefined;
    if ((mirror?.copies ?? null) === null || has(mirror!, id)) continue;
    return `${id} is confirmed, and ${node} has a mirror of ${leader.name} without it`;
  }
  return null;
}

/** As it was published: what died and came back is another copy, which nobody confirms. */
const has = ({ copies }: MirroredQueue, id: string): boolean =>
  copies?.some((of) => copyOf(idOf(of), of.properties.headers ?? []) === id) === true;

const isLeading = (queue: Queue): queue is MirroredQueue =>
  'hearers' in queue && (queue as MirroredQueue).isHere;

const idOf = (message: Message): string => firstWord(message.body);
