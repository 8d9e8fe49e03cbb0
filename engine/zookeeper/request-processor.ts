/**
 * What a request does: reads look at the tree and leave watches, changes become transactions that
 * are logged and applied. A change is applied before it is synced, and no reply and no event
 * leaves before the sync; so nobody sees what could be lost.
 *
 * Not here: connections and sessions (`zookeeper-server.ts`), what may be changed
 * (`change-check.ts`). Source: `PrepRequestProcessor`, `FinalRequestProcessor`, `DataTree`.
 */
import { assert, unreachable } from '../kernel/assert.ts';
import type { Ports } from '../kernel/ports.ts';
import { ZkError } from '../wire/zookeeper/errors.ts';
import type { ZkErrorCode } from '../wire/zookeeper/errors.ts';
import type { JuteValue } from '../wire/zookeeper/jute.ts';
import { ERROR_TYPE, OpCode } from '../wire/zookeeper/messages.ts';
import type { MultiOp, MultiResult } from '../wire/zookeeper/messages.ts';
import type * as records from '../wire/zookeeper/records.ts';
import { ChangeCheck } from './change-check.ts';
import { DataTree, NO_SESSION } from './data-tree.ts';
import type { ChangeStamp } from './data-tree.ts';
import type { Change, Transaction } from './transaction.ts';
import type { TransactionLog } from './transaction-log.ts';
import { WatchedEvent, Watches } from './watches.ts';
import { zkChangeTrace } from './zookeeper-trace.ts';
import { parentOf, pathProblem } from './znode-path.ts';

export interface Answer {
  readonly err: ZkErrorCode;
  readonly body: unknown;
}

/** Who asks: a session, and where its events go. */
export interface Asker<W> {
  readonly session: string;
  readonly xid: number;
  readonly watcher: W;
}

/** An event that a change causes. */
export interface Fired<W> {
  readonly watcher: W;
  readonly type: number;
  readonly path: string;
}

type PathAndWatch = JuteValue<typeof records.pathAndWatch>;
type SetWatches = JuteValue<typeof records.setWatchesRequest>;

const failed = (err: ZkErrorCode): Answer => ({ err, body: null });
const fine = (body: unknown): Answer => ({ err: ZkError.OK, body });

export class RequestProcessor<W> {
  readonly tree = new DataTree();
  readonly #ports: Pick<Ports, 'clock' | 'trace'>;
  readonly #log: TransactionLog;
  readonly #fire: (fired: Fired<W>) => void;
  readonly #dataWatches = new Watches<W>();
  readonly #childWatches = new Watches<W>();
  #zxid = 0;

  constructor(
    ports: Pick<Ports, 'clock' | 'trace'>,
    log: TransactionLog,
    fire: (fired: Fired<W>) => void,
  ) {
    this.#ports = ports;
    this.#log = log;
    this.#fire = fire;
  }

  /** The id of the last transaction. */
  get zxid(): number {
    return this.#zxid;
  }

  get watches(): number {
    return this.#dataWatches.size + this.#childWatches.size;
  }

  /** A connection is gone, and its watches with it. */
  forget(watcher: W): void {
    this.#dataWatches.remove(watcher);
    this.#childWatches.remove(watcher);
  }

  /** Applies what was found in the log. Nobody watches yet. */
  replay({ header, change }: Transaction): void {
    assert(header.zxid > this.#zxid, 'zxids grow', { zxid: header.zxid, last: this.#zxid });
    this.#zxid = header.zxid;
    this.#apply(change, header.clientId, header);
  }

  /** Logs and applies the beginning or end of a session. */
  session(id: string, change: Extract<Change, { type: -10 | -11 }>): void {
    this.#commit({ session: id, xid: 0 }, change);
  }

  /** The change that ends a session: its ephemeral znodes go with it. */
  closing(session: string): Extract<Change, { type: -11 }> {
    const paths2Delete = this.tree.ephemeralsOf(session);
    return { type: OpCode.closeSession, body: { paths2Delete } };
  }

  request(asker: Asker<W>, type: number, body: unknown): Answer {
    switch (type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.delete:
      case OpCode.setData:
        return this.#change(asker, type, body);
      case OpCode.multi:
        return this.#multi(asker, body as readonly MultiOp[]);
      case OpCode.setWatches:
        return this.#setWatches(asker.watcher, body as SetWatches);
      case OpCode.ping:
        return fine({});
      case OpCode.sync:
        return fine(body);
      case OpCode.exists:
      case OpCode.getData:
      case OpCode.getAcl:
      case OpCode.getChildren:
      case OpCode.getChildren2:
        return this.#read(asker.watcher, type, body as PathAndWatch);
      default:
        return failed(ZkError.UNIMPLEMENTED);
    }
  }

  // ------------------------------------------------------------------------------------- reads

  #read(watcher: W, type: number, { path, watch }: PathAndWatch): Answer {
    if (pathProblem(path) !== null) return failed(ZkError.BADARGUMENTS);
    const there = this.tree.has(path);
    const isChildren = type === OpCode.getChildren || type === OpCode.getChildren2;
    // A watch on a znode that is not there yet is what `exists` is for.
    if (watch && (there || type === OpCode.exists)) {
      (isChildren ? this.#childWatches : this.#dataWatches).add(path, watcher);
    }
    if (!there) return failed(ZkError.NONODE);
    const stat = this.tree.stat(path);
    switch (type) {
      case OpCode.exists:
        return fine({ stat });
      case OpCode.getData:
        return fine({ data: this.tree.data(path), stat });
      case OpCode.getAcl:
        return fine({ acl: this.tree.acl(path), stat });
      default:
        return fine({ children: this.tree.children(path), stat });
    }
  }

  /** A client on a new connection repeats its watches; what it missed is told at once. */
  #setWatches(watcher: W, watches: SetWatches): Answer {
    const { relativeZxid } = watches;
    const missed = (path: string, type: number): void => this.#fire({ watcher, type, path });
    for (const path of watches.dataWatches) {
      if (!this.tree.has(path)) missed(path, WatchedEvent.NodeDeleted);
      else if (this.tree.stat(path).mzxid > relativeZxid) {
        missed(path, WatchedEvent.NodeDataChanged);
      } else this.#dataWatches.add(path, watcher);
    }
    for (const path of watches.existWatches) {
      if (this.tree.has(path)) missed(path, WatchedEvent.NodeCreated);
      else this.#dataWatches.add(path, watcher);
    }
    for (const path of watches.childWatches) {
      if (!this.tree.has(path)) missed(path, WatchedEvent.NodeDeleted);
      else if (this.tree.stat(path).pzxid > relativeZxid) {
        missed(path, WatchedEvent.NodeChildrenChanged);
      } else this.#childWatches.add(path, watcher);
    }
    return fine({});
  }

