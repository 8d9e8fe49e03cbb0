/**
 * Dead-lettering at least once: where the leader of a quorum queue is, its worker publishes what
 * died there, and settles a message when all queues that it went to have confirmed it.
 *
 * Invariant R9: what has no queue to go to, or is refused by one, stays in the source and is tried
 * again. Source: `rabbit_fifo_dlx_worker`. Differences: a message that was refused or not routed is
 * published again to all its queues, there to those that did not confirm.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { Message } from '../message.ts';
import type { DeathReason } from '../queue/death.ts';
import type { Publisher } from '../queue/queue.ts';
import type { ProcessMonitor } from '../ra/process-monitor.ts';
import type { ClientWord } from '../ra/ra-message.ts';
import type { FifoCommand, ProcessId } from './fifo-command.ts';
import type { DlxDelivery } from './fifo-dlx.ts';
import { messageOfTerm } from './fifo-message.ts';
import { deadLettersConfirmedKind } from './quorum-trace.ts';

/** `dead_letter_worker_consumer_prefetch` */
const PREFETCH = 32;
/** `dead_letter_worker_publisher_confirm_timeout` */
const RETRY_MS = 180_000;

export interface DlxWorkerOptions {
  readonly ports: Pick<Ports, 'clock' | 'trace'>;
  readonly processes: ProcessMonitor;
  readonly process: ProcessId;
  readonly queue: string;
  /** A command for the queue's log. */
  readonly command: (command: FifoCommand) => void;
  /** Publishes; how many queues it goes to. */
  readonly publish: (message: Message, reason: DeathReason, publisher: Publisher) => number;
}

export class DlxWorker {
  readonly #options: DlxWorkerOptions;
  #isStopped = false;

  constructor(options: DlxWorkerOptions) {
    const { processes, process, command } = options;
    this.#options = options;
    processes.register(process.name, (_from, word) => this.#received(word as never as ClientWord));
    command({ type: 'dlx_checkout', process, prefetch: PREFETCH });
  }

  stop(): void {
    assert(!this.#isStopped, 'a worker ends once', { queue: this.#options.queue });
    this.#isStopped = true;
    this.#options.processes.unregister(this.#options.process.name);
  }

  #received(word: ClientWord): void {
    if (word.type !== 'machine') return;
    const { messages } = word.message as unknown as { readonly messages: readonly DlxDelivery[] };
    for (const delivery of messages) this.#forward(delivery);
  }

  #forward(delivery: DlxDelivery): void {
    let waits = 0;
    let isRefused = false;
    let isSent = false;
    const settle = (): void => {
      if (!isSent || waits > 0 || isRefused || this.#isStopped) return;
      this.#settled(delivery);
    };
    const publisher: Publisher = {
      confirmed: () => {
        waits -= 1;
        settle();
      },
      rejected: () => {
        if (!isRefused) this.#later(delivery);
        isRefused = true;
      },
    };
    const message = messageOfTerm(delivery.message.message as Term);
    const queues = this.#options.publish(message, delivery.reason, publisher);
    assert(queues >= 0, 'a count', { queues });
    if (queues === 0) return this.#later(delivery);
    waits += queues;
    isSent = true;
    settle();
  }

  #settled({ id }: DlxDelivery): void {
    const { ports, queue, command } = this.#options;
    ports.trace.record(deadLettersConfirmedKind, { queue, count: 1 });
    command({ type: 'dlx_settle', ids: [id] });
  }

  #later(delivery: DlxDelivery): void {
    this.#options.ports.clock.after(microsOfMillis(RETRY_MS), 'quorum/dead-letter', () => {
      if (!this.#isStopped) this.#forward(delivery);
    });
  }
}
