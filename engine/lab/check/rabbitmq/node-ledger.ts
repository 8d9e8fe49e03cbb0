/**
 * One node as the wire and its own numbers show it: the connections that it has, the ledger of each
 * queue, and after each event what of both does not fit together.
 *
 * Invariants R4 (a wrong tag closes the channel), R5 (conservation), R11 (priorities), R13
 * (length), R14 (what a connection leaves behind). An event costs as much as the node has queues.
 * Not here: a channel (`channel-ledger.ts`), several nodes.
 */
import { assert } from '../../../kernel/assert.ts';
import type { AmqpMessage, Command } from '../../../wire/amqp/command.ts';
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

export class NodeLedger implements NodeLedgers {
  readonly seen: NodeSeen;
  readonly violated: Violated;
  readonly hidden = new Set<string>();
  readonly delivering = new Set<QueueLedger>();
  readonly #queues = new Map<string, QueueLedger>();
  readonly #connections = new Map<unknown, ConnectionLedger>();
  #connectionCount = 0;
  /** Something was read that may make a ready message of any priority. */
  #mayRequeue = false;

  constructor(seen: NodeSeen, violated: Violated) {
    this.seen = seen;
    this.violated = violated;
  }

  /** The node started anew: its queues are those of before, as far as they are there. */
  restoreFrom(before: NodeLedger): void {
    for (const { name, arguments: table, owner } of before.#queues.values()) {
      if (owner !== null) continue;
      const options = { arguments: table, owner, isRestored: true };
      this.#queues.set(name, new QueueLedger(name, options, this.violated));
    }
    for (const id of before.hidden) this.hidden.add(id);
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
    this.#mayRequeue ||= REQUEUES.has(message.name);
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
      if (owner === of && this.seen.queue(name) !== null) {
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
      channel = new ChannelLedger(`${connection.name}.${number}`, this);
      connection.channels.set(number, channel);
    }
    return channel;
  }

  #endChannel(connection: ConnectionLedger, number: number): void {
    connection.channels.get(number)?.end();
    connection.channels.delete(number);
    this.#mayRequeue = true;
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
    const options = { arguments: table, owner: exclusive ? of : null, isRestored: false };
    this.#queues.set(name, new QueueLedger(name, options, this.violated));
  }

  // --------------------------------------------------------------------------- after each event

  /** The event is over. */
  check(): void {
    for (const { channels } of this.#connections.values()) {
      for (const { overdueClose } of channels.values()) {
        if (overdueClose !== null) this.violated('R4', overdueClose);
      }
    }
    const isDeadLettering = [...this.#queues.values()].some((one) => one.isDeadLettering);
    for (const [name, ledger] of this.#queues) {
      const view = this.seen.queue(name);
      if (view === null) this.#queues.delete(name);
      else this.#checkQueue(ledger, view, isDeadLettering);
    }
    this.delivering.clear();
    this.#mayRequeue = false;
  }

  #checkQueue(ledger: QueueLedger, view: QueueView, isDeadLettering: boolean): void {
    const { name } = view;
    if (view.consumers !== ledger.consumers.size) {
      const counts = `${view.consumers} consumers, and ${ledger.consumers.size} are there`;
      this.violated('R14', `${name} has ${counts}`);
    }
    if (view.unacknowledged !== ledger.unacknowledged) {
      const counts = `${view.unacknowledged} unacknowledged, and channels hold`;
      this.violated('R14', `${name} has ${counts} ${ledger.unacknowledged}`);
    }
    const gone = Object.values(view.gone).reduce((sum, count) => sum + count, 0);
    const { published, ready, unacknowledged } = view;
    if (published !== ready + unacknowledged + gone) {
      const parts = `${ready} ready, ${unacknowledged} unacknowledged, ${gone} gone`;
      this.violated('R5', `${name} took ${published} messages: ${parts}`);
    }
    const isExact = !isDeadLettering && !ledger.isRestored && ledger.overflow === 'drop-head';
    if (isExact && published !== ledger.enteredCount) {
      this.violated('R5', `${name} took ${published} messages of ${ledger.enteredCount} for it`);
    }
    const limit = ledger.limit('x-max-length');
    if (limit !== null && ledger.overflow === 'drop-head' && ready > limit) {
      this.violated('R13', `${name} has ${ready} messages ready, and may have ${limit}`);
    }
    this.#checkPriorities(ledger, isDeadLettering);
  }

  /** What was delivered in this event was of the highest priority that was ready. */
  #checkPriorities(ledger: QueueLedger, isDeadLettering: boolean): void {
    const { lastPriority } = ledger;
    if (!ledger.hasPriorities || !this.delivering.has(ledger) || lastPriority === null) return;
    if (this.#mayRequeue || isDeadLettering) return;
    const head = this.seen.headPriority(ledger.name) ?? 0;
    if (head <= lastPriority) return;
    const what = `priority ${lastPriority} while one of ${head} is ready`;
    this.violated('R11', `${ledger.name} delivers a message of ${what}`);
  }
}

const REQUEUES: ReadonlySet<string> = new Set(['basic.nack', 'basic.reject', 'basic.recover']);
