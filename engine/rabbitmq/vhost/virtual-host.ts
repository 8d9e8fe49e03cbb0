/**
 * A virtual host: the place of exchanges, queues, bindings and policies; names are unique in it.
 *
 * Here is what holds together: an exchange or queue that goes takes its bindings along, an
 * auto-delete exchange goes with its last binding, a policy reaches what it matches, and messages
 * that died are published when the call that they come from is over.
 * Not here: what a client may ask (`exchange-methods.ts`, `queue-methods.ts`, `binding-methods.ts`,
 * `basic-methods.ts`), and what survives a restart.
 * Sources: `rabbit_vhost`, `rabbit_binding`, `rabbit_exchange`. Differs: dead letters reach their
 * queues in the event in which they died; there they are messages between processes.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Ports, Random } from '../../kernel/ports.ts';
import { isAmqpError, named } from '../amqp-error.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import { QueueGateway } from '../cluster/queue-gateway.ts';
import type { Binding, Destination } from '../exchange/binding.ts';
import { Exchange, type ExchangeDeclaration, type ExchangeTypeName } from '../exchange/exchange.ts';
import { route } from '../exchange/route.ts';
import { EMPTY_TABLE } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import type { Profile } from '../profiles.ts';
import { deadLetter, withoutCycles } from '../queue/dead-letter.ts';
import type { Answer, DeleteConditions, Queue } from '../queue/queue.ts';
import type { DeathNotice, QueuePorts } from '../queue/queue-ports.ts';
import type { QueueRecord, QueueTypeModule } from '../queue/queue-types.ts';
import type { Actor } from './actor.ts';
import { ChannelSession, type SessionListener } from './channel-session.ts';
import { Policies, type Policy } from './policies.ts';
import type { Users } from './users.ts';

/** What a virtual host is made with. */
export interface VirtualHostContext {
  readonly ports: Ports;
  readonly links: NodeLinks;
  /** For names that the broker makes up. */
  readonly random: Random;
  readonly queueTypes: readonly QueueTypeModule[];
  readonly users: Users;
  readonly profile: Profile;
}

/** The exchanges of every virtual host; amq.match is another headers exchange. */
const predeclared: readonly (readonly [string, ExchangeTypeName, boolean])[] = [
  ['', 'direct', false],
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.topic', 'topic', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
];

const MS_PER_SECOND = 1000;
const UNCONDITIONALLY: DeleteConditions = { ifUnused: false, ifEmpty: false };

export class VirtualHost {
  readonly name: string;
  readonly context: VirtualHostContext;
  readonly exchanges: ReadonlyMap<string, Exchange>;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #queues = new Map<string, Queue>();
  /** Bindings by where they end. */
  readonly #bindingsTo = new Map<string, Set<Binding>>();
  readonly #policies: Policies;
  /** Dead letters and the queues that they go to, waiting for the end of a call. */
  readonly #letters: { readonly letter: Message; readonly queues: readonly string[] }[] = [];
  #isDelivering = false;
  readonly #queuePorts: QueuePorts;

