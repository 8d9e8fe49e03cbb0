/**
 * What a node has of a stream: its writer, a copy of it, or nothing but the way to the writer.
 *
 * Responsible for: opening the log, who is spoken to, and the messages between the nodes. A log
 * that cannot be opened is as if the node had none.
 * Not here: what AMQP makes of it (`stream-queue.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../cluster/node-links.ts';
import type { QueueContext, QueueRecord } from '../queue/queue-types.ts';
import { RemotePublishers } from './remote-publishers.ts';
import { RemoteWriter } from './remote-writer.ts';
import { ReplicaFeed } from './replica-feed.ts';
import { StreamLog } from './stream-log.ts';
import { asTerm, streamProcess, type FromWriter, type ToWriter } from './stream-message.ts';
import { StreamReplica } from './stream-replica.ts';
import type { StreamSettings } from './stream-settings.ts';
import { StreamWriter, type Written } from './stream-writer.ts';

export interface StreamMember {
  /** Null where the node has no copy. */
  readonly log: StreamLog | null;
  /** Everything below it may be read. */
  readonly committed: number;
  write(body: Uint8Array, written: Written | null): void;
  /** The stream is deleted, and the copy with it. */
  delete(): void;
}

/** Opens what this node has of a stream; `committed` is told when more can be read. */
export function openStreamMember(
  record: QueueRecord,
  context: QueueContext,
  settings: StreamSettings,
  committed: () => void,
): StreamMember {
  const { links, ports, vhost } = context;
  const { name } = record.declaration;
  const folder = streamFolder(vhost, name);
  const isMember = record.members.includes(links.self);
  assert(record.members.includes(record.leader), 'the writer is a member', { name });
  const opened = isMember ? StreamLog.open(ports, folder, settings) : null;
  const log = opened === null || typeof opened === 'string' ? null : opened.log;
  const place = { record, context, committed, folder };
  return record.leader === links.self && log !== null
    ? new WritingMember(log, place)
    : new FollowingMember(log, place);
}

/** Under the node's data, as in `stream/%2F/orders`. */
export function streamFolder(vhost: string, name: string): string {
  return `stream/${encodeURIComponent(vhost)}/${encodeURIComponent(name)}`;
}

interface Place {
  readonly record: QueueRecord;
  readonly context: QueueContext;
  readonly committed: () => void;
  readonly folder: string;
}

/** Epochs are those of a writer that moves; this one stays. */
const EPOCH = 1;

class WritingMember implements StreamMember {
  readonly log: StreamLog;
  readonly #place: Place;
  readonly #writer: StreamWriter;
  readonly #feed: ReplicaFeed;
  readonly #publishers: RemotePublishers;
  readonly #process: string;
  readonly #unwatch: () => void;

  constructor(log: StreamLog, place: Place) {
    const { record, context, committed } = place;
    const { links, ports, vhost } = context;
    const { name } = record.declaration;
    this.log = log;
    this.#place = place;
    this.#process = streamProcess(vhost, name);
    this.#writer = new StreamWriter(log, {
      ports,
      stream: name,
      epoch: EPOCH,
      replicas: record.members.filter((member) => member !== links.self),
      appended: () => this.#feed.feedAll(),
      committed: () => {
        this.#feed.feedAll();
        committed();
      },
    });
    const send = (node: string, message: FromWriter): void =>
      links.send(node, this.#process, asTerm(message));
    this.#feed = new ReplicaFeed(this.#writer, send);
    this.#publishers = new RemotePublishers(this.#writer, send);
    links.register(this.#process, (from, message) => this.#received(from, message));
    this.#unwatch = links.watch({
      nodeUp: () => {},
      nodeDown: (node) => this.#feed.lost(node),
    });
  }

  get committed(): number {
    return this.#writer.committed;
  }

  write(body: Uint8Array, written: Written | null): void {
    this.#writer.write(body, written);
  }

  delete(): void {
    const { context, folder } = this.#place;
    context.links.unregister(this.#process);
    this.#unwatch();
    this.#writer.close();
    this.log.close();
    context.ports.disk.remove(folder);
  }

  #received(from: string, term: Term): void {
    const message = term as unknown as ToWriter;
    switch (message.type) {
      case 'follow':
        this.#feed.follow(from, message.session);
        return;
      case 'fetch':
        this.#feed.fetch(from, message.session, message.next);
        return;
      case 'acknowledge':
        this.#feed.acknowledge(from, message.session, message.next);
        return;
      case 'write':
        this.#publishers.write(from, message);
        return;
    }
  }
}

class FollowingMember implements StreamMember {
  readonly log: StreamLog | null;
  readonly #place: Place;
  readonly #replica: StreamReplica | null;
  readonly #remote: RemoteWriter;
  readonly #process: string;
  readonly #unwatch: () => void;

  constructor(log: StreamLog | null, place: Place) {
    const { record, context, committed } = place;
    const { links, ports, vhost } = context;
    const { leader, declaration } = record;
    this.log = log;
    this.#place = place;
    this.#process = streamProcess(vhost, declaration.name);
    const send = (message: ToWriter): void => links.send(leader, this.#process, asTerm(message));
    const { clock, incarnation } = ports;
    const isConnected = (): boolean => links.isConnected(leader);
    this.#remote = new RemoteWriter(incarnation, send);
    this.#replica =
      log === null ? null : new StreamReplica(log, { clock, isConnected, send, committed });
    links.register(this.#process, (from, message) => {
      if (from === leader) this.#received(message as unknown as FromWriter);
    });
    this.#unwatch = links.watch({
      nodeUp: (node) => {
        if (node === leader) this.#connected();
      },
      nodeDown: (node) => {
        if (node === leader) this.#replica?.lost();
      },
    });
    this.#replica?.follow();
  }

  get committed(): number {
    return this.#replica?.committed ?? 0;
  }

  write(body: Uint8Array, written: Written | null): void {
    this.#remote.write(body, written);
  }

  delete(): void {
    const { context, folder } = this.#place;
    context.links.unregister(this.#process);
    this.#unwatch();
    this.#remote.close();
    this.#replica?.close();
    this.log?.close();
    context.ports.disk.remove(folder);
  }

  #connected(): void {
    this.#replica?.follow();
    this.#remote.sendAgain();
  }

  #received(message: FromWriter): void {
    if (message.type === 'written') this.#remote.answered(message.sequence, message.committed);
    else this.#replica?.received(message);
  }
}
