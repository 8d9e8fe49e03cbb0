/**
 * The identity of messages in the stores: 16 octets, here as 32 hexadecimal digits.
 *
 * A message that is routed to several queues has one, so that it is stored once for all of them.
 * It is 64 random bits of this life of the node, and a count, hence new after each restart.
 * Source: `rabbit_guid:gen`, whose octets are a digest of the node, its serial and a count.
 */
import { Malformed } from '../../bytes/malformed.ts';
import type { Reader } from '../../bytes/reader.ts';
import type { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import type { Message } from '../message.ts';

/** 32 hexadecimal digits. */
export type MessageId = string;

const HALF_DIGITS = 16;
const WORD_DIGITS = 8;

export class MessageIds {
  readonly #prefix: string;
  readonly #known = new WeakMap<Message, MessageId>();
  #count = 0;

  constructor(random: Random) {
    this.#prefix = word(random.uint32()) + word(random.uint32());
    assert(this.#prefix.length === HALF_DIGITS, 'half an id', { prefix: this.#prefix });
  }

  /** The id of a message; the same for each queue that it goes to. */
  of(message: Message): MessageId {
    const known = this.#known.get(message);
    if (known !== undefined) return known;
    this.#count += 1;
    const id = this.#prefix + this.#count.toString(16).padStart(HALF_DIGITS, '0');
    assert(id.length === 2 * HALF_DIGITS, 'an id', { id });
    this.#known.set(message, id);
    return id;
  }

  /** A message that came from the disk has its id again. */
  restore(message: Message, id: MessageId): void {
    assert(!this.#known.has(message), 'a message is restored once', { id });
    this.#known.set(message, id);
  }
}

function word(value: number): string {
  return value.toString(16).padStart(WORD_DIGITS, '0');
}

export function writeMessageId(writer: Writer, id: MessageId): void {
  assert(id.length === 2 * HALF_DIGITS, 'an id', { id });
  for (let at = 0; at < id.length; at += WORD_DIGITS) {
    writer.uint32(parseInt(id.slice(at, at + WORD_DIGITS), 16));
  }
}

/** Throws `Malformed` where the octets end before. */
export function readMessageId(reader: Reader): MessageId {
  if (reader.remaining < HALF_DIGITS) throw new Malformed('a message id of 16 octets');
  let id = '';
  for (let at = 0; at < 4; at++) id += word(reader.uint32());
  return id;
}