  // ----------------------------------------------------------------------------------- changes

  #change(asker: Asker<W>, type: number, body: unknown): Answer {
    const kind = type === OpCode.create2 ? OpCode.create : type;
    const change = new ChangeCheck(this.tree).check({ type: kind, body } as MultiOp);
    if (typeof change === 'number') {
      // A refusal is a transaction too: it has a zxid, and its place in the order.
      this.#commit(asker, { type: ERROR_TYPE, body: { err: change } });
      return failed(change);
    }
    assert(change !== null, 'a change changes', { type });
    const result = this.#commit(asker, change);
    if (type !== OpCode.create2) return fine(result);
    const { path } = result as { readonly path: string };
    return fine({ path, stat: this.tree.stat(path) });
  }

  #multi(asker: Asker<W>, operations: readonly MultiOp[]): Answer {
    const check = new ChangeCheck(this.tree);
    const changes: (Change | null)[] = [];
    for (const operation of operations) {
      const change = check.check(operation);
      if (typeof change === 'number') {
        const results = operations.map((_, place): MultiResult => {
          const err = place < changes.length ? ZkError.OK : ZkError.RUNTIMEINCONSISTENCY;
          const own = place === changes.length ? change : err;
          return { type: ERROR_TYPE, err: own, body: { err: own } };
        });
        this.#commit(asker, { type: ERROR_TYPE, body: { err: change } });
        return fine(results);
      }
      changes.push(change);
    }
    const made = changes.filter((change) => change !== null);
    const bodies = [...(this.#commit(asker, { type: OpCode.multi, body: made }) as unknown[])];
    const results = changes.map((change): MultiResult => {
      if (change === null) return { type: OpCode.check, err: 0, body: {} };
      return { type: change.type, err: 0, body: bodies.shift() };
    });
    return fine(results);
  }

  #commit(by: { readonly session: string; readonly xid: number }, change: Change): unknown {
    const zxid = this.#zxid + 1;
    const time: number = this.#ports.clock.wall();
    const header = { clientId: by.session, cxid: by.xid, zxid, time, type: change.type };
    this.#zxid = zxid;
    this.#log.append({ header, change });
    return this.#apply(change, by.session, header);
  }

  /** Changes the tree; returns the body of the reply. */
  #apply(change: Change, session: string, at: ChangeStamp): unknown {
    switch (change.type) {
      case OpCode.create: {
        const { path, data, acl, ephemeral, parentCVersion } = change.body;
        const owner = ephemeral ? session : NO_SESSION;
        this.tree.create({ path, data, acl, owner, parentCreates: parentCVersion }, at);
        this.#changed('create', path, at.zxid);
        this.#tell(this.#dataWatches.trigger(path), WatchedEvent.NodeCreated, path);
        this.#childrenChanged(path);
        return { path };
      }
      case OpCode.delete:
        this.#delete(change.body.path, at);
        return {};
      case OpCode.setData: {
        const { path, data, version } = change.body;
        this.tree.setData(path, data, version, at);
        this.#changed('setData', path, at.zxid);
        this.#tell(this.#dataWatches.trigger(path), WatchedEvent.NodeDataChanged, path);
        // A later part of the same multi may write or delete it again.
        return { stat: this.tree.stat(path) };
      }
      case OpCode.closeSession:
        for (const path of change.body.paths2Delete) this.#delete(path, at);
        return {};
      case OpCode.multi:
        return change.body.map((part) => this.#apply(part, session, at));
      case OpCode.createSession:
      case ERROR_TYPE:
        return {};
      default:
        return unreachable('a kind of change', change);
    }
  }

  #delete(path: string, at: ChangeStamp): void {
    this.tree.delete(path, at);
    this.#changed('delete', path, at.zxid);
    const told = new Set([...this.#dataWatches.trigger(path), ...this.#childWatches.trigger(path)]);
    this.#tell([...told], WatchedEvent.NodeDeleted, path);
    this.#childrenChanged(path);
  }

  #childrenChanged(path: string): void {
    const parent = parentOf(path);
    this.#tell(this.#childWatches.trigger(parent), WatchedEvent.NodeChildrenChanged, parent);
  }

  #tell(watchers: readonly W[], type: number, path: string): void {
    for (const watcher of watchers) this.#fire({ watcher, type, path });
  }

  #changed(operation: string, path: string, zxid: number): void {
    this.#ports.trace.record(zkChangeTrace, { zxid, operation, path });
  }
}
