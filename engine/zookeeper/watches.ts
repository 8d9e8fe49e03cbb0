/**
 * Who wants to be told of which znode. A watch is set by a read, fires once, and belongs to a
 * connection: with it, it is gone.
 *
 * Data watches and watches on a znode that is not there are one table, as in the source; those on
 * children are the other. Not here: persistent watches. Source:
 * `org.apache.zookeeper.server.watch.WatchManager`, Programmer's Guide, "ZooKeeper Watches".
 */
import { assert } from '../kernel/assert.ts';

/** `Watcher.Event.EventType`. */
export const WatchedEvent = {
  NodeCreated: 1,
  NodeDeleted: 2,
  NodeDataChanged: 3,
  NodeChildrenChanged: 4,
} as const;

/** `KeeperState.SyncConnected`: what every event from a server says of the session. */
export const SYNC_CONNECTED = 3;

export class Watches<W> {
  readonly #watchers = new Map<string, Set<W>>();
  readonly #paths = new Map<W, Set<string>>();

  get size(): number {
    let count = 0;
    for (const watchers of this.#watchers.values()) count += watchers.size;
    return count;
  }

  add(path: string, watcher: W): void {
    assert(path.startsWith('/'), 'a path', { path });
    added(this.#watchers, path, watcher);
    added(this.#paths, watcher, path);
  }

  /** Takes the watches on a path: they fire once. In the order in which they were set. */
  trigger(path: string): readonly W[] {
    const watchers = [...(this.#watchers.get(path) ?? [])];
    this.#watchers.delete(path);
    for (const watcher of watchers) this.#paths.get(watcher)?.delete(path);
    return watchers;
  }

  /** A connection is gone. */
  remove(watcher: W): void {
    for (const path of this.#paths.get(watcher) ?? []) {
      const watchers = this.#watchers.get(path);
      watchers?.delete(watcher);
      if (watchers?.size === 0) this.#watchers.delete(path);
    }
    this.#paths.delete(watcher);
  }
}

function added<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
}
