/**
 * A client's connection to Redis: commands in, replies out in the order of the commands.
 *
 * Not here: what a command does (`redis.ts`).
 */
import type { Connection, Receiver } from '../../kernel/ports.ts';
import { failure, wordsOf } from './resp.ts';
import type { RespValue } from './resp.ts';

export interface ChannelOwner {
  handle(words: readonly string[], channel: RedisChannel, reply: (value: RespValue) => void): void;
  ended(channel: RedisChannel): void;
}

export class RedisChannel implements Receiver {
  readonly #owner: ChannelOwner;
  readonly #connection: Connection;
  /** Replies in the order of their commands; undefined: not known yet. */
  readonly #replies: { value: RespValue | undefined }[] = [];
  #open = true;

  constructor(owner: ChannelOwner, connection: Connection) {
    this.#owner = owner;
    this.#connection = connection;
  }

  get client(): string {
    return this.#connection.remote.host;
  }

  /** Sends what is no reply: the stream to a replica. */
  send(value: RespValue): void {
    if (this.#open) this.#connection.send(value);
  }

  close(): void {
    this.#open = false;
    this.#connection.close();
  }

  received(message: unknown): void {
    const words = wordsOf(message as RespValue);
    if (words === null) {
      this.send(failure('ERR Protocol error: expected an array of bulk strings'));
      return;
    }
    // Neither has a reply of its own: one is answered by the stream, the other not at all.
    const silent = ['PSYNC', 'REPLCONF'].includes(words[0]!.toUpperCase());
    const slot: { value: RespValue | undefined } = { value: undefined };
    if (!silent) this.#replies.push(slot);
    this.#owner.handle(words, this, (value) => {
      slot.value = value;
      this.#flush();
    });
  }

  closed(): void {
    this.#open = false;
    this.#owner.ended(this);
  }

  #flush(): void {
    for (;;) {
      const value = this.#replies[0]?.value;
      if (value === undefined) return;
      this.#replies.shift();
      this.send(value);
    }
  }
}
