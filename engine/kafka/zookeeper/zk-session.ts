/**
 * A broker's session with ZooKeeper, for as long as the broker lives: when a session expires, a new
 * one is opened and the broker is told, whose ephemeral znodes are gone by then.
 *
 * Watches fire once. Whoever looks at a znode or at children again is told of every change, for he
 * reads anew and watches in one request; `watching` does that.
 *
 * Not here: one session (`zookeeper/zookeeper-client.ts`), what the broker makes of it.
 * Source: `kafka.zookeeper.ZooKeeperClient`, which reinitializes in the same way.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address, Ports } from '../../kernel/ports.ts';
import { ZkError } from '../../wire/zookeeper/errors.ts';
import { ZooKeeperClient } from '../../zookeeper/zookeeper-client.ts';

export interface ZkSessionOptions {
  /** `zookeeper.connect`. */
  readonly servers: readonly Address[];
  /** `zookeeper.session.timeout.ms`. */
  readonly sessionTimeoutMs: number;
}

export interface ZkSessionOwner {
  /** The session is open, or reachable again. */
  connected(): void;
  disconnected(): void;
  /** The session is over; `client` is a new one already. */
  expired(): void;
}

export class ZkSession {
  readonly #ports: Ports;
  readonly #options: ZkSessionOptions;
  readonly #owner: ZkSessionOwner;
  readonly #handlers = new Map<string, () => void>();
  #client: ZooKeeperClient | null = null;
  #closed = false;

  constructor(ports: Ports, options: ZkSessionOptions, owner: ZkSessionOwner) {
    assert(options.servers.length > 0, 'zookeeper.connect', {});
    this.#ports = ports;
    this.#options = options;
    this.#owner = owner;
  }

  /** The client of the present session. */
  get client(): ZooKeeperClient {
    assert(this.#client !== null, 'opened before it is used');
    return this.#client;
  }

  /** Whether a request has a chance now. */
  get connected(): boolean {
    return this.#client?.state === 'CONNECTED';
  }

  open(): void {
    assert(this.#client === null, 'opened once');
    this.#connect();
  }

  /** Calls `changed` whenever a watch on this path fires, until the session ends. */
  watching(path: string, changed: () => void): void {
    this.#handlers.set(path, changed);
  }

  /** Ends the session: its ephemeral znodes go at once. */
  close(done: () => void): void {
    this.#closed = true;
    this.#handlers.clear();
    if (this.#client === null) done();
    else this.#client.close(done);
  }

  #connect(): void {
    const client: ZooKeeperClient = new ZooKeeperClient(this.#ports, this.#options, {
      connected: () => this.#tell(client, () => this.#owner.connected()),
      disconnected: () => this.#tell(client, () => this.#owner.disconnected()),
      expired: () => this.#tell(client, () => this.#expired()),
      event: (_type, path) => this.#tell(client, () => this.#handlers.get(path)?.()),
    });
    this.#client = client;
  }

  #tell(client: ZooKeeperClient, tell: () => void): void {
    if (!this.#closed && (this.#client === client || this.#client === null)) tell();
  }

  #expired(): void {
    this.#handlers.clear();
    this.#connect();
    this.#owner.expired();
  }
}

/** Whether it is not known if the request was executed, or the session is gone. */
export function isLost(err: number): boolean {
  return err === ZkError.CONNECTIONLOSS || err === ZkError.SESSIONEXPIRED;
}
