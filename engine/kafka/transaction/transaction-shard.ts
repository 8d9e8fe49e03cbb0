/**
 * One partition of `__transaction_state` on its leader: the transactional ids in it, as the log's
 * records say.
 *
 * Not here: what changes them (`transaction-coordinator.ts`), the bytes
 * (`wire/kafka/transaction-log.ts`). Source: `TransactionStateManager`, `TransactionLog`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import {
  type TransactionLogValue,
  decodeTransactionLogKey,
  decodeTransactionLogValue,
  encodeTransactionLogKey,
  encodeTransactionLogValue,
} from '../../wire/kafka/transaction-log.ts';
import type { CoordinatorRecordCodec, CoordinatorShard } from '../coordinator/coordinator-shard.ts';
import { TransactionMetadata } from './transaction-metadata.ts';

/** A transactional id and its state; null: it has expired. */
export interface TransactionRecord {
  readonly transactionalId: string;
  readonly value: TransactionLogValue | null;
}

export class TransactionShard implements CoordinatorShard<TransactionRecord> {
  readonly index: number;
  readonly transactions = new Map<string, TransactionMetadata>();
  readonly #ports: Pick<Ports, 'clock' | 'trace'>;
  readonly #loaded: (shard: TransactionShard) => void;
  readonly #unloaded: (shard: TransactionShard) => void;

  constructor(
    ports: Pick<Ports, 'clock' | 'trace'>,
    index: number,
    hooks: {
      readonly loaded: (shard: TransactionShard) => void;
      readonly unloaded: (shard: TransactionShard) => void;
    },
  ) {
    assert(index >= 0, 'a partition of __transaction_state', { index });
    this.#ports = ports;
    this.index = index;
    this.#loaded = hooks.loaded;
    this.#unloaded = hooks.unloaded;
  }

  /** Only while loading: afterwards a change is taken in when it is committed. */
  replay({ transactionalId, value }: TransactionRecord): void {
    assert(transactionalId.length > 0, 'a transactional id');
    if (value === null) {
      this.transactions.delete(transactionalId);
      return;
    }
    let known = this.transactions.get(transactionalId);
    if (known === undefined) {
      known = new TransactionMetadata(this.#ports, {
        transactionalId,
        producerId: value.producerId,
        timeoutMs: value.transactionTimeoutMs,
        nowMs: value.transactionLastUpdateTimestampMs,
      });
      this.transactions.set(transactionalId, known);
    }
    if (!known.replay(value)) this.transactions.delete(transactionalId);
  }

  loaded(): void {
    this.#loaded(this);
  }

  unloaded(): void {
    this.#unloaded(this);
  }
}

/** Records of the log, with values of version 1 since `transaction.version=1`. */
export function transactionLogCodec(version: 0 | 1): CoordinatorRecordCodec<TransactionRecord> {
  return {
    encode: ({ transactionalId, value }) => ({
      key: encodeTransactionLogKey(transactionalId),
      value: value === null ? null : encodeTransactionLogValue(value, version),
    }),
    decode: (key, bytes) => {
      const transactionalId = decodeTransactionLogKey(key);
      if (transactionalId === null || transactionalId === '') return null;
      if (bytes === null) return { transactionalId, value: null };
      const value = decodeTransactionLogValue(bytes);
      return value === null ? null : { transactionalId, value };
    },
  };
}
