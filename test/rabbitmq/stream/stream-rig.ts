/**
 * The nodes of a stream, each with a disk and a clock of its own, and links that are cut by hand.
 * A crash of a node leaves its disk; a loss of power what had been synced of it.
 */
import type { Ports, Random } from '../../../engine/kernel/ports.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import type { NodeLinks, NodeWatcher, Term } from '../../../engine/rabbitmq/cluster/node-links.ts';
import { newestProfile, profileOf, type ProfileName } from '../../../engine/rabbitmq/profiles.ts';
import type { ConsumingChannel } from '../../../engine/rabbitmq/queue/consumer.ts';
import { Limiter } from '../../../engine/rabbitmq/queue/limiter.ts';
import type { HeldMessage, Queue } from '../../../engine/rabbitmq/queue/queue.ts';
import type { QueueContext } from '../../../engine/rabbitmq/queue/queue-types.ts';
import { StreamQueue } from '../../../engine/rabbitmq/stream/stream-queue.ts';
import type { FieldTable, FieldValue } from '../../../engine/wire/amqp/field-table.ts';
import { Rig } from '../../storage/rig.ts';

type Receive = (from: string, message: Term) => void;

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly name: string;
  readonly message: Term;
}

export class StreamRig {
  readonly nodes: readonly string[];
  readonly #rigs: ReadonlyMap<string, Rig>;
  readonly #receivers = new Map<string, Map<string, Receive>>();
  readonly #watchers = new Map<string, Set<NodeWatcher>>();
  readonly #queues = new Map<string, StreamQueue>();
  readonly #incarnations = new Map<string, number>();
  readonly #cut = new Set<string>();
  readonly #randoms = new Map<string, Random>();
  #sent: Sent[] = [];

  readonly #members: readonly string[];
  readonly #arguments: FieldTable;
  readonly #release: ProfileName;

  /** The first member has the writer. */
  constructor(
    nodes: readonly string[],
    members = nodes,
    args: FieldTable = [],
    release: ProfileName = newestProfile,
  ) {
    this.nodes = nodes;
    this.#members = members;
    this.#arguments = args;
    this.#release = release;
    this.#rigs = new Map(nodes.map((node) => [node, new Rig()]));
    for (const node of nodes) this.start(node);
    this.settle(nodes.length === 1 ? 0 : 2000);
  }

  queue(node: string): StreamQueue {
    return this.#queues.get(node)!;
  }

  rig(node: string): Rig {
    return this.#rigs.get(node)!;
  }

