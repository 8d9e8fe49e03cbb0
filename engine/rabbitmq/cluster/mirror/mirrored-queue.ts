/**
 * A classic queue of a cluster that may have mirrors: its process on the leader's node, and on
 * others the stand-in that reaches it, beside a mirror's contents where the node has one.
 *
 * The leader decides who has a mirror (`ha-policy.ts`), compares what a mirror that joins has with
 * what there is, and confirms what all mirrors have (`mirror-log.ts`). When its node is down, the
 * mirror that has been one for longest becomes the leader with what it has: what it lacks is gone,
 * unless the policy forbids that (invariant R1); what was delivered and not settled is delivered
 * again; and what publishers have no answer to is sent to it once more, and taken once.
 * Where its node goes down in order, mirrors that lack something stop with it, unless the policy
 * says `ha-promote-on-shutdown` always. While mirrors are synchronised the queue stands still.
 * Or it is handed to another node at once (`transferLeadership`, or by `ha-mode` nodes).
 * Not here: exclusive queues, which have no mirrors, and releases from 4.0 on, which have none
 * (`remote-queue.ts`).
 * Sources: `rabbit_mirror_queue_misc`, `_master`, `_slave`, `_coordinator`; the documents of 3.13,
 * "Classic Queue Mirroring".
 * Differs: channels send to the leader alone, there to all mirrors; a synchronisation is one
 * message of all there is, there batches (`ha-sync-batch-size`).
 */
import type { AmqpError } from '../../../wire/amqp/reply-code.ts';
import { assert, present } from '../../../kernel/assert.ts';
import type { TimerId } from '../../../kernel/ports.ts';
import { microsOfMillis } from '../../../kernel/units.ts';
import type { CreditFlow } from '../../credit-flow.ts';
import type { Message } from '../../message.ts';
import type { Consumer, ConsumerOptions, ConsumingChannel } from '../../queue/consumer.ts';
import type {
  Answer,
  DeleteConditions,
  Fetched,
  HeldMessage,
  Publisher,
  Queue,
  QueueCounts,
  QueueHoldings,
  Settlement,
} from '../../queue/queue.ts';
import type { QueueDeclaration } from '../../queue/queue-ports.ts';
import type { PolicyDefinition } from '../../queue/queue-settings.ts';
import type { QueueContext, QueueRecord } from '../../queue/queue-types.ts';
import type { QueueView } from '../../queue/queue-view.ts';
import { mirrorJoinedKind, mirrorPromotedKind, mirrorStaysKind } from '../cluster-trace.ts';
import { mirrorsSynchronisedKind, mirrorsSynchroniseKind } from '../cluster-trace.ts';
import type { Term } from '../node-links.ts';
import { RemoteQueue } from '../remote-queue.ts';
import { haPolicyOf, namedInstead, suggestedMembers } from './ha-policy.ts';
import type { MirrorInstruction, MirrorNews } from './mirror-contents.ts';
import { Mirror } from './mirror.ts';
import { MirrorContents } from './mirror-contents.ts';
import { MirrorLog, restored, storedAnew } from './mirror-log.ts';
import type { Leading, QueueProcess } from './queue-process.ts';
import { Ring } from './ring.ts';
import { Standstill } from './standstill.ts';

const LOOK_AGAIN_MS = 1000;

export class MirroredQueue implements Queue {
  readonly type = 'classic';
  readonly declaration: QueueDeclaration;
  readonly #context: QueueContext;
  readonly #process: QueueProcess;
  readonly #stopWatching: () => void;
  #record: QueueRecord;
  #policy: PolicyDefinition;
  #leading: Leading | null = null;
  #remote: RemoteQueue | null = null;
  #ring: Ring | null = null;
  #mirror: Mirror | null = null;
  /** Publishes that a mirror had when it became the leader. */
  #before: MirrorContents | null = null;
  #publishing: string | null = null;
  #arranging: TimerId | null = null;
  /** Of a leader: the mirrors that have all (`sync_slave_pids`). */
  readonly #synchronised = new Set<string>();
  readonly #standstill = new Standstill();
  /** Who is to lead, while metadata does not have it yet. */
  #handsOverTo: string | null = null;

