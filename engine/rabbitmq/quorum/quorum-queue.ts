/**
 * A quorum queue as a node sees it: its member of the queue's Ra cluster, if it has one, and
 * clients for what is published and consumed here.
 *
 * Invariant R15: a publisher hears that its message is confirmed when a majority has it on its
 * disks; without a majority it hears nothing.
 *
 * Source: `rabbit_quorum_queue`. Differences: what a node publishes to a queue is one session,
 * there it is one for each channel; a log is of one queue of a name, where there a member that was
 * down can meet that of an earlier one (rabbitmq-server, issue 12366).
 * Not here: the state machine (`rabbit-fifo.ts`), Raft (`ra/`).
 */
import { assert } from '../../kernel/assert.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { tableLookup } from '../../wire/amqp/field-table.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { CreditFlow } from '../credit-flow.ts';
import { integerOf } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { ConsumerOptions, ConsumingChannel } from '../queue/consumer.ts';
import { CONSUMER_TIMEOUT, consumerTimeoutOf } from '../queue/consumer-timeout.ts';
import type {
  Answer,
  DeleteConditions,
  Fetched,
  HeldMessage,
  Publisher,
  Queue,
  QueueCounts,
  QueueHoldings,
  Settlement,
} from '../queue/queue.ts';
import type { DeathReason } from '../queue/death.ts';
import type { QueueDeclaration } from '../queue/queue-ports.ts';
import type { PolicyDefinition } from '../queue/queue-settings.ts';
import { quorumCommandsSoftLimit, SoftLimit } from '../queue/soft-limit.ts';
import type { QueueContext, QueueRecord } from '../queue/queue-types.ts';
import type { RaCluster, RaResult } from '../ra/ra-caller.ts';
import type { RaServer } from '../ra/ra-server.ts';
import { asTerm } from '../ra/ra-message.ts';
import { amqpError } from '../amqp-error.ts';
import { DlxWorker } from './dlx-worker.ts';
import { FifoClient } from './fifo-client.ts';
import type { FifoCommand, FifoStat } from './fifo-command.ts';
import { type FifoConfig, fifoConfig } from './fifo-config.ts';
import type { QueueView } from '../queue/queue-view.ts';
import { messageOfTerm, termOfMessage } from './fifo-message.ts';
import { checkQuorumConsumer, checkQuorumDelete, singleActiveGet } from './quorum-arguments.ts';
import { QuorumSession } from './quorum-session.ts';
import { QuorumSystem } from './quorum-system.ts';
import { quorumHoldings, quorumMemoryBytes } from './quorum-holdings.ts';
import { quorumQueueView } from './quorum-view.ts';
import { quorumConfirmKind, quorumEnqueueKind } from './quorum-trace.ts';
import type { FifoHost } from './fifo-state.ts';
import { RabbitFifo } from './rabbit-fifo.ts';

/** `?RELEASE_CURSOR_EVERY`; a longer queue has its snapshots further apart. */
const SNAPSHOT_COMMANDS = 2048;
/** The leader of a new queue gives the other members so long to begin. */
const ELECTION_DELAY_MS = 20;
/** A leader that was told to delete its queue tells the others before it ends. */
const DELETE_DELAY_MS = 2000;

export class QuorumQueue implements Queue {
  readonly type = 'quorum';
  readonly declaration: QueueDeclaration;
  /** Its name, and the nodes that have a member as the metadata says. */
  readonly #cluster: { readonly name: string; members: readonly string[] };
  /** Which queue of this name it is. */
  readonly #id: number | null;
  readonly #context: QueueContext;
  readonly #system: QuorumSystem;
  readonly #sessions = new Map<ConsumingChannel, QuorumSession>();
  readonly #unconfirmed = new Set<() => void>();
  readonly #softLimit = new SoftLimit(quorumCommandsSoftLimit);
  #policy: PolicyDefinition;
  #publisher: FifoClient | null = null;
  #enqueued = 0;
  #isBlocked = false;
  #isDeleted = false;
  /** Its leader as the metadata says. */
  #leader: string;
  #machine: RabbitFifo | null = null;
  #worker: DlxWorker | null = null;

