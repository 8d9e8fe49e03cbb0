/**
 * Nodes of a simulated world, each with a virtual host, of which one knows the same queues as the
 * other: metadata is not part of it, a queue is opened where the test says so.
 */
import type { Ports, Process } from '#engine/kernel/ports.ts';
import { micros } from '#engine/kernel/units.ts';
import { randomStream } from '#engine/kernel/random.ts';
import { Distribution } from '#engine/rabbitmq/cluster/distribution.ts';
import type { NodeLinks } from '#engine/rabbitmq/cluster/node-links.ts';
import { defaultData } from '#engine/rabbitmq/metadata/default-data.ts';
import { MnesiaMetadata } from '#engine/rabbitmq/metadata/mnesia/mnesia-metadata.ts';
import { defaultMnesiaSettings } from '#engine/rabbitmq/metadata/mnesia/mnesia-store.ts';
import { profileOf, type ProfileName } from '#engine/rabbitmq/profiles.ts';
import { classicQueues } from '#engine/rabbitmq/queue/classic-queue-type.ts';
import type { QueueDeclaration } from '#engine/rabbitmq/queue/queue-ports.ts';
import type { ChannelSession } from '#engine/rabbitmq/vhost/channel-session.ts';
import { Users } from '#engine/rabbitmq/vhost/users.ts';
import type { VirtualHost } from '#engine/rabbitmq/vhost/virtual-host.ts';
import { VirtualHosts } from '#engine/rabbitmq/vhost/virtual-hosts.ts';
import { type Fault, inject } from '#engine/sim/faults.ts';
import type { SimHost } from '#engine/sim/host.ts';
import { World } from '#engine/sim/world.ts';
import type { AmqpError } from '#engine/wire/amqp/reply-code.ts';
import { isAmqpError } from '#engine/rabbitmq/amqp-error.ts';

const MICROS_PER_MS = 1000;
const MEMBERS = ['rabbit-1', 'rabbit-2'] as const;
type Member = (typeof MEMBERS)[number];

class VhostNode implements Process {
  readonly #vhosts: VirtualHosts;
  readonly #links: Distribution;
  readonly #metadata: MnesiaMetadata;
  readonly #queues: readonly { declaration: QueueDeclaration; leader: string }[];

  constructor(ports: Ports, release: ProfileName, queues: VhostNode['queues']) {
    this.#queues = queues;
    const links = new Distribution({ ports, members: MEMBERS });
    this.#links = links;
    const metadata = new MnesiaMetadata({
      ...{ ports, settings: defaultMnesiaSettings, isDisc: false, inconsistent: () => {} },
      links: aloneOf(links),
    });
    this.#metadata = metadata;
    this.#vhosts = new VirtualHosts({
      ...{ ports, links, metadata, queueTypes: [classicQueues] },
      users: new Users(metadata.tables),
      random: ports.random('names'),
      profile: profileOf(release),
    });
  }

  get vhost(): VirtualHost {
    return this.#vhosts.all.get('/')!;
  }

  get queues(): readonly { declaration: QueueDeclaration; leader: string }[] {
    return this.#queues;
  }

  start(): void {
    this.#links.start(() => {});
    this.#metadata.start(() => this.#vhosts.open());
    const changes = defaultData(randomStream(1, 'salt'));
    for (const change of changes) this.#metadata.commit(change, () => {});
    for (const { declaration, leader } of this.#queues) {
      const record = { declaration, type: 'classic', leader, members: [leader] } as const;
      this.#metadata.commit({ kind: 'declare-queue', vhost: '/', record }, () => {});
    }
  }
}

/** Links to nobody, so that metadata stays on its node. */
function aloneOf({ self }: NodeLinks): NodeLinks {
  return {
    ...{
      self,
      members: [self],
      isAlone: true,
      isChanging: false,
      isConnected: (node) => node === self,
    },
    ...{ send: () => {}, register: () => {}, unregister: () => {}, watch: () => () => {} },
  };
}

/** A channel of a client at a node: what it heard, in order. */
export class TestChannel {
  readonly heard: string[] = [];
  readonly tags: number[] = [];
  readonly #rig: LinkedVhosts;
  readonly #session: ChannelSession;
  readonly #at: Member;

  constructor(rig: LinkedVhosts, at: Member, vhost: VirtualHost) {
    this.#rig = rig;
    this.#at = at;
    this.#session = vhost.openChannel(
      { user: 'guest', id: `${at}.1` },
      {
        deliver: ({ consumerTag, deliveryTag, redelivered }, { body }) => {
          this.tags.push(deliveryTag);
          this.heard.push(`${consumerTag}: ${text(body)}${redelivered ? ' again' : ''}`);
        },
        returned: (_reply, { body }) => this.heard.push(`returned ${text(body)}`),
        confirmed: (tag) => this.heard.push(`ack ${tag}`),
        rejected: (tag) => this.heard.push(`nack ${tag}`),
        timedOut: () => {},
        consumerCancelled: (tag) => this.heard.push(`cancelled ${tag}`),
      },
    );
  }

  /** As an event of the node. */
  do(run: (session: ChannelSession, heard: (what: string) => (answer: unknown) => void) => void) {
    this.#rig.world.command(this.#at, 'test', () => run(this.#session, this.#answer));
  }

  readonly #answer = (what: string) => (answer: unknown) => {
    const shown = isAmqpError(answer) ? describe(answer) : JSON.stringify(answer);
    this.heard.push(`${what}: ${shown}`);
  };

  publish(...bodies: readonly string[]): void {
    this.do((session) => {
      for (const body of bodies) {
        const args = { exchange: '', routingKey: 'q', mandatory: true, immediate: false };
        session.publish(args, { properties: {}, body: Uint8Array.from(Buffer.from(body)) });
      }
    });
  }

  consume(consumerTag: string, options: { readonly noAck?: boolean } = {}): void {
    const args = { queue: 'q', consumerTag, noAck: false, exclusive: false, arguments: [] };
    this.do((session, answer) => session.consume({ ...args, ...options }, answer('consume')));
  }
}

export class LinkedVhosts {
  readonly world = new World({ seed: 1, paranoidWire: true, freeze: true });
  readonly #hosts = new Map<Member, SimHost>();

  /** With a queue `q` on rabbit-1. */
  constructor(release: ProfileName = 'rabbitmq-3.10', durable = true) {
    const declaration = { name: 'q', durable, autoDelete: false, exclusiveOwner: null };
    const queues = [{ declaration: { ...declaration, arguments: [] }, leader: 'rabbit-1' }];
    for (const name of MEMBERS) {
      const host = this.world.addHost(name, (ports) => new VhostNode(ports, release, queues));
      this.#hosts.set(name, host);
      host.start();
    }
    this.advance(1000);
  }

  vhost(name: Member): VirtualHost {
    return (this.#hosts.get(name)!.process as VhostNode).vhost;
  }

  channel(at: Member): TestChannel {
    return new TestChannel(this, at, this.vhost(at));
  }

  inject(fault: Fault): void {
    inject(this.world, fault);
  }

  advance(ms: number): void {
    this.world.run(() => false, { micros: micros(ms * MICROS_PER_MS) });
    if (this.world.failure !== null) throw this.world.failure.error;
  }
}

function text(body: Uint8Array): string {
  return Buffer.from(body).toString();
}

function describe({ code, explanation }: AmqpError): string {
  return `${code} ${explanation}`;
}
