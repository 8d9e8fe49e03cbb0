/**
 * A virtual host: the place of exchanges, queues, bindings and policies; names are unique in it.
 *
 * What is there follows metadata, row by row; a policy reaches what it matches, and messages that
 * died are published when the call that they come from is over.
 * Not here: what a client may ask (`exchange-methods.ts`, `queue-methods.ts`, `binding-methods.ts`,
 * `basic-methods.ts`), what goes together with what and what survives a restart (`metadata/`).
 * Sources: `rabbit_vhost`, `rabbit_binding`, `rabbit_exchange`. Differs: dead letters reach their
 * queues in the event in which they died; there they are messages between processes.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { DiskResult, Ports, Random } from '../../kernel/ports.ts';
import { isAmqpError, named } from '../amqp-error.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import { QueueGateway } from '../cluster/queue-gateway.ts';
import type { Binding } from '../exchange/binding.ts';
import { Exchange, type ExchangeDeclaration } from '../exchange/exchange.ts';
import { route } from '../exchange/route.ts';
import { CreditFlow } from '../credit-flow.ts';
import type { Message } from '../message.ts';
import type { MetadataChange, Outcome } from '../metadata/metadata-change.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { RowChange } from '../metadata/rows.ts';
import type { Profile } from '../profiles.ts';
import { consumerTimeoutOf } from '../queue/consumer-timeout.ts';
import { deadLetter, withoutCycles } from '../queue/dead-letter.ts';
import type { Answer, DeleteConditions, Queue, QueueType } from '../queue/queue.ts';
import type { DeathNotice, QueuePorts } from '../queue/queue-ports.ts';
import type { PolicyDefinition } from '../queue/queue-settings.ts';
import type {
  QueueCluster,
  QueuePlacing,
  QueueRecord,
  QueueTypeModule,
} from '../queue/queue-types.ts';
import type { LeaderLocator } from '../queue/replica-placing.ts';
import { Statistics } from '../statistics/statistics.ts';
import { defaultStoreSettings, type StoreSettings } from '../store/store-settings.ts';
import { VhostStores } from '../store/vhost-stores.ts';
import type { Actor } from './actor.ts';
import { ChannelSession, type SessionListener } from './channel-session.ts';
import { ReplyConsumers } from './direct-reply-to.ts';
import { noteDead } from './message-trace.ts';
import { notCommitted } from './not-committed.ts';
import { Policies, type PolicyNames } from './policies.ts';
import type { Users } from './users.ts';
import { exchangeViews, type VirtualHostView } from './virtual-host-view.ts';

/** What a virtual host is made with. */
export interface VirtualHostContext {
  readonly ports: Ports;
  readonly links: NodeLinks;
  /** For names that the broker makes up. */
  readonly random: Random;
  readonly queueTypes: readonly QueueTypeModule[];
  readonly users: Users;
  readonly metadata: Metadata;
  readonly profile: Profile;
  /** Which node leads a queue of which nothing else says it; absent: the one that declares it. */
  readonly queueLeaderLocator?: LeaderLocator;
  /** Over the defaults: how large the files of messages are, and so on. */
  readonly stores?: Partial<StoreSettings>;
}

interface Letter {
  readonly letter: Message;
  readonly queues: readonly string[];
}

const MS_PER_SECOND = 1000;
const UNCONDITIONALLY: DeleteConditions = { ifUnused: false, ifEmpty: false };

export class VirtualHost {
  readonly name: string;
  readonly context: VirtualHostContext;
  readonly exchanges: ReadonlyMap<string, Exchange>;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #queues = new Map<string, Queue>();
  readonly #policies: Policies;
  /** Dead letters and the queues that they go to, waiting for the end of a call. */
  readonly #letters: Letter[] = [];
  #isDelivering = false;
  #stores: VhostStores | null = null;
  readonly #queuePorts: QueuePorts;
  readonly #cluster: QueueCluster | null = null;
  readonly #gateway: QueueGateway | null = null;
  readonly statistics: Statistics;
  /** Who waits for replies. */
  readonly replies: ReplyConsumers;

