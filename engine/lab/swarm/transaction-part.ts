/**
 * The transactional producers of a seed of the swarm: what their applications do, who takes their
 * place, and when nothing is left open.
 *
 * A process that began anew is a new application: it takes its transactional id under another
 * name. Not here: which producers a seed has (`swarm-parts.ts`), the invariants (K22 to K26) and
 * what a transaction is (`kafka-transactions.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { randomStream } from '../../kernel/random.ts';
import type { Random } from '../../kernel/ports.ts';
import type { Lab } from '../experiment.ts';
import { Transactions } from '../kafka-transactions.ts';
import type { KafkaCluster } from '../kafka.ts';
import type { PartKnobs } from './swarm-parts.ts';

/** For brokers with a transaction coordinator. */
export const transactionBrokerSettings = {
  'transaction.state.log.num.partitions': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
} as const;

const PRODUCER = {
  'linger.ms': '0',
  'transaction.timeout.ms': '8000',
  'request.timeout.ms': '2000',
  'delivery.timeout.ms': '5000',
  // What old releases do not have by default, and transactions need.
  acks: 'all',
  'enable.idempotence': 'true',
  retries: '2147483647',
} as const;
const NOBODY = { groupId: 'transform', generationId: -1, memberId: '', groupInstanceId: null };

/** Who has a transactional id now. */
interface Teller {
  readonly id: string;
  name: string;
  count: number;
  /** The next offset that a transformation commits. */
  offset: number;
}

export class TransactionPart {
  readonly transactions: Transactions;
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #set: PartKnobs;
  readonly #random: Random;
  readonly #tellers: Teller[] = [];

  constructor(
    lab: Lab,
    cluster: KafkaCluster,
    topic: { readonly name: string; readonly partitions: number },
    set: PartKnobs,
  ) {
    this.#lab = lab;
    this.#cluster = cluster;
    this.#topic = topic.name;
    this.#partitions = topic.partitions;
    this.#set = set;
    this.#random = randomStream(lab.seed, 'swarm/tellers');
    this.transactions = new Transactions(lab, cluster);
  }

  /** Adds the producers of the beginning, and readers of what is committed. */
  begin(names: readonly string[]): void {
    for (const name of names) {
      this.#tellers.push({ id: name, name, count: 1, offset: 0 });
      this.transactions.addProducer(name, name, PRODUCER);
    }
    for (let partition = 0; partition < this.#partitions; partition++) {
      this.transactions.addReader(`reader-${partition}`, this.#topic, {}, partition);
    }
  }

  burst(): void {
    for (const teller of this.#tellers) {
      this.#act(teller, true);
      this.#act(teller, true);
    }
  }

  /** Ends what is open, and begins nothing. Whether all is ended. */
  atRest(): boolean {
    let rests = true;
    for (const teller of this.#tellers) {
      const state = this.#stateOf(teller);
      const isIdle = this.transactions.isIdle(teller.name);
      if (state === 'IN_TRANSACTION' || state === 'ABORTABLE_ERROR') {
        this.#act(teller, false);
        rests = false;
      } else if (state !== 'FATAL_ERROR' && state !== null && !isIdle) rests = false;
    }
    const partitions = Array.from({ length: this.#partitions }, (_, partition) => partition);
    const { transactions } = this;
    if (partitions.some((one) => transactions.stableLag(this.#topic, one) > 0)) return false;
    return rests && transactions.torn.length === 0 && transactions.lost.length === 0;
  }

  /** Null where its process is not the one that was begun. */
  #stateOf({ name }: Teller): string | null {
    const { incarnation, state } = this.#lab.host(name);
    if (incarnation !== 1 || state !== 'running') return null;
    return this.transactions.producer(name)?.state ?? null;
  }

  #act(teller: Teller, mayBegin: boolean): void {
    const { transactions } = this;
    const random = this.#random;
    const state = this.#stateOf(teller);
    const isFatal = state === null || state === 'FATAL_ERROR';
    const isReplaced = this.#set['zombie.twins'] === true && random.below(10) === 0;
    if (mayBegin && (isFatal || isReplaced)) return this.#replace(teller);
    if (isFatal || !transactions.isIdle(teller.name)) return;
    if (state === 'UNINITIALIZED' && mayBegin) transactions.init(teller.name);
    else if (state === 'READY' && mayBegin) {
      transactions.begin(teller.name);
      this.#send(teller);
    } else if (state === 'ABORTABLE_ERROR') transactions.abort(teller.name);
    else if (state === 'IN_TRANSACTION') this.#goOn(teller, mayBegin);
  }

  #goOn(teller: Teller, mayBegin: boolean): void {
    const random = this.#random;
    const { transactions } = this;
    const turn = random.below(8);
    if (mayBegin && turn < 2) this.#send(teller);
    else if (mayBegin && turn === 2 && this.#set['transforms.offsets'] === true) {
      const offset = ++teller.offset;
      const of = { topic: this.#topic, partition: 0, offset, leaderEpoch: -1, metadata: '' };
      transactions.sendOffsets(teller.name, [of], { ...NOBODY, groupId: `transform-${teller.id}` });
    } else if (turn === 3) transactions.abort(teller.name);
    else transactions.commit(teller.name);
  }

  #send({ name }: Teller): void {
    const count = 1 + this.#random.below(3);
    this.transactions.send(name, this.#topic, count, this.#random.below(this.#partitions));
  }

  /** Whoever had the id before lives on, and does not know it. */
  #replace(teller: Teller): void {
    assert(this.#cluster.nodeIds.length > 0, 'a cluster', { id: teller.id });
    teller.count++;
    teller.name = `${teller.id}-${teller.count}`;
    this.transactions.addProducer(teller.name, teller.id, PRODUCER);
  }
}
