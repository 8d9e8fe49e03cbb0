/**
 * What the views see of a queue, whatever its type: its numbers, and its first messages.
 *
 * A message is known by the first word of its body. Not here: the queues, which fill this.
 */
import { assert } from '../../kernel/assert.ts';
import type { Message } from '../message.ts';

export interface MessageView {
  /** The first word of the body, cut. */
  readonly id: string;
  readonly isUnacknowledged: boolean;
  /** It was delivered before. */
  readonly isRedelivered: boolean;
  readonly isPersistent: boolean;
  readonly priority: number;
}

export interface QueueView {
  readonly name: string;
  /** `classic`, `quorum`, `stream`. */
  readonly type: string;
  readonly durable: boolean;
  /** Messages that it took since it was opened. */
  readonly published: number;
  readonly ready: number;
  readonly unacknowledged: number;
  readonly consumers: number;
  /** Messages that left it, by reason. */
  readonly gone: Readonly<Record<string, number>>;
  /** Those with consumers first, then those that are ready in their order: at most 48. */
  readonly messages: readonly MessageView[];
}

/** Messages that are shown of one queue. */
export const MESSAGES_SHOWN_MAX = 48;
const ID_CHARS_MAX = 16;
const SPACE = 0x20;
const PERSISTENT = 2;

interface Shown {
  readonly message: Message;
  readonly delivered: boolean;
  readonly priority: number;
}

/** A message as it is shown. */
export function messageView(
  { message, delivered, priority }: Shown,
  isUnacknowledged: boolean,
): MessageView {
  assert(priority >= 0, 'a priority', { priority });
  const isPersistent = message.properties.deliveryMode === PERSISTENT;
  const id = firstWord(message.body);
  return { id, isUnacknowledged, isRedelivered: delivered, isPersistent, priority };
}

/** What a body begins with: octets that are not printable are dots. */
export function firstWord(body: Uint8Array): string {
  let text = '';
  for (const octet of body.subarray(0, ID_CHARS_MAX)) {
    if (octet === SPACE) break;
    text += octet > SPACE && octet < 0x7f ? String.fromCharCode(octet) : '.';
  }
  return text;
}
