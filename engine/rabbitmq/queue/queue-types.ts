/**
 * The types of queues that a node can have, and how it opens a queue of each.
 *
 * A node made without a type refuses it, so that a lesson's page carries only what it uses. Not
 * here: the types themselves. Source: `rabbit_queue_type`, its registry.
 */
import type { Ports, Random } from '../../kernel/ports.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { Profile } from '../profiles.ts';
import type { VhostStores } from '../store/vhost-stores.ts';
import type { Queue, QueueType } from './queue.ts';
import type { QueueDeclaration, QueuePorts } from './queue-ports.ts';
import type { PolicyDefinition } from './queue-settings.ts';

/** What metadata says of a queue. */
export interface QueueRecord {
  readonly declaration: QueueDeclaration;
  readonly type: QueueType;
  /** The node of its process: of a classic queue that is where its messages are. */
  readonly leader: string;
  /** The nodes that have a replica, the leader among them. */
  readonly members: readonly string[];
  /**
   * Of a stream or a quorum queue: which of those that had or will have its name (there a time in
   * the stream's name, and the uids of a queue's members).
   */
  readonly id?: number;
}

/** A queue's record, in its virtual host. */
interface QueueRow {
  readonly vhost: string;
  readonly record: QueueRecord;
}

/** What a queue may ask of the cluster. */
export interface QueueCluster {
  /** The nodes that share metadata with this one, itself among them. */
  running(): readonly string[];
  /** Metadata has another leader of the queue from now on, or other members (null: the same). */
  moveQueue(name: string, leader: string, members: readonly string[] | null): void;
}

export interface QueueContext {
  /** Without, it is a node alone. */
  readonly cluster?: QueueCluster;
  readonly ports: Ports;
  readonly profile: Profile;
  readonly links: NodeLinks;
  /** `queue 'orders' in vhost '/'`, as errors name it. */
  readonly resource: string;
  readonly vhost: string;
  readonly policy: PolicyDefinition;
  /**
   * What the virtual host has on disk for classic queues; it is opened when the first one asks for
   * it. Absent: nothing of them is on disk.
   */
  readonly stores?: () => VhostStores;
  /** What the queue may ask of its virtual host. */
  readonly host: QueuePorts;
}

/** Where a new queue is. */
export type Place = Pick<QueueRecord, 'leader' | 'members' | 'id'>;

/** What a type may go by when it chooses nodes. */
export interface QueuePlacing {
  readonly links: NodeLinks;
  readonly random: Random;
  readonly profile: Profile;
  /** What policies say of the new queue. */
  readonly policy: PolicyDefinition;
  /** The node's own setting, for a queue of which nothing else says where it is to be. */
  readonly locator: string;
  /** The nodes that share metadata with this one, itself among them. */
  readonly running: readonly string[];
  /** All queues that there are, of all virtual hosts. */
  queues(): Iterable<QueueRecord>;
}

export interface QueueTypeModule {
  readonly type: QueueType;
  /** What is wrong with a new declaration of this type, or null. */
  check(resource: string, declaration: QueueDeclaration, profile: Profile): AmqpError | null;
  /** Where a new queue is to be; without it, on the node that declares it. */
  place?(declaration: QueueDeclaration, at: QueuePlacing): Place;
  /** The queue as this node sees it: its process where that is here, else what reaches it. */
  open(record: QueueRecord, context: QueueContext): Queue;
  /** All queues of a node that starts are open: files of queues that are no more go. */
  recovered?(queues: Iterable<QueueRow>, node: Pick<QueueContext, 'ports' | 'links'>): void;
}
