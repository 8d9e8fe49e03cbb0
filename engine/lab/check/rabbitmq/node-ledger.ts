/**
 * One node as the wire and its own numbers show it: the connections that it has, the ledger of each
 * queue, and after each event what of both does not fit together.
 *
 * Invariants R4 (a wrong tag closes the channel), R5 (conservation), R11 (priorities), R13
 * (length), R14 (what a connection leaves behind). An event costs as much as the node has queues.
 * Nodes of a cluster share the ledgers of queues. Where a queue's process hears of its consumers
 * by messages (other nodes, a quorum queue's log), what they leave behind goes a while later.
 * Not here: a channel (`channel-ledger.ts`), all nodes (`lab/check/rabbitmq.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import type { AmqpMessage, Command } from '../../../wire/amqp/command.ts';
import type { PolicyDefinition } from '../../../rabbitmq/queue/queue-settings.ts';
import type { QueueView } from '../../../rabbitmq/queue/queue-view.ts';
import { ChannelLedger, type NodeLedgers } from './channel-ledger.ts';
import type { NodeSeen } from './node-seen.ts';
import { QueueLedger, type Violated } from './queue-ledger.ts';

type Declare = Extract<Command, { name: 'queue.declare' }>['args'];

/** One connection of a client, by any value that is its own. */
class ConnectionLedger {
  readonly channels = new Map<number, ChannelLedger>();
  /** Channels that the node has closed: what the client says there is not heard. */
  readonly closing = new Set<number>();
  readonly declares: { readonly channel: number; readonly args: Declare }[] = [];
  readonly purges: { readonly channel: number; readonly queue: string }[] = [];
  readonly name: string;
  /** One side said that it closes: commands are not heard any more. */
  isClosing = false;

  constructor(name: string) {
    this.name = name;
  }
}

/** What the nodes of a cluster have in common. */
export interface SharedLedgers {
  /** Begins the names of the node's channels. */
  readonly node: string;
  readonly queues: Map<string, QueueLedger>;
  /** Of transactions that are open or rolled back. */
  readonly hidden: Set<string>;
}

/** So long may pass until a queue's process knows what the wire knows, in microseconds. */
const LATE_MICROS_MAX = 180_000_000;

export class NodeLedger implements NodeLedgers {
  readonly seen: NodeSeen;
  readonly violated: Violated;
  readonly hidden: Set<string>;
  readonly delivering = new Set<QueueLedger>();
  readonly #node: string;
  readonly #queues: Map<string, QueueLedger>;
  readonly #connections = new Map<unknown, ConnectionLedger>();
  /** Since when a queue's process counts otherwise than the wire does. */
  readonly #differsSince = new Map<string, number>();
  #connectionCount = 0;
  /** Something was read that may make a ready message of any priority. */
  #mayReady = false;

  constructor(seen: NodeSeen, violated: Violated, shared: Partial<SharedLedgers> = {}) {
    this.seen = seen;
    this.violated = violated;
    this.#node = shared.node ?? '';
    this.#queues = shared.queues ?? new Map<string, QueueLedger>();
    this.hidden = shared.hidden ?? new Set<string>();
  }

  /** The node started anew: its queues are those of before, as far as they are there. */
  restoreFrom(before: NodeLedger): void {
    for (const { name, arguments: table, owner, isNear } of before.#queues.values()) {
      if (owner !== null) continue;
      const policy = (): PolicyDefinition => this.seen.policy(name);
      const options = { arguments: table, owner, isRestored: true, isNear, policy };
      this.#queues.set(name, new QueueLedger(name, options, this.violated));
    }
    for (const id of before.hidden) this.hidden.add(id);
  }

