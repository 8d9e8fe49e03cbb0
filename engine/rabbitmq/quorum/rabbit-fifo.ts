/**
 * The state machine of a quorum queue.
 *
 * Invariant R5: every message that was enqueued is ready, with a consumer, or gone for a reason
 * that is counted; asserted after each command. Invariant R7: what comes back is delivered before
 * what was never delivered; but without a delivery limit what is returned goes to the back (since
 * 3.10), so that the log can be cut.
 *
 * Sources: `rabbit_fifo` of 3.10.8, 4.1.0 and 4.3.5; rabbitmq.com/docs/quorum-queues. Differences:
 * its own versions are switches of the configuration, all members have the newest; what a consumer
 * of a node that is not connected has goes back at once, in 4.3 after 60 s. Not here: credit and
 * drain of AMQP 1.0, delayed retry of 4.3; consumers' turn (`fifo-consumers.ts`), dead letters
 * (`fifo-dlx.ts`), Raft (`ra/`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { Applied, CommandMeta, RaEffect, RaMachine } from '../ra/ra-machine.ts';
import type {
  ConsumerId,
  FifoCommand,
  FifoDelivery,
  FifoQuestion,
  FifoWord,
  ProcessId,
} from './fifo-command.ts';
import { type FifoConfig, NO_CONFIG } from './fifo-config.ts';
import { type FifoConsumer, handedTo, refund, timeoutOf } from './fifo-consumer.ts';
import { FifoConsumers } from './fifo-consumers.ts';
import { FifoDlx } from './fifo-dlx.ts';
import { FifoEffects } from './fifo-effects.ts';
import { FifoEnqueuers } from './fifo-enqueuers.ts';
import { enqueued, type FifoMessage, messageOfTerm } from './fifo-message.ts';
import {
  answerTo,
  deliveryOf,
  emptyGone,
  type FifoGone,
  type FifoHost,
  type FifoState,
  type Filling,
  hashOf,
  isLow,
  isOver,
  processesOf,
  returned,
  sumOf,
} from './fifo-state.ts';
import { ReadyList } from './ready-list.ts';

export class RabbitFifo implements RaMachine {
  readonly #host: FifoHost;
  #config: FifoConfig = NO_CONFIG;
  #ready = ReadyList.empty();
  #consumers = FifoConsumers.empty();
  #enqueuers = new FifoEnqueuers([]);
  #dlx = FifoDlx.empty();
  #gone: FifoGone = emptyGone();
  #enqueued = 0;
  #lastActiveMs: number | null = null;
  /** What the leader's timer was set for; undefined: not since it leads. */
  #timerAtMs: number | null | undefined = undefined;
  readonly #effects = new FifoEffects();

  constructor(host: FifoHost) {
    this.#host = host;
  }

  get config(): FifoConfig {
    return this.#config;
  }

  get readyCount(): number {
    return this.#ready.length;
  }

  /** For views. */
  get parts(): { readonly ready: ReadyList; readonly consumers: FifoConsumers; enqueued: number } {
    return { ready: this.#ready, consumers: this.#consumers, enqueued: this.#enqueued };
  }

  /** Dead letters that are still in the queue. */
  get discardCount(): number {
    return this.#dlx.length;
  }

  get gone(): Readonly<FifoGone> {
    return this.#gone;
  }

  // ------------------------------------------------------------------------------------- commands

  apply(meta: CommandMeta, term: Term): Applied {
    const command = term as unknown as FifoCommand;
    this.#lastActiveMs ??= meta.systemTimeMs;
    const wasLow = isLow(this.#config, this.#filling);
    const reply = this.#apply(meta, command);
    this.#deliver(meta.systemTimeMs);
    this.#limit(wasLow);
    this.#effects.push(...this.#dlx.checkout());
    this.#assertConserved();
    return { reply, effects: this.#effects.take() };
  }

  #apply(meta: CommandMeta, command: FifoCommand): Term {
    const { systemTimeMs } = meta;
    switch (command.type) {
      case 'register_enqueuer':
        this.#effects.monitor(command.process);
        this.#enqueuers.of(command.process);
        return this.#config.rejectsPublish && isOver(this.#config, this.#filling)
          ? 'reject_publish'
          : 'ok';
      case 'enqueue':
        return this.#enqueue(meta, command);
      case 'checkout':
        this.#checkout(command);
        return 'ok';
      case 'cancel':
        this.#consumers.cancel(command.consumer);
        if (this.#config.isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
        return 'ok';
      case 'dequeue':
        return this.#dequeue(systemTimeMs, command);
      case 'settle':
      case 'discard':
        this.#complete(systemTimeMs, command.consumer, command.ids, command.type);
        return 'ok';
      case 'return':
        return this.#return(meta, command.consumer, command.ids);
      case 'purge': {
        const count = this.#ready.clear();
        this.#gone.purged += count;
        return count;
      }
      default:
        this.#applyRare(meta, command);
        return 'ok';
    }
  }

  #applyRare({ systemTimeMs }: CommandMeta, command: FifoCommand): void {
    switch (command.type) {
      case 'update_config':
        this.#updateConfig(command.config);
        return;
      case 'delete':
        this.#tellAll({ type: 'eol' });
        this.#host.deleted();
        return;
      case 'dlx_checkout':
        this.#dlx.attach(command.process, command.prefetch);
        return;
      case 'dlx_settle':
        this.#dlx.settle(command.ids);
        return;
      case 'down':
        if (command.reason === 'ended') this.#ended(systemTimeMs, command.process);
        else this.#disconnected(systemTimeMs, command.process.node);
        return;
      case 'nodeup':
        this.#connected(command.node);
        return;
      case 'timeout':
        this.#timerAtMs = undefined;
        this.#timeOut(systemTimeMs);
        return;
      default:
        assert(false, 'a command of a quorum queue', { type: command.type });
    }
  }

  #updateConfig(config: FifoConfig): void {
    const before = this.#config.deadLetterStrategy;
    this.#config = config;
    if (before !== config.deadLetterStrategy && before === 'at-least-once') {
      // Whoever turns it off gives up what has not got away (`rabbit_fifo_dlx:switch_from`).
      this.#dlx = FifoDlx.empty();
    }
    this.#effects.call(() => this.#host.runsWorker(config.deadLetterStrategy === 'at-least-once'));
  }

  // ----------------------------------------------------------------------------------- publishing

  #enqueue(
    meta: CommandMeta,
    { process, seq, message: term }: Extract<FifoCommand, { type: 'enqueue' }>,
  ): Term {
    const order = this.#enqueuers.take(process, seq);
    if (order !== 'next') return order === 'duplicate' ? 'ok' : 'not_enqueued';
    if (seq === 1) this.#effects.monitor(process);
    const { messageTtlMs, priorities } = this.#config;
    this.#enqueued += 1;
    const priority = messageOfTerm(term).properties.priority ?? null;
    const message = enqueued(term, meta, messageTtlMs);
    this.#ready.append(message, priority, priorities);
    return 'ok';
  }

  get #filling(): Filling {
    const [ready, dlx] = [this.#ready, this.#dlx];
    return { messages: ready.length + dlx.length, bytes: ready.bytes + dlx.bytes };
  }

  /** Invariant R13: the newest stay, or publishers are told to stop. */
  #limit(wasLow: boolean): void {
    if (this.#config.rejectsPublish) {
      const full = isOver(this.#config, this.#filling);
      if (!full && (wasLow || !isLow(this.#config, this.#filling))) return;
      for (const process of this.#enqueuers.block(full)) {
        this.#effects.tell(process, { type: 'queue_status', rejects: full });
      }
      return;
    }
    while (isOver(this.#config, this.#filling) && this.#ready.length > 0)
      this.#die(this.#ready.take(), 'maxlen');
  }

  // ------------------------------------------------------------------------------------ delivering

  #checkout(command: Extract<FifoCommand, { type: 'checkout' }>): void {
    const { consumer, credit, priority } = command;
    const terms = { lifetime: 'auto', credit, priority, ...timeoutOf(command) } as const;
    const { isSingleActive } = this.#config;
    this.#effects.monitor(consumer.process);
    this.#consumers.attach(consumer, terms, isSingleActive);
    if (isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
  }

  #deliver(systemTimeMs: number): void {
    const sends = new Map<FifoConsumer, FifoDelivery[]>();
    this.#expire(systemTimeMs);
    for (let to = this.#consumers.next(); to !== undefined; to = this.#consumers.next()) {
      if (this.#ready.length === 0) break;
      this.#consumers.wasServed(to);
      const delivery = this.#handOut(to, systemTimeMs);
      const sent = sends.get(to);
      if (sent === undefined) sends.set(to, [delivery]);
      else sent.push(delivery);
      this.#consumers.update(to);
      this.#expire(systemTimeMs);
    }
    for (const [{ id }, messages] of sends) {
      this.#effects.tell(id.process, { type: 'delivery', tag: id.tag, messages });
    }
  }

  #handOut(to: FifoConsumer, systemTimeMs: number): FifoDelivery {
    const of = this.#ready.take();
    const id = to.nextId;
    assert(to.credit > 0 && !to.checkedOut.has(id), 'R8: within its credit', { credit: to.credit });
    to.nextId += 1;
    to.credit -= 1;
    to.checkedOut.set(id, handedTo(to, of, systemTimeMs));
    return deliveryOf(id, of);
  }

  #dequeue(systemTimeMs: number, command: Extract<FifoCommand, { type: 'dequeue' }>): Term {
    const { consumer, isSettled } = command;
    if (this.#config.isSingleActive) return 'single_active_consumer';
    this.#lastActiveMs = systemTimeMs;
    this.#expire(systemTimeMs);
    // The same question that was sent again: what it got is on its way.
    if (this.#ready.length === 0 || this.#consumers.get(consumer) !== undefined) return null;
    if (!isSettled) this.#effects.monitor(consumer.process);
    const how = { lifetime: 'once', credit: 1, priority: 0, ...timeoutOf(command) } as const;
    const once = this.#consumers.attach(consumer, how, false);
    const delivery = this.#handOut(once, systemTimeMs);
    if (isSettled) this.#complete(systemTimeMs, consumer, [delivery.id], 'settle');
    return { delivery, ready: this.#ready.length } as unknown as Term;
  }

  #expire(systemTimeMs: number): void {
    for (let head = this.#ready.head(); head !== undefined; head = this.#ready.head()) {
      if (head.expiresAtMs === null || head.expiresAtMs > systemTimeMs) return;
      this.#die(this.#ready.take(), 'expired');
    }
  }

  // -------------------------------------------------------------------------------------- settling

  #complete(
    systemTimeMs: number,
    id: ConsumerId,
    ids: readonly number[],
    how: 'settle' | 'discard',
  ): void {
    const consumer = this.#settling(id, ids);
    if (consumer === undefined) return;
    for (const one of ids) {
      const of = consumer.checkedOut.get(one);
      if (of === undefined) continue;
      consumer.checkedOut.delete(one);
      refund(consumer, 1);
      if (how === 'discard') this.#die(of, 'rejected');
      else this.#gone.acknowledged += 1;
    }
    this.#settled(systemTimeMs, consumer);
  }

  #settling(id: ConsumerId, ids: readonly number[]): FifoConsumer | undefined {
    this.#consumers.settled(id, ids);
    if (this.#config.isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
    return this.#consumers.get(id);
  }

  /** What was not settled in time goes back; who had it is told (`evaluate_consumer_timeout`). */
  #timeOut(systemTimeMs: number): void {
    const { isSingleActive } = this.#config;
    for (const { consumer, ids } of this.#consumers.late(systemTimeMs, isSingleActive)) {
      const { process, tag } = consumer.id;
      this.#effects.tell(process, { type: 'released', tag, ids });
      for (const one of ids) this.#giveBack(consumer, one, false);
      this.#consumers.timedOut(consumer, ids, isSingleActive);
    }
    if (isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
  }

  #settled(systemTimeMs: number, consumer: FifoConsumer): void {
    if (this.#consumers.update(consumer)) this.#lastActiveMs = systemTimeMs;
    if (this.#config.isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
  }

  #return({ index, systemTimeMs }: CommandMeta, id: ConsumerId, ids: readonly number[]): Term {
    const consumer = this.#settling(id, ids);
    if (consumer === undefined) return 'ok';
    const toBack = this.#config.requeuesToBack && this.#config.deliveryLimit === null;
    for (const one of ids) {
      const of = consumer.checkedOut.get(one);
      if (of === undefined) continue;
      if (toBack) {
        consumer.checkedOut.delete(one);
        refund(consumer, 1);
        const back = { ...returned(of, this.#config, false), index };
        this.#ready.append(back, null, this.#config.priorities);
      } else {
        this.#giveBack(consumer, one, false);
      }
    }
    this.#settled(systemTimeMs, consumer);
    return 'ok';
  }

  /** Gives a message back, unless that is once too often. */
  #giveBack(consumer: FifoConsumer, one: number, isFailure: boolean): void {
    const of = consumer.checkedOut.get(one);
    assert(of !== undefined, 'it has it', { one });
    consumer.checkedOut.delete(one);
    refund(consumer, 1);
    const { deliveryLimit, limitsFailures } = this.#config;
    const back = returned(of, this.#config, isFailure);
    const { acquiredCount, deliveryCount } = back;
    const counted = limitsFailures ? deliveryCount : acquiredCount;
    if (deliveryLimit !== null && counted > deliveryLimit) this.#die(back, 'delivery_limit');
    else this.#ready.giveBack(back);
  }

  /** Invariant R9: a dead letter leaves at once, or when its targets have it. */
  #die(message: FifoMessage, reason: Exclude<keyof FifoGone, 'acknowledged' | 'purged'>): void {
    this.#gone[reason] += 1;
    const { deadLetterStrategy } = this.#config;
    if (deadLetterStrategy === 'at-least-once') {
      this.#dlx.add({ reason, message });
    } else if (deadLetterStrategy === 'at-most-once') {
      const config = this.#config;
      this.#effects.call(() => this.#host.deadLetter(message.message, reason, config));
    }
  }

  // ------------------------------------------------------------------------------------- processes

  #giveBackAll(consumer: FifoConsumer): void {
    for (const one of [...consumer.checkedOut.keys()]) this.#giveBack(consumer, one, true);
  }

  #ended(systemTimeMs: number, process: ProcessId): void {
    this.#enqueuers.remove(process);
    for (const consumer of this.#consumers.of(process)) {
      this.#giveBackAll(consumer);
      this.#consumers.remove(consumer);
      this.#lastActiveMs = systemTimeMs;
    }
    if (this.#config.isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
  }

  /** The node may come back, so its consumers are suspected, and what they have goes to others. */
  #disconnected(systemTimeMs: number, node: string): void {
    this.#effects.push({ effect: 'monitor-node', node });
    for (const consumer of this.#consumers.of(node)) {
      if (consumer.status === 'suspected' || consumer.status === 'cancelled') continue;
      consumer.status = 'suspected';
      this.#lastActiveMs = systemTimeMs;
      if (this.#consumers.isWaiting(consumer)) continue;
      this.#giveBackAll(consumer);
      if (this.#config.isSingleActive) this.#consumers.demote(consumer);
    }
    if (this.#config.isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
  }

  #connected(node: string): void {
    for (const process of this.#enqueuers.processes) {
      if (process.node === node) this.#effects.monitor(process);
    }
    for (const consumer of this.#consumers.of(node)) {
      this.#effects.monitor(consumer.id.process);
      if (consumer.status !== 'suspected') continue;
      consumer.status = 'up';
      if (!this.#consumers.isWaiting(consumer)) this.#consumers.update(consumer);
    }
    if (this.#config.isSingleActive) this.#consumers.activate(this.#config.activatesByPriority);
  }

  // ---------------------------------------------------------------------------------------- office

  entered(role: 'leader' | 'follower', _systemTimeMs: number): readonly RaEffect[] {
    this.#timerAtMs = undefined;
    if (role === 'follower') {
      this.#host.runsWorker(false);
      return [];
    }
    for (const process of processesOf(this.#enqueuers, this.#consumers))
      this.#effects.monitor(process);
    this.#tellAll({ type: 'leader_change' });
    for (const command of this.#host.becameLeader(this.#config)) {
      this.#effects.append(command);
    }
    this.#host.runsWorker(this.#config.deadLetterStrategy === 'at-least-once');
    return this.#effects.take();
  }

  /** The timer for the head's expiry, and for what is to be settled first. */
  applied(systemTimeMs: number): readonly RaEffect[] {
    const atMs = this.#consumers.nextDueMs(this.#ready.head()?.expiresAtMs ?? null);
    if (atMs === this.#timerAtMs) return [];
    this.#timerAtMs = atMs;
    const delayMs = atMs === null ? null : Math.max(0, atMs - systemTimeMs);
    return [{ effect: 'timer', delayMs }];
  }

  /** Asked every few seconds where it leads. */
  tick(systemTimeMs: number): void {
    const { expiresMs } = this.#config;
    if (expiresMs === null || this.#lastActiveMs === null || this.#consumers.isUsed) return;
    if (systemTimeMs > this.#lastActiveMs + expiresMs) this.#host.expired();
  }

  query(question: Term): Term {
    return answerTo(question as unknown as FifoQuestion, this.#ready.length, this.#consumers);
  }

  #tellAll(word: FifoWord): void {
    for (const process of processesOf(this.#enqueuers, this.#consumers))
      this.#effects.tell(process, word);
  }

  // ----------------------------------------------------------------------------------------- state

  snapshot(): Term {
    const state: FifoState = {
      config: this.#config,
      ready: this.#ready.toState(),
      consumers: this.#consumers.toState(),
      enqueuers: this.#enqueuers.toState(),
      dlx: this.#dlx.toState(),
      gone: { ...this.#gone },
      enqueued: this.#enqueued,
      lastActiveMs: this.#lastActiveMs,
    };
    return state as unknown as Term;
  }

  restore(term: Term): void {
    const state = term as unknown as FifoState;
    this.#config = state.config;
    this.#ready = new ReadyList(state.ready);
    this.#consumers = new FifoConsumers(state.consumers);
    this.#enqueuers = new FifoEnqueuers(state.enqueuers);
    this.#dlx = new FifoDlx(state.dlx);
    this.#gone = { ...state.gone };
    this.#enqueued = state.enqueued;
    this.#lastActiveMs = state.lastActiveMs;
    this.#assertConserved();
  }

  hash(): string {
    return hashOf(this.snapshot());
  }

  /** Invariant R5. */
  #assertConserved(): void {
    const held = this.#ready.length + this.#consumers.checkedOutCount;
    const gone = sumOf(this.#gone);
    assert(this.#enqueued === held + gone, 'R5: a message is held or gone for a reason', {
      enqueued: this.#enqueued,
      held,
      gone,
    });
  }
}
