/**
 * A RabbitMQ node: users, virtual hosts, the AMQP listener through which clients reach them, and
 * the links to the other nodes of its cluster.
 *
 * Not here: a disk: a restart keeps nothing yet.
 */
import { assert } from '../kernel/assert.ts';
import type { Ports, Process, ProcessFactory } from '../kernel/ports.ts';
import { compareReleases } from '../kernel/releases.ts';
import { amqpError, ReplyCode, type AmqpError } from '../wire/amqp/reply-code.ts';
import type { ChannelHost } from './channel/channel-host.ts';
import { Distribution } from './cluster/distribution.ts';
import type { DistributionSettings } from './cluster/node-connection.ts';
import type { NodeLinks } from './cluster/node-links.ts';
import { AMQP_PORT, AmqpListener } from './connection/amqp-listener.ts';
import type { AmqpConnectionView } from './connection/connection.ts';
import {
  defaultConnectionSettings,
  type ConnectionSettings,
} from './connection/connection-settings.ts';
import type { Profile } from './profiles.ts';
import { classicQueues } from './queue/classic-queue-type.ts';
import type { QueueTypeModule } from './queue/queue-types.ts';
import { Users } from './vhost/users.ts';
import { VirtualHost } from './vhost/virtual-host.ts';

export interface RabbitNodeOptions {
  readonly profile: Profile;
  readonly port?: number;
  /** Over the defaults of the release. */
  readonly connections?: Partial<ConnectionSettings>;
  /** The types of queues that can be declared; without this, classic ones. */
  readonly queueTypes?: readonly QueueTypeModule[];
  /** The hosts of the cluster's nodes, this one among them; without, it is alone. */
  readonly members?: readonly string[];
  /** Over the defaults. */
  readonly distribution?: Partial<DistributionSettings>;
}

/** What the views see of a node. */
export interface RabbitNodeView {
  readonly kind: 'rabbitmq';
  readonly state: string;
  readonly connections: readonly AmqpConnectionView[];
}

const DEFAULT_VHOST = '/';
const DEFAULT_USER = 'guest';
/** The settings default_user and default_pass of a new node. */
const DEFAULT_PASS = 'guest';

export function createRabbitNode(options: RabbitNodeOptions): ProcessFactory<RabbitNode> {
  return (ports) => new RabbitNode(ports, options);
}

export class RabbitNode implements Process {
  readonly users = Users.withGuest(DEFAULT_VHOST);
  readonly listener: AmqpListener;
  readonly #links: Distribution;
  readonly #ports: Ports;
  readonly #port: number;
  readonly vhosts: ReadonlyMap<string, VirtualHost>;
  readonly #vhosts = new Map<string, VirtualHost>();
  #isRunning = false;

  constructor(ports: Ports, options: RabbitNodeOptions) {
    const { profile, port = AMQP_PORT, queueTypes = [classicQueues] } = options;
    const { members = [ports.host], distribution = {} } = options;
    assert(port > 0, 'a port', { port });
    this.#ports = ports;
    this.vhosts = this.#vhosts;
    this.#port = port;
    this.#links = new Distribution({ ports, members, settings: distribution });
    const random = ports.random('names');
    const vhost = new VirtualHost(DEFAULT_VHOST, {
      ...{ ports, random, profile, queueTypes, users: this.users },
      links: this.#links,
    });
    this.#vhosts.set(DEFAULT_VHOST, vhost);
    this.listener = new AmqpListener({
      ports,
      settings: { ...connectionSettings(profile), ...options.connections },
      access: {
        checkLogin: (user, password) => user === DEFAULT_USER && password === DEFAULT_PASS,
        openVirtualHost: (user, name) => this.#openVirtualHost(user, name),
      },
    });
  }

  /** How its processes reach those of other nodes. */
  get links(): NodeLinks {
    return this.#links;
  }

  start(): void {
    this.#links.start();
    this.listener.listen(this.#port);
    this.#isRunning = true;
  }

  stop(): void {
    const reason = "broker forced connection closure with reason 'shutdown'";
    this.listener.close(reason, () => this.#ports.halt('shut down'));
  }

  inspect(): RabbitNodeView {
    const state = this.#isRunning ? 'running' : 'starting';
    return { kind: 'rabbitmq', state, connections: this.listener.inspect() };
  }

  #openVirtualHost(user: string, name: string): ChannelHost | AmqpError {
    const vhost = this.#vhosts.get(name);
    if (vhost === undefined) return amqpError(ReplyCode.NOT_ALLOWED, `vhost ${name} not found`);
    if (this.users.mayEnter(user, name)) return vhost;
    const explanation = `access to vhost '${name}' refused for user '${user}'`;
    return amqpError(ReplyCode.NOT_ALLOWED, explanation);
  }
}

/** Since 4.1 a client's frames must not be cut below 8192 octets. */
function connectionSettings({ release }: Profile): ConnectionSettings {
  const frameMinSize = compareReleases(release, '4.1') >= 0 ? 8192 : 4096;
  return { ...defaultConnectionSettings, frameMinSize, version: `${release}.0` };
}
