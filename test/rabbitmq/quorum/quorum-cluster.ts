/**
 * A quorum queue on the nodes of a simulated cluster, with publishers and consumers on any of them,
 * and what must hold of it: R1 (confirmed means taken), R15 (the same state wherever as much is
 * applied). R5 and R8 are asserted by the machine.
 */
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import type { NodeLinks } from '../../../engine/rabbitmq/cluster/node-links.ts';
import type { Message } from '../../../engine/rabbitmq/message.ts';
import { profileOf, type Profile } from '../../../engine/rabbitmq/profiles.ts';
import type { ConsumingChannel } from '../../../engine/rabbitmq/queue/consumer.ts';
import { Limiter } from '../../../engine/rabbitmq/queue/limiter.ts';
import type { HeldMessage, Publisher } from '../../../engine/rabbitmq/queue/queue.ts';
import type { DeathNotice } from '../../../engine/rabbitmq/queue/queue-ports.ts';
import { QuorumQueue } from '../../../engine/rabbitmq/quorum/quorum-queue.ts';
import { type Fault, inject } from '../../../engine/sim/faults.ts';
import { World } from '../../../engine/sim/world.ts';
import type { FieldTable } from '../../../engine/wire/amqp/field-table.ts';
import { SimulatedLinks } from '../ra/simulated-links.ts';

export const THREE = ['rabbit-1', 'rabbit-2', 'rabbit-3'];

export interface QuorumClusterOptions {
  readonly seed?: number;
  readonly arguments?: FieldTable;
  readonly profile?: Profile;
  readonly nodes?: readonly string[];
}

/** A channel with what it was delivered: it settles when it is told to. */
export class TestChannel implements ConsumingChannel {
  readonly limiter = new Limiter();
  readonly got: { readonly body: string; readonly redelivered: boolean; of: HeldMessage }[] = [];
  readonly cancelledTags: string[] = [];
  onDelivery: (of: HeldMessage) => void = () => undefined;
  timedOut: (tag: string) => void = () => undefined;

  deliver(_tag: string, of: HeldMessage, redelivered: boolean): void {
    this.got.push({ body: bodyOf(of.message), redelivered, of });
    this.onDelivery(of);
  }

  cancelled(tag: string): void {
    this.cancelledTags.push(tag);
  }

  get bodies(): readonly string[] {
    return this.got.map(({ body }) => body);
  }
}

export function bodyOf({ body }: Message): string {
  return String.fromCharCode(...body);
}

export class QuorumNode implements Process {
  readonly links: NodeLinks;
  readonly queue: QuorumQueue;
  readonly dead: { readonly body: string; readonly reason: string }[] = [];
  /** Whether the queue for dead letters confirms what it takes. */
  static confirmsDead = true;
  readonly #links: SimulatedLinks;

  constructor(ports: Ports, options: Required<Omit<QuorumClusterOptions, 'seed'>>) {
    const { nodes, profile, arguments: args } = options;
    this.#links = new SimulatedLinks(ports, nodes);
    this.links = this.#links;
    const declaration = {
      ...{ name: 'q', durable: true, autoDelete: false, exclusiveOwner: null },
      arguments: args,
    };
    const take = (message: Message, { reason }: DeathNotice): void =>
      void this.dead.push({ body: bodyOf(message), reason });
    this.queue = new QuorumQueue(
      { declaration, type: 'quorum', leader: nodes[0]!, members: nodes.slice(0, 5) },
      {
        ...{ ports, profile, links: this.#links, vhost: '/', policy: {} },
        resource: "queue 'q' in vhost '/'",
        host: {
          deadLetter: take,
          deadLetterConfirmed: (message, notice, publisher) => {
            take(message, notice);
            if (QuorumNode.confirmsDead) publisher.confirmed('dead');
            return 1;
          },
          ended: () => undefined,
          unused: () => undefined,
          expired: () => undefined,
        },
      },
    );
  }

  start(): void {
    this.#links.start();
  }
}

export class QuorumCluster {
  readonly world: World;
  readonly nodes: readonly string[];
  readonly confirmed: string[] = [];
  readonly rejected: string[] = [];
  /** Acknowledged by consumers. */
  readonly acked = new Set<string>();
  #published = 0;

  constructor(options: QuorumClusterOptions = {}) {
    const { seed = 1, nodes = THREE, profile = profileOf('rabbitmq-3.13') } = options;
    this.nodes = nodes;
    this.world = new World({ seed, freeze: true });
    const settings = { nodes, profile, arguments: options.arguments ?? [] };
    for (const name of nodes) this.world.addHost(name, (ports) => new QuorumNode(ports, settings));
    for (const host of nodes) this.fault({ fault: 'start', host });
  }

