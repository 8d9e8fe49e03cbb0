/**
 * The second half of K24: a transaction that takes longer than its producer allowed is aborted. A
 * coordinator looks for such ones at an interval; one that runs, coordinates, and lets several
 * looks pass without even trying will never abort it.
 *
 * Time counts only while the coordinator has it: one that was paused, restarted or replaced begins
 * anew, and a change that is being written, or could not be, is a try. What the coordinator goes by
 * is its own wall clock. Not here: what is open where (`transaction-checks.ts`).
 * Source: `TransactionCoordinator.abortTimedOutTransactions`.
 */
import type { TransactionMetadata } from '../../../kafka/transaction/transaction-metadata.ts';
import type { TransactionModule } from '../../../kafka/transaction/transaction-module.ts';
import { microsOfMillis } from '../../../kernel/units.ts';

/** So many looks may pass; the first one that can see it may be a whole interval away. */
const LOOKS_MAX = 3;

/** One coordinator, as it was looked at last. Microseconds of virtual time. */
interface Looked {
  at: number;
  /** By transactional id: since when it is overdue without a try. */
  readonly since: Map<string, number>;
}

export class TransactionDeadlines {
  readonly #looked = new WeakMap<TransactionModule, Looked>();

  /** What is overdue at a broker after one of its events; null if nothing is. */
  overdue(module: TransactionModule | null, now: number, wallMs: number): string | null {
    if (module === null) return null;
    const { coordinator } = module;
    const interval = microsOfMillis(coordinator.abortIntervalMs);
    const before = this.#looked.get(module);
    const wasAway = before === undefined || now - before.at > 2 * interval;
    const since = new Map<string, number>();
    this.#looked.set(module, { at: now, since });
    for (const metadata of coordinator.transactions()) {
      if (!isUntried(metadata, wallMs)) continue;
      const { transactionalId, producerEpoch } = metadata;
      const known = wasAway ? now : (before.since.get(transactionalId) ?? now);
      since.set(transactionalId, known);
      if (now - known <= LOOKS_MAX * interval) continue;
      const what = `the transaction of ${transactionalId}, epoch ${producerEpoch}, is overdue`;
      return `${what}, and its coordinator does not end it`;
    }
    return null;
  }
}

function isUntried(metadata: TransactionMetadata, wallMs: number): boolean {
  const { state, pendingState, hasFailedEpochFence, startMs, timeoutMs } = metadata;
  if (state !== 'Ongoing' || pendingState !== null || hasFailedEpochFence) return false;
  return startMs + timeoutMs < wallMs;
}
