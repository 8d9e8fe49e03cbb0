/**
 * The lab's handle on RabbitMQ: nodes on simulated hosts, applications that publish and consume,
 * and what an experiment may ask of them. Everything goes over the wire: a client here is a client.
 *
 * A message carries its history id as its body, so that the history knows it again. The history is
 * told: `acknowledged` where the broker confirmed it or its transaction was committed, `refused`
 * where it was nacked, came back (`mandatory`), was rolled back or was never sent, `unasked` where
 * the channel does not confirm, `indeterminate` where the channel or connection was lost first.
 * At the end of a run `history.final` has what consumers processed and acknowledged, queue by queue
 * in the order of processing, and behind it what is left in the queues: what is in neither is lost.
 * Of a stream it has what the stream has.
 * Not here: nodes and clients (`rabbitmq/`), the applications (`rabbitmq-publisher.ts`,
 * `rabbitmq-consumer.ts`).
 */
import { assert, present } from '../kernel/assert.ts';
import type { Address } from '../kernel/ports.ts';
import { AMQP_PORT } from '../rabbitmq/connection/amqp-listener.ts';
import {
  createAmqpClient,
  type AmqpClient,
  type AmqpClientOptions,
  type ClientRole,
} from '../rabbitmq/client/amqp-client.ts';
import type { ClientChannel } from '../rabbitmq/client/client-channel.ts';
import type { Told } from '../rabbitmq/client/outstanding-publishes.ts';
import type { CallArgs, RpcName } from '../rabbitmq/client/rpc.ts';
import { isShutdownSignal, type ShutdownSignal } from '../rabbitmq/client/shutdown-signal.ts';
import { rabbitNarration } from '../rabbitmq/narration.ts';
import { createRabbitNode, type RabbitNode, type RabbitNodeOptions } from '../rabbitmq/node.ts';
import { newestProfile, profileOf } from '../rabbitmq/profiles.ts';
import { rowKey } from '../rabbitmq/metadata/rows.ts';
import type { Profile } from '../rabbitmq/profiles.ts';
import type { QueueView } from '../rabbitmq/queue/queue-view.ts';
import { watchCluster } from './check/rabbitmq.ts';
import type { Policy } from '../rabbitmq/vhost/policies.ts';
import type { Lab, Step } from './experiment.ts';
import type { Found } from './history.ts';
import { ConsumingApplication, type ConsumerOptions, type Received } from './rabbitmq-consumer.ts';
import { Audit } from './rabbitmq-audit.ts';
import { bodyOf, idOf } from './rabbitmq-body.ts';
import type {
  RabbitOptions,
  Topology,
  ClientPlace,
  PublisherOptions,
  PublishOptions,
  CallResult,
} from './rabbitmq-options.ts';
import { PublishingApplication } from './rabbitmq-publisher.ts';

const DEFAULT_VHOST = '/';
const DECLARER = 'declarer';
/** The reader of the end of a run. Not one of the story's persons. */
const AUDITOR = 'auditor';

export class RabbitCluster {
  readonly profile: Profile;
  readonly #lab: Lab;
  readonly #nodes: number;
  /** Names of applications; those that have started are in `#applications`. */
  readonly #added = new Set<string>();
  readonly #applications = new Map<string, Application>();
  readonly #calls: CallResult[] = [];
  readonly #processed: Found[] = [];
  readonly #returned: string[] = [];
  readonly #cancelled: string[] = [];
  #sentCount = 0;
  #audit: Audit | null = null;
  #isAuditing = false;