  start(node: string): void {
    this.#incarnations.set(node, (this.#incarnations.get(node) ?? 0) + 1);
    this.#receivers.set(node, new Map());
    this.#watchers.set(node, new Set());
    const [leader] = this.#members;
    const name = 's';
    const declaration = { name, durable: true, autoDelete: false, exclusiveOwner: null };
    this.#queues.set(
      node,
      new StreamQueue(
        {
          declaration: { ...declaration, arguments: this.#arguments },
          ...{ type: 'stream', id: 1, leader: leader!, members: this.#members },
        },
        this.#context(node),
      ),
    );
    this.#tell(node, 'nodeUp');
  }

  crash(node: string): void {
    this.rig(node).crash();
    this.#queues.delete(node);
    this.#receivers.delete(node);
    this.#watchers.delete(node);
    this.#sent = this.#sent.filter(({ from, to }) => from !== node && to !== node);
    this.#tell(node, 'nodeDown');
  }

  /** The node is not connected to any other, and runs. */
  cut(node: string): void {
    this.#cut.add(node);
    this.#sent = this.#sent.filter(({ from, to }) => from !== node && to !== node);
    this.#tell(node, 'nodeDown');
  }

  heal(node: string): void {
    this.#cut.delete(node);
    this.#tell(node, 'nodeUp');
  }

  /** Lets time go by on all nodes, with all that they send each other. */
  settle(ms = 0): void {
    for (let left = ms; left >= 0; left -= 100) {
      for (const rig of this.#rigs.values()) rig.advance(Math.min(left, 100));
      this.#exchange();
    }
  }

  /** Until nobody has anything to write or to say in this instant. */
  #exchange(): void {
    do this.step();
    while (this.#sent.length > 0);
  }

  /** Whatever is due happens, and one message arrives. */
  step(): void {
    for (const rig of this.#rigs.values()) {
      rig.settle();
      rig.advance(0);
    }
    const next = this.#sent.shift();
    if (next === undefined) return;
    const { from, to, name, message } = next;
    this.#receivers.get(to)?.get(name)?.(from, message);
    for (const rig of this.#rigs.values()) rig.advance(0);
  }

  #tell(node: string, what: 'nodeUp' | 'nodeDown'): void {
    for (const other of this.nodes) {
      if (other === node || !this.#queues.has(other)) continue;
      for (const watcher of this.#watchers.get(other) ?? []) watcher[what](node);
      for (const watcher of this.#watchers.get(node) ?? []) watcher[what](other);
    }
  }

  #isConnected(from: string, to: string): boolean {
    if (!this.#queues.has(to) && !this.#receivers.has(to)) return false;
    return from === to || (!this.#cut.has(from) && !this.#cut.has(to));
  }

  #randomOf(node: string, purpose: string): Random {
    const key = `${node}/${purpose}`;
    let random = this.#randoms.get(key);
    if (random === undefined) this.#randoms.set(key, (random = randomStream(1, key)));
    return random;
  }

  #context(node: string): QueueContext {
    const rig = this.rig(node);
    const ports = {
      ...rig.ports,
      host: node,
      incarnation: this.#incarnations.get(node)!,
      trace: { on: false, record() {} },
      random: (purpose: string) => this.#randomOf(node, purpose),
      halt: (reason: string) => {
        throw new Error(reason);
      },
    } as unknown as Ports;
    const links: NodeLinks = {
      self: node,
      members: this.nodes,
      isAlone: this.nodes.length === 1,
      isChanging: false,
      isConnected: (to) => this.#isConnected(node, to),
      send: (to, name, message) => {
        if (this.#isConnected(node, to)) this.#sent.push({ from: node, to, name, message });
      },
      register: (name, receive) => void this.#receivers.get(node)!.set(name, receive),
      unregister: (name) => void this.#receivers.get(node)!.delete(name),
      watch: (watcher) => {
        const watchers = this.#watchers.get(node)!;
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
    };
    return {
      ...{ ports, links, vhost: '/', policy: {}, resource: "queue 's' in vhost '/'" },
      profile: profileOf(this.#release),
      host: {
        ...{ deadLetter() {}, ended() {}, unused() {}, expired() {} },
        deadLetterConfirmed: () => 0,
      },
    };
  }
}

/** What a publisher was told of each of its messages. */
export class Told {
  readonly confirmed: string[] = [];
  readonly rejected: string[] = [];

  publish(queue: Queue, ...bodies: readonly string[]): void {
    for (const body of bodies) {
      const message = {
        ...{ exchange: '', routingKeys: ['s'], properties: {}, ttlMs: null, deaths: [] },
        body: new TextEncoder().encode(body),
      };
      queue.publish(message, {
        confirmed: () => this.confirmed.push(body),
        rejected: () => this.rejected.push(body),
      });
    }
  }
}

/** A channel with consumers of one stream. */
export class Channel implements ConsumingChannel {
  readonly limiter = new Limiter();
  readonly got: { tag: string; body: string; held: HeldMessage }[] = [];
  readonly cancels: string[] = [];

  deliver(tag: string, held: HeldMessage): void {
    this.got.push({ tag, held, body: new TextDecoder().decode(held.message.body) });
  }

  cancelled(tag: string): void {
    this.cancels.push(tag);
  }

  /** The bodies that a consumer has been delivered. */
  bodies(tag = 'c'): readonly string[] {
    return this.got.filter((one) => one.tag === tag).map(({ body }) => body);
  }

  /** What was refused, or null. */
  consume(queue: Queue, offset?: FieldValue, prefetchCount = 100, tag = 'c'): unknown {
    let answer: unknown = 'none';
    queue.consume(
      this,
      {
        ...{ tag, noAck: false, exclusive: false, prefetchCount, priority: 0 },
        arguments: offset === undefined ? [] : [{ name: 'x-stream-offset', value: offset }],
      },
      (of) => (answer = of),
    );
    return answer;
  }
}