  constructor({ declaration, leader, members, id }: QueueRecord, context: QueueContext) {
    const { ports, links, vhost, policy } = context;
    assert(members.includes(leader), 'the leader is a member', { leader });
    this.declaration = declaration;
    this.#leader = leader;
    this.#id = id ?? null;
    this.#cluster = { name: clusterName(vhost, declaration.name), members };
    this.#context = context;
    this.#policy = policy;
    this.#system = QuorumSystem.of(ports, links);
    if (members.includes(links.self)) this.#openServer(members, leader === links.self);
  }

  get name(): string {
    return this.declaration.name;
  }

  get cluster(): RaCluster {
    return this.#cluster;
  }

  /** This node's member of the queue. */
  get server(): RaServer | undefined {
    return this.#isDeleted ? undefined : this.#system.ra.server(this.#cluster.name);
  }

  /** This member's copy of the state, for views and checkers. */
  get machine(): RabbitFifo | null {
    return this.#machine;
  }

  /** Where its leader is. */
  get holdings(): QueueHoldings | undefined {
    if (this.server?.isLeader !== true || this.#machine === null) return undefined;
    return quorumHoldings(this.#machine);
  }

  /** Of this node's member. */
  get memoryBytes(): number {
    const { quorumBodiesInMemory } = this.#context.profile.switches;
    return this.#machine === null ? 0 : quorumMemoryBytes(this.#machine, quorumBodiesInMemory);
  }

  // ------------------------------------------------------------------------------------ the member

  /** `members`: those that a new log begins with. */
  #openServer(members: readonly string[], leads: boolean): void {
    const { ra } = this.#system;
    const { name: cluster } = this.#cluster;
    const known = [...ra.configs].find((config) => config.cluster === cluster);
    const isAnother = known !== undefined && (known.queue ?? null) !== this.#id;
    // One of the same name that was deleted a moment ago, or while this node was down: a log that
    // is not this queue's would count as one of its members'.
    if (ra.server(cluster) !== undefined || isAnother) ra.remove(cluster);
    const isNew = ![...ra.configs].some((config) => config.cluster === cluster);
    const machine = new RabbitFifo(this.#host());
    this.#machine = machine;
    const snapshotInterval = (): number => Math.max(SNAPSHOT_COMMANDS, machine.readyCount);
    const server = ra.open(
      { cluster, queue: this.#id, members, machine, snapshotInterval },
      () => undefined,
    );
    if (!isNew || !leads) return;
    const delay = members.length === 1 ? micros(0) : microsOfMillis(ELECTION_DELAY_MS);
    this.#context.ports.clock.after(delay, 'quorum/election', () => {
      if (this.server === server && server.leader === null) server.triggerElection();
    });
  }

  #host(): FifoHost {
    const { host } = this.#context;
    return {
      deadLetter: (message, reason, config) => this.#deadLetter(message, reason, config),
      expired: () => host.expired(this),
      deleted: () => this.#removeSoon(),
      becameLeader: (config) => this.#becameLeader(config),
      runsWorker: (isNeeded) => this.#runWorker(isNeeded),
    };
  }