  constructor(name: string, context: VirtualHostContext) {
    assert(name !== '', 'a virtual host has a name', {});
    this.name = name;
    this.context = context;
    this.exchanges = this.#exchanges;
    this.queues = this.#queues;
    this.#policies = new Policies(context.profile);
    this.statistics = new Statistics(context.ports.clock, {
      queue: this.#queues,
      exchange: this.#exchanges,
    });
    this.replies = new ReplyConsumers(name, context.links);
    this.#queuePorts = {
      deadLetter: (message, notice) => this.#deadLetter(message, notice),
      deadLetterConfirmed: (message, notice, publisher) => {
        const { letter, queues } = this.#letterOf(message, notice);
        for (const name of queues) this.#queues.get(name)?.publish(letter, publisher);
        return queues.length;
      },
      ended: () => this.#deliverLetters(),
      unused: (queue) => this.#removeQueue(queue),
      expired: (queue) => this.#removeQueue(queue),
    };
    if (!context.links.isAlone) {
      this.#cluster = {
        running: () => context.metadata.running,
        moveQueue: (queue, leader, members) => {
          this.commit({ kind: 'move-queue', vhost: name, name: queue, leader, members }, () => {});
        },
      };
      const { links, ports } = context;
      this.#gateway = new QueueGateway({
        ...{ links, clock: ports.clock, vhost: name, queues: this.queues },
      });
      this.#gateway.open();
    }
  }

  /** The application ends or runs again on this node: what others sent to its life is gone. */
  processesGone(): void {
    this.#gateway?.processesGone();
  }

  /** `queue 'orders' in vhost '/'`, as errors name it. */
  named(kind: 'queue' | 'exchange', name: string): string {
    return named(kind, name, this.name);
  }

  inspect(): VirtualHostView {
    return {
      name: this.name,
      exchanges: exchangeViews(this.#exchanges),
      queues: [...this.#queues.values()].flatMap((queue) => queue.inspect?.() ?? []),
    };
  }

  /** What policies say of a queue. */
  policyOf({ type, name }: Pick<Queue, 'type' | 'name'>): PolicyDefinition {
    return this.#policies.definitionFor(type, name);
  }

  /** This side of a new channel. */
  openChannel(
    actor: Actor,
    listener: SessionListener,
    flow: CreditFlow = new CreditFlow(this.context.ports.clock),
  ): ChannelSession {
    return new ChannelSession(this, actor, listener, flow);
  }

  // --------------------------------------------------------------------------------- metadata

  /** Asks for a change of this virtual host; `answer` says what became of it. */
  commit(change: MetadataChange, answer: (outcome: Outcome) => void): void {
    this.context.metadata.commit(change, answer);
  }

  /** A row of this virtual host came, changed, or went. */
  follow(change: RowChange): void {
    switch (change.table) {
      case 'rabbit_exchange':
        if (change.row === null) this.#forgetExchange(change.was!.declaration);
        else this.#addExchange(change.row.declaration);
        return;
      case 'rabbit_queue':
        this.#followQueue(change.row?.record ?? null, change.was?.record ?? null);
        return;
      case 'rabbit_route':
        if (change.row === null) this.#unbind(change.was!.binding);
        else this.#bind(change.row.binding);
        return;
      case 'rabbit_runtime_parameters':
        this.#followPolicy(change);
    }
  }

  #forgetExchange({ name }: ExchangeDeclaration): void {
    this.#exchanges.delete(name);
    this.statistics.forget('exchange', name);
  }

  #addExchange(declaration: ExchangeDeclaration): void {
    const { name } = declaration;
    assert(!this.#exchanges.has(name), 'an exchange is added once', { name });
    const { headersMatchWithX } = this.context.profile.switches;
    const exchange = new Exchange(declaration, { headersWithX: headersMatchWithX });
    this.#exchanges.set(name, exchange);
    this.#applyPolicyToExchange(exchange);
  }

  #bind(binding: Binding): void {
    const source = present(this.#exchanges.get(binding.source), 'the source exists');
    const isNew = source.bind(binding);
    assert(isNew, 'a binding is made once', { id: binding.id });
  }

  #unbind({ source, id }: Binding): void {
    const was = present(this.#exchanges.get(source), 'the source exists').unbind(id);
    assert(was, 'a binding that goes was there', { id });
  }

  #followQueue(record: QueueRecord | null, was: QueueRecord | null): void {
    const name = (record ?? was)!.declaration.name;
    const queue = this.#queues.get(name);
    if (record === null) this.statistics.forget('queue', name);
    if (was === null) this.#openQueue(present(record, 'a row came'));
    else if (record !== null) queue?.moved?.(record);
    else if (queue !== undefined) this.#queueGone(queue, was);
  }

  /** The row of a queue is gone that was not deleted by itself: with its virtual host or node. */
  #queueGone(queue: Queue, { leader }: QueueRecord): void {
    this.#queues.delete(queue.name);
    if (leader === this.context.links.self) queue.delete(UNCONDITIONALLY, () => {});
    queue.forgotten?.();
  }

  #followPolicy({ row, was }: Extract<RowChange, { table: 'rabbit_runtime_parameters' }>): void {
    const of = row ?? was;
    if (of?.component !== 'policy') return;
    if (row === null) this.#policies.clear(of.policy.name, of.by);
    else this.#policies.set(of.policy, of.by);
    this.#applyPolicies();
  }

  // ----------------------------------------------------------------------------------- queues

  #openQueue(record: QueueRecord): void {
    const { name } = record.declaration;
    assert(!this.#queues.has(name), 'a queue is added once', { name });
    const { ports, links, profile, queueTypes } = this.context;
    const { open } = present(
      queueTypes.find(({ type }) => type === record.type),
      'the type was checked',
    );
    const queue = open(record, {
      ...(this.#cluster === null ? {} : { cluster: this.#cluster }),
      ...{ ports, links, profile, vhost: this.name, host: this.#queuePorts },
      stores: () => (this.#stores ??= this.#openStores()),
      resource: this.named('queue', name),
      policy: this.#policies.definitionFor(record.type, name),
    });
    this.#queues.set(name, queue);
  }

  /** What a new queue's nodes are chosen by. */
  placing(type: QueueType, name: string): QueuePlacing {
    const { links, random, profile, metadata, queueLeaderLocator = 'client-local' } = this.context;
    return {
      ...{ links, random, profile, running: metadata.running, locator: queueLeaderLocator },
      policy: this.#policies.definitionFor(type, name),
      queues: function* () {
        for (const { record } of metadata.tables.rows('rabbit_queue')) yield record;
      },
    };
  }

  #openStores(): VhostStores {
    const { ports, profile, stores } = this.context;
    const { disk, clock, cost, trace } = ports;
    // The real store crashes, and the virtual host with it; here that is the node.
    const failed = (path: string, result: DiskResult): void => ports.halt(`${path}: ${result}`);
    return new VhostStores(
      { disk, clock, cost, trace, failed },
      {
        ...{ vhost: this.name, profile, random: ports.random('message ids') },
        settings: { ...defaultStoreSettings, ...stores },
      },
    );
  }

  /** All queues are open that were there at the start. */
  recovered(): void {
    this.#stores?.removeUnopened();
  }

  /** The virtual host is gone, and its files with it. */
  deleteStores(): void {
    this.#stores?.delete();
    this.#stores = null;
  }

  /** A clean shutdown: what queues have in memory is written; `done` when it is on the disk. */
  stop(done: () => void): void {
    let left = 1;
    const told = (): void => {
      left -= 1;
      if (left > 0) return;
      if (this.#stores === null) done();
      else this.#stores.close(done);
    };
    for (const queue of this.#queues.values()) {
      if (queue.stopping === undefined) continue;
      left += 1;
      queue.stopping(told);
    }
    told();
  }

  /**
   * Deletes a queue with its messages and bindings, if the conditions hold; its consumers are told.
   * Gives how many messages were ready.
   */
  deleteQueue(queue: Queue, conditions: DeleteConditions, answer: Answer<number>): void {
    queue.delete(conditions, (count) => {
      const { name } = queue;
      if (isAmqpError(count) || this.#queues.get(name) !== queue) {
        answer(count);
        return;
      }
      // It takes nothing any more, however long the change takes.
      this.#queues.delete(name);
      queue.forgotten?.();
      this.commit({ kind: 'delete-queue', vhost: this.name, name }, (outcome) => {
        const resource = this.named('queue', name);
        const text = `The operation to delete ${resource} from the metadata store timed out`;
        answer(outcome.kind === 'unavailable' ? notCommitted(outcome, text) : count);
      });
    });
  }

  /** The queue ends by itself: it is unused, it expired, or its connection is gone. */
  #removeQueue({ name }: Queue): void {
    // Of one with mirrors it is its process that says so.
    const queue = present(this.#queues.get(name), 'a queue that is removed was there');
    this.deleteQueue(queue, UNCONDITIONALLY, () => {});
  }

  /** A connection is gone, and with it its exclusive queues (invariant R14). */
  connectionClosed({ id }: Actor): void {
    for (const queue of [...this.#queues.values()]) {
      if (queue.declaration.exclusiveOwner === id) this.#removeQueue(queue);
    }
  }

  /** Bytes that queues hold in this node's memory. */
  get memoryBytes(): number {
    let bytes = 0;
    for (const { holdings, memoryBytes } of this.#queues.values()) {
      const { messageBytesReady = 0, messageBytesUnacknowledged = 0 } = holdings ?? {};
      bytes += memoryBytes ?? messageBytesReady + messageBytesUnacknowledged;
    }
    return bytes;
  }

  /** Milliseconds in which deliveries of a queue are to be settled; null: no limit. */
  consumerTimeoutMs(queue: string): number | null {
    const { profile } = this.context;
    const of = this.#queues.get(queue);
    if (of === undefined) return profile.defaults.consumer_timeout;
    return consumerTimeoutOf(of.declaration.arguments, this.policyOf(of), profile);
  }

  // --------------------------------------------------------------------------------- policies

  /** Which policies apply to a queue or an exchange of this name, and what they say together. */
  policiesOf(
    kind: QueueType | 'exchange',
    name: string,
  ): PolicyNames & { readonly definition: PolicyDefinition } {
    const definition = this.#policies.definitionFor(kind, name);
    return { ...this.#policies.namesFor(kind, name), definition };
  }

  #applyPolicies(): void {
    for (const exchange of this.#exchanges.values()) this.#applyPolicyToExchange(exchange);
    for (const queue of this.#queues.values()) {
      queue.setPolicy(this.policyOf(queue));
    }
  }

  #applyPolicyToExchange(exchange: Exchange): void {
    const definition = this.#policies.definitionFor('exchange', exchange.name);
    const alternate = definition['alternate-exchange'] ?? null;
    assert(alternate === null || typeof alternate === 'string', 'policies were checked', {
      alternate,
    });
    exchange.policyAlternate = alternate;
  }

  // ------------------------------------------------------------------------------ dead letters

  /** The queues that a message goes to, each once: they exist. */
  route(exchange: Exchange, message: Message): readonly string[] {
    return route(exchange, message, (name) => this.#exchanges.get(name)).filter((name) => {
      const queue = this.#queues.get(name);
      return queue !== undefined && (queue.absence ?? null) === null;
    });
  }

  #deadLetter(message: Message, notice: DeathNotice): void {
    const waiting = this.#letterOf(message, notice);
    if (waiting.queues.length > 0) this.#letters.push(waiting);
  }

  /** The dead letter, and the queues that it goes to. */
  #letterOf(message: Message, notice: DeathNotice): Letter {
    const { reason, queue, exchange: name, routingKey } = notice;
    const { lastDeathHeaders } = this.context.profile.switches;
    const timeSeconds = Math.floor(this.context.ports.clock.wall() / MS_PER_SECOND);
    const how = { reason, queue, exchange: name, routingKey, timeSeconds };
    const letter = deadLetter(message, how, { lastDeathHeaders });
    const exchange = this.#exchanges.get(name);
    // Without its dead-letter exchange a message goes nowhere (rabbitmq.com/docs/dlx).
    const routed = exchange === undefined ? [] : this.route(exchange, letter);
    const queues = withoutCycles(letter, routed);
    noteDead(this.context.ports.trace, message, notice, queues);
    return { letter, queues };
  }

  /** What dies on the way is added behind; cycles end, since a cycle is dropped. */
  #deliverLetters(): void {
    if (this.#isDelivering || this.#letters.length === 0) return;
    this.#isDelivering = true;
    for (let at = 0; at < this.#letters.length; at++) {
      const { letter, queues } = present(this.#letters[at], 'a letter waits');
      for (const name of queues) this.#queues.get(name)?.publish(letter, null);
    }
    this.#letters.length = 0;
    this.#isDelivering = false;
  }
}