  /** The node is gone, and its connections with it. */
  endAll(): void {
    for (const of of [...this.#connections.keys()]) this.end(of);
    assert(this.#connections.size === 0, 'all are ended', { node: this.#node });
  }

  queue(name: string): QueueLedger | undefined {
    return this.#queues.get(name);
  }

  get connections(): readonly unknown[] {
    return [...this.#connections.keys()];
  }

  /** The node takes a message of a connection. */
  read(of: unknown, message: AmqpMessage): void {
    if (message.kind !== 'command') return;
    const connection = this.#connection(of);
    if (message.name === 'connection.close') this.#close(connection);
    const { channel } = message;
    if (channel === 0 || connection.isClosing) return;
    if (connection.closing.has(channel)) {
      if (message.name === 'channel.close-ok') connection.closing.delete(channel);
      return;
    }
    if (message.name === 'queue.declare') {
      connection.declares.push({ channel, args: message.args });
    }
    if (message.name === 'queue.purge') {
      connection.purges.push({ channel, queue: message.args.queue });
    }
    if (message.name === 'channel.close') this.#endChannel(connection, channel);
    else this.#channel(connection, channel).read(message);
    this.#mayReady ||= READIES.has(message.name);
  }

  /** The node sends a message on a connection. */
  sent(of: unknown, message: AmqpMessage): void {
    if (message.kind !== 'command') return;
    const connection = this.#connection(of);
    const { channel } = message;
    switch (message.name) {
      case 'connection.close':
        this.#close(connection);
        return;
      case 'channel.close':
        this.#endChannel(connection, channel);
        connection.closing.add(channel);
        return;
      case 'queue.declare-ok':
        this.#declared(of, connection, channel, message.args.queue);
        return;
      case 'queue.purge-ok': {
        const purge = connection.purges.find((one) => one.channel === channel);
        this.#queues.get(purge?.queue ?? '')?.purged();
        return;
      }
      default:
        if (channel !== 0) connection.channels.get(channel)?.sent(message);
    }
  }

  /** The node has forgotten a connection. */
  end(of: unknown): void {
    const connection = this.#connections.get(of);
    if (connection === undefined) return;
    this.#endChannels(connection);
    this.#connections.delete(of);
    for (const { name, owner } of this.#queues.values()) {
      if (owner === of && this.seen.isNear(name) && this.seen.queue(name) !== null) {
        this.violated('R14', `${name} is exclusive, and its connection is gone`);
      }
    }
  }

  #connection(of: unknown): ConnectionLedger {
    let connection = this.#connections.get(of);
    if (connection === undefined) {
      connection = new ConnectionLedger(`${++this.#connectionCount}`);
      this.#connections.set(of, connection);
    }
    return connection;
  }

  #channel(connection: ConnectionLedger, number: number): ChannelLedger {
    let channel = connection.channels.get(number);
    if (channel === undefined) {
      channel = new ChannelLedger(`${this.#node}${connection.name}.${number}`, this);
      connection.channels.set(number, channel);
    }
    return channel;
  }

  #endChannel(connection: ConnectionLedger, number: number): void {
    connection.channels.get(number)?.end();
    connection.channels.delete(number);
    this.#mayReady = true;
  }

  #close(connection: ConnectionLedger): void {
    connection.isClosing = true;
    this.#endChannels(connection);
  }

