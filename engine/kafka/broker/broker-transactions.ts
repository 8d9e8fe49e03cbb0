/**
 * What the transaction module of a broker gives to the rest of it: the part that follows
 * transactions in a log, the question to the coordinator before a producer's first write
 * (KIP-890), and producer ids of transactional ids. Null in a broker without the module, which then
 * refuses transactional batches.
 *
 * Not here: the module (`transaction/`).
 */
import type { InitProducerIdRequest } from '../../wire/kafka/messages/init-producer-id.ts';
import type { ProduceRequest } from '../../wire/kafka/messages/produce.ts';
import type { RequestContext } from '../api/api-handler.ts';
import type { MakeLogTransactions, VerificationGuard } from '../partition/log-transactions.ts';
import type { Partition } from '../partition/partition.ts';

export interface BrokerTransactions {
  readonly makeLogTransactions: MakeLogTransactions;
  /**
   * Asks the coordinator about the partitions of a transactional Produce whose transaction is not
   * open in the log. `next` is called at once if there is nothing to ask, else in a later event.
   */
  verifyProduce(
    request: RequestContext<ProduceRequest>,
    next: (verified: VerifiedProduce) => void,
  ): void;
  /** The same for the offsets of a group, of which the coordinator writes one partition. */
  verifyOffsets(
    write: TransactionalWrite,
    next: (errorCode: number, guard: VerificationGuard | null) => void,
  ): void;
  /** InitProducerId with a transactional id. */
  initProducerId(request: RequestContext<InitProducerIdRequest>): void;
}

/** Offsets that a transaction commits to one partition of `__consumer_offsets`. */
export interface TransactionalWrite {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly partition: Partition;
  /** Since version 5 of TxnOffsetCommit the partition is taken up, not only looked for. */
  readonly addsPartition: boolean;
}

/** What the coordinator said, by the name of a partition, as in `pay-0`. */
export interface VerifiedProduce {
  /** Why nothing may be appended there. */
  readonly errors: ReadonlyMap<string, number>;
  readonly guards: ReadonlyMap<string, VerificationGuard>;
}

export const NOTHING_TO_VERIFY: VerifiedProduce = { errors: new Map(), guards: new Map() };
