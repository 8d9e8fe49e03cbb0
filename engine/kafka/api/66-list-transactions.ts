/**
 * ListTransactions: the transactional ids that this broker coordinates (KIP-664).
 *
 * Versions: 1 only what runs for longer than `durationFilter` (KIP-994); 2 a pattern for the ids
 * (KIP-1152). Difference: a pattern is a JavaScript one here, there RE2/J; one that cannot be read
 * is INVALID_REGULAR_EXPRESSION, as there.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type ListTransactionsRequest,
  type ListTransactionsResponse,
  listTransactions,
} from '../../wire/kafka/messages/list-transactions.ts';
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts';
import type { TransactionMetadata } from '../transaction/transaction-metadata.ts';
import { transactionStates as allStates } from '../transaction/transaction-state.ts';
import { type ApiHandler, apiHandler } from './api-handler.ts';

export function listTransactionsHandler(coordinator: TransactionCoordinator): ApiHandler {
  return apiHandler<ListTransactionsRequest>(listTransactions, (broker, request) => {
    const { stateFilters, transactionalIdPattern } = request.body;
    const known: readonly string[] = allStates;
    const unknownStateFilters = stateFilters.filter((name) => !known.includes(name));
    const pattern = patternOf(transactionalIdPattern);
    if (pattern === null) {
      const errorCode = ErrorCode.INVALID_REGULAR_EXPRESSION;
      request.respond({ throttleTimeMs: 0, errorCode, unknownStateFilters, transactionStates: [] });
      return;
    }
    const nowMs = broker.ports.clock.wall();
    const found = [...coordinator.transactions()].filter((metadata) =>
      matches(metadata, request.body, pattern, nowMs),
    );
    assert(
      found.every(({ state }) => state !== 'Dead'),
      'the dead are not listed',
    );
    const transactionStates = found.map(({ transactionalId, producerId, state }) => ({
      transactionalId,
      producerId,
      transactionState: state,
    }));
    const answer = { throttleTimeMs: 0, errorCode: 0, unknownStateFilters, transactionStates };
    request.respond(answer satisfies ListTransactionsResponse);
  });
}

/** Null for a pattern that cannot be read. */
function patternOf(text: string | null): RegExp | null {
  try {
    return new RegExp(text === null || text === '' ? '' : `^(?:${text})$`);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function matches(
  metadata: TransactionMetadata,
  filters: ListTransactionsRequest,
  pattern: RegExp,
  nowMs: number,
): boolean {
  const { stateFilters, producerIdFilters, durationFilter } = filters;
  const { state, producerId, startMs } = metadata;
  if (state === 'Dead') return false;
  if (stateFilters.length > 0 && !stateFilters.includes(state)) return false;
  if (producerIdFilters.length > 0 && !producerIdFilters.includes(producerId)) return false;
  if (durationFilter >= 0 && nowMs - startMs <= durationFilter) return false;
  return pattern.test(metadata.transactionalId);
}
