/**
 * A replica's connection to its master: a full synchronisation, then the stream of writes.
 *
 * Differences: there is no partial resynchronisation (every reconnect copies everything), and the
 * copy is JSON, not RDB. Not here: what the master does (`redis.ts`).
 * Source: redis.io, "Redis replication"; `replication.c` (state names).
 */
import type { Connection, Ports, Receiver, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Entry } from './keyspace.ts';
import { commandOf, encodeResp, respProtocol, wordsOf } from './resp.ts';
import type { RespValue } from './resp.ts';
import { utf8Size } from '../../bytes/utf8.ts';

export const REDIS_PORT = 6379;
/** The master link is looked after once a second (`replicationCron`). */
const CRON_MS = 1000;

export type Snapshot = readonly (readonly [string, Entry])[];

export interface ReplicaLinkOwner {
  readonly ports: Ports;
  /** Replaces all keys. */
  restored(snapshot: Snapshot, replicationId: string): void;
  apply(words: readonly string[]): void;
}

/** As `ROLE` names the states of a link. */
export type LinkState = 'connect' | 'connecting' | 'sync' | 'connected';

export class ReplicaLink implements Receiver {
  readonly master: string;
  readonly #owner: ReplicaLinkOwner;
  #connection: Connection | null = null;
  #state: LinkState = 'connect';
  #offset = -1;
  #replicationId = '';
  #timer: TimerId | null = null;

  constructor(owner: ReplicaLinkOwner, master: string) {
    this.#owner = owner;
    this.master = master;
    this.#connect();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Bytes of the replication stream that have been applied; -1 before the first copy. */
  get offset(): number {
    return this.#offset;
  }

  end(): void {
    if (this.#timer !== null) this.#owner.ports.clock.cancel(this.#timer);
    this.#timer = null;
    this.#connection?.close();
    this.#connection = null;
  }

  opened(): void {
    this.#state = 'sync';
    this.#connection?.send(commandOf(['PSYNC', '?', '-1']));
  }

  received(message: unknown): void {
    const value = message as RespValue;
    if (value.type === 'simple') {
      const [word, replicationId, offset] = value.text.split(' ');
      if (word !== 'FULLRESYNC') return;
      this.#replicationId = replicationId!;
      this.#offset = Number(offset);
      return;
    }
    if (value.type === 'bulk') {
      this.#owner.restored(JSON.parse(value.text ?? '[]') as Snapshot, this.#replicationId);
      this.#state = 'connected';
      this.#acknowledge();
      return;
    }
    const words = wordsOf(value);
    if (words === null) return;
    this.#offset += utf8Size(encodeResp(value));
    if (words[0] === 'REPLCONF') this.#acknowledge();
    else this.#owner.apply(words);
  }

  closed(): void {
    this.#connection = null;
    this.#state = 'connect';
  }

  #connect(): void {
    this.#state = 'connecting';
    const { network } = this.#owner.ports;
    const address = { host: this.master, port: REDIS_PORT };
    this.#connection = network.connect(address, respProtocol, this);
    this.#again();
  }

  #again(): void {
    this.#timer = this.#owner.ports.clock.after(microsOfMillis(CRON_MS), 'replicationCron', () => {
      if (this.#connection === null) {
        this.#connect();
        return;
      }
      if (this.#state === 'connected') this.#acknowledge();
      this.#again();
    });
  }

  #acknowledge(): void {
    this.#connection?.send(commandOf(['REPLCONF', 'ACK', String(this.#offset)]));
  }
}