  /** Adds nodes and starts them. */
  constructor(lab: Lab, options: RabbitOptions = {}) {
    const { nodes = 1, quirks = {} } = options;
    assert(nodes >= 1, 'a cluster has a node', { nodes });
    this.#lab = lab;
    this.#nodes = nodes;
    this.profile = profileOf(options.profile ?? newestProfile, quirks);
    lab.narrateWith(rabbitNarration);
    const { queueTypes, metadataStore, partitionHandling = 'ignore' } = options;
    const { netTickTimeMs, stores = {}, membership, apart = false } = options;
    if (membership !== undefined) lab.narrateWith(membership.narration);
    assert(!apart || membership !== undefined, 'nodes that are apart can join each other', {});
    const nodeOptions: RabbitNodeOptions = {
      profile: this.profile,
      clusterPartitionHandling: partitionHandling,
      stores,
      ...(queueTypes === undefined ? {} : { queueTypes }),
      ...(membership === undefined ? {} : { membership }),
      ...(metadataStore === undefined ? {} : { metadataStore: metadataStore(this.profile) }),
      ...(netTickTimeMs === undefined ? {} : { distribution: { netTickTimeMs } }),
    };
    for (const name of this.nodeNames) {
      const members = apart ? [name] : this.nodeNames;
      lab.addHost(name, createRabbitNode({ ...nodeOptions, members }));
    }
    watchCluster(lab, this.nodeNames, queueTypes ?? []);
  }

