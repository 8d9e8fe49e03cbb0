/**
 * The APIs of transactions, which are known to the codecs (`apiOf`) once this file is imported: by
 * the coordinator's module, by a transactional producer.
 */
import type { Api } from './api.ts';
import { addOffsetsToTxn } from './messages/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from './messages/add-partitions-to-txn.ts';
import { describeProducers } from './messages/describe-producers.ts';
import { describeTransactions } from './messages/describe-transactions.ts';
import { endTxn } from './messages/end-txn.ts';
import { listTransactions } from './messages/list-transactions.ts';
import { txnOffsetCommit } from './messages/txn-offset-commit.ts';
import { writeTxnMarkers } from './messages/write-txn-markers.ts';

/** By ascending key. */
export const transactionApis: readonly Api[] = Object.freeze([
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  writeTxnMarkers,
  txnOffsetCommit,
  describeProducers,
  describeTransactions,
  listTransactions,
]);
