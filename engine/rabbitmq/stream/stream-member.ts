/**
 * What a node has of a stream: its writer, a copy of it, or nothing but the way to the writer.
 *
 * Which of these it is the coordinator says, epoch by epoch: when a writer is gone all members
 * stop, say how far they are, and the one that has most is the next writer. A node that is alone is
 * the writer, in a new epoch at each start. A log that cannot be opened is as if the node had none.
 * Source: `rabbit_stream_coordinator:phase_start_writer`, `phase_stop_member`; `osiris`.
 * Not here: who is the writer (`stream-coordinator.ts`), what AMQP makes of it (`stream-queue.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../cluster/node-links.ts';
import type { QueueContext, QueueRecord } from '../queue/queue-types.ts';
import { ProcessMonitor } from '../ra/process-monitor.ts';
import { ReplicaFeed } from './replica-feed.ts';
import { StreamCoordination } from './stream-coordination.ts';
import { memberProcess, type StreamState } from './stream-coordinator.ts';
import { StreamLog } from './stream-log.ts';
import { asTerm, type FromWriter, type StreamWrite, type ToWriter } from './stream-message.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { StreamPublishers } from './stream-publishers.ts';
import { StreamReplica } from './stream-replica.ts';
import type { StreamSettings } from './stream-settings.ts';
import { streamStopped, streamWriterBegan } from './stream-trace.ts';
import { StreamWriter, type Written } from './stream-writer.ts';

interface Writing {
  readonly role: 'writer';
  readonly epoch: number;
  readonly writer: StreamWriter;
  readonly feed: ReplicaFeed;
  readonly publishers: StreamPublishers;
}

interface Following {
  readonly role: 'replica';
  readonly epoch: number;
  readonly from: string;
  /** Null where the node has no copy. */
  readonly replica: StreamReplica | null;
}

export interface MemberOptions {
  readonly record: QueueRecord;
  readonly context: QueueContext;
  readonly settings: () => StreamSettings;
  /** More can be read. */
  readonly committed: () => void;
}

export class StreamMember {
  /** Null where the node has no copy. */
  readonly log: StreamLog | null;
  readonly #options: MemberOptions;
  /** What the cluster calls the stream; another one of the same name has another. */
  readonly #stream: string;
  readonly #folder: string;
  /** This life of the member, which no other has. */
  readonly #life: string;
  readonly #publisher: StreamPublisher;
  readonly #coordination: StreamCoordination | null;
  readonly #processes: ProcessMonitor;
  readonly #unwatch: readonly (() => void)[];
  #state: Writing | Following | null = null;
  /** The epoch for which it has stopped, or is the writer or a replica. */
  #epoch = 0;
  #committed = 0;
  #isClosed = false;

  constructor(options: MemberOptions) {
    const { record, context, settings } = options;
    const { links, ports, vhost } = context;
    const { declaration, members, leader, id } = record;
    assert(members.includes(leader) && id !== undefined, 'a stream', { name: declaration.name });
    this.#options = options;
    this.#stream = `${vhost}/${declaration.name}_${id}`;
    this.#folder = streamFolder(vhost, record);
    this.#life = `${links.self}.${ports.incarnation}.${ports.clock.now()}`;
    const opened = members.includes(links.self)
      ? StreamLog.open(ports, this.#folder, settings())
      : null;
    this.log = opened === null || typeof opened === 'string' ? null : opened.log;
    this.#committed = this.log?.firstOffset ?? 0;
    this.#publisher = new StreamPublisher(this.#life, (write) => this.#send(write));
    this.#processes = ProcessMonitor.of(links);
    this.#processes.register(memberProcess(this.#stream), (from, message) =>
      this.#received(from, message as unknown as ToWriter | FromWriter),
    );
    this.#coordination = links.isAlone ? null : StreamCoordination.of(ports, links);
    const told = this.#coordination?.watch(this.#stream, (state) => this.#changed(state));
    const nodes = links.watch({
      nodeUp: (node) => this.#nodeUp(node),
      nodeDown: (node) => this.#nodeDown(node),
    });
    this.#unwatch = told === undefined ? [nodes] : [nodes, told];
  }

