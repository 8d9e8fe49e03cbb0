/**
 * A client of ZooKeeper: a session that is kept alive by pings and carried from connection to
 * connection, requests in order, watches that are set again where the connection breaks.
 *
 * A request whose connection breaks ends as CONNECTIONLOSS: it may have been executed. An expired
 * session never comes back; its owner makes a new client. Not here: retries, read-only mode,
 * authentication. Source: `org.apache.zookeeper.ClientCnxn`.
 */
import { assert } from '../kernel/assert.ts';
import { MachineRunner } from '../kernel/machine.ts';
import type { Address, Connection, Ports, TimerId } from '../kernel/ports.ts';
import { microsOfMillis } from '../kernel/units.ts';
import { ZkError } from '../wire/zookeeper/errors.ts';
import type { ZkErrorCode } from '../wire/zookeeper/errors.ts';
import { OpCode, PING_XID, SET_WATCHES_XID } from '../wire/zookeeper/messages.ts';
import type { MultiOp, MultiResult, ZooKeeperMessage } from '../wire/zookeeper/messages.ts';
import { zooKeeperProtocol } from '../wire/zookeeper/protocol.ts';
import { OPEN_ACL_UNSAFE } from '../wire/zookeeper/records.ts';
import type { Stat } from '../wire/zookeeper/records.ts';
import { zooKeeperClientMachine } from './client.machine.ts';
import { NO_SESSION } from './data-tree.ts';
import { WatchedEvent } from './watches.ts';

export interface ClientOptions {
  readonly servers: readonly Address[];
  /** What is asked for; the server decides (2 to 20 of its ticks). */
  readonly sessionTimeoutMs: number;
}

/** What the owner hears. */
export interface Watcher {
  connected?(): void;
  disconnected?(): void;
  /** The session is over, and its ephemeral znodes are gone. */
  expired(): void;
  /** A watch fired; it is set anew by the next read that asks for it. */
  event(type: number, path: string): void;
}

type Answer = (err: ZkErrorCode, body: unknown) => void;
type WatchKind = 'data' | 'exist' | 'child';

interface Pending {
  readonly message: Extract<ZooKeeperMessage, { kind: 'request' }>;
  readonly answer: Answer;
}

/** A pause before the next server is tried, at most; the real client draws below one second. */
const RECONNECT_PAUSE_MS_MAX = 1000;
/** `MAX_SEND_PING_INTERVAL`. */
const PING_INTERVAL_MS_MAX = 10_000;

