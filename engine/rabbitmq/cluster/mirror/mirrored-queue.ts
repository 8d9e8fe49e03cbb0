/**
 * A classic queue of a cluster that may have mirrors: its process on the leader's node, and on
 * others the stand-in that reaches it, beside a mirror's contents where the node has one.
 *
 * The leader decides who has a mirror (`ha-policy.ts`), compares what a mirror that joins has with
 * what there is, and confirms what all mirrors have (`mirror-log.ts`). When its node is down, the
 * mirror that has been one for longest becomes the leader with what it has: what it lacks is gone,
 * unless the policy forbids that (invariant R1); what was delivered and not settled is delivered
 * again; and what publishers have no answer to is sent to it once more, and taken once.
 * Or it is handed to another node at once (`transferLeadership`).
 * Not here: where there are no mirrors since 4.0, and exclusive queues.
 * Sources: `rabbit_mirror_queue_misc`, `_master`, `_slave`, `_coordinator`; the documents of 3.13,
 * "Classic Queue Mirroring".
 * Differs: channels send to the leader alone, there to all mirrors; the queue goes on while mirrors
 * are synchronised; `ha-promote-on-shutdown` is not looked at.
 */
import type { AmqpError } from '../../../wire/amqp/reply-code.ts';
import { assert, present } from '../../../kernel/assert.ts';
import type { TimerId } from '../../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../../kernel/units.ts';
import type { CreditFlow } from '../../credit-flow.ts';
import type { Message } from '../../message.ts';
import type { ClassicQueue } from '../../queue/classic-queue.ts';
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
import type { QueueLog, RestoredMessage } from '../../queue/queue-log.ts';
import type { QueueDeclaration } from '../../queue/queue-ports.ts';
import type { PolicyDefinition } from '../../queue/queue-settings.ts';
import type { QueueContext, QueueRecord } from '../../queue/queue-types.ts';
import type { QueueView } from '../../queue/queue-view.ts';
import { mirrorJoinedKind, mirrorPromotedKind, mirrorStaysKind } from '../cluster-trace.ts';
import type { Term } from '../node-links.ts';
import { RemoteQueue } from '../remote-queue.ts';
import { haPolicyOf, suggestedMembers } from './ha-policy.ts';
import { MirrorContents, type MirrorInstruction } from './mirror-contents.ts';
import { MirrorLog } from './mirror-log.ts';
import { Ring } from './ring.ts';

/** The parts of a queue that are the same with mirrors and without. */
export interface QueueProcess {
  /** What the node has on disk of it; null: nothing. */
  stored(): QueueLog | null;
  open(log: QueueLog, policy: PolicyDefinition): ClassicQueue;
}

const LOOK_AGAIN_MS = 1000;

/** What a mirror tells its leader: it is there and hears. */
const JOINED: Term = { kind: 'joined' };

