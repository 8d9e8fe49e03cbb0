/** Three RabbitMQ nodes of a simulated world, as one cluster, and channels to them. */
import { micros } from '#engine/kernel/units.ts';
import type { Connection, Ports, Process } from '#engine/kernel/ports.ts';
import {
  createRabbitNode,
  type RabbitNode,
  type RabbitNodeOptions,
} from '#engine/rabbitmq/node.ts';
import { profileOf, type ProfileName } from '#engine/rabbitmq/profiles.ts';
import { isAmqpError } from '#engine/rabbitmq/amqp-error.ts';
import type { ChannelSession } from '#engine/rabbitmq/vhost/channel-session.ts';
import type { QueueDeclare } from '#engine/rabbitmq/vhost/queue-methods.ts';
import { inject, type Fault } from '#engine/sim/faults.ts';
import type { SimHost } from '#engine/sim/host.ts';
import { World } from '#engine/sim/world.ts';
import { AMQP_0_9_1 } from '#engine/wire/amqp/command.ts';
import { amqpProtocol } from '#engine/wire/amqp/protocol.ts';

const MICROS_PER_MS = 1000;
export const MEMBERS = ['rabbit-1', 'rabbit-2', 'rabbit-3'] as const;
export type Member = (typeof MEMBERS)[number];

interface Settings extends Partial<Omit<RabbitNodeOptions, 'members'>> {
  /** Each node begins alone. */
  readonly apart?: boolean;
}

/** Keeps connections open to the nodes that it is told, and hears when they close. */
class Visitor implements Process {
  readonly #ports: Ports;
  readonly closed: string[] = [];

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  start(): void {}

  visit(node: Member): Connection {
    const connection = this.#ports.network.connect({ host: node, port: 5672 }, amqpProtocol, {
      opened: () => connection.send(AMQP_0_9_1),
      received: () => {},
      closed: (reason) => this.closed.push(`${node}: ${reason}`),
    });
    return connection;
  }
}

export class RabbitCluster {
  readonly world: World;
  readonly #hosts = new Map<Member, SimHost>();
  readonly #visitor: SimHost;

  constructor(given: Settings = {}, release: ProfileName = 'rabbitmq-3.13', seed = 1) {
    const { apart = false, ...settings } = given;
    this.world = new World({ seed, paranoidWire: true, freeze: true, trace: true });
    for (const name of MEMBERS) {
      const options = {
        ...{ profile: profileOf(release), members: apart ? [name] : MEMBERS },
        distribution: { netTickTimeMs: 8000 },
        connections: { handshakeTimeoutMs: 1_000_000_000 },
      };
      const host = this.world.addHost(name, createRabbitNode({ ...options, ...settings }));
      this.#hosts.set(name, host);
      host.start();
    }
    this.#visitor = this.world.addHost('visitor', (ports) => new Visitor(ports));
    this.#visitor.start();
    this.advance(10);
  }

  node(name: Member): RabbitNode {
    return this.#hosts.get(name)!.process as RabbitNode;
  }

  /** `running`, `paused` or `starting`, of each node in order. */
  get states(): readonly string[] {
    return MEMBERS.map((name) => this.node(name).inspect().state);
  }

  /** Clients connect to these nodes. */
  visit(...nodes: readonly Member[]): void {
    const visitor = this.#visitor.process as Visitor;
    this.world.command('visitor', 'visit', () => nodes.forEach((node) => visitor.visit(node)));
    this.advance(1);
  }

  get closed(): readonly string[] {
    return (this.#visitor.process as Visitor).closed;
  }

  channel(at: Member): ClusterChannel {
    return new ClusterChannel(this, at);
  }

  inject(fault: Fault): void {
    inject(this.world, fault);
  }

  /** Seconds. */
  advance(seconds: number): void {
    this.world.run(() => false, { micros: micros(seconds * 1000 * MICROS_PER_MS) });
    if (this.world.failure !== null) throw this.world.failure.error;
  }

  /** Entries of the trace of a kind, each as its host and its data. */
  traced(kind: string): readonly string[] {
    const found: string[] = [];
    for (const entry of this.world.trace.entries()) {
      if (entry.kind !== kind) continue;
      found.push(`${entry.host}: ${Object.values(entry.data).join(', ')}`);
    }
    return found;
  }
}

/** A channel in the virtual host of a node, and what it heard. */
export class ClusterChannel {
  readonly heard: string[] = [];
  readonly #cluster: RabbitCluster;
  readonly #at: Member;
  readonly #session: ChannelSession;

  constructor(cluster: RabbitCluster, at: Member) {
    this.#cluster = cluster;
    this.#at = at;
    this.#session = cluster
      .node(at)
      .vhosts.get('/')!
      .openChannel(
        { user: 'guest', id: `${at}.test.${cluster.world.event}` },
        {
          deliver: ({ consumerTag, redelivered }, { body }) => {
            const text = Buffer.from(body).toString();
            this.heard.push(`${consumerTag}: ${text}${redelivered ? ' again' : ''}`);
          },
          returned: (_reply, { body }) => {
            this.heard.push(`returned ${Buffer.from(body).toString()}`);
          },
          confirmed: (tag) => this.heard.push(`ack ${tag}`),
          rejected: (tag) => this.heard.push(`nack ${tag}`),
          timedOut: () => {},
          consumerCancelled: (tag) => this.heard.push(`cancelled ${tag}`),
        },
      );
  }

  do(
    run: (session: ChannelSession, answer: (what: string) => (of: unknown) => void) => void,
  ): this {
    this.#cluster.world.command(this.#at, 'test', () => run(this.#session, this.#answer));
    return this;
  }

  readonly #answer = (what: string) => (of: unknown) => {
    const shown = isAmqpError(of) ? `${of.code} ${of.explanation}` : JSON.stringify(of);
    this.heard.push(`${what}: ${shown}`);
  };

  confirming(): this {
    return this.do((session) => session.selectConfirms());
  }

  declare(queue: string, options: Partial<Omit<QueueDeclare, 'queue'>> = {}) {
    const method = { queue, passive: false, durable: true, exclusive: false, autoDelete: false };
    return this.do((session, answer) => {
      session.declareQueue({ ...method, arguments: [], ...options }, answer('declare'));
    });
  }

  publish(queue: string, ...bodies: readonly string[]): this {
    return this.do((session) => {
      for (const text of bodies) {
        const args = { exchange: '', routingKey: queue, mandatory: true, immediate: false };
        const body = Uint8Array.from(Buffer.from(text));
        session.publish(args, { properties: { deliveryMode: 2 }, body });
      }
    });
  }

  consume(queue: string, consumerTag: string): this {
    const args = { queue, consumerTag, noAck: false, exclusive: false, arguments: [] };
    return this.do((session, answer) => session.consume(args, answer('consume')));
  }

  /** What was heard since the last time, after some seconds. */
  after(seconds: number): readonly string[] {
    this.#cluster.advance(seconds);
    return this.heard.splice(0);
  }
}
