/**
 * Who is told of all that a classic queue has: its files, or its mirrors.
 */
import type { Micros } from '../../kernel/units.ts';
import type { Message } from '../message.ts';
import type { QueuedMessage } from './queued-message.ts';

/** A message that the queue has when it begins. */
export interface RestoredMessage {
  readonly message: Message;
  readonly position: number;
  readonly expiresAt: Micros | null;
  readonly delivered: boolean;
}

export interface QueueLog {
  /** In the order of their positions. */
  readonly recovered: readonly RestoredMessage[];
  /** The position of the next publication. */
  readonly nextPosition: number;
  /**
   * A message came into the queue: whether `confirmed` is called later, when nothing that is known
   * can take the message away; if not, there is nothing to wait for.
   */
  publish(of: QueuedMessage, confirmed: (() => void) | null): boolean;
  /** A message was handed out for the first time or again. */
  delivered(of: QueuedMessage): void;
  /** Messages are gone, for whatever reason. */
  remove(messages: readonly QueuedMessage[]): void;
  /** The queue is gone with all that it has. */
  delete(): void;
}