  nodeName(node: number): string {
    assert(node >= 1 && node <= this.#nodes, 'a node of the cluster', { node });
    return `rabbit-${node}`;
  }

  get nodeNames(): readonly string[] {
    return Array.from({ length: this.#nodes }, (_, place) => `rabbit-${place + 1}`);
  }

  // ---------------------------------------------------------------------------------- the state

  /** A node's process, or null while it is down. */
  node(node = 1): RabbitNode | null {
    return this.#lab.host(this.nodeName(node)).process as RabbitNode | null;
  }

  /** All nodes run and take clients. */
  get allRunning(): boolean {
    return this.nodeNames.every((_, place) => this.node(place + 1)?.isRunning === true);
  }

  /**
   * A queue as the node of its process has it: ready and unacknowledged messages, consumers, what
   * is gone and why; null where there is none of the name, or its node is down. `node`: as this
   * node has it. `messagesMax`: so many messages, which are what it costs.
   */
  queue(name: string, node?: number, messagesMax = 0): QueueView | null {
    const asked = node === undefined ? this.nodeNames.map((_, place) => place + 1) : [node];
    for (const one of asked) {
      const queue = this.node(one)?.vhosts.get(DEFAULT_VHOST)?.queues.get(name);
      const view = queue?.inspect?.(messagesMax) ?? null;
      if (view !== null) return view;
    }
    return null;
  }

  /** The nodes that have a replica of a queue, as a node's metadata says; none if it is unknown. */
  membersOf(name: string, node = 1): readonly string[] {
    const tables = this.node(node)?.metadata.tables;
    return tables?.get('rabbit_queue', rowKey(DEFAULT_VHOST, name))?.record.members ?? [];
  }

  /** Has a node's operator set a policy, as `rabbitmqctl set_policy` does. */
  setPolicy(policy: Policy, node = 1): void {
    this.#lab.command<RabbitNode>(this.nodeName(node), 'set_policy', (process) =>
      process.administration.setPolicy(DEFAULT_VHOST, policy, 'user', (problem) =>
        assert(problem === null, 'a policy of a story is accepted', { problem }),
      ),
    );
  }

  /** Names of all queues that a node has. */
  queueNames(node = 1): readonly string[] {
    return [...(this.node(node)?.vhosts.get(DEFAULT_VHOST)?.queues.keys() ?? [])];
  }

  #isStream(name: string): boolean {
    return this.node()?.vhosts.get(DEFAULT_VHOST)?.queues.get(name)?.type === 'stream';
  }

  /** Every client that runs is connected, or has hung up, and all that was called was answered. */
  get allConnected(): boolean {
    const answered = this.#calls.every(({ outcome }) => outcome !== null);
    return answered && this.#clients().every(({ state }) => state === 'open' || state === 'closed');
  }

  #clients(): readonly AmqpClient[] {
    return [...this.#applications.keys()].flatMap((name) => {
      const process = this.#lab.host(name).process as AmqpClient | null;
      return process === null ? [] : [process];
    });
  }

  /** A client's process, or null while it is down: its connection and channels. */
  client(name: string): AmqpClient | null {
    return this.#lab.host(name).process as AmqpClient | null;
  }

  /** Messages that a publisher published and was not told of. */
  outstandingOf(publisher: string): number {
    return this.#publisherOf(publisher)?.outstandingCount ?? 0;
  }

  /** Messages that a publisher's strategy still holds back. */
  waitingAt(publisher: string): number {
    return this.#publisherOf(publisher)?.waitingCount ?? 0;
  }

  #publisherOf(name: string): PublishingApplication | null {
    return this.#applications.get(name)?.publishing ?? null;
  }

  /** Every message that `publish` was called for is published, and has its outcome. */
  get allTold(): boolean {
    const { sent } = this.#lab.history;
    if (sent.length < this.#sentCount) return false;
    return sent.every(({ outcome }) => outcome !== 'pending');
  }

  /** Ids of messages that came back because no queue took them, in order. */
  get returned(): readonly string[] {
    return this.#returned;
  }

  /** What consumers processed and acknowledged so far, in order. */
  get processed(): readonly Found[] {
    return this.#processed;
  }

  /** Names of applications whose consumer the broker ended, in order. */
  get cancelled(): readonly string[] {
    return this.#cancelled;
  }

  /** What became of `declare` and `call`, in order. */
  get calls(): readonly CallResult[] {
    return this.#calls;
  }

  // ------------------------------------------------------------------------------------ clients

  /** Declares exchanges, queues and bindings, in this order, by a client of its own. */
  declare(topology: Topology): void {
    if (!this.#added.has(DECLARER)) this.addClient(DECLARER);
    const { exchanges = [], queues = [], bindings = [], exchangeBindings = [] } = topology;
    for (const args of exchanges) this.call(DECLARER, 'exchange.declare', args);
    for (const args of queues) this.call(DECLARER, 'queue.declare', args);
    for (const args of bindings) this.call(DECLARER, 'queue.bind', args);
    for (const args of exchangeBindings) this.call(DECLARER, 'exchange.bind', args);
  }

  /** Everything that was asked for by `declare` and `call` was answered, and nothing refused. */
  get allDeclared(): boolean {
    return this.#calls.every(({ outcome }) => outcome === 'ok');
  }

  /** Adds a client with one channel, for calls of the experiment's own. */
  addClient(name: string, place: ClientPlace = {}): void {
    this.#addApplication(name, { ...place, role: 'client' }, (client) => ({
      channel: client.openChannel(),
    }));
  }

  /**
   * Calls a method on a client's channel by its AMQP name, as
   * `call('client-1', 'queue.declare', { queue: 'orders', durable: true })`; `calls` tells its
   * outcome. A channel that the broker closed with an error is replaced at the next call.
   */
  call<N extends RpcName>(client: string, name: N, args: CallArgs<N>, delayMs = 0): void {
    const result: CallResult = { client, name, outcome: null };
    this.#calls.push(result);
    this.#lab.command<AmqpClient>(
      client,
      name,
      (process) => {
        const application = this.#application(client);
        if (application.channel.state === 'closed') application.channel = process.openChannel();
        application.channel.call(name, args, (reply) => {
          result.outcome = isShutdownSignal(reply) ? reply.text : 'ok';
        });
      },
      delayMs,
    );
  }

  /**
   * Adds an application that publishes. Without options it confirms, and publishes without waiting
   * for what is outstanding (`PublishStrategy`).
   */
  addPublisher(name: string, options: PublisherOptions = {}): void {
    const strategy = {
      mode: options.mode ?? 'confirm',
      outstandingMax: options.outstandingMax ?? Number.MAX_SAFE_INTEGER,
      inBatches: options.inBatches ?? false,
      republish: options.republish ?? false,
    };
    this.#addApplication(name, { ...options, role: 'producer' }, (client) => {
      const told = (id: string, outcome: Told | ShutdownSignal) => this.#told(id, outcome);
      const publishing = new PublishingApplication(client, strategy, told);
      const { channel } = publishing;
      channel.whenReturned((_, body) => this.#returned.push(idOf(body)));
      return { channel, publishing };
    });
  }

  /** Has an application publish messages; they are `m1`, `m2`, ... in the order of this call. */
  publish(publisher: string, options: PublishOptions): void {
    const { routingKey, exchange = '', count = 1, delayMs = 0, everyMs = 0 } = options;
    const ids = Array.from({ length: count }, () => `m${++this.#sentCount}`);
    const label = `publish ${count} to ${exchange === '' ? routingKey : exchange}`;
    const publish = (chosen: readonly string[]): void => {
      const publishing = this.#application(publisher).publishing ?? null;
      assert(publishing !== null, 'an application that publishes', { publisher });
      for (const id of chosen) {
        this.#lab.history.send(publisher, id, this.#lab.event);
        const body = bodyOf(id, options.paddingBytes ?? 0);
        const { mandatory = false, properties = {} } = options;
        publishing.publish({ id, publish: { exchange, routingKey, body, mandatory, properties } });
      }
    };
    if (everyMs === 0) {
      this.#lab.command(publisher, label, () => publish(ids), delayMs);
      return;
    }
    for (const [place, id] of ids.entries()) {
      this.#lab.command(publisher, label, () => publish([id]), delayMs + place * everyMs);
    }
  }

  /** Adds an application that consumes from a queue; the history hears of its deliveries. */
  addConsumer(name: string, queue: string, options: ConsumerOptions & ClientPlace = {}): void {
    const { history } = this.#lab;
    const given = new Map<string, number>();
    const listener = {
      delivered: ({ id, delivery }: Received) => {
        const offset = given.get(queue) ?? 0;
        given.set(queue, offset + 1);
        const { redelivered } = delivery;
        const one = { id, consumer: name, partition: queue, offset, redelivered };
        history.deliver({ ...one, event: this.#lab.event });
      },
      processed: ({ id }: Received, decision: string) => {
        if (decision === 'requeue' || decision === 'reject') return;
        this.#processed.push({ id, partition: queue, offset: this.#processed.length });
      },
      cancelled: () => this.#cancelled.push(name),
    };
    this.#addApplication(name, { ...options, role: 'consumer' }, (client) => {
      const consuming = new ConsumingApplication(client, queue, options, { listener, idOf });
      return { channel: consuming.channel, consuming };
    });
  }

  /** Closes a client's connection; it does not come back. */
  disconnect(client: string): void {
    this.#lab.command<AmqpClient>(client, 'close', (process) => process.close());
  }

  /** Ends an application's consumer (`basic.cancel`); its channel stays. */
  cancel(consumer: string): void {
    this.#lab.command<AmqpClient>(consumer, 'cancel', () => {
      const { channel } = this.#application(consumer);
      for (const consumerTag of channel.inspect().consumers) {
        channel.call('basic.cancel', { consumerTag });
      }
    });
  }

  #application(name: string): Application {
    return present(this.#applications.get(name), `an application named ${name}`);
  }

  #addApplication(
    name: string,
    { node = 1, client: settings = {}, role }: ClientPlace & { readonly role: ClientRole },
    make: (client: AmqpClient) => Application,
  ): void {
    assert(!this.#added.has(name), 'an application is added once', { name });
    this.#added.add(name);
    const options: AmqpClientOptions = {
      addresses: this.#addressesFrom(node),
      settings,
      role,
      started: (client) => {
        if (client.ports.incarnation > 1) this.#forgotten(name);
        this.#applications.set(name, make(client));
        // Who comes back when everybody has left leaves again.
        if (this.#isAuditing) client.close();
      },
      opened: () => this.#applications.get(name)?.publishing?.run(),
    };
    this.#lab.addHost(name, createAmqpClient(options));
  }

  #addressesFrom(node: number): readonly Address[] {
    const names = this.nodeNames;
    assert(node >= 1 && node <= names.length, 'a node of the cluster', { node });
    const hosts = [...names.slice(node - 1), ...names.slice(0, node - 1)];
    return hosts.map((host) => ({ host, port: AMQP_PORT }));
  }

  /** An application that starts anew knows nothing of what it had published. */
  #forgotten(publisher: string): void {
    const { history, event } = this.#lab;
    for (const { id, producer, outcome } of history.sent) {
      if (producer !== publisher || outcome !== 'pending') continue;
      history.tell(id, event, 'indeterminate', { error: 'restarted' });
    }
  }

  #told(id: string, outcome: Told | ShutdownSignal): void {
    const { history, event } = this.#lab;
    if (isShutdownSignal(outcome)) {
      const isCertain = outcome.of === 'closed';
      history.tell(id, event, isCertain ? 'refused' : 'indeterminate', { error: outcome.text });
    } else if (outcome.outcome === 'unasked') {
      history.tell(id, event, 'unasked');
    } else if (outcome.outcome === 'ack' && outcome.returned === null) {
      history.tell(id, event, 'acknowledged', { place: `#${outcome.sequence}` });
    } else {
      history.tell(id, event, 'refused', { error: outcome.returned ?? outcome.outcome });
    }
  }

  // ----------------------------------------------------------------------------------- settling

  /** The steps at the end of every experiment: heal, restart all, read what is left. */
  static settle<W extends { readonly rabbit: RabbitCluster }>(): readonly Step<W>[] {
    return [
      {
        id: 'heal',
        title: { en: 'All is healed and restarted', zh: '恢复网络，重启所有进程' },
        do: ({ rabbit }) => rabbit.#heal(),
        until: ({ rabbit }) => rabbit.#healed(),
        timeLimitMs: 120_000,
      },
      {
        id: 'read-back',
        title: { en: 'What is left in the queues is read', zh: '读出队列中剩下的消息' },
        do: ({ rabbit }) => rabbit.#startAudit(),
        until: ({ rabbit }) => rabbit.#audited(),
        timeLimitMs: 60_000,
      },
    ];
  }

  #heal(): void {
    this.#lab.inject({ fault: 'heal' });
    for (const host of this.#lab.hosts()) {
      const start = () => this.#lab.inject({ fault: 'start', host: host.name });
      if (host.state !== 'running') {
        start();
        continue;
      }
      if (host.paused) this.#lab.inject({ fault: 'resume', host: host.name });
      // It may still be on its way down.
      this.#lab.when(() => host.state !== 'running', start);
    }
  }

  /** All are connected, each message has its outcome, and no application is busy. */
  #healed(): boolean {
    if (!this.allRunning || !this.allConnected) return false;
    if (this.#lab.history.sent.some((sent) => sent.outcome === 'pending')) return false;
    const streams = this.queueNames().filter((name) => this.#isStream(name));
    if (streams.some((name) => this.queue(name) === null)) return false;
    return [...this.#applications.values()].every(({ consuming }) => consuming?.isBusy !== true);
  }

  /** Consumers go, so that what they hold is ready again, and then everything is fetched. */
  #startAudit(): void {
    this.#isAuditing = true;
    for (const name of this.#applications.keys()) {
      this.#lab.command<AmqpClient>(name, 'close', (client) => client.close());
    }
    const options = {
      addresses: this.#addressesFrom(1),
      started: (client: AmqpClient) => {
        this.#audit = new Audit(client, {
          names: () => this.queueNames(),
          recordsOf: (name) => (this.#isStream(name) ? (this.queue(name)?.ready ?? 0) : null),
        });
      },
    };
    this.#lab.addHost(AUDITOR, createAmqpClient(options));
  }

  #audited(): boolean {
    const audit = this.#audit;
    if (audit === null || this.#clients().some(({ state }) => state !== 'closed')) return false;
    const left = this.queueNames().some((name) => {
      const queue = this.#isStream(name) ? null : this.queue(name);
      return queue !== null && queue.ready + queue.unacknowledged > 0;
    });
    if (left || !audit.isIdle) return false;
    if (this.#lab.history.final === null) this.#finish(audit.found);
    return true;
  }

  #finish(left: readonly Omit<Found, 'offset'>[]): void {
    const places = new Map<string, number>();
    // What is consumed from a stream is still there.
    const taken = this.#processed.filter(({ partition }) => !this.#isStream(partition));
    const all = [...taken, ...left].map(({ id, partition }) => {
      const offset = places.get(partition) ?? 0;
      places.set(partition, offset + 1);
      return { id, partition, offset };
    });
    this.#lab.history.finish(all);
  }
}

/** What stands on a client's host; anew at each of its starts. */
interface Application {
  channel: ClientChannel;
  readonly publishing?: PublishingApplication;
  readonly consuming?: ConsumingApplication;
}
