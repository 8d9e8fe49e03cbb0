/**
 * What one durable classic queue has on disk: its persistent messages.
 *
 * A small message is in the queue's own files, a large one in the message store of the virtual
 * host, and its entry in the index either way. A publication is confirmed when both are where the
 * release says, or when the message is gone before.
 * Not here: what is ready and who has it (`queue/`). Source: `rabbit_variable_queue`. Differs: all
 * messages stay in memory, too (the real one keeps 2048 since 3.12); a queue with priorities has
 * one index, not one for each.
 */
import { assert } from '../../kernel/assert.ts';
import { micros, type Micros } from '../../kernel/units.ts';
import type { Message } from '../message.ts';
import type { QueuedMessage } from '../queue/queued-message.ts';
import type { MessageId, MessageIds } from './message-id.ts';
import type { MessageStore, StorePorts } from './message-store.ts';
import type { QueueIndex, RecoveredEntry, RecoveredIndex } from './queue-index.ts';
import { decodeStoredMessage, encodeStoredMessage } from './stored-message.ts';

const PERSISTENT = 2;
const MICROS_PER_MILLI = 1000;

/** A message that was there at the start. */
export interface RecoveredMessage {
  readonly message: Message;
  readonly position: number;
  readonly expiresAt: Micros | null;
  readonly delivered: boolean;
}

export interface QueueMessagesOptions {
  readonly folder: string;
  readonly index: QueueIndex & { readonly recovered: RecoveredIndex };
  readonly store: MessageStore;
  readonly ids: MessageIds;
  readonly embedMessagesBelow: number;
  /** The queue is gone. */
  deleted(): void;
}

export class QueueMessages {
  /** In order. */
  readonly recovered: readonly RecoveredMessage[];
  /** The position of the next publication. */
  readonly nextPosition: number;
  /** Persistent messages that the index knew and that were nowhere. */
  readonly dropped: number;
  readonly #ports: StorePorts;
  readonly #options: QueueMessagesOptions;
  /** What is on disk: the ids of those in the message store, null for the others. */
  readonly #stored = new Map<number, MessageId | null>();
  readonly #unconfirmed = new Map<number, () => void>();
  /** A shutdown has begun: what happens now did not happen, as the next start sees it. */
  #isClosed = false;

  constructor(ports: StorePorts, options: QueueMessagesOptions) {
    this.#ports = ports;
    this.#options = options;
    const { entries, nextSeqId, dropped } = options.index.recovered;
    this.nextPosition = nextSeqId;
    const messages: RecoveredMessage[] = [];
    const unreadable: number[] = [];
    for (const entry of entries) {
      const message = this.#read(entry);
      if (message === null) {
        unreadable.push(entry.seqId);
        if (entry.embedded === null) options.store.remove(entry.id);
        continue;
      }
      this.#stored.set(entry.seqId, entry.embedded === null ? entry.id : null);
      const { seqId: position, delivered } = entry;
      messages.push({ message, position, delivered, expiresAt: this.#monotonic(entry.expiry) });
    }
    options.index.ack(unreadable);
    this.dropped = dropped + unreadable.length;
    this.recovered = messages;
    assert(
      messages.every(({ position }) => position < nextSeqId),
      'positions go on',
      {},
    );
  }

  /**
   * A message came into the queue: whether it is stored, which a transient one is not. If it is,
   * `confirmed` is called later, when it is where the release says.
   */
  publish(of: QueuedMessage, confirmed: (() => void) | null): boolean {
    const { message, position, bytes: bodyBytes } = of;
    assert(!this.#stored.has(position), 'a position is published once', { position });
    if (message.properties.deliveryMode !== PERSISTENT) return false;
    if (this.#isClosed) return true;
    const { index, store, ids, embedMessagesBelow } = this.#options;
    const id = ids.of(message);
    const octets = encodeStoredMessage(message);
    this.#ports.cost.charge('copy', octets.length);
    const isShared = octets.length >= embedMessagesBelow;
    this.#stored.set(position, isShared ? id : null);
    if (confirmed !== null) this.#unconfirmed.set(position, confirmed);
    let left = isShared ? 2 : 1;
    const told = (): void => {
      left -= 1;
      assert(left >= 0, 'each place tells once', { position });
      if (left === 0) this.#confirm(position);
    };
    const tell = confirmed === null ? null : told;
    if (isShared) store.write(id, () => octets, tell);
    const expiry = this.#wall(of.expiresAt);
    const embedded = isShared ? null : octets;
    index.publish({ seqId: position, id, expiry, bodyBytes, embedded }, tell);
    return true;
  }

  /** A message was handed out for the first time or again. */
  delivered({ position }: QueuedMessage): void {
    if (!this.#isClosed && this.#stored.has(position)) this.#options.index.deliver(position);
  }

  /** Messages are gone, for whatever reason. */
  remove(messages: readonly QueuedMessage[]): void {
    if (this.#isClosed) return;
    const seqIds: number[] = [];
    for (const { position } of messages) {
      const id = this.#stored.get(position);
      if (id === undefined) continue;
      seqIds.push(position);
      this.#stored.delete(position);
      if (id !== null) this.#options.store.remove(id);
    }
    if (seqIds.length > 0) this.#options.index.ack(seqIds);
  }

  /** Writes out what waits, for a clean shutdown; gives the terms for the next start. */
  close(done: (terms: string) => void): void {
    assert(!this.#isClosed, 'a queue closes once', { folder: this.#options.folder });
    this.#isClosed = true;
    this.#options.index.close(done);
  }

  /** The queue is gone with all that it has; who waits is told, since nothing can be lost now. */
  delete(): void {
    if (this.#isClosed) return;
    const { index, store, folder, deleted } = this.#options;
    this.#isClosed = true;
    index.stop();
    for (const id of this.#stored.values()) if (id !== null) store.remove(id);
    this.#stored.clear();
    this.#ports.disk.remove(folder);
    deleted();
    for (const position of [...this.#unconfirmed.keys()]) this.#confirm(position);
    assert(this.#unconfirmed.size === 0, 'all are told', { folder });
  }

  #confirm(position: number): void {
    const confirmed = this.#unconfirmed.get(position);
    if (confirmed === undefined) return;
    this.#unconfirmed.delete(position);
    confirmed();
  }

  #read({ embedded, id }: RecoveredEntry): Message | null {
    const octets = embedded ?? this.#options.store.read(id);
    const message = octets === null ? null : decodeStoredMessage(octets);
    if (message !== null && embedded === null) this.#options.ids.restore(message, id);
    return message;
  }

  /** On disk, times are those of the wall clock. */
  #wall(expiresAt: Micros | null): number {
    if (expiresAt === null) return 0;
    const { clock } = this.#ports;
    return clock.wall() * MICROS_PER_MILLI + (expiresAt - clock.now());
  }

  #monotonic(expiry: number): Micros | null {
    if (expiry === 0) return null;
    const { clock } = this.#ports;
    return micros(Math.max(0, clock.now() + expiry - clock.wall() * MICROS_PER_MILLI));
  }
}
