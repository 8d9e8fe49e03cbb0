/**
 * A client of a quorum queue: a process of a node that sends commands to the leader without waiting
 * for each, and sends again what a new leader may not have.
 *
 *     commands -> leader -> committed -> applied -> answered in their order
 *
 * Each command is answered once, when it is committed and applied. Commands may arrive twice: the
 * machine takes a message once by its number, and knows what was settled.
 *
 * Source: `rabbit_fifo_client`. Differences: where no leader answers it asks again after a second,
 * there after the net_ticktime and 5 s; a consumer asks a new leader at once for deliveries that
 * were lost, there when the next one leaves a gap. Not here: what a queue does with the answers
 * (`quorum-queue.ts`), how many commands may be under way (`queue/soft-limit.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { ProcessMonitor } from '../ra/process-monitor.ts';
import type { RaCaller, RaCluster } from '../ra/ra-caller.ts';
import { asTerm, type ClientWord, type ServerWord } from '../ra/ra-message.ts';
import type { FifoCommand, FifoDelivery, FifoWord, ProcessId } from './fifo-command.ts';

const RETRY_MS = 1000;
/** A leader that was named is believed; without one, somebody is asked so soon again. */
const LEADERLESS_MS = 100;

interface Pending {
  readonly command: FifoCommand;
  readonly answer: (reply: Term) => void;
}

export interface FifoClientOptions {
  readonly ports: Pick<Ports, 'clock'>;
  readonly links: NodeLinks;
  readonly processes: ProcessMonitor;
  readonly caller: RaCaller;
  readonly cluster: RaCluster;
  readonly process: ProcessId;
  /** The next delivery of a consumer, in its order, each once. */
  readonly delivered: (tag: string, delivery: FifoDelivery) => void;
  /** The queue takes no more, or does again (overflow reject-publish). */
  readonly blocked: (isBlocked: boolean) => void;
  /** A consumer had deliveries for too long: they are in the queue again. */
  readonly timedOut: (tag: string) => void;
  /** The queue was deleted. */
  readonly ended: () => void;
}

export class FifoClient {
  readonly process: ProcessId;
  readonly #options: FifoClientOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #retry: Timer;
  /** By tag: the number of the last delivery. */
  readonly #lastIds = new Map<string, number>();
  readonly #unwatch: () => void;
  #seq = 0;
  #leader: string | null = null;
  /** Whom to try where nobody is known to lead. */
  #tries = 0;

