/**
 * A RabbitMQ node: its metadata, virtual hosts, the AMQP listener through which clients reach them,
 * and the links to the other nodes of its cluster.
 *
 * Clients are let in when the tables of metadata are there. Not here: what is declared
 * (`metadata/`), how it is administered (`administration.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Ports, Process, ProcessFactory } from '../kernel/ports.ts';
import { compareReleases } from '../kernel/releases.ts';
import { amqpError, ReplyCode, type AmqpError } from '../wire/amqp/reply-code.ts';
import { shared } from '../kernel/structural-sharing.ts';
import type { ChannelHost } from './channel/channel-host.ts';
import { Administration } from './administration.ts';
import { Application, type ApplicationLife } from './cluster/application.ts';
import { ClusterAlarms } from './cluster/cluster-alarms.ts';
import { Distribution } from './cluster/distribution.ts';
import { answerWithoutProcess } from './cluster/queue-gateway.ts';
import type { DistributionSettings } from './cluster/node-connection.ts';
import type { MemberNode, MembershipModule, NodeMembership } from './cluster/node-membership.ts';
import { MirroredQueue } from './cluster/mirror/mirrored-queue.ts';
import { type MonitoredNode, NodeMonitor, type PartitionHandling } from './cluster/node-monitor.ts';
import { AMQP_PORT, AmqpListener } from './connection/amqp-listener.ts';
import type { AmqpConnectionView } from './connection/connection-view.ts';
import {
  defaultConnectionSettings,
  type ConnectionSettings,
} from './connection/connection-settings.ts';
import { defaultData, needsDefaultData } from './metadata/default-data.ts';
import type { Metadata, MetadataStore } from './metadata/metadata.ts';
import { mnesia } from './metadata/mnesia/mnesia-metadata.ts';
import { rowKey, type RowChange } from './metadata/rows.ts';
import type { Profile } from './profiles.ts';
import { classicQueues } from './queue/classic-queue-type.ts';
import type { QueueTypeModule } from './queue/queue-types.ts';
import type { LeaderLocator } from './queue/replica-placing.ts';
import { defaultResourceLimits, ResourceAlarms, type ResourceLimits } from './resource-alarms.ts';
import type { StoreSettings } from './store/store-settings.ts';
import { Users } from './vhost/users.ts';
import type { VirtualHost } from './vhost/virtual-host.ts';
import { VirtualHosts } from './vhost/virtual-hosts.ts';
import type { VirtualHostView } from './vhost/virtual-host-view.ts';

export interface RabbitNodeOptions {
  readonly profile: Profile;
  readonly port?: number;
  /** Over the defaults of the release. */
  readonly connections?: Partial<ConnectionSettings>;
  /** The types of queues that can be declared; without this, classic ones. */
  readonly queueTypes?: readonly QueueTypeModule[];
  /** The hosts of the cluster's nodes, this one among them; without, it is alone. */
  readonly members?: readonly string[];
  /** Nodes join and leave the cluster; without this its members are those, for good. */
  readonly membership?: MembershipModule;
  /** Over the defaults. */
  readonly distribution?: Partial<DistributionSettings>;
  /** Where metadata is kept: without this in Mnesia, whatever the release. */
  readonly metadataStore?: MetadataStore;
  /** A RAM node, where the release has such, keeps metadata in memory only. */
  readonly nodeType?: 'disc' | 'ram';
  /** What is done about partitions: without this, nothing. */
  readonly clusterPartitionHandling?: PartitionHandling;
  /**
   * Which node leads a new queue of which neither arguments nor a policy say it: this one without
   * this. Of classic queues until 3.13 it is `queue_master_locator`, there `balanced` is
   * `min-masters`.
   */
  readonly queueLeaderLocator?: LeaderLocator;
  /** When memory or disk is short. */
  readonly limits?: Partial<ResourceLimits>;
  /** Of the files of messages, over the defaults. */
  readonly stores?: Partial<StoreSettings>;
}

/** What the views see of a node. */
export interface RabbitNodeView {
  readonly kind: 'rabbitmq';
  readonly state: string;
  readonly connections: readonly AmqpConnectionView[];
  readonly virtualHosts: readonly VirtualHostView[];
  /** Resources that are short, here or on another node: `memory`, `disk`. */
  readonly alarms: readonly string[];
}

export function createRabbitNode(options: RabbitNodeOptions): ProcessFactory<RabbitNode> {
  return (ports) => new RabbitNode(ports, options);
}

export class RabbitNode implements Process, MonitoredNode, MemberNode {
  users!: Users;
  administration!: Administration;
  metadata!: Metadata;
  listener!: AmqpListener;
  alarms!: ResourceAlarms;
  /** Those of all nodes. */
  clusterAlarms!: ClusterAlarms;
  vhosts!: ReadonlyMap<string, VirtualHost>;
  readonly ports: Ports;
  readonly handling: PartitionHandling;
  /** Null: its cluster has the same nodes for good. */
  readonly membership: NodeMembership | null;
  readonly #options: RabbitNodeOptions;
  readonly #links: Distribution;
  readonly #application: Application;
  readonly #monitor: NodeMonitor;
  #vhosts!: VirtualHosts;
  #isRunning = false;
  #isStopping = false;
  #problem: string | null = null;
  #view: RabbitNodeView | null = null;

