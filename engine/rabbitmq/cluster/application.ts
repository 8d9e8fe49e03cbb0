/**
 * What RabbitMQ's application on a node has of the world: ports and links of its own, which end
 * with it while the node itself (Erlang's) goes on. So the application can stop and start again
 * without the process: nothing of its earlier life fires, hears or is heard any more.
 *
 * Not here: when that happens (`node-monitor.ts`), what the application is made of (`node.ts`).
 * Differs: a listening port stays open while the application is stopped, and who connects is closed
 * at once; there he is refused.
 */
import { assert } from '../../kernel/assert.ts';
import type { Disk, DiskFile, Network, Ports, TimerId } from '../../kernel/ports.ts';
import type { NodeLinks, NodeWatcher } from './node-links.ts';

type Accept = Parameters<Network['listen']>[2];

/** One life of the application. */
export interface ApplicationLife {
  readonly ports: Ports;
  readonly links: NodeLinks;
}

export class Application {
  readonly #ports: Ports;
  readonly #links: NodeLinks;
  /** Ports that are listened on; null: nobody is at home. */
  readonly #accepts = new Map<number, Accept | null>();
  #life: Life | null = null;

  constructor(ports: Ports, links: NodeLinks) {
    this.#ports = ports;
    this.#links = links;
  }

  get isRunning(): boolean {
    return this.#life !== null;
  }

  /** The present one, null while the application is stopped. */
  get life(): ApplicationLife | null {
    return this.#life;
  }

  begin(): ApplicationLife {
    assert(this.#life === null, 'one life at a time', {});
    const life = new Life(this.#ports, this.#links, (port, protocol, accept) =>
      this.#listen(port, protocol, accept),
    );
    this.#life = life;
    return life;
  }

  end(): void {
    const life = this.#life;
    assert(life !== null, 'it runs', {});
    this.#life = null;
    for (const port of this.#accepts.keys()) this.#accepts.set(port, null);
    life.end();
  }

  #listen(port: number, protocol: Parameters<Network['listen']>[1], accept: Accept): void {
    const isListening = this.#accepts.has(port);
    this.#accepts.set(port, accept);
    if (isListening) return;
    this.#ports.network.listen(port, protocol, (connection) => {
      const accepting = this.#accepts.get(port) ?? null;
      if (accepting !== null) return accepting(connection);
      connection.close();
      return { received() {}, closed() {} };
    });
  }
}

class Life implements ApplicationLife {
  readonly ports: Ports;
  readonly links: NodeLinks;
  readonly #timers = new Map<TimerId, true>();
  readonly #names = new Set<string>();
  readonly #watches = new Map<NodeWatcher, () => void>();
  readonly #world: Ports;
  readonly #nodes: NodeLinks;
  #isOver = false;

  constructor(ports: Ports, links: NodeLinks, listen: Network['listen']) {
    this.#world = ports;
    this.#nodes = links;
    const { network, disk, clock } = ports;
    this.ports = {
      host: ports.host,
      incarnation: ports.incarnation,
      trace: ports.trace,
      cost: ports.cost,
      random: (purpose) => ports.random(purpose),
      halt: (reason) => ports.halt(reason),
      clock: {
        now: () => clock.now(),
        wall: () => clock.wall(),
        after: (delay, label, fire) => this.#after(delay, label, fire),
        cancel: (timer) => this.#cancel(timer),
      },
      network: {
        listen,
        connect: (address, protocol, receiver) => network.connect(address, protocol, receiver),
      },
      disk: this.#diskOf(disk),
    };
    this.links = {
      self: links.self,
      get members() {
        return links.members;
      },
      get isAlone() {
        return links.isAlone;
      },
      isChanging: links.isChanging,
      isConnected: (node) => links.isConnected(node),
      send: (node, name, message) => {
        if (!this.#isOver) links.send(node, name, message);
      },
      register: (name, receive) => {
        links.register(name, receive);
        this.#names.add(name);
      },
      unregister: (name) => this.#unregister(name),
      watch: (watcher) => this.#watch(watcher),
    };
  }

  end(): void {
    assert(!this.#isOver, 'a life ends once', {});
    for (const watcher of this.#watches.keys()) watcher.ending?.();
    this.#isOver = true;
    for (const timer of this.#timers.keys()) this.#world.clock.cancel(timer);
    for (const name of this.#names) this.#nodes.unregister(name);
    for (const stop of this.#watches.values()) stop();
    this.#timers.clear();
    this.#names.clear();
    this.#watches.clear();
  }

  #after(...[delay, label, fire]: Parameters<Ports['clock']['after']>): TimerId {
    const timer = this.#world.clock.after(delay, label, () => {
      this.#timers.delete(timer);
      fire();
    });
    // What still runs when its life is over, in the same event, begins nothing.
    if (this.#isOver) this.#world.clock.cancel(timer);
    else this.#timers.set(timer, true);
    return timer;
  }

  #cancel(timer: TimerId): void {
    this.#timers.delete(timer);
    this.#world.clock.cancel(timer);
  }

  #unregister(name: string): void {
    if (this.#names.delete(name)) this.#nodes.unregister(name);
  }

  #watch(watcher: NodeWatcher): () => void {
    const stop = this.#nodes.watch(watcher);
    this.#watches.set(watcher, stop);
    return () => {
      this.#watches.delete(watcher);
      stop();
    };
  }

  /** Files stay; of a sync that ends after its life, nobody hears. */
  #diskOf(disk: Disk): Disk {
    return {
      exists: (path) => disk.exists(path),
      list: (folder) => disk.list(folder),
      freeBytes: () => disk.freeBytes(),
      remove: (path) => disk.remove(path),
      rename: (from, to) => disk.rename(from, to),
      open: (path) => this.#fileOf(disk.open(path)),
    };
  }

  #fileOf(file: DiskFile): DiskFile {
    return {
      path: file.path,
      size: () => file.size(),
      read: (position, length) => file.read(position, length),
      write: (position, bytes) => (this.#isOver ? 'EIO' : file.write(position, bytes)),
      truncate: (size) => file.truncate(size),
      sync: (done) =>
        file.sync((result) => {
          if (!this.#isOver) done(result);
        }),
      close: () => file.close(),
    };
  }
}
