/**
 * Whether a request may change the tree, and into which transaction it turns: names of sequential
 * znodes, versions, parents. The parts of a multi see what those before them would change.
 *
 * Not here: applying it (`request-processor.ts`).
 * Source: `org.apache.zookeeper.server.PrepRequestProcessor`, `ChangeRecord`.
 */
import { assert } from '../kernel/assert.ts';
import { ZkError } from '../wire/zookeeper/errors.ts';
import type { ZkErrorCode } from '../wire/zookeeper/errors.ts';
import { OpCode } from '../wire/zookeeper/messages.ts';
import type { MultiOp } from '../wire/zookeeper/messages.ts';
import { NO_SESSION } from './data-tree.ts';
import type { DataTree } from './data-tree.ts';
import type { Change } from './transaction.ts';
import { parentOf, pathProblem } from './znode-path.ts';

/** `CreateMode`: ephemeral is bit 0, sequential bit 1. Containers and TTL nodes are not here. */
export const CreateMode = {
  PERSISTENT: 0,
  EPHEMERAL: 1,
  PERSISTENT_SEQUENTIAL: 2,
  EPHEMERAL_SEQUENTIAL: 3,
} as const;

const EPHEMERAL = 1;
const SEQUENTIAL = 2;
/** `jute.maxbuffer` of a server. */
const DATA_BYTES_MAX = 0xfffff;

/** What a change must know of a znode. */
interface ChangeRecord {
  readonly version: number;
  readonly creates: number;
  readonly children: number;
  readonly ephemeral: boolean;
}

export class ChangeCheck {
  readonly #tree: DataTree;
  /** Znodes as they will be; null: gone. */
  readonly #pending = new Map<string, ChangeRecord | null>();

  constructor(tree: DataTree) {
    this.#tree = tree;
  }

  /** The change that an operation means, null for a check that holds, or why it is refused. */
  check({ type, body }: MultiOp): Change | null | ZkErrorCode {
    if (pathProblem(body.path) !== null) return ZkError.BADARGUMENTS;
    switch (type) {
      case OpCode.create:
        return this.#create(body);
      case OpCode.delete:
        return this.#delete(body.path, body.version);
      case OpCode.setData:
        return this.#setData(body.path, body.data, body.version);
      case OpCode.check:
        return this.#versionError(body.path, body.version) ?? null;
    }
  }

  #create(body: Extract<MultiOp, { type: typeof OpCode.create }>['body']): Change | ZkErrorCode {
    const { flags, data, acl } = body;
    if (flags < 0 || flags > (EPHEMERAL | SEQUENTIAL)) return ZkError.UNIMPLEMENTED;
    if (body.path === '/') return ZkError.NODEEXISTS;
    if ((data?.length ?? 0) > DATA_BYTES_MAX) return ZkError.MARSHALLINGERROR;
    const parentPath = parentOf(body.path);
    const parent = this.#record(parentPath);
    if (parent === null) return ZkError.NONODE;
    const sequential = (flags & SEQUENTIAL) !== 0;
    const path = sequential ? body.path + String(parent.creates).padStart(10, '0') : body.path;
    if (this.#record(path) !== null) return ZkError.NODEEXISTS;
    if (parent.ephemeral) return ZkError.NOCHILDRENFOREPHEMERALS;
    const ephemeral = (flags & EPHEMERAL) !== 0;
    const parentCVersion = parent.creates + 1;
    const children = parent.children + 1;
    this.#pending.set(parentPath, { ...parent, creates: parentCVersion, children });
    this.#pending.set(path, { version: 0, creates: 0, children: 0, ephemeral });
    return { type: OpCode.create, body: { path, data, acl, ephemeral, parentCVersion } };
  }

  #delete(path: string, version: number): Change | ZkErrorCode {
    if (path === '/' || path.startsWith('/zookeeper')) return ZkError.BADARGUMENTS;
    const error = this.#versionError(path, version);
    if (error !== undefined) return error;
    if (this.#record(path)!.children > 0) return ZkError.NOTEMPTY;
    const parentPath = parentOf(path);
    const parent = this.#record(parentPath);
    assert(parent !== null && parent.children > 0, 'a znode has a parent', { path });
    this.#pending.set(parentPath, { ...parent, children: parent.children - 1 });
    this.#pending.set(path, null);
    return { type: OpCode.delete, body: { path } };
  }

  #setData(path: string, data: Uint8Array | null, expected: number): Change | ZkErrorCode {
    if ((data?.length ?? 0) > DATA_BYTES_MAX) return ZkError.MARSHALLINGERROR;
    const error = this.#versionError(path, expected);
    if (error !== undefined) return error;
    const node = this.#record(path)!;
    const version = node.version + 1;
    this.#pending.set(path, { ...node, version });
    return { type: OpCode.setData, body: { path, data, version } };
  }

  /** Version -1 is any. */
  #versionError(path: string, version: number): ZkErrorCode | undefined {
    const node = this.#record(path);
    if (node === null) return ZkError.NONODE;
    return version === -1 || version === node.version ? undefined : ZkError.BADVERSION;
  }

  #record(path: string): ChangeRecord | null {
    const pending = this.#pending.get(path);
    if (pending !== undefined) return pending;
    if (!this.#tree.has(path)) return null;
    const { version, numChildren, ephemeralOwner } = this.#tree.stat(path);
    const creates = this.#tree.creates(path);
    return { version, creates, children: numChildren, ephemeral: ephemeralOwner !== NO_SESSION };
  }
}