  constructor(options: FifoClientOptions) {
    const { process, processes, links, ports } = options;
    assert(process.node === links.self, 'a process of this node', { ...process });
    this.process = process;
    this.#options = options;
    this.#retry = new Timer(ports.clock);
    processes.register(process.name, (from, word) => {
      this.#received(from, word as unknown as ClientWord);
    });
    this.#unwatch = links.watch({
      nodeUp: () => undefined,
      nodeDown: (node) => this.#nodeDown(node),
    });
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Sends a command; `answer` hears the machine's reply, once. */
  send(command: FifoCommand, answer: (reply: Term) => void = () => undefined): void {
    this.#seq += 1;
    this.#pending.set(this.#seq, { command, answer });
    this.#pipeline(this.#seq, command);
  }

  /** A consumer begins: its deliveries are counted from 0. */
  expect(tag: string): void {
    assert(!this.#lastIds.has(tag), 'a tag once', { tag });
    this.#lastIds.set(tag, -1);
  }

  /** Nothing that comes for the tag is delivered any more. */
  forget(tag: string): void {
    this.#lastIds.delete(tag);
  }

  /** The process ends: the leader hears of it by its monitor, and takes back what it had. */
  close(): void {
    this.#retry.cancel();
    this.#unwatch();
    this.#pending.clear();
    this.#options.processes.unregister(this.process.name);
  }

  #pipeline(seq: number, command: FifoCommand): void {
    const { links, cluster } = this.#options;
    const node = this.#leader ?? this.#someMember();
    const reply = { to: this.process, correlation: seq };
    const word: ServerWord = { type: 'command', command: command as unknown as Term, reply };
    if (node !== null) links.send(node, cluster.name, asTerm(word));
    if (!this.#retry.isSet) this.#retryAfter(RETRY_MS);
  }

  #someMember(): string | null {
    const { links, cluster } = this.#options;
    if (this.#tries === 0 && cluster.members.includes(links.self)) return links.self;
    const up = cluster.members.filter((node) => links.isConnected(node));
    return up[this.#tries % Math.max(1, up.length)] ?? null;
  }

  #retryAfter(ms: number): void {
    this.#retry.set(microsOfMillis(ms), 'quorum/resend', () => {
      if (this.#pending.size === 0) return;
      this.#leader = null;
      this.#tries += 1;
      this.#resend();
    });
  }

  #resend(): void {
    this.#retryAfter(RETRY_MS);
    for (const [seq, { command }] of [...this.#pending]) this.#pipeline(seq, command);
  }

  #nodeDown(node: string): void {
    if (this.#leader !== node) return;
    this.#leader = null;
    if (this.#pending.size > 0) this.#retryAfter(LEADERLESS_MS);
  }

  #received(_from: string, word: ClientWord): void {
    switch (word.type) {
      case 'applied':
        this.#leader = word.leader;
        this.#tries = 0;
        for (const [seq, reply] of word.replies) this.#answered(seq as number, reply);
        return;
      case 'rejected':
        this.#rejected(word.leader);
        return;
      default:
        this.#told(word.leader, word.message as unknown as FifoWord);
    }
  }

  #answered(seq: number, reply: Term): void {
    const pending = this.#pending.get(seq);
    if (pending === undefined) return;
    // One before it is missing there: all of them are sent again.
    if (reply === 'not_enqueued') return;
    this.#pending.delete(seq);
    if (this.#pending.size === 0) this.#retry.cancel();
    else this.#retryAfter(RETRY_MS);
    pending.answer(reply);
  }

  #rejected(leader: string | null): void {
    if (leader !== null && leader === this.#leader) return;
    this.#leader = leader;
    if (leader === null) this.#retryAfter(LEADERLESS_MS);
    else this.#resend();
  }

  #told(leader: string, word: FifoWord): void {
    switch (word.type) {
      case 'delivery':
        this.#delivered(word.tag, word.messages);
        return;
      case 'leader_change':
        this.#leader = leader;
        this.#resend();
        for (const tag of this.#lastIds.keys()) this.#askMissing(tag);
        return;
      case 'queue_status':
        this.#options.blocked(word.rejects);
        return;
      case 'released':
        this.#options.timedOut(word.tag);
        return;
      default:
        this.#options.ended();
    }
  }

  #delivered(tag: string, messages: readonly FifoDelivery[]): void {
    for (const delivery of messages) {
      const last = this.#lastIds.get(tag);
      if (last === undefined || delivery.id <= last) continue;
      if (delivery.id > last + 1) return this.#askMissing(tag);
      this.#lastIds.set(tag, delivery.id);
      this.#options.delivered(tag, delivery);
    }
  }

  /** Deliveries that a leader did not live to send. */
  #askMissing(tag: string): void {
    const { caller, cluster } = this.#options;
    const from = (this.#lastIds.get(tag) ?? -1) + 1;
    const consumer = { tag, process: this.process };
    const question = { type: 'checked_out', consumer, from } as unknown as Term;
    caller.query(cluster, 'consistent', question, (result) => {
      if (result.kind !== 'reply') return;
      this.#skipped(tag, result.reply as unknown as readonly FifoDelivery[]);
    });
  }

  /** What is missing and not with the consumer any more has gone back since. */
  #skipped(tag: string, messages: readonly FifoDelivery[]): void {
    for (const delivery of messages) {
      const last = this.#lastIds.get(tag);
      if (last === undefined || delivery.id <= last) continue;
      this.#lastIds.set(tag, delivery.id);
      this.#options.delivered(tag, delivery);
    }
  }
}