  constructor(ports: Ports, options: RabbitNodeOptions) {
    const { members = [ports.host], distribution = {}, nodeType: type = 'disc' } = options;
    this.ports = ports;
    const initial = members.map((name) => ({ name, type: name === ports.host ? type : 'disc' }));
    this.membership = options.membership?.open(this, initial) ?? null;
    this.#options = options;
    this.handling = options.clusterPartitionHandling ?? 'ignore';
    this.#links = new Distribution({
      ...{ ports, members: [...(this.membership?.nodes.keys() ?? members)] },
      ...(options.membership === undefined ? {} : { door: options.membership.door }),
      settings: distribution,
      unheard: (from, name, message) => answerWithoutProcess(this.#links, from, name, message),
    });
    this.#application = new Application(ports, this.#links);
    this.#monitor = new NodeMonitor(this);
    this.#assemble(this.#application.begin());
  }

  /** What RabbitMQ's application is made of, for one life of it. */
  #assemble({ ports, links }: ApplicationLife): void {
    const { profile, queueTypes = [classicQueues] } = this.#options;
    const { metadataStore = mnesia } = this.#options;
    const { membership } = this;
    const nodeType = membership?.nodes.get(ports.host) ?? this.#options.nodeType ?? 'disc';
    assert(nodeType === 'disc' || profile.switches.ramNodes, 'the release has RAM nodes', {
      release: profile.release,
    });
    const metadata = metadataStore.open({
      ...{ ports, links, isDisc: nodeType === 'disc' },
      ...{ isForced: membership?.isForced ?? false, isJoining: membership?.isJoining ?? false },
      inconsistent: (node) => this.#monitor.inconsistent(node),
    });
    this.metadata = metadata;
    const users = new Users(metadata.tables);
    this.users = users;
    this.administration = new Administration({
      ...{ metadata, profile },
      random: ports.random('salts'),
    });
    const random = ports.random('names');
    const stores = this.#options.stores ?? {};
    const { queueLeaderLocator } = this.#options;
    const context = { ports, links, random, profile, queueTypes, users, metadata, stores };
    this.#vhosts = new VirtualHosts(
      queueLeaderLocator === undefined ? context : { ...context, queueLeaderLocator },
    );
    this.vhosts = this.#vhosts.all;
    this.listener = new AmqpListener({
      ports,
      settings: { ...connectionSettings(profile), ...this.#options.connections },
      access: {
        checkLogin: (user, password) => users.mayLogIn(user, password),
        openVirtualHost: (user, name) => this.#openVirtualHost(user, name),
      },
    });
    this.clusterAlarms = new ClusterAlarms(links, (resource, isRaised) =>
      this.listener.setAlarm(resource, isRaised),
    );
    this.alarms = new ResourceAlarms({
      ports,
      limits: { ...defaultResourceLimits, ...this.#options.limits },
      memoryUsed: () => this.#memoryBytes,
      changed: (resource, isRaised) => this.clusterAlarms.set(resource, isRaised),
    });
  }

  /** How its processes reach those of other nodes. */
  get links(): Distribution {
    return this.#links;
  }

  /** Nodes that share metadata with this one. */
  get running(): readonly string[] {
    return this.metadata.running;
  }

  get connectionCount(): number {
    return this.listener.inspect().length;
  }

  /** The nodes that this one ran without, and that ran without it. */
  get partitions(): readonly string[] {
    return this.#monitor.partitions;
  }

  start(): void {
    this.#monitor.start();
    this.membership?.start();
    const application = this.#application.life;
    this.#links.start(() => {
      // A node that was paused meanwhile starts by resuming.
      if (this.#application.life !== application) return;
      this.#whenConsistent(
        () => this.#startParts(),
        (problem) => this.ports.halt(problem),
      );
    });
  }

  /** A node that the others of its cluster do not know any more does not start. */
  #whenConsistent(start: () => void, refuse: (problem: string) => void): void {
    if (this.membership === null) return start();
    const application = this.#application.life;
    this.membership.check((problem) => {
      // The application ended meanwhile.
      if (this.#application.life !== application) return;
      if (problem === null) start();
      else refuse(problem);
    });
  }

  #startParts(opened: () => void = () => undefined): void {
    const { port = AMQP_PORT } = this.#options;
    assert(port > 0, 'a port', { port });
    this.metadata.start(() => {
      this.membership?.loaded();
      this.#vhosts.open();
      opened();
      this.metadata.follow((changes) => this.#closeConnectionsOf(changes));
      this.#withDefaultData(() => {
        this.alarms.start();
        this.listener.listen(port);
        this.#isRunning = true;
        this.#monitor.applicationStarted();
      });
    });
  }

  /** Who is asked a second time is on the way down already. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#monitor.stop();
    if (!this.#application.isRunning) {
      this.ports.halt('shut down');
      return;
    }
    const reason = "broker forced connection closure with reason 'shutdown'";
    this.listener.close(reason, () => {
      this.#vhosts.stop(() => this.ports.halt('shut down'));
    });
  }

  /**
   * `rabbitmq-upgrade drain`, as far as clients and mirrored queues go: the node is to go down.
   * Source: `rabbit_maintenance:do_drain`. Differs: who comes again is taken, and leaders of quorum
   * queues stay.
   */
  drain(): void {
    assert(this.#isRunning, 'a node that is drained runs', {});
    this.listener.closeWhere(() => true, 'Node was put into maintenance mode');
    if (this.#options.profile.switches.drainLeavesMirroredQueues) return;
    for (const { queues } of this.vhosts.values()) {
      for (const queue of queues.values()) {
        if (queue instanceof MirroredQueue && queue.isHere) queue.transferLeadership();
      }
    }
  }

  /** `rabbit:stop`: clients are told, and Erlang's node goes on. */
  stopApplication(): void {
    assert(this.#application.isRunning, 'it runs', {});
    this.#isRunning = false;
    this.listener.close("broker forced connection closure with reason 'shutdown'", () => {});
    // What is in memory is written; that it was a clean end is not, since nobody waits for it.
    this.#vhosts.stop(() => {});
    this.metadata.stop();
    this.#vhosts.processesGone();
    this.clusterAlarms.stop();
    this.#application.end();
    this.#monitor.applicationStopped();
  }

  startApplication(): void {
    this.#problem = null;
    this.#assemble(this.#application.begin());
    this.#links.reachMembers();
    this.#whenConsistent(
      () =>
        this.#startParts(() => {
          this.#vhosts.processesGone();
          this.clusterAlarms.restarted();
        }),
      (problem) => {
        this.#problem = problem;
        this.#application.end();
      },
    );
  }

  /** Why the application did not start when it was to; null: nothing was wrong. */
  get startProblem(): string | null {
    return this.#problem;
  }

  /** Whether the application has ended, and an operator may begin it, or do without. */
  get isStopped(): boolean {
    return !this.hasLife && !this.#monitor.willStart && this.membership?.isBusy !== true;
  }

  get hasLife(): boolean {
    return this.#application.isRunning;
  }

  beginDatabase(): Metadata {
    this.#assemble(this.#application.begin());
    return this.metadata;
  }

  endDatabase(): void {
    assert(!this.#isRunning, 'no clients are here', {});
    this.metadata.stop();
    this.#application.end();
  }

  disconnect(node: string): void {
    this.#links.disconnect(node);
  }

  /** Whether clients are taken. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  inspect(): RabbitNodeView {
    const state = this.#monitor.isPaused ? 'paused' : this.#isRunning ? 'running' : 'starting';
    this.#view = shared(this.#view, {
      kind: 'rabbitmq' as const,
      state,
      connections: this.listener.inspect(),
      virtualHosts: [...this.vhosts.values()].map((vhost) => vhost.inspect()),
      alarms: this.listener.alarms,
    });
    return this.#view;
  }

  /** Who leads and who follows, as this node has it, and what it has behind a leader. */
  replicas(): unknown {
    const queues = [...this.vhosts.values()].flatMap((vhost) =>
      [...vhost.queues.values()].map((queue) => {
        const { name } = queue;
        const record = this.metadata.tables.get('rabbit_queue', rowKey(vhost.name, name))?.record;
        const mirror = queue instanceof MirroredQueue ? [queue.mirror, queue.hearers] : null;
        const place = [vhost.name, name, record?.leader, record?.members];
        return [...place, mirror, queue.replica?.() ?? null];
      }),
    );
    return { partitions: this.partitions, queues };
  }

  get #memoryBytes(): number {
    let bytes = 0;
    for (const { memoryBytes } of this.vhosts.values()) bytes += memoryBytes;
    return bytes;
  }

  /** A new cluster has a virtual host and a user before anybody comes. */
  #withDefaultData(done: () => void): void {
    const { metadata } = this;
    if (!needsDefaultData(metadata.tables)) {
      done();
      return;
    }
    let left = 0;
    for (const change of defaultData(this.ports.random('salts'))) {
      left += 1;
      metadata.commit(change, () => {
        left -= 1;
        if (left === 0) done();
      });
    }
  }

  /** Connections end with their virtual host and their user (`rabbit_connection_tracking`). */
  #closeConnectionsOf(changes: readonly RowChange[]): void {
    for (const { table, row, was } of changes) {
      if (row !== null || was === null) continue;
      if (table === 'rabbit_vhost') {
        const text = `vhost '${was.name}' is deleted`;
        this.listener.closeWhere(({ virtualHost }) => virtualHost === was.name, text);
      } else if (table === 'rabbit_user') {
        const text = `user '${was.name}' is deleted`;
        this.listener.closeWhere(({ user }) => user === was.name, text);
      }
    }
  }

  #openVirtualHost(user: string, name: string): ChannelHost | AmqpError {
    const vhost = this.vhosts.get(name);
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
