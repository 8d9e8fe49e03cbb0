/**
 * The settings of the transaction coordinator, by their real names. Source:
 * `TransactionLogConfig`, `TransactionStateManagerConfig`, `AddPartitionsToTxnConfig`.
 */
import { type ConfigOf, boolean, int } from '../config.ts';

export const transactionSettings = {
  'add.partitions.to.txn.retry.backoff.max.ms': int(
    100,
    'How long a first write waits for the transaction before it to be completed.',
    { min: 0 },
  ),
  'add.partitions.to.txn.retry.backoff.ms': int(20, 'Wait before the coordinator is asked again.', {
    min: 1,
  }),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(
    10_000,
    'Time between looks for transactions that took too long.',
    { min: 1 },
  ),
  'transaction.max.timeout.ms': int(900_000, 'The longest transaction.timeout.ms of a producer.', {
    min: 1,
  }),
  'transaction.partition.verification.enable': boolean(
    true,
    'Whether a first write is checked at the coordinator (KIP-890).',
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    3_600_000,
    'Time between looks for idle transactional ids.',
    { min: 1 },
  ),
  'transaction.state.log.load.buffer.size': int(5_242_880, 'Bytes that are loaded at once.', {
    min: 1,
  }),
  'transaction.state.log.min.isr': int(2, 'min.insync.replicas of __transaction_state.', {
    min: 1,
  }),
  'transaction.state.log.num.partitions': int(50, 'Partitions of __transaction_state.', {
    min: 1,
  }),
  'transaction.state.log.replication.factor': int(3, 'Replicas of __transaction_state.', {
    min: 1,
  }),
  'transaction.state.log.segment.bytes': int(
    104_857_600,
    'Bytes of a segment of __transaction_state.',
    { min: 14 },
  ),
  'transactional.id.expiration.ms': int(
    604_800_000,
    'Idleness after which a transactional id is forgotten.',
    { min: 1 },
  ),
} as const;

export type TransactionSettings = ConfigOf<typeof transactionSettings>;
