/**
 * The tree of znodes: data and stat by path, and which session's each ephemeral one is.
 *
 * What changes it is a transaction that was found valid before; so applying one cannot fail, and
 * applying the log again gives the same tree. Not here: checks (`request-processor.ts`), watches
 * (`watches.ts`). Source: `org.apache.zookeeper.server.DataTree`.
 */
import { assert, present } from '../kernel/assert.ts';
import type { Acl, Stat } from '../wire/zookeeper/records.ts';
import { nameOf, parentOf } from './znode-path.ts';

/** A session's id where there is none. */
export const NO_SESSION = '0x0';

interface Znode {
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  readonly czxid: number;
  readonly ctime: number;
  readonly mzxid: number;
  readonly mtime: number;
  readonly version: number;
  readonly ephemeralOwner: string;
  /** How many children were ever created; the name of a sequential child ends with it. */
  creates: number;
  pzxid: number;
  readonly children: Set<string>;
}

/** When a change was made, and as which. */
export interface ChangeStamp {
  readonly zxid: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface NewZnode {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  /** The session that it goes with, or `NO_SESSION`. */
  readonly owner: string;
  /** How many children the parent will have had. */
  readonly parentCreates: number;
}

export class DataTree {
  readonly #nodes = new Map<string, Znode>();
  readonly #ephemerals = new Map<string, Set<string>>();

  constructor() {
    const zero = { czxid: 0, ctime: 0, mzxid: 0, mtime: 0, version: 0, creates: 0, pzxid: 0 };
    const empty = { data: null, acl: [], ephemeralOwner: NO_SESSION };
    // There from the beginning, as in the real tree: quotas and the configuration stand there.
    for (const [path, children] of [
      ['/', ['zookeeper']],
      ['/zookeeper', ['config', 'quota']],
      ['/zookeeper/config', []],
      ['/zookeeper/quota', []],
    ] as const) {
      this.#nodes.set(path, { ...zero, ...empty, children: new Set<string>(children) });
    }
  }

  has(path: string): boolean {
    return this.#nodes.has(path);
  }

  /** The data of a znode that is there. */
  data(path: string): Uint8Array | null {
    return this.#at(path).data;
  }

  acl(path: string): readonly Acl[] {
    return this.#at(path).acl;
  }

  /** Names of the children of a znode that is there, sorted by code unit. */
  children(path: string): string[] {
    return [...this.#at(path).children].sort(byCodeUnit);
  }

  /** How many children the znode ever had. */
  creates(path: string): number {
    return this.#at(path).creates;
  }

  /**
   * A znode's stat. `cversion` counts creations and deletions, of which the node keeps the
   * first only (`DataNode.copyStat`); so the root begins with -1.
   */
  stat(path: string): Stat {
    const node = this.#at(path);
    const { czxid, mzxid, ctime, mtime, version, ephemeralOwner, pzxid } = node;
    const dataLength = node.data?.length ?? 0;
    const numChildren = node.children.size;
    const versions = { version, cversion: 2 * node.creates - numChildren, aversion: 0 };
    const counts = { dataLength, numChildren, pzxid };
    return { czxid, mzxid, ctime, mtime, ...versions, ephemeralOwner, ...counts };
  }

  /** Paths of a session's ephemeral znodes, sorted by code unit. */
  ephemeralsOf(session: string): string[] {
    return [...(this.#ephemerals.get(session) ?? [])].sort(byCodeUnit);
  }

  /** All paths, sorted by code unit: for views and checkers. */
  paths(): string[] {
    return [...this.#nodes.keys()].sort(byCodeUnit);
  }

  create({ path, data, acl, owner, parentCreates }: NewZnode, { zxid, time }: ChangeStamp): void {
    assert(!this.#nodes.has(path), 'a new znode', { path, zxid });
    const parent = this.#at(parentOf(path));
    assert(parent.ephemeralOwner === NO_SESSION, 'no children under an ephemeral znode', { path });
    parent.children.add(nameOf(path));
    if (parentCreates > parent.creates) {
      parent.creates = parentCreates;
      parent.pzxid = zxid;
    }
    this.#nodes.set(path, {
      data,
      acl,
      czxid: zxid,
      ctime: time,
      mzxid: zxid,
      mtime: time,
      version: 0,
      ephemeralOwner: owner,
      creates: 0,
      pzxid: zxid,
      children: new Set(),
    });
    if (owner === NO_SESSION) return;
    const own = this.#ephemerals.get(owner) ?? new Set<string>();
    own.add(path);
    this.#ephemerals.set(owner, own);
  }

  delete(path: string, { zxid }: ChangeStamp): void {
    const node = this.#at(path);
    assert(node.children.size === 0, 'a znode without children', { path });
    this.#nodes.delete(path);
    const parent = this.#at(parentOf(path));
    parent.children.delete(nameOf(path));
    parent.pzxid = Math.max(parent.pzxid, zxid);
    const own = this.#ephemerals.get(node.ephemeralOwner);
    own?.delete(path);
    if (own?.size === 0) this.#ephemerals.delete(node.ephemeralOwner);
  }

  setData(path: string, data: Uint8Array | null, version: number, at: ChangeStamp): void {
    const node = this.#at(path);
    assert(version === node.version + 1, 'versions grow by one', { path, version });
    this.#nodes.set(path, { ...node, data, version, mzxid: at.zxid, mtime: at.time });
  }

  #at(path: string): Znode {
    return present(this.#nodes.get(path), 'a znode that is there');
  }
}

function byCodeUnit(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
