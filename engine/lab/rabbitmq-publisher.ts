/**
 * An application that publishes: what it wants to publish waits in it until its strategy lets it go
 * (one at a time, a window, a batch, a transaction), and it hears what became of each message.
 *
 * Not here: the history (`rabbitmq.ts`), the client (`rabbitmq/client`).
 */
import { assert } from '../kernel/assert.ts';
import type { AmqpClient } from '../rabbitmq/client/amqp-client.ts';
import type { ClientChannel, Publish } from '../rabbitmq/client/client-channel.ts';
import type { Told } from '../rabbitmq/client/outstanding-publishes.ts';
import { isShutdownSignal, type ShutdownSignal } from '../rabbitmq/client/shutdown-signal.ts';

export interface PublishStrategy {
  /** `confirm.select`, `tx.select`, or neither. */
  readonly mode: 'confirm' | 'tx' | 'none';
  /**
   * Messages published at once before their confirms are waited for: 1 is one by one, a larger
   * number with `inBatches` a batch, without it a window that goes on with each confirm. In `tx`
   * mode: messages of a transaction.
   */
  readonly outstandingMax: number;
  /** Wait for all of them before the next ones. */
  readonly inBatches: boolean;
  /** Publish again what was nacked, or of which nobody knows: at least once. */
  readonly republish: boolean;
}

export interface Intended {
  readonly id: string;
  readonly publish: Publish;
}

type Outcome = Told | ShutdownSignal;

export class PublishingApplication {
  readonly channel: ClientChannel;
  readonly #strategy: PublishStrategy;
  readonly #told: (id: string, outcome: Outcome) => void;
  readonly #waiting: Intended[] = [];
  /** What is to be published once more, before what waits. */
  readonly #again: Intended[] = [];
  readonly #outstanding = new Set<string>();
  /** In a batch or transaction: how many more may go. */
  #left: number;
  #isRunning = false;

  constructor(
    client: AmqpClient,
    strategy: PublishStrategy,
    told: (id: string, outcome: Outcome) => void,
  ) {
    assert(strategy.outstandingMax >= 1, 'a publisher publishes', { ...strategy });
    this.#strategy = strategy;
    this.#told = told;
    this.#left = strategy.outstandingMax;
    this.channel = client.openChannel();
    if (strategy.mode === 'confirm') this.channel.call('confirm.select', {});
    if (strategy.mode === 'tx') this.channel.call('tx.select', {});
  }

  /** Messages that it has not published yet. */
  get waitingCount(): number {
    return this.#waiting.length + this.#again.length;
  }

  /** Messages that it published and was not told of. */
  get outstandingCount(): number {
    return this.#outstanding.size;
  }

  publish(intended: Intended): void {
    this.#waiting.push(intended);
    this.run();
  }

  /** Publishes what the strategy allows. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.waitingCount > 0 && this.#mayPublish()) {
      // After a connection was lost, who publishes again waits for the next one.
      if (this.#strategy.republish && this.channel.state === 'recovering') break;
      this.#publish((this.#again.shift() ?? this.#waiting.shift())!);
    }
    // The last ones of a transaction do not fill it.
    if (this.waitingCount === 0) this.#commit();
    this.#isRunning = false;
  }

  #mayPublish(): boolean {
    const { mode, outstandingMax, inBatches } = this.#strategy;
    if (mode === 'none') return true;
    if (mode === 'tx' || inBatches) return this.#left > 0;
    return this.#outstanding.size < outstandingMax;
  }

  #publish(intended: Intended): void {
    const { id, publish } = intended;
    this.#outstanding.add(id);
    this.#left -= 1;
    this.channel.publish(publish, (outcome) => this.#onOutcome(intended, outcome));
    if (this.#left === 0) this.#commit();
  }

  #commit(): void {
    const { mode, outstandingMax } = this.#strategy;
    if (mode !== 'tx' || this.#left === outstandingMax || this.#left < 0) return;
    // None may be added until the answer is there.
    this.#left = -1;
    this.channel.call('tx.commit', {});
  }

  #onOutcome(intended: Intended, outcome: Outcome): void {
    const { id } = intended;
    const { republish, outstandingMax } = this.#strategy;
    this.#outstanding.delete(id);
    if (this.#outstanding.size === 0) this.#left = outstandingMax;
    const failed = isShutdownSignal(outcome) || outcome.outcome === 'nack';
    const again = republish && failed && this.channel.state !== 'closed';
    if (again) this.#again.push(intended);
    else this.#told(id, outcome);
    this.run();
  }
}