  #deadLetter(message: Term, reason: DeathReason, config: FifoConfig): void {
    const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = config;
    assert(exchange !== null, 'a dead-letter exchange', { queue: this.name });
    const { host } = this.#context;
    const notice = { reason, queue: this.name, exchange, routingKey };
    host.deadLetter(messageOfTerm(message), notice);
    host.ended();
  }

  #wanted(): FifoConfig {
    return fifoConfig(this.declaration.arguments, this.#policy, this.#context.profile);
  }

  /** The metadata hears of it, too (`rabbit_quorum_queue:become_leader`). */
  #becameLeader(config: FifoConfig): readonly FifoCommand[] {
    const { cluster, links } = this.#context;
    const isNews = this.#leader !== links.self && !this.#isDeleted;
    if (isNews) cluster?.moveQueue(this.name, links.self, null);
    return this.#changedConfig(config);
  }

  #changedConfig(config: FifoConfig): readonly FifoCommand[] {
    const wanted = this.#wanted();
    if (JSON.stringify(wanted) === JSON.stringify(config)) return [];
    return [{ type: 'update_config', config: wanted }];
  }

  #runWorker(isNeeded: boolean): void {
    if (isNeeded === (this.#worker !== null)) return;
    if (!isNeeded) {
      this.#worker?.stop();
      this.#worker = null;
      return;
    }
    const { ports, host } = this.#context;
    this.#worker = new DlxWorker({
      ports,
      processes: this.#system.ra.processes,
      process: this.#system.newProcess('rabbit_fifo_dlx_worker'),
      queue: this.name,
      command: (command) => this.#command(command),
      publish: (message, reason, publisher) => {
        const { deadLetterExchange, deadLetterRoutingKey: routingKey } = this.#wanted();
        const exchange = deadLetterExchange ?? '';
        const notice = { reason, queue: this.name, exchange, routingKey };
        return host.deadLetterConfirmed(message, notice, publisher);
      },
    });
  }

  /** For the log of this node's member, which leads. */
  #command(command: FifoCommand): void {
    const { links } = this.#context;
    const word = { type: 'command', command: command as unknown as Term, reply: null } as const;
    links.send(links.self, this.#cluster.name, asTerm(word));
  }

  #removeSoon(): void {
    const { server } = this;
    this.#isDeleted = true;
    const delay = server?.isLeader === true ? DELETE_DELAY_MS : 0;
    this.#context.ports.clock.after(microsOfMillis(delay), 'quorum/delete', () => {
      const { ra } = this.#system;
      if (ra.server(this.#cluster.name) === server) ra.remove(this.#cluster.name);
    });
  }

  // ------------------------------------------------------------------------------------ publishing

  publish(message: Message, publisher: Publisher | null, flow: CreditFlow | null = null): void {
    if (this.#isBlocked) {
      publisher?.rejected(this.name);
      return;
    }
    const client = (this.#publisher ??= this.#newPublisher());
    const { trace } = this.#context.ports;
    const seq = ++this.#enqueued;
    const told = { queue: this.name, seq };
    trace.record(quorumEnqueueKind, told);
    const { process } = client;
    // A queue that is deleted takes its messages along, and they count as confirmed.
    const arrived = flow === null ? null : this.#softLimit.sent(flow);
    const confirm = (): void => {
      this.#unconfirmed.delete(confirm);
      arrived?.();
      publisher?.confirmed(this.name);
    };
    this.#unconfirmed.add(confirm);
    client.send({ type: 'enqueue', process, seq, message: termOfMessage(message) }, () => {
      trace.record(quorumConfirmKind, told);
      confirm();
    });
  }

  #newPublisher(): FifoClient {
    const client = new FifoClient({
      ...this.#clientOptions('quorum_publisher'),
      delivered: () => undefined,
      blocked: (isBlocked) => (this.#isBlocked = isBlocked),
      timedOut: () => undefined,
      ended: () => this.#ended(),
    });
    client.send({ type: 'register_enqueuer', process: client.process }, (reply) => {
      if (reply === 'reject_publish') this.#isBlocked = true;
    });
    return client;
  }

  #clientOptions(purpose: string) {
    const { ports, links } = this.#context;
    const { ra, caller } = this.#system;
    const process = this.#system.newProcess(purpose);
    return { ports, links, processes: ra.processes, caller, cluster: this.#cluster, process };
  }

  #ended(): void {
    this.#isDeleted = true;
    for (const confirm of [...this.#unconfirmed]) confirm();
    this.#publisher?.close();
    this.#publisher = null;
  }

  // ------------------------------------------------------------------------------------- consuming

  #session(channel: ConsumingChannel): QuorumSession {
    let session = this.#sessions.get(channel);
    if (session === undefined) {
      const { countsAcquired } = this.#wanted();
      const options = { ...this.#clientOptions('quorum_session'), countsAcquired };
      this.#sessions.set(channel, (session = new QuorumSession(channel, options)));
    }
    return session;
  }

  consume(channel: ConsumingChannel, options: ConsumerOptions, answer: Answer<null>): void {
    const { resource, profile } = this.#context;
    const wrong = checkQuorumConsumer(resource, channel, options.arguments, profile);
    if (wrong !== null) {
      answer(wrong);
      return;
    }
    const own = integerOf(tableLookup(options.arguments, CONSUMER_TIMEOUT));
    const terms = this.#timeout(own === undefined ? null : Number(own));
    this.#session(channel).consume(options, terms, () => answer(null));
  }

  /** How long a consumer may take; since 4.3 the queue looks at it. */
  #timeout(own: number | null): { readonly timeoutMs?: number } {
    const { profile } = this.#context;
    if (!profile.switches.quorumConsumerTimeout) return {};
    const timeoutMs = own ?? consumerTimeoutOf(this.declaration.arguments, this.#policy, profile);
    return timeoutMs === null ? {} : { timeoutMs };
  }

  cancel(channel: ConsumingChannel, tag: string, answer: Answer<null>): void {
    const session = this.#sessions.get(channel);
    assert(session !== undefined, 'who is cancelled consumes', { tag });
    session.cancel(tag, () => answer(null));
  }

  get(channel: ConsumingChannel, noAck: boolean, answer: Answer<Fetched | null>): void {
    this.#session(channel).get(noAck, this.#timeout(null), (fetched) => {
      if (fetched === 'single_active_consumer') answer(singleActiveGet(this.#context.resource));
      else answer(fetched);
    });
  }

  settle(channel: ConsumingChannel, messages: readonly HeldMessage[], how: Settlement): void {
    const session = this.#sessions.get(channel);
    assert(session !== undefined, 'who settles was delivered', { queue: this.name });
    session.settle(messages, how);
  }

  channelClosed(channel: ConsumingChannel): void {
    this.#sessions.get(channel)?.close();
    this.#sessions.delete(channel);
  }

  // ------------------------------------------------------------------------------------------- all

  counts(answer: Answer<QueueCounts>): void {
    this.#system.caller.query(this.#cluster, 'leader', { type: 'stat' }, (result) => {
      // Without a leader nobody knows (`rabbit_quorum_queue:stat`).
      const none: FifoStat = { ready: 0, consumers: 0 };
      const stat = result.kind === 'reply' ? (result.reply as unknown as FifoStat) : none;
      answer({ messageCount: stat.ready, consumerCount: stat.consumers });
    });
  }

  purge(answer: Answer<number>): void {
    this.#system.caller.command(this.#cluster, { type: 'purge' }, (result) => {
      if (result.kind === 'reply') answer(result.reply as number);
      else answer(amqpError('INTERNAL_ERROR', `timed out purging ${this.#context.resource}`));
    });
  }

  delete(conditions: DeleteConditions, answer: Answer<number>): void {
    if (this.#isDeleted) {
      answer(0);
      return;
    }
    const wrong = checkQuorumDelete(this.#context.resource, conditions);
    if (wrong !== null) {
      answer(wrong);
      return;
    }
    this.counts((counts) => {
      const count = 'messageCount' in counts ? counts.messageCount : 0;
      // Without a majority the members are removed all the same (`force_delete_queue`).
      this.#system.caller.command(this.#cluster, { type: 'delete' }, () => answer(count));
    });
  }

  /** Members came or went: a new one begins as an observer, and votes when it has caught up. */
  moved({ leader, members }: QueueRecord): void {
    this.#cluster.members = members;
    this.#leader = leader;
    const { self } = this.#context.links;
    const isMember = members.includes(self);
    if (isMember && this.server === undefined && !this.#isDeleted) {
      const others = members.filter((node) => node !== self);
      this.#openServer(others, false);
    } else if (!isMember && this.server !== undefined) {
      this.#machine = null;
      this.#system.ra.remove(this.#cluster.name);
    }
  }

  /** Asks the members to take one in or let one go (`quorum-membership.ts`). */
  changeMember(change: 'add' | 'remove', node: string, done: (result: RaResult) => void): void {
    this.#system.caller.change(this.#cluster, change, node, done);
  }

  /** A member that was cut off when the queue was deleted hears of it here. */
  forgotten(): void {
    if (!this.#isDeleted) this.#removeSoon();
  }

  /** Where its leader is. */
  inspect(messagesMax?: number): QueueView | null {
    const machine = this.server?.isLeader === true ? this.#machine : null;
    return machine === null ? null : quorumQueueView(this.name, machine, messagesMax);
  }

  replica(): unknown {
    const { machine } = this;
    const held = machine === null ? null : [machine.readyCount, machine.config];
    return { server: this.server?.inspect() ?? null, held };
  }

  setPolicy(policy: PolicyDefinition): void {
    this.#policy = policy;
    const { server } = this;
    if (server?.isLeader !== true || this.#machine === null) return;
    for (const command of this.#changedConfig(this.#machine.config)) this.#command(command);
  }
}

/** `rabbit_quorum_queue:qname_to_internal_name` */
export function clusterName(vhost: string, queue: string): string {
  return `${vhost.replaceAll('/', '%2F')}_${queue}`;
}