interface Leading {
  readonly process: ClassicQueue;
  readonly log: MirrorLog;
}

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
  #contents: MirrorContents | null = null;
  /** Publishes that a mirror had when it became the leader. */
  #before: MirrorContents | null = null;
  #publishing: string | null = null;
  #arranging: TimerId | null = null;
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
        if (node === this.#record.leader) this.#join();
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
    const id = publisher?.id ?? null;
    if (id !== null && this.#before?.knows(id) === true) {
      publisher!.confirmed(this.name);
      return;
    }
    this.#publishing = id;
    this.#queue.publish(message, publisher, flow);
    this.#publishing = null;
  }

  restarted(node: string): void {
    this.#remote?.restarted(node);
  }

  consume(channel: ConsumingChannel, options: ConsumerOptions, answer: Answer<null>): void {
    this.#queue.consume(channel, options, answer);
  }

  cancel(channel: ConsumingChannel, tag: string, answer: Answer<null>): void {
    this.#queue.cancel(channel, tag, answer);
  }

  get(channel: ConsumingChannel, noAck: boolean, answer: Answer<Fetched | null>): void {
    this.#queue.get(channel, noAck, answer);
  }

  /** What was delivered by another node is that node's to count, and gone with it. */
  settle(channel: ConsumingChannel, messages: readonly HeldMessage[], how: Settlement): void {
    const own = this.#leading === null ? messages : messages.filter((of) => 'expiresAt' in of);
    if (own.length > 0) this.#queue.settle(channel, own, how);
  }

  channelClosed(channel: ConsumingChannel): void {
    this.#queue.channelClosed(channel);
  }

  counts(answer: Answer<QueueCounts>): void {
    this.#queue.counts(answer);
  }

  purge(answer: Answer<number>): void {
    this.#queue.purge(answer);
  }

  delete(conditions: DeleteConditions, answer: Answer<number>): void {
    this.#queue.delete(conditions, answer);
  }

  setPolicy(policy: PolicyDefinition): void {
    this.#policy = policy;
    this.#leading?.process.setPolicy(policy);
    this.#arrangeLater();
  }

  forgotten(): void {
    this.#stopWatching();
    this.#remote?.forgotten();
    this.#ring?.leave();
    this.#ring = null;
  }

  inspect(messagesMax?: number): QueueView | null {
    return this.#leading?.process.inspect(messagesMax) ?? null;
  }

  /** What the mirror here has; null: there is none here. */
  get mirror(): { readonly count: number; readonly isSynchronised: boolean } | null {
    if (this.#contents === null) return null;
    const { count, isSynchronised } = this.#contents;
    return { count, isSynchronised };
  }

  /** What a mirror here has that has all its leader has, for checkers; null: there is none here. */
  get synchronised(): readonly Message[] | null {
    if (this.#contents?.isSynchronised !== true) return null;
    return this.#contents.messages.map(({ message }) => message);
  }

  /** The nodes that hear what this leader says, itself first. */
  get hearers(): readonly string[] {
    return this.#leading === null ? [] : (this.#ring?.members ?? []);
  }

  /** Gives all mirrors all messages (`rabbitmqctl sync_queue`). */
  synchronise(): void {
    if (this.#leading !== null) this.#say({ kind: 'sync', all: this.#leading.log.all }, null);
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
    if (others.length === 0) return;
    const destination = ports.random('drain').pick(others);
    this.#handsOverTo = destination;
    cluster?.moveQueue(this.name, destination, [destination]);
  }

  /** Its process ends with all that it has here (`{shutdown, dropped}`). */
  #dropped({ process }: Leading): void {
    assert(this.#record.leader !== this.#self, 'another leads', { queue: this.name });
    this.#leading = null;
    this.#before = null;
    this.#handsOverTo = null;
    this.#ring?.leave();
    this.#ring = null;
    process.dropped();
    this.#follow();
  }

  /** It was made the leader while the old one is there; without a mirror here it has nothing. */
  #takeOver(): void {
    const { leader, members } = this.#record;
    assert(leader === this.#self && members.length === 1, 'who takes over is alone at first', {
      leader,
      members,
    });
    const contents = this.#contents ?? new MirrorContents();
    const remote = present(this.#remote, 'who does not lead reaches the leader');
    this.#remote = null;
    this.#lead(contents);
    remote.handOver(this);
  }

  /** With the contents of a mirror that becomes the leader, or with what is on disk. */
  #lead(contents: MirrorContents | null): void {
    const { clock } = this.#context.ports;
    const recovered = contents === null ? null : restored(contents, clock.now());
    const stored = recovered === null ? this.#process.stored() : this.#storeAnew(recovered);
    const nextPosition = contents?.nextPosition ?? stored?.nextPosition ?? 0;
    this.#ring ??= this.#openRing();
    const log = new MirrorLog({
      ...{ clock, stored, nextPosition, recovered: recovered ?? stored?.recovered ?? [] },
      say: (instruction, stable) => this.#say(instruction, stable),
      publishing: () => this.#publishing,
      hasMirrors: () => (this.#ring?.members.length ?? 1) > 1,
    });
    this.#leading = { process: this.#process.open(log, this.#policy), log };
    this.#before = contents;
    this.#contents = null;
    this.#arrangeLater();
  }

  /** What this node had on disk was of an earlier time, when it led before. */
  #storeAnew(messages: readonly RestoredMessage[]): QueueLog | null {
    this.#process.stored()?.delete();
    const stored = this.#process.stored();
    for (const of of messages) {
      const { body } = of.message;
      stored?.publish({ ...of, priority: 0, bytes: body.length }, null);
    }
    return stored;
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
    const random = ports.random('mirrors');
    const members =
      policy === null
        ? [this.#self]
        : suggestedMembers(policy, { ...this.#record, leader: this.#self }, running, random);
    const { leader, members: before } = this.#record;
    const isSame = leader === this.#self && members.join(' ') === before.join(' ');
    if (!isSame) cluster.moveQueue(this.name, this.#self, members);
  }

  #mirrorJoined(node: string): void {
    const ring = this.#ring;
    const log = this.#leading?.log;
    if (log === undefined || ring === null || !this.#record.members.includes(node)) return;
    if (ring.members.includes(node)) ring.remove(node);
    ring.add(node);
    const { queue, messages } = { queue: this.name, messages: log.positions.length };
    this.#context.ports.trace.record(mirrorJoinedKind, { queue, node, messages });
    this.#say({ kind: 'depth', to: node, positions: log.positions }, null);
    if (haPolicyOf(this.#policy)?.syncsAutomatically === true) this.synchronise();
  }

  // ---------------------------------------------------------------------------------- the mirror

  #follow(): void {
    this.#remote = new RemoteQueue(this.#record, this.#context, () => this.#candidates.length > 0);
    if (this.#record.members.includes(this.#self)) this.#becomeMirror();
  }

  #becomeMirror(): void {
    this.#contents = new MirrorContents();
    this.#ring ??= this.#openRing();
    this.#join();
  }

  #join(): void {
    if (this.#contents !== null) this.#ring?.tell(this.#record.leader, JOINED);
  }

  #openRing(): Ring {
    const { links, vhost, ports } = this.#context;
    return new Ring({
      links,
      epoch: ports.clock.now(),
      name: `gm ${vhost} ${this.name}`,
      received: (origin, body) => {
        if (origin !== this.#record.leader) return;
        this.#contents?.follow(body as unknown as MirrorInstruction, this.#self);
      },
      told: (from) => this.#mirrorJoined(from),
    });
  }

  /** Metadata has another leader or other members. */
  moved(record: QueueRecord): void {
    const was = this.#record;
    this.#record = record;
    if (this.#leading !== null) {
      if (record.leader !== this.#self) {
        const { leader } = record;
        assert(leader === this.#handsOverTo, 'a leader ends with its node or hands over', {
          leader,
        });
        this.#dropped(this.#leading);
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
      this.#contents = null;
      this.#ring?.leave();
      this.#ring = null;
    } else if (this.#contents === null) {
      this.#becomeMirror();
    } else if (record.leader !== was.leader) {
      this.#join();
    }
  }

  // ----------------------------------------------------------------------------------- node down

  /** Mirrors that can be the leader when the leader is down, oldest first. */
  get #candidates(): readonly string[] {
    const { leader, members } = this.#record;
    const { links, cluster } = this.#context;
    const running = cluster?.running() ?? [];
    return members.filter(
      (node) => node !== leader && links.isConnected(node) && running.includes(node),
    );
  }

  #nodeDown(node: string): void {
    const { leader, members } = this.#record;
    if (this.#leading !== null) {
      if (members.includes(node)) this.#arrangeLater();
      return;
    }
    if (node !== leader) {
      if (this.#context.links.isConnected(leader)) return;
      if (this.#candidates.length === 0) this.#remote?.abandoned();
    }
    this.#promoteIfFirst();
  }

  /** The mirror that has been one for longest becomes the leader. */
  #promoteIfFirst(): void {
    const { leader } = this.#record;
    const { ports } = this.#context;
    const candidates = this.#candidates;
    const contents = this.#contents;
    if (candidates[0] !== this.#self || contents === null) return;
    const messages = contents.count;
    const lacks = contents.lackCount ?? -1;
    const entry = { queue: this.name, was: leader, messages, lacks };
    if (!contents.isSynchronised && haPolicyOf(this.#policy)?.promotesAlways !== true) {
      ports.trace.record(mirrorStaysKind, entry);
      this.#remote?.abandoned();
      return;
    }
    ports.trace.record(mirrorPromotedKind, entry);
    const remote = present(this.#remote, 'a mirror reaches its leader');
    this.#remote = null;
    this.#record = { ...this.#record, leader: this.#self };
    this.#lead(contents);
    this.#context.cluster?.moveQueue(this.name, this.#self, candidates);
    remote.handOver(this);
  }
}

function restored(contents: MirrorContents, now: number): readonly RestoredMessage[] {
  return contents.messages.map(({ position, message, ttlMicros, delivered }) => ({
    position,
    message,
    delivered,
    expiresAt: ttlMicros === null ? null : micros(now + Math.max(0, ttlMicros)),
  }));
}