  start(): void {
    assert(this.#state === null && !this.#isClosed, 'it starts once', { stream: this.#stream });
    if (this.#coordination !== null) this.#join(this.#coordination);
    else if (this.log !== null) this.#becomeWriter(this.log, this.log.lastEpoch + 1);
  }

  /** Everything below it may be read. */
  get committed(): number {
    return this.#committed;
  }

  /** Whether the writer is here. */
  get isWriter(): boolean {
    return this.#state?.role === 'writer';
  }

  get epoch(): number {
    return this.#epoch;
  }

  write(body: Uint8Array, filterValue: string | null, written: Written | null): void {
    this.#publisher.write(body, filterValue, written);
  }

  /** The stream is deleted, and the copy with it. */
  delete(): void {
    assert(!this.#isClosed, 'a stream is deleted once', { stream: this.#stream });
    this.#isClosed = true;
    for (const stop of this.#unwatch) stop();
    this.#processes.unregister(memberProcess(this.#stream));
    this.#end();
    this.#publisher.close();
    this.log?.close();
    this.#options.context.ports.disk.remove(this.#folder);
    this.#forget();
  }

  get #self(): string {
    return this.#options.context.links.self;
  }

  // ---------------------------------------------------------------------------- the coordinator

  #forget(): void {
    this.#coordination?.command({ type: 'delete_stream', stream: this.#stream }, (isTaken) => {
      if (!isTaken) this.#forget();
    });
  }

