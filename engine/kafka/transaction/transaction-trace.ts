/**
 * What transactions tell the trace, and the sentences for it.
 *
 * Not here: their states (`transaction.machine.ts`, by `kernel/machine.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** The coordinator itself ends a transaction: its producer is fenced, or took too long. */
export const transactionEndKind = traceKind('transaction-end', {
  transactionalId: 'string',
  producerId: 'int',
  producerEpoch: 'int',
  result: 'string',
  reason: 'string',
});

/** A transactional id was idle for too long; `error` is NONE if it is forgotten. */
export const transactionExpiredKind = traceKind('transaction-expired', {
  transactionalId: 'string',
  error: 'string',
});

/** The leader of a partition wrote the end of a transaction. */
export const transactionMarkerKind = traceKind('transaction-marker', {
  partition: 'string',
  producerId: 'int',
  producerEpoch: 'int',
  result: 'string',
  offset: 'int',
  error: 'string',
});

/** The leader of a partition asked the coordinator whether a first write is in its transaction. */
export const transactionVerifiedKind = traceKind('transaction-verified', {
  partition: 'string',
  producerId: 'int',
  error: 'string',
});

/** A producer's transaction changed: what it asked for, and the error that it got. */
export const producerTransactionKind = traceKind('producer-transaction', {
  transactionalId: 'string',
  request: 'string',
  error: 'string',
});

export const transactionNarration: Narration = {
  'transaction-end': {
    en: (e) =>
      `${e['host']} aborts the transaction of ${e['transactionalId']} (${e['reason']}): ` +
      `what comes with epoch ${e['producerEpoch']} is refused from now on.`,
    zh: (e) =>
      `${e['host']} 中止 ${e['transactionalId']} 的事务（${e['reason']}）：` +
      `此后 epoch ${e['producerEpoch']} 的写入一律被拒绝。`,
  },
  'transaction-expired': {
    en: (e) => `${e['host']} forgets the transactional id ${e['transactionalId']}: ${e['error']}.`,
    zh: (e) => `${e['host']} 忘掉事务 id ${e['transactionalId']}：${e['error']}。`,
  },
  'transaction-marker': {
    en: (e) =>
      `${e['host']} writes the ${e['result']} marker of producer ${e['producerId']} ` +
      `to ${e['partition']} at offset ${e['offset']}: ${e['error']}.`,
    zh: (e) =>
      `${e['host']} 在 ${e['partition']} 的 offset ${e['offset']} 写入生产者 ` +
      `${e['producerId']} 的 ${e['result']} 标记：${e['error']}。`,
  },
  'transaction-verified': {
    en: (e) =>
      `${e['host']} asked the coordinator about ${e['partition']} for producer ` +
      `${e['producerId']}: ${e['error']}.`,
    zh: (e) =>
      `${e['host']} 就 ${e['partition']} 和生产者 ${e['producerId']} 询问协调者：${e['error']}。`,
  },
  'producer-transaction': {
    en: (e) => `${e['host']}: ${e['request']} of ${e['transactionalId']}: ${e['error']}.`,
    zh: (e) => `${e['host']}：${e['transactionalId']} 的 ${e['request']}：${e['error']}。`,
  },
};
