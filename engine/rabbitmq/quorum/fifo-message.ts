/**
 * A message in a quorum queue, with what the queue knows of it. It is never changed in place, for
 * it may stand in a snapshot that is being written: whatever changes makes another.
 *
 * Difference: `rabbit_fifo` keeps the place in the log only, and reads the message from there when
 * it is delivered; here, and in snapshots, the message is whole.
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { Message } from '../message.ts';
import type { CommandMeta } from '../ra/ra-machine.ts';

export interface FifoMessage {
  /** The place of its enqueue, or of its last requeue to the back, in the log. */
  readonly index: number;
  readonly message: Term;
  /** Bytes of the body. */
  readonly bytes: number;
  /** From then on it is expired, wall clock of the leader in milliseconds; null: never. */
  readonly expiresAtMs: number | null;
  /** How often it was handed out and came back. */
  readonly acquiredCount: number;
  /** How often a consumer was gone with it, or all returns where the release counts no other. */
  readonly deliveryCount: number;
  /** Until then who has it, or had it last, is to settle it; without: when he likes. */
  readonly dueAtMs?: number;
}

/** One that is enqueued; of two times to live the shorter holds. */
export function enqueued(
  term: Term,
  { index, systemTimeMs }: Pick<CommandMeta, 'index' | 'systemTimeMs'>,
  messageTtlMs: number | null,
): FifoMessage {
  const { body, ttlMs } = messageOfTerm(term);
  const ttls = [ttlMs, messageTtlMs].flatMap((of) => of ?? []);
  // One that lives for no time can be consumed within the millisecond.
  const ttl = ttls.length === 0 ? null : Math.max(1, Math.min(...ttls));
  const expiresAtMs = ttl === null ? null : systemTimeMs + ttl;
  const counts = { acquiredCount: 0, deliveryCount: 0 };
  return { index, message: term, bytes: body.length, expiresAtMs, ...counts };
}

export function messageOfTerm(term: Term): Message {
  const message = term as unknown as Message;
  assert(message.body instanceof Uint8Array, 'a message', {});
  return message;
}

export function termOfMessage(message: Message): Term {
  return message as unknown as Term;
}