  node(name: string): QuorumNode {
    const { process } = this.world.hostNamed(name)!;
    if (!(process instanceof QuorumNode)) throw new Error(`${name} is down`);
    return process;
  }

  isUp(name: string): boolean {
    return this.world.hostNamed(name)!.process instanceof QuorumNode;
  }

  fault(...faults: readonly Fault[]): void {
    for (const fault of faults) inject(this.world, fault);
  }

  runFor(ms: number): void {
    this.run(() => false, ms);
  }

  run(until: () => boolean, ms: number): boolean {
    const end = this.world.run(until, { micros: ms * 1000 });
    if (this.world.failure !== null) throw this.world.failure.error;
    return end === 'done';
  }

  get leader(): string | null {
    let found: { name: string; term: number } | null = null;
    for (const name of this.nodes) {
      if (!this.isUp(name)) continue;
      const view = this.node(name).queue.server?.inspect();
      if (view?.role !== 'Leader' || (found !== null && view.term < found.term)) continue;
      found = { name, term: view.term };
    }
    return found?.name ?? null;
  }

  elect(): string {
    this.run(() => this.leader !== null && this.node(this.leader).queue.server!.isLeader, 20_000);
    if (this.leader === null) throw new Error('nobody leads');
    return this.leader;
  }

  command(at: string, run: (queue: QuorumQueue) => void): void {
    if (this.isUp(at)) this.world.command(at, 'test', () => run(this.node(at).queue));
  }

  /** Publishes the next number as a text, and gives it. */
  publish(at: string, priority?: number): string {
    const body = `m${++this.#published}`;
    const publisher: Publisher = {
      confirmed: () => void this.confirmed.push(body),
      rejected: () => void this.rejected.push(body),
    };
    const message: Message = {
      ...{ exchange: '', routingKeys: ['q'], ttlMs: null, deaths: null },
      properties: { deliveryMode: 2, ...(priority === undefined ? {} : { priority }) },
      body: Uint8Array.from(body, (letter) => letter.charCodeAt(0)),
    };
    this.command(at, (queue) => queue.publish(message, publisher));
    return body;
  }

  consume(at: string, prefetchCount = 0, acks = false, priority = 0): TestChannel {
    const channel = new TestChannel();
    const options = {
      ...{ tag: 'c', noAck: false, exclusive: false, prefetchCount, priority },
      arguments: [],
    };
    if (acks) {
      channel.onDelivery = (of) => {
        const body = bodyOf(of.message);
        const { queue } = this.node(at);
        // In a later event, as a client's ack comes.
        this.world.command(at, 'ack', () => {
          this.acked.add(body);
          queue.settle(channel, [of], 'ack');
        });
      };
    }
    this.command(at, (queue) => queue.consume(channel, options, () => undefined));
    return channel;
  }

  settle(
    at: string,
    channel: TestChannel,
    how: 'ack' | 'requeue' | 'discard',
    count: number,
  ): void {
    const messages = channel.got.splice(0, count).map(({ of }) => of);
    this.command(at, (queue) => queue.settle(channel, messages, how));
  }

  /** All messages that the leader's state has, ready or with a consumer. */
  held(at: string): readonly string[] {
    const texts = JSON.stringify(this.node(at).queue.machine!.snapshot(), (_key, value: unknown) =>
      value instanceof Uint8Array ? String.fromCharCode(...value) : value,
    );
    return [...new Set([...texts.matchAll(/"body":"(m\d+)"/g)].map((match) => match[1]!))];
  }

  problems(): readonly string[] {
    const found: string[] = [];
    const hashes = new Map<number, string>();
    for (const name of this.nodes) {
      const server = this.isUp(name) ? this.node(name).queue.server : undefined;
      if (server === undefined) continue;
      const { applied } = server.inspect();
      const hash = server.machine.hash();
      const known = hashes.get(applied) ?? hash;
      hashes.set(applied, known);
      if (known !== hash) found.push(`R15: ${name} differs at ${applied}`);
    }
    if (new Set(this.confirmed).size !== this.confirmed.length) found.push('R2: confirmed twice');
    return found;
  }

  /** R1: what was confirmed is held by the queue, or a consumer has acknowledged it. */
  lost(): readonly string[] {
    const held = new Set(this.held(this.elect()));
    return this.confirmed.filter((body) => !held.has(body) && !this.acked.has(body));
  }
}