  #join(coordination: StreamCoordination): void {
    if (this.log === null) {
      this.#changed(coordination.machine.state(this.#stream));
      return;
    }
    const { members, leader } = this.#options.record;
    const [stream, node, life] = [this.#stream, this.#self, this.#life];
    coordination.command({ type: 'join', stream, members, leader, node, life }, (isTaken) => {
      if (!isTaken && !this.#isClosed) this.#join(coordination);
    });
  }

  /** What the coordinator says, once it knows of this life. */
  #changed(state: StreamState | null): void {
    if (state === null || this.#isClosed) return;
    const { epoch, writer, lives, tails } = state;
    if (this.log !== null && lives[this.#self] !== this.#life) return;
    if (writer === null) {
      if (this.#state !== null) this.#end();
      this.#epoch = epoch;
      if (this.log !== null && tails[this.#self] === undefined) this.#tellTail(this.log, epoch);
      return;
    }
    if (this.#state !== null && this.#state.epoch === epoch) return;
    if (this.#state !== null) this.#end();
    if (writer === this.#self && this.log !== null) this.#becomeWriter(this.log, epoch);
    else this.#becomeReplica(writer, epoch);
  }

  #tellTail(log: StreamLog, epoch: number): void {
    const { trace } = this.#options.context.ports;
    const tail = { epoch: log.lastEpoch, offset: log.nextOffset };
    trace.record(streamStopped, { stream: this.#name, epoch, next: tail.offset });
    const [stream, node, life] = [this.#stream, this.#self, this.#life];
    const command = { type: 'member_stopped', stream, node, life, epoch, tail } as const;
    this.#coordination?.command(command, (isTaken) => {
      const isAsked = this.#state === null && this.#epoch === epoch && !this.#isClosed;
      if (!isTaken && isAsked) this.#tellTail(log, epoch);
    });
  }

  get #name(): string {
    return this.#options.record.declaration.name;
  }

  #end(): void {
    if (this.#state?.role === 'writer') this.#state.writer.close();
    else this.#state?.replica?.close();
    this.#state = null;
  }

  #becomeWriter(log: StreamLog, epoch: number): void {
    assert(this.#state === null && epoch > log.lastEpoch, 'a writer has an epoch of its own', {
      epoch,
      last: log.lastEpoch,
    });
    const { record, context, settings } = this.#options;
    const { links, ports, cluster } = context;
    const others = record.members.filter((member) => member !== links.self);
    const writer: StreamWriter = new StreamWriter(log, {
      ...{ ports, stream: this.#name, epoch, replicas: others },
      filterBytes: () => settings().filterBytes,
      appended: () => feed.feedAll(),
      committed: (offset) => {
        feed.feedAll();
        this.#commit(offset);
      },
    });
    const feed = new ReplicaFeed(writer, (node, message) => this.#say(node, message));
    const publishers = new StreamPublishers(writer, (node, answer) => {
      const { writerId, sequence, committed } = answer;
      if (node === links.self) this.#publisher.answered(writerId, sequence, committed);
      else this.#say(node, { type: 'written', epoch, ...answer });
    });
    this.#epoch = epoch;
    this.#state = { role: 'writer', epoch, writer, feed, publishers };
    ports.trace.record(streamWriterBegan, { stream: this.#name, epoch, next: log.nextOffset });
    this.#commit(writer.committed);
    for (const node of links.members) {
      if (node !== links.self) this.#say(node, { type: 'begun', epoch });
    }
    if (record.leader !== links.self || epoch > 1) {
      cluster?.moveQueue(this.#name, links.self, null);
    }
    this.#publisher.sendAgain();
  }

  #becomeReplica(from: string, epoch: number): void {
    const { links, ports } = this.#options.context;
    assert(from !== links.self, 'the writer is another node', { from });
    const { clock } = ports;
    const replica =
      this.log === null
        ? null
        : new StreamReplica(this.log, {
            ...{ clock, epoch, isConnected: () => links.isConnected(from) },
            send: (message) => this.#say(from, message),
            committed: (offset) => this.#commit(offset),
          });
    this.#epoch = epoch;
    this.#state = { role: 'replica', epoch, from, replica };
    replica?.follow();
    this.#publisher.sendAgain();
  }

  #commit(offset: number): void {
    if (offset <= this.#committed) return;
    this.#committed = offset;
    this.#options.committed();
  }

  // -------------------------------------------------------------------------------- the messages

  /** A record of this node, to whoever is the writer. */
  #send(write: StreamWrite): void {
    const state = this.#state;
    if (state?.role === 'writer') state.publishers.write(this.#self, write);
    else if (state !== null) this.#say(state.from, { ...write, epoch: state.epoch });
  }

  #say(node: string, message: ToWriter | FromWriter): void {
    const { links } = this.#options.context;
    links.send(node, memberProcess(this.#stream), asTerm(message) as Term);
  }

  #received(from: string, message: ToWriter | FromWriter): void {
    const state = this.#state;
    if (state?.epoch !== message.epoch) return;
    if (state.role === 'writer') this.#asWriter(state, from, message as ToWriter);
    else if (from === state.from) this.#asReplica(state, message as FromWriter);
  }

  #asWriter({ feed, publishers }: Writing, from: string, message: ToWriter): void {
    switch (message.type) {
      case 'follow':
        feed.follow(from, message.session);
        return;
      case 'fetch':
        feed.fetch(from, message.session, message.next);
        return;
      case 'acknowledge':
        feed.acknowledge(from, message.session, message.next);
        return;
      case 'write':
        publishers.write(from, message);
        return;
    }
  }

  #asReplica({ replica }: Following, message: FromWriter): void {
    switch (message.type) {
      case 'written':
        this.#publisher.answered(message.writerId, message.sequence, message.committed);
        return;
      case 'begun':
        replica?.follow();
        this.#publisher.sendAgain();
        return;
      default:
        replica?.received(message);
    }
  }

  #nodeUp(node: string): void {
    if (this.#state?.role !== 'replica' || node !== this.#state.from) return;
    this.#state.replica?.follow();
    this.#publisher.sendAgain();
  }

  #nodeDown(node: string): void {
    const state = this.#state;
    if (state?.role === 'writer') state.feed.lost(node);
    else if (state?.from === node) state.replica?.lost();
  }
}

/** Under the node's data, as in `stream/%2F/orders_17`. */
export function streamFolder(vhost: string, { declaration, id }: QueueRecord): string {
  assert(id !== undefined, 'a stream has an id', { name: declaration.name });
  return `stream/${encodeURIComponent(vhost)}/${encodeURIComponent(`${declaration.name}_${id}`)}`;
}
