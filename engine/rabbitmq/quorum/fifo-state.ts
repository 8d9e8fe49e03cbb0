/**
 * What the state of a quorum queue is made of, as data, and what follows from parts of it alone.
 *
 * Not here: what changes it (`rabbit-fifo.ts`).
 */
import { assert, unreachable } from '../../kernel/assert.ts';
import { Hash64 } from '../../kernel/hash.ts';
import { Writer } from '../../bytes/writer.ts';
import { type Term, termSize, writeTerm } from '../../wire/erlang/term.ts';
import type { DeathReason } from '../queue/death.ts';
import {
  type FifoCommand,
  type FifoDelivery,
  type FifoQuestion,
  processKey,
  type ProcessId,
} from './fifo-command.ts';
import type { FifoConfig } from './fifo-config.ts';
import type { ConsumersState, FifoConsumers } from './fifo-consumers.ts';
import type { DlxState } from './fifo-dlx.ts';
import type { Enqueuer, FifoEnqueuers } from './fifo-enqueuers.ts';
import type { FifoMessage } from './fifo-message.ts';
import type { ReadyState } from './ready-list.ts';

/** Of a full queue so much must be free before publishers may go on: `?LOW_LIMIT` 0.8. */
const LOW_LIMIT_TENTHS = 8;
/** Why messages left the queue, each with its count. */
export interface FifoGone {
  acknowledged: number;
  rejected: number;
  expired: number;
  maxlen: number;
  delivery_limit: number;
  purged: number;
}

/** What the node of the leader does for the machine. */
export interface FifoHost {
  /** Dead-lettering at most once. */
  deadLetter(message: Term, reason: DeathReason, config: FifoConfig): void;
  /** Nobody used the queue for so long as `x-expires` says. */
  expired(): void;
  /** On each member, when it has applied the queue's deletion. */
  deleted(): void;
  /** This member leads now: what to put into the log first. */
  becameLeader(config: FifoConfig): readonly FifoCommand[];
  /** Whether a worker for dead letters is to run here. */
  runsWorker(isNeeded: boolean): void;
}

export interface FifoState {
  readonly config: FifoConfig;
  readonly ready: ReadyState;
  readonly consumers: ConsumersState;
  readonly enqueuers: readonly Enqueuer[];
  readonly dlx: DlxState;
  readonly gone: FifoGone;
  readonly enqueued: number;
  readonly lastActiveMs: number | null;
}

/**
 * What counts towards the limits of the queue: what is ready, and dead letters that are not away.
 */
export interface Filling {
  readonly messages: number;
  readonly bytes: number;
}

export function isOver({ maxLength, maxBytes }: FifoConfig, { messages, bytes }: Filling): boolean {
  assert(messages >= 0 && bytes >= 0, 'both are counted', { messages, bytes });
  return messages > (maxLength ?? Infinity) || bytes > (maxBytes ?? Infinity);
}

/** Whether a full queue is so far from full again that publishers may go on. */
export function isLow({ maxLength, maxBytes }: FifoConfig, { messages, bytes }: Filling): boolean {
  if (maxLength === null && maxBytes === null) return false;
  const low = (limit: number | null, value: number): boolean =>
    limit === null || value <= Math.floor((limit * LOW_LIMIT_TENTHS) / 10);
  return low(maxLength, messages) && low(maxBytes, bytes);
}

/** A message that comes back. `isFailure`: its consumer was gone. */
export function returned(
  of: FifoMessage,
  { countsAcquired }: FifoConfig,
  isFailure: boolean,
): FifoMessage {
  const counts = !countsAcquired || isFailure;
  const deliveryCount = of.deliveryCount + (counts ? 1 : 0);
  assert(deliveryCount <= of.acquiredCount + 1, 'a return is counted', { deliveryCount });
  return { ...of, acquiredCount: of.acquiredCount + 1, deliveryCount };
}

export function deliveryOf(id: number, of: FifoMessage): FifoDelivery {
  const { index, message, acquiredCount, deliveryCount } = of;
  return { id, index, message, acquiredCount, deliveryCount };
}

export function emptyGone(): FifoGone {
  return { acknowledged: 0, rejected: 0, expired: 0, maxlen: 0, delivery_limit: 0, purged: 0 };
}

export function sumOf(gone: FifoGone): number {
  const { acknowledged, rejected, expired, maxlen, delivery_limit: limit, purged } = gone;
  return acknowledged + rejected + expired + maxlen + limit + purged;
}

/** All that are to hear of a change of leaders. */
export function processesOf(
  enqueuers: FifoEnqueuers,
  consumers: FifoConsumers,
): readonly ProcessId[] {
  const found = new Map<string, ProcessId>();
  const consuming = [...consumers.all()].map(({ id }) => id.process);
  for (const one of [...enqueuers.processes, ...consuming]) found.set(processKey(one), one);
  return [...found.values()];
}

export function answerTo(question: FifoQuestion, ready: number, consumers: FifoConsumers): Term {
  switch (question.type) {
    case 'stat':
      return { ready, consumers: consumers.served.length };
    case 'checked_out': {
      const checkedOut = consumers.get(question.consumer)?.checkedOut ?? new Map();
      const missing = [...checkedOut].filter(([id]) => id >= question.from);
      return missing.map(([id, of]) => deliveryOf(id, of)) as unknown as Term;
    }
    default:
      return unreachable('a question', question);
  }
}

/** Of a state as data. */
export function hashOf(state: Term): string {
  const writer = new Writer(termSize(state));
  writeTerm(writer, state);
  const hash = new Hash64();
  for (const octet of writer.finish()) hash.word(octet);
  return hash.digest();
}