  constructor(name: string, context: VirtualHostContext) {
    assert(name !== '', 'a virtual host has a name', {});
    this.name = name;
    this.context = context;
    this.exchanges = this.#exchanges;
    this.queues = this.#queues;
    this.#policies = new Policies(context.profile);
    this.#queuePorts = {
      deadLetter: (message, notice) => this.#deadLetter(message, notice),
      ended: () => this.#deliverLetters(),
      unused: (queue) => this.#removeQueue(queue),
      expired: (queue) => this.#removeQueue(queue),
    };
    if (context.links.members.length > 1) {
      new QueueGateway({ links: context.links, vhost: name, queues: this.queues }).open();
    }
    for (const [exchange, type, internal] of predeclared) {
      const options = { durable: true, autoDelete: false, internal, arguments: EMPTY_TABLE };
      this.addExchange({ name: exchange, type, ...options });
    }
  }

  /** `queue 'orders' in vhost '/'`, as errors name it. */
  named(kind: 'queue' | 'exchange', name: string): string {
    return named(kind, name, this.name);
  }

  /** This side of a new channel. */
  openChannel(actor: Actor, listener: SessionListener): ChannelSession {
    return new ChannelSession(this, actor, listener);
  }

  // -------------------------------------------------------------------------------- exchanges

  addExchange(declaration: ExchangeDeclaration): Exchange {
    const { name } = declaration;
    assert(!this.#exchanges.has(name), 'an exchange is added once', { name });
    const { headersMatchWithX } = this.context.profile.switches;
    const exchange = new Exchange(declaration, { headersWithX: headersMatchWithX });
    this.#exchanges.set(name, exchange);
    this.#applyPolicyToExchange(exchange);
    return exchange;
  }

  /** Removes an exchange, the bindings from it and to it, and what was held by those only. */
  removeExchange(exchange: Exchange): void {
    const removed = this.#exchanges.delete(exchange.name);
    assert(removed, 'an exchange that is removed was there', { name: exchange.name });
    for (const binding of [...exchange.bindings.values()]) {
      exchange.unbind(binding.id);
      this.#forget(binding);
    }
    this.#unbindAllTo({ kind: 'exchange', name: exchange.name });
  }

  // ----------------------------------------------------------------------------------- queues

  /** Opens a queue that metadata has. */
  addQueue(record: QueueRecord): Queue {
    const { name } = record.declaration;
    assert(!this.#queues.has(name), 'a queue is added once', { name });
    const { ports, links, profile, queueTypes } = this.context;
    const { open } = present(
      queueTypes.find(({ type }) => type === record.type),
      'the type was checked',
    );
    const queue = open(record, {
      ...{ ports, links, profile, vhost: this.name, host: this.#queuePorts },
      resource: this.named('queue', name),
      policy: this.#policies.definitionFor('queue', name),
    });
    this.#queues.set(name, queue);
    return queue;
  }

  /**
   * Deletes a queue with its messages and bindings, if the conditions hold; its consumers are told.
   * Gives how many messages were ready.
   */
  deleteQueue(queue: Queue, conditions: DeleteConditions, answer: Answer<number>): void {
    queue.delete(conditions, (count) => {
      if (!isAmqpError(count) && this.#queues.get(queue.name) === queue) this.#forgetQueue(queue);
      answer(count);
    });
  }

  #forgetQueue(queue: Queue): void {
    const { name } = queue;
    this.#queues.delete(name);
    queue.forgotten?.();
    this.#unbindAllTo({ kind: 'queue', name });
  }

  /** The queue ends by itself: it is unused, it expired, or its connection is gone. */
  #removeQueue(queue: Queue): void {
    assert(this.#queues.get(queue.name) === queue, 'a queue that is removed was there', {
      queue: queue.name,
    });
    this.deleteQueue(queue, UNCONDITIONALLY, () => {});
  }

  /** A connection is gone, and with it its exclusive queues (invariant R14). */
  connectionClosed({ id }: Actor): void {
    for (const queue of [...this.#queues.values()]) {
      if (queue.declaration.exclusiveOwner === id) this.#removeQueue(queue);
    }
  }

  // --------------------------------------------------------------------------------- bindings

  /** Adds a binding between what exists; of one that is there, nothing happens. */
  bind(binding: Binding): void {
    const source = present(this.#exchanges.get(binding.source), 'the source exists');
    if (!source.bind(binding)) return;
    const key = destinationKey(binding.destination);
    let bindings = this.#bindingsTo.get(key);
    if (bindings === undefined) this.#bindingsTo.set(key, (bindings = new Set()));
    bindings.add(binding);
    assert(source.bindings.has(binding.id), 'it is bound', { id: binding.id });
  }

  /** Removes a binding, and its source if that is auto-delete and it was the last one. */
  unbind(source: Exchange, id: string): void {
    const binding = source.bindings.get(id);
    if (binding === undefined) return;
    source.unbind(id);
    this.#forget(binding);
    if (source.declaration.autoDelete && source.bindings.size === 0) this.removeExchange(source);
  }

  /** How many bindings end there. */
  bindingsTo(destination: Destination): number {
    return this.#bindingsTo.get(destinationKey(destination))?.size ?? 0;
  }

  #unbindAllTo(destination: Destination): void {
    for (const binding of [...(this.#bindingsTo.get(destinationKey(destination)) ?? [])]) {
      const source = this.#exchanges.get(binding.source);
      // A source that went while this loop ran has taken its bindings along.
      if (source !== undefined) this.unbind(source, binding.id);
    }
    assert(this.bindingsTo(destination) === 0, 'nothing is bound to it any more', { destination });
  }

  #forget(binding: Binding): void {
    const key = destinationKey(binding.destination);
    const bindings = present(this.#bindingsTo.get(key), 'the binding is known by its end');
    assert(bindings.delete(binding), 'the binding is known by its end', { id: binding.id });
    if (bindings.size === 0) this.#bindingsTo.delete(key);
  }

  // --------------------------------------------------------------------------------- policies

  /** Sets a policy, for operators or users, and applies it; null, or what is wrong with it. */
  setPolicy(policy: Policy, by: 'user' | 'operator' = 'user'): string | null {
    const wrong = this.#policies.set(policy, by);
    if (wrong === null) this.#applyPolicies();
    return wrong;
  }

  clearPolicy(name: string, by: 'user' | 'operator' = 'user'): void {
    if (this.#policies.clear(name, by)) this.#applyPolicies();
  }

  #applyPolicies(): void {
    for (const exchange of this.#exchanges.values()) this.#applyPolicyToExchange(exchange);
    for (const queue of this.#queues.values()) {
      queue.setPolicy(this.#policies.definitionFor('queue', queue.name));
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

  #deadLetter(message: Message, { reason, queue, exchange: name, routingKey }: DeathNotice): void {
    const exchange = this.#exchanges.get(name);
    // Without its dead-letter exchange a message is dropped (rabbitmq.com/docs/dlx).
    if (exchange === undefined) return;
    const { lastDeathHeaders } = this.context.profile.switches;
    const timeSeconds = Math.floor(this.context.ports.clock.wall() / MS_PER_SECOND);
    const how = { reason, queue, exchange: name, routingKey, timeSeconds };
    const letter = deadLetter(message, how, { lastDeathHeaders });
    const queues = withoutCycles(letter, this.route(exchange, letter));
    if (queues.length > 0) this.#letters.push({ letter, queues });
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

function destinationKey({ kind, name }: Destination): string {
  return `${kind} ${name}`;
}