export class ZooKeeperClient {
  readonly #ports: Ports;
  readonly #options: ClientOptions;
  readonly #watcher: Watcher;
  readonly #machine: MachineRunner<typeof zooKeeperClientMachine>;
  readonly #watches: Record<WatchKind, Set<string>> = {
    data: new Set(),
    exist: new Set(),
    child: new Set(),
  };
  #pending: Pending[] = [];
  #connection: Connection | null = null;
  #session = NO_SESSION;
  #password = new Uint8Array(16);
  #timeoutMs: number;
  #xid = 0;
  #zxid = 0;
  #attempts = 0;
  #pingTimer: TimerId | null = null;
  #silenceTimer: TimerId | null = null;
  #pauseTimer: TimerId | null = null;

  constructor(ports: Ports, options: ClientOptions, watcher: Watcher) {
    assert(options.servers.length > 0, 'a server to connect to', {});
    assert(options.sessionTimeoutMs > 0, 'a timeout', { ms: options.sessionTimeoutMs });
    this.#ports = ports;
    this.#options = options;
    this.#watcher = watcher;
    this.#timeoutMs = options.sessionTimeoutMs;
    this.#machine = new MachineRunner({
      machine: zooKeeperClientMachine,
      instance: ports.host,
      clock: ports.clock,
      trace: ports.trace,
      perform: {
        connect: () => this.#connectLater(),
        tellConnected: () => watcher.connected?.(),
        tellDisconnected: () => watcher.disconnected?.(),
        tellExpired: () => watcher.expired(),
      },
    });
    this.#connect();
  }

  get state(): string {
    return this.#machine.state;
  }

  /** The session's id, `0x0` before there is one. */
  get session(): string {
    return this.#session;
  }

  // ---------------------------------------------------------------------------------- requests

  /** `flags`: `CreateMode`. Answers with the path, a sequential znode's number included. */
  create(
    path: string,
    data: Uint8Array | null,
    flags: number,
    answer: (err: ZkErrorCode, path: string | null) => void,
  ): void {
    const body = { path, data, acl: OPEN_ACL_UNSAFE, flags };
    this.#request(OpCode.create, body, (err, reply) => {
      answer(err, err === 0 ? (reply as { readonly path: string }).path : null);
    });
  }

  /** Version -1 is any. */
  delete(path: string, version: number, answer: (err: ZkErrorCode) => void): void {
    this.#request(OpCode.delete, { path, version }, answer);
  }

  exists(
    path: string,
    watch: boolean,
    answer: (err: ZkErrorCode, stat: Stat | null) => void,
  ): void {
    this.#request(OpCode.exists, { path, watch }, (err, reply) => {
      if (watch && err === 0) this.#watches.data.add(path);
      if (watch && err === ZkError.NONODE) this.#watches.exist.add(path);
      answer(err, err === 0 ? (reply as { readonly stat: Stat }).stat : null);
    });
  }

  getData(
    path: string,
    watch: boolean,
    answer: (
      err: ZkErrorCode,
      found: { readonly data: Uint8Array | null; readonly stat: Stat } | null,
    ) => void,
  ): void {
    this.#request(OpCode.getData, { path, watch }, (err, reply) => {
      if (watch && err === 0) this.#watches.data.add(path);
      type Found = { readonly data: Uint8Array | null; readonly stat: Stat };
      answer(err, err === 0 ? (reply as Found) : null);
    });
  }

  setData(
    path: string,
    data: Uint8Array | null,
    version: number,
    answer: (err: ZkErrorCode, stat: Stat | null) => void,
  ): void {
    this.#request(OpCode.setData, { path, data, version }, (err, reply) => {
      answer(err, err === 0 ? (reply as { readonly stat: Stat }).stat : null);
    });
  }

  getChildren(
    path: string,
    watch: boolean,
    answer: (err: ZkErrorCode, children: readonly string[]) => void,
  ): void {
    this.#request(OpCode.getChildren, { path, watch }, (err, reply) => {
      if (watch && err === 0) this.#watches.child.add(path);
      answer(err, err === 0 ? (reply as { readonly children: readonly string[] }).children : []);
    });
  }

  /** All or none. */
  multi(
    operations: readonly MultiOp[],
    answer: (err: ZkErrorCode, results: readonly MultiResult[]) => void,
  ): void {
    this.#request(OpCode.multi, operations, (err, reply) => {
      const results = err === 0 ? (reply as readonly MultiResult[]) : [];
      const failed = results.find((result) => result.err !== 0);
      answer(err !== 0 ? err : failed === undefined ? 0 : failed.err, results);
    });
  }

  /** Ends the session: its ephemeral znodes go at once, not after a timeout. */
  close(answer: () => void): void {
    if (this.#connection === null || this.state !== 'CONNECTED') {
      this.#shut();
      answer();
      return;
    }
    this.#request(OpCode.closeSession, {}, () => {
      this.#shut();
      answer();
    });
  }

  #request(type: number, body: unknown, answer: Answer): void {
    if (this.state === 'CLOSED') {
      answer(ZkError.SESSIONEXPIRED, null);
      return;
    }
    const xid = ++this.#xid;
    const message = { kind: 'request' as const, xid, type, body };
    this.#pending.push({ message, answer });
    if (this.state === 'CONNECTED') this.#connection?.send(message);
  }

  // -------------------------------------------------------------------------------- connection

  #connectLater(): void {
    const pause = this.#ports.random('zookeeper reconnect').below(RECONNECT_PAUSE_MS_MAX);
    this.#pauseTimer = this.#ports.clock.after(microsOfMillis(pause), 'reconnect', () => {
      this.#pauseTimer = null;
      this.#connect();
    });
  }

  #connect(): void {
    const { servers } = this.#options;
    const address = servers[this.#attempts++ % servers.length]!;
    const connection: Connection = this.#ports.network.connect(address, zooKeeperProtocol, {
      received: (message) => {
        if (this.#connection === connection) this.#received(message as ZooKeeperMessage);
      },
      closed: () => {
        if (this.#connection === connection) this.#lost();
      },
    });
    this.#connection = connection;
    connection.send({
      kind: 'connect',
      protocolVersion: 0,
      lastZxidSeen: this.#zxid,
      timeOut: this.#options.sessionTimeoutMs,
      sessionId: this.#session,
      passwd: this.#password,
      readOnly: false,
    });
    this.#hearBy(Math.floor(this.#timeoutMs / servers.length));
  }

  #received(message: ZooKeeperMessage): void {
    switch (message.kind) {
      case 'connected':
        this.#connected(message);
        return;
      case 'event':
        for (const watches of Object.values(this.#watches)) {
          if (!isKept(message.type, watches === this.#watches.child)) watches.delete(message.path);
        }
        this.#watcher.event(message.type, message.path);
        return;
      case 'reply':
        this.#hearBy(this.#readTimeoutMs);
        if (message.zxid > this.#zxid) this.#zxid = message.zxid;
        if (message.xid === PING_XID || message.xid === SET_WATCHES_XID) return;
        this.#answered(message);
        return;
      default:
        assert(false, 'a server sends replies and events', { kind: message.kind });
    }
  }

  #connected(message: Extract<ZooKeeperMessage, { kind: 'connected' }>): void {
    if (message.timeOut <= 0) {
      this.#machine.send({ type: 'Expired' });
      this.#shut(ZkError.SESSIONEXPIRED);
      return;
    }
    this.#session = message.sessionId;
    this.#password = new Uint8Array(message.passwd ?? []);
    this.#timeoutMs = message.timeOut;
    this.#hearBy(this.#readTimeoutMs);
    this.#setWatches();
    for (const { message: request } of this.#pending) this.#connection?.send(request);
    this.#ping();
    this.#machine.send({ type: 'SyncConnected' });
  }

  get #readTimeoutMs(): number {
    return Math.floor((this.#timeoutMs * 2) / 3);
  }

  #answered({ xid, err, body }: Extract<ZooKeeperMessage, { kind: 'reply' }>): void {
    const first = this.#pending.shift();
    assert(first?.message.xid === xid, 'replies come in order', { xid });
    first.answer(err, body);
  }

  /** Watches live with the connection, so they are set again on a new one. */
  #setWatches(): void {
    const { data, exist, child } = this.#watches;
    if (data.size + exist.size + child.size === 0) return;
    const body = {
      relativeZxid: this.#zxid,
      dataWatches: [...data],
      existWatches: [...exist],
      childWatches: [...child],
    };
    const type = OpCode.setWatches;
    this.#connection?.send({ kind: 'request', xid: SET_WATCHES_XID, type, body });
  }

  #ping(): void {
    const everyMs = Math.min(Math.floor(this.#readTimeoutMs / 2), PING_INTERVAL_MS_MAX);
    const delay = microsOfMillis(everyMs);
    this.#pingTimer = this.#ports.clock.after(delay, 'zookeeper ping', () => {
      this.#connection?.send({ kind: 'request', xid: PING_XID, type: OpCode.ping, body: {} });
      this.#ping();
    });
  }

  /** Gives the connection up unless something is heard until then. */
  #hearBy(millis: number): void {
    if (this.#silenceTimer !== null) this.#ports.clock.cancel(this.#silenceTimer);
    const delay = microsOfMillis(millis);
    this.#silenceTimer = this.#ports.clock.after(delay, 'zookeeper silence', () => {
      this.#silenceTimer = null;
      this.#connection?.close();
      this.#lost();
    });
  }

  /** The connection is gone; the session may live. What was asked may have happened. */
  #lost(): void {
    this.#disconnect();
    const dropped = this.#takePending();
    this.#machine.send({ type: 'Disconnected' });
    for (const { answer } of dropped) answer(ZkError.CONNECTIONLOSS, null);
  }

  #shut(err: ZkErrorCode = ZkError.CONNECTIONLOSS): void {
    const connection = this.#connection;
    this.#disconnect();
    connection?.close();
    if (this.#pauseTimer !== null) this.#ports.clock.cancel(this.#pauseTimer);
    if (this.state !== 'CLOSED') this.#machine.send({ type: 'Close' });
    for (const { answer } of this.#takePending()) answer(err, null);
  }

  #disconnect(): void {
    this.#connection = null;
    for (const timer of [this.#pingTimer, this.#silenceTimer]) {
      if (timer !== null) this.#ports.clock.cancel(timer);
    }
    this.#pingTimer = null;
    this.#silenceTimer = null;
  }

  #takePending(): readonly Pending[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }
}

/** Changed children leave the data's watches alone, and changed data those of the children. */
function isKept(event: number, isChildWatch: boolean): boolean {
  if (event === WatchedEvent.NodeDeleted) return false;
  return (event === WatchedEvent.NodeChildrenChanged) !== isChildWatch;
}
