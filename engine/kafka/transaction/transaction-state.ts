/**
 * The states of a transactional id, with the numbers that the log has for them, and which may
 * follow which. Source: `org.apache.kafka.coordinator.transaction.TransactionState`.
 *
 * Not here: what leads from one to the other (`transaction.machine.ts`, `transaction-metadata.ts`).
 */
import { assert } from '../../kernel/assert.ts';

/** By number, as `TransactionLogValue.transactionStatus` has them. */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const;
export type TransactionState = (typeof transactionStates)[number];

const PREVIOUS: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  Empty: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  Ongoing: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareCommit: ['Ongoing'],
  // Since 4.0 a producer may abort what it cannot know to have begun (KIP-890).
  PrepareAbort: ['Ongoing', 'PrepareEpochFence', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  CompleteCommit: ['PrepareCommit'],
  CompleteAbort: ['PrepareAbort'],
  Dead: ['Empty', 'CompleteAbort', 'CompleteCommit'],
  PrepareEpochFence: ['Ongoing'],
};

export function mayFollow(before: TransactionState, after: TransactionState): boolean {
  return PREVIOUS[after].includes(before);
}

/** The transactional id may be forgotten when it is idle in one of these. */
export function isExpirationAllowed(state: TransactionState): boolean {
  return state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort';
}

export function stateNumber(state: TransactionState): number {
  const number = transactionStates.indexOf(state);
  assert(number >= 0, 'a state', { state });
  return number;
}

/** The state with a number in the log; null for none that we know. */
export function stateOfNumber(number: number): TransactionState | null {
  return transactionStates[number] ?? null;
}