  #endChannels(connection: ConnectionLedger): void {
    for (const number of [...connection.channels.keys()]) this.#endChannel(connection, number);
    assert(connection.channels.size === 0, 'all are ended', { connection: connection.name });
  }

  #declared(of: unknown, connection: ConnectionLedger, channel: number, name: string): void {
    const place = connection.declares.findIndex((one) => one.channel === channel);
    const [asked] = place < 0 ? [] : connection.declares.splice(place, 1);
    if (asked === undefined || asked.args.passive || this.#queues.has(name)) return;
    const { arguments: table, exclusive } = asked.args;
    const isNear = this.seen.isNear(name);
    const options = {
      ...{ arguments: table, owner: exclusive ? of : null, isRestored: false, isNear },
      policy: () => this.seen.policy(name),
    };
    this.#queues.set(name, new QueueLedger(name, options, this.violated));
  }

  // --------------------------------------------------------------------------- after each event

  /** The node's process stands still: what it has not done yet is not late. */
  slept(): void {
    this.#differsSince.clear();
    this.delivering.clear();
  }

  /** The event is over. */
  check(): void {
    for (const { channels } of this.#connections.values()) {
      for (const { overdueClose } of channels.values()) {
        if (overdueClose !== null) this.violated('R4', overdueClose);
      }
    }
    const isDeadLettering = [...this.#queues.values()].some((one) => one.isDeadLettering);
    for (const [name, ledger] of this.#queues) {
      const view = this.seen.ownQueue(name);
      if (view !== null) this.#checkQueue(ledger, view, isDeadLettering);
      else if (ledger.isNear) this.#queues.delete(name);
    }
    this.delivering.clear();
    this.#mayReady = false;
  }

  #checkQueue(ledger: QueueLedger, view: QueueView, isDeadLettering: boolean): void {
    const { name } = view;
    this.#checkLeft(ledger, view);
    const gone = Object.values(view.gone).reduce((sum, count) => sum + count, 0);
    const { published, ready, unacknowledged } = view;
    if (published !== ready + unacknowledged + gone) {
      const parts = `${ready} ready, ${unacknowledged} unacknowledged, ${gone} gone`;
      this.violated('R5', `${name} took ${published} messages: ${parts}`);
    }
    const isDropping = ledger.overflow === 'drop-head';
    const isExact = !isDeadLettering && !ledger.isRestored && isDropping && ledger.isNear;
    if (isExact && published !== ledger.enteredCount) {
      this.violated('R5', `${name} took ${published} messages of ${ledger.enteredCount} for it`);
    }
    const limit = ledger.limit('x-max-length');
    if (limit !== null && ledger.overflow === 'drop-head' && ready > limit) {
      this.violated('R13', `${name} has ${ready} messages ready, and may have ${limit}`);
    }
    ledger.checkPassedOver();
    if (ledger.isNear) this.#checkPriorities(ledger, isDeadLettering);
  }

  /** A queue has no more consumers and unacknowledged messages than channels have. */
  #checkLeft(ledger: QueueLedger, view: QueueView): void {
    const { name, type, consumers, unacknowledged } = view;
    const wrong: string[] = [];
    if (consumers !== ledger.consumers.size) {
      wrong.push(`${name} has ${consumers} consumers, and ${ledger.consumers.size} are there`);
    }
    // A stream does not count what its consumers have not settled.
    if (type !== 'stream' && unacknowledged !== ledger.unacknowledged) {
      const counts = `${unacknowledged} unacknowledged, and channels hold`;
      wrong.push(`${name} has ${counts} ${ledger.unacknowledged}`);
    }
    if (wrong.length > 0 && !this.#isLate(ledger, wrong)) {
      for (const what of wrong) this.violated('R14', what);
    }
    if (wrong.length === 0) this.#differsSince.delete(name);
  }

  /** Whether the queue's process may still hear of it. */
  #isLate({ name, isNear }: QueueLedger, wrong: readonly string[]): boolean {
    assert(wrong.length > 0, 'something differs', { name });
    if (isNear) return false;
    const since = this.#differsSince.get(name) ?? this.seen.now;
    this.#differsSince.set(name, since);
    return this.seen.now - since < LATE_MICROS_MAX;
  }

  /** What was delivered in this event was of the highest priority that was ready. */
  #checkPriorities(ledger: QueueLedger, isDeadLettering: boolean): void {
    const { lastPriority } = ledger;
    if (!ledger.hasPriorities || !this.delivering.has(ledger) || lastPriority === null) return;
    if (this.#mayReady || isDeadLettering) return;
    const head = this.seen.headPriority(ledger.name) ?? 0;
    if (head <= lastPriority) return;
    const what = `priority ${lastPriority} while one of ${head} is ready`;
    this.violated('R11', `${ledger.name} delivers a message of ${what}`);
  }
}

/** Requeues, and a transaction, whose second message comes after its first has been delivered. */
const READIES: ReadonlySet<string> = new Set([
  ...['basic.nack', 'basic.reject', 'basic.recover', 'tx.commit'],
]);