  constructor(record: QueueRecord, context: QueueContext, process: QueueProcess) {
    this.declaration = record.declaration;
    this.#record = record;
    this.#context = context;
    this.#process = process;
    this.#policy = context.policy;
    this.#stopWatching = context.links.watch({
      nodeUp: (node) => {
        if (node === this.#record.leader) this.#mirror?.join();
        this.#arrangeLater();
      },
      nodeDown: (node) => this.#nodeDown(node),
    });
    if (record.leader === this.#self) this.#lead(null);
    else this.#follow();
  }

  get name(): string {
    return this.declaration.name;
  }

  /** Whether its process is on this node. */
  get isHere(): boolean {
    return this.#leading !== null;
  }

  get holdings(): QueueHoldings | undefined {
    return this.#leading?.process.holdings;
  }

  get absence(): AmqpError | null {
    return this.#remote?.absence ?? null;
  }

  get activeConsumer(): Consumer | null {
    return this.#leading?.process.activeConsumer ?? null;
  }

  get #self(): string {
    return this.#context.links.self;
  }

  get #queue(): Queue {
    return this.#leading?.process ?? present(this.#remote, 'it is reached where it is not');
  }

  // -------------------------------------------------------------------------- as any other queue

  publish(message: Message, publisher: Publisher | null, flow: CreditFlow | null = null): void {
    this.#standstill.whenFree(() => {
      const id = publisher?.id ?? null;
      if (id !== null && this.#before?.knows(id) === true) {
        publisher!.confirmed(this.name);
        return;
      }
      this.#publishing = id;
      this.#queue.publish(message, publisher, flow);
      this.#publishing = null;
    });
  }

  /** The application of a node ended, or is there anew, and the link to it stays. */
  processesGone(node: string): void {
    const isGone = this.#context.cluster?.running().includes(node) !== true;
    this.#remote?.processesGone(node, isGone);
    if (isGone) {
      this.#ring?.ended(node);
      this.#nodeDown(node);
      return;
    }
    this.#ring?.began(node);
    if (node === this.#record.leader) this.#mirror?.join();
    this.#arrangeLater();
  }

  consume(channel: ConsumingChannel, options: ConsumerOptions, answer: Answer<null>): void {
    this.#standstill.whenFree(() => this.#queue.consume(channel, options, answer));
  }

  cancel(channel: ConsumingChannel, tag: string, answer: Answer<null>): void {
    this.#standstill.whenFree(() => this.#queue.cancel(channel, tag, answer));
  }

  get(channel: ConsumingChannel, noAck: boolean, answer: Answer<Fetched | null>): void {
    this.#standstill.whenFree(() => this.#queue.get(channel, noAck, answer));
  }

  /** What was delivered by another node is that node's to count, and gone with it. */
  settle(channel: ConsumingChannel, messages: readonly HeldMessage[], how: Settlement): void {
    this.#standstill.whenFree(() => {
      const own = this.#leading === null ? messages : messages.filter((of) => 'expiresAt' in of);
      if (own.length > 0) this.#queue.settle(channel, own, how);
    });
  }

  channelClosed(channel: ConsumingChannel): void {
    this.#standstill.whenFree(() => this.#queue.channelClosed(channel));
  }

  counts(answer: Answer<QueueCounts>): void {
    this.#standstill.whenFree(() => this.#queue.counts(answer));
  }

  purge(answer: Answer<number>): void {
    this.#standstill.whenFree(() => this.#queue.purge(answer));
  }

  delete(conditions: DeleteConditions, answer: Answer<number>): void {
    this.#standstill.whenFree(() => this.#queue.delete(conditions, answer));
  }

  setPolicy(policy: PolicyDefinition): void {
    this.#policy = policy;
    this.#leading?.process.setPolicy(policy);
    this.#arrangeLater();
  }

  forgotten(): void {
    this.#stopWatching();
    this.#remote?.forgotten();
    this.#leaveRing();
  }

  inspect(messagesMax?: number): QueueView | null {
    return this.#leading?.process.inspect(messagesMax) ?? null;
  }

  /** What the mirror here has; null: there is none here. */
  get mirror(): { readonly count: number; readonly isSynchronised: boolean } | null {
    if (this.#mirror === null) return null;
    const { count, isSynchronised } = this.#mirror.contents;
    return { count, isSynchronised };
  }

  /**
   * All that the queue has, for checkers, where this node has all: it leads, or its mirror has what
   * its leader has. Null: nothing here has.
   */
  get copies(): readonly Message[] | null {
    const mirror = this.#mirror;
    const has = mirror?.isSynchronised === true ? mirror.contents.messages : null;
    return (this.#leading?.log.all ?? has)?.map(({ message }) => message) ?? null;
  }

  /** The nodes that hear what this leader says, itself first. */
  get hearers(): readonly string[] {
    return this.#leading === null ? [] : (this.#ring?.members ?? []);
  }

  /** Gives all mirrors all messages (`sync_queue`); until they have them the queue stands still. */
  synchronise(): void {
    if (this.#leading === null) return;
    const { all } = this.#leading.log;
    const { trace } = this.#context.ports;
    const told = { queue: this.name, messages: all.length };
    trace.record(mirrorsSynchroniseKind, told);
    this.#standstill.begin();
    this.#say({ kind: 'sync', all }, () => {
      trace.record(mirrorsSynchronisedKind, told);
      this.#standstill.end();
    });
  }

  /** With no mirror that has all, the mirrors stop, too (`_master:terminate`). */
  stopping(told: () => void): void {
    const policy = this.#leading === null ? null : haPolicyOf(this.#policy);
    if (policy === null || policy.promotesOnShutdown || this.#synchronised.size > 0) told();
    else this.#say({ kind: 'shutdown' }, told);
  }

  // ---------------------------------------------------------------------------------- the leader

  /**
   * Another node is to lead, any that runs, and no other keeps what it has. Where that node has no
   * mirror, one is added; it has not joined when the others are dropped, and all messages are gone
   * (invariant R1, commit 429f879). The policy's mirrors are arranged by the new leader.
   * Source: `rabbit_mirror_queue_misc:transfer_leadership` of 3.8.11. Differs: that race always
   * ends so, where there the only mirror that is left could be kept.
   */
  transferLeadership(): void {
    assert(this.#leading !== null, 'a leader hands over', { queue: this.name });
    const { cluster, ports } = this.#context;
    if (haPolicyOf(this.#policy) === null) return;
    const others = (cluster?.running() ?? []).filter((node) => node !== this.#self);
    if (others.length > 0) this.#handOver(ports.random('drain').pick(others));
  }

  #handOver(destination: string): void {
    assert(destination !== this.#self, 'to another node', { destination });
    this.#handsOverTo = destination;
    this.#context.cluster?.moveQueue(this.name, destination, [destination]);
  }

  #leaveRing(): void {
    this.#ring?.leave();
    this.#ring = null;
  }

  /** Its process ends with all that it has here (`{shutdown, dropped}`). */
  #dropped({ process }: Leading): void {
    assert(this.#record.leader !== this.#self, 'another leads', { queue: this.name });
    [this.#leading, this.#before, this.#handsOverTo] = [null, null, null];
    this.#leaveRing();
    this.#synchronised.clear();
    process.dropped();
    this.#follow();
    this.#standstill.giveUp();
  }

  /** It was made the leader while the old one is there; without a mirror here it has nothing. */
  #takeOver(): void {
    const { leader, members } = this.#record;
    assert(leader === this.#self && members.length === 1, 'alone at first', { leader, members });
    const contents = this.#mirror?.contents ?? new MirrorContents();
    const remote = present(this.#remote, 'who does not lead reaches the leader');
    this.#remote = null;
    this.#lead(contents);
    remote.handOver(this);
  }

  /** With the contents of a mirror that becomes the leader, or with what is on disk. */
  #lead(contents: MirrorContents | null): Leading {
    const { clock } = this.#context.ports;
    const recovered = contents === null ? null : restored(contents, clock.now());
    const stored =
      recovered === null ? this.#process.stored() : storedAnew(this.#process, recovered);
    const nextPosition = contents?.nextPosition ?? stored?.nextPosition ?? 0;
    this.#ring ??= this.#openRing();
    const log = new MirrorLog({
      ...{ clock, stored, nextPosition, recovered: recovered ?? stored?.recovered ?? [] },
      say: (instruction, stable) => this.#say(instruction, stable),
      publishing: () => this.#publishing,
      hasMirrors: () => (this.#ring?.members.length ?? 1) > 1,
    });
    const leading = { process: this.#process.open(log, this.#policy), log };
    this.#leading = leading;
    this.#before = contents;
    this.#mirror = null;
    this.#arrangeLater();
    return leading;
  }

  #say(instruction: MirrorInstruction, stable: (() => void) | null): void {
    present(this.#ring, 'a leader has a ring').say(instruction as unknown as Term, stable);
  }

  /** In a later event, when metadata has what this one changed. */
  #arrangeLater(delayMs = 0): void {
    const { clock } = this.#context.ports;
    if (this.#arranging !== null) return;
    this.#arranging = clock.after(microsOfMillis(delayMs), 'mirrors', () => {
      this.#arranging = null;
      this.#arrange();
    });
  }

  /** The mirrors become those that the policy wants. */
  #arrange(): void {
    const { cluster, ports, links } = this.#context;
    if (this.#leading === null || this.#ring === null || cluster === undefined) return;
    if (this.#handsOverTo !== null) return;
    const policy = haPolicyOf(this.#policy);
    const running = cluster.running();
    if (!running.includes(this.#self)) return;
    // A node that starts is connected before it shares metadata.
    const isComing = links.members.some(
      (node) => links.isConnected(node) && !running.includes(node),
    );
    if (policy !== null && isComing) this.#arrangeLater(LOOK_AGAIN_MS);
    const named = namedInstead(policy, this.#self, running, this.#synchronised);
    if (named !== null) return this.#handOver(named);
    const own = { ...this.#record, leader: this.#self };
    const members = suggestedMembers(policy, own, running, ports.random('mirrors'));
    const { leader, members: before } = this.#record;
    const isSame = leader === this.#self && members.join(' ') === before.join(' ');
    if (!isSame) cluster.moveQueue(this.name, this.#self, members);
  }

  #mirrorTold(node: string, { kind }: MirrorNews): void {
    if (kind === 'joined') return this.#mirrorJoined(node);
    this.#synchronised.add(node);
    this.#arrangeLater();
  }

  #mirrorJoined(node: string): void {
    this.#synchronised.delete(node);
    const ring = this.#ring;
    const log = this.#leading?.log;
    if (log === undefined || ring === null || !this.#record.members.includes(node)) return;
    if (ring.members.includes(node)) ring.remove(node);
    const told = { queue: this.name, node, messages: log.positions.length };
    this.#context.ports.trace.record(mirrorJoinedKind, told);
    this.#speakTo(node, log);
    if (haPolicyOf(this.#policy)?.syncsAutomatically === true) this.synchronise();
  }

  /** What is said from now on it hears, and first what there is. */
  #speakTo(node: string, log: MirrorLog): void {
    this.#ring?.add(node);
    this.#say({ kind: 'depth', to: node, positions: log.positions }, null);
  }

  // ---------------------------------------------------------------------------------- the mirror

  #follow(): void {
    this.#remote = new RemoteQueue(this.#record, this.#context, () => this.#candidates.length > 0);
    if (this.#record.members.includes(this.#self)) this.#becomeMirror();
  }

  #becomeMirror(): void {
    const ring = (this.#ring ??= this.#openRing());
    const tell = (node: string, news: Term): void => ring.tell(node, news);
    this.#mirror = new Mirror(this.#self, this.#record.leader, tell);
  }

  #openRing(): Ring {
    const { links, vhost, ports } = this.#context;
    return new Ring({
      links,
      epoch: ports.clock.now(),
      name: `gm ${vhost} ${this.name}`,
      received: (origin, body) =>
        this.#mirror?.instructed(origin, body as unknown as MirrorInstruction),
      told: (from, body) => this.#mirrorTold(from, body as unknown as MirrorNews),
    });
  }

  /** Metadata has another leader or other members. */
  moved(record: QueueRecord): void {
    const was = this.#record;
    this.#record = record;
    if (this.#leading !== null) {
      if (record.leader !== this.#self) {
        // Nodes for which this one was down have another leader: as on two sides of a partition,
        // both go on until one of their nodes restarts.
        if (record.leader !== this.#handsOverTo) this.#record = was;
        else this.#dropped(this.#leading);
        return;
      }
      for (const node of this.#ring?.members ?? []) {
        if (node !== this.#self && !record.members.includes(node)) this.#ring?.remove(node);
      }
      return;
    }
    if (record.leader === this.#self) {
      this.#takeOver();
      return;
    }
    if (record.leader !== was.leader) this.#remote?.moved(record);
    const isMirror = record.members.includes(this.#self);
    if (!isMirror) {
      this.#mirror = null;
      this.#leaveRing();
    } else if (this.#mirror === null) {
      this.#becomeMirror();
    } else {
      this.#mirror.follow(record.leader, this.#context.links.isConnected(record.leader));
    }
  }

  // ----------------------------------------------------------------------------------- node down

  /** Mirrors that can be the leader when the leader is down, oldest first. */
  get #candidates(): readonly string[] {
    const { leader, members } = this.#record;
    return members.filter((node) => node !== leader && this.#isThere(node));
  }

  #isThere(node: string): boolean {
    const { links, cluster } = this.#context;
    return links.isConnected(node) && cluster?.running().includes(node) === true;
  }

  #nodeDown(node: string): void {
    const { leader, members } = this.#record;
    if (this.#leading !== null) {
      this.#synchronised.delete(node);
      if (members.includes(node)) this.#arrangeLater();
      return;
    }
    if (node !== leader) {
      if (this.#isThere(leader)) return;
      if (this.#candidates.length === 0) this.#remote?.abandoned();
    }
    this.#promoteIfFirst();
  }

  /** The mirror that has been one for longest becomes the leader. */
  #promoteIfFirst(): void {
    const { leader } = this.#record;
    const { ports } = this.#context;
    const candidates = this.#candidates;
    const mirror = this.#mirror;
    if (candidates[0] !== this.#self || mirror === null) return;
    const { contents, stopsWithLeader } = mirror;
    const messages = contents.count;
    const lacks = contents.lackCount ?? -1;
    const entry = { queue: this.name, was: leader, messages, lacks };
    const isLeft = !contents.isSynchronised && haPolicyOf(this.#policy)?.promotesAlways !== true;
    if (isLeft || stopsWithLeader) {
      ports.trace.record(mirrorStaysKind, entry);
      this.#remote?.abandoned();
      return;
    }
    ports.trace.record(mirrorPromotedKind, entry);
    const remote = present(this.#remote, 'a mirror reaches its leader');
    this.#remote = null;
    this.#record = { ...this.#record, leader: this.#self };
    const { log } = this.#lead(contents);
    for (const other of candidates) if (other !== this.#self) this.#speakTo(other, log);
    this.#context.cluster?.moveQueue(this.name, this.#self, candidates);
    remote.handOver(this);
  }
}
