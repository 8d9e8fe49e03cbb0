/**
 * One channel as the wire shows it: what its client asked for and what the node answered.
 *
 * Invariants R1 to R4, R8, R12, R13, as far as a channel can tell them; what concerns one queue is
 * in `queue-ledger.ts`. A command is read when the node takes it, so the queues are as they were
 * before it. Not here: the connection, and what it leaves behind (`node-ledger.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Command, Content } from '../../../wire/amqp/command.ts';
import type { FieldTable } from '../../../wire/amqp/field-table.ts';
import { idOf } from '../../rabbitmq-body.ts';
import type { NodeSeen } from './node-seen.ts';
import { copyOf, type Published, type QueueLedger, type Violated } from './queue-ledger.ts';

/** What the ledgers of a node share. */
export interface NodeLedgers {
  readonly seen: NodeSeen;
  readonly violated: Violated;
  queue(name: string): QueueLedger | undefined;
  /** Of transactions that are open or rolled back: nobody may be given these. */
  readonly hidden: Set<string>;
  /** Queues from which the present event delivered. */
  readonly delivering: Set<QueueLedger>;
}

interface Target {
  readonly name: string;
  readonly isNear: boolean;
  /** What had its process when it was published. */
  readonly process: unknown;
  /** Messages that it had taken before. */
  readonly taken: number;
  /** The limit is reached, and what comes is refused. */
  readonly refuses: boolean;
}

interface Outstanding {
  readonly id: string;
  readonly mandatory: boolean;
  readonly targets: readonly Target[];
  returned: boolean;
}

interface Held {
  readonly queue: QueueLedger;
  readonly id: string;
  /** Null: by basic.get. */
  readonly consumer: Consuming | null;
  /** What had its process then: another one starts to count anew. */
  readonly process: unknown;
}

interface Consuming {
  readonly tag: string;
  readonly queue: QueueLedger | undefined;
  readonly noAck: boolean;
  readonly prefetch: number;
}

type Read<N extends Command['name']> = Extract<Command, { name: N }>;

const LONGSTR_TTL = /^[0-9]+$/;

export class ChannelLedger {
  readonly #ledgers: NodeLedgers;
  /** Unique in the node. */
  readonly #key: string;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #held = new Map<number, Held>();
  readonly #consuming = new Map<string, Consuming>();
  /** Methods whose answer is to come, in order. */
  readonly #consumes: Read<'basic.consume'>['args'][] = [];
  readonly #gets: Read<'basic.get'>['args'][] = [];
  /** Settled within the open transaction, and what it published. */
  #taken: { readonly held: Held; readonly isRequeued: boolean; readonly tag: number }[] = [];
  #publishedInTx: (() => void)[] = [];
  #idsInTx: string[] = [];
  #mode: 'none' | 'confirm' | 'tx' = 'none';
  #published = 0;
  #lastTag = 0;
  #prefetch = 0;
  #globalPrefetch = 0;
  #mustClose: string | null = null;
  /** False: it was given messages of a queue of which the wire has not told. */
  #isWhole = true;

  constructor(key: string, ledgers: NodeLedgers) {
    this.#key = key;
    this.#ledgers = ledgers;
  }

  /** Null, or what the channel should have been closed for in the event that is over. */
  get overdueClose(): string | null {
    return this.#mustClose;
  }

  // --------------------------------------------------------------------------- what the node takes

  read(command: Command): void {
    switch (command.name) {
      case 'confirm.select':
        this.#mode = 'confirm';
        return;
      case 'tx.select':
        this.#mode = 'tx';
        return;
      case 'tx.commit':
        for (const id of this.#idsInTx.splice(0)) this.#ledgers.hidden.delete(id);
        for (const enter of this.#publishedInTx.splice(0)) enter();
        return;
      case 'basic.publish':
        this.#publish(command);
        return;
      case 'basic.qos':
        if (command.args.global) this.#globalPrefetch = command.args.prefetchCount;
        else this.#prefetch = command.args.prefetchCount;
        return;
      case 'basic.consume':
        this.#consumes.push(command.args);
        return;
      case 'basic.get':
        this.#gets.push(command.args);
        return;
      case 'basic.ack':
        this.#settle(command.args.deliveryTag, command.args.multiple, false);
        return;
      case 'basic.nack':
        this.#settle(command.args.deliveryTag, command.args.multiple, command.args.requeue);
        return;
      case 'basic.reject':
        this.#settle(command.args.deliveryTag, false, command.args.requeue);
        return;
      case 'basic.recover':
        for (const tag of [...this.#held.keys()]) this.#release(tag, true);
        return;
      default:
    }
  }

  #publish({ args, content }: Read<'basic.publish'>): void {
    const { seen, hidden } = this.#ledgers;
    const properties = content?.properties ?? {};
    const id = idOf(content?.body ?? new Uint8Array(0));
    this.#published += 1;
    const headers = properties.headers ?? [];
    const names = seen.route({ ...args, headers });
    if (names === null) return;
    const expiration = properties.expiration ?? '';
    const published: Published = {
      id,
      stream: this.#key,
      number: this.#published,
      priority: properties.priority ?? 0,
      ttlMs: LONGSTR_TTL.test(expiration) ? Number(expiration) : null,
    };
    const enter = (): void => {
      for (const name of names) this.#ledgers.queue(name)?.entered(published, seen.now);
    };
    if (this.#mode === 'tx') {
      hidden.add(id);
      this.#idsInTx.push(id);
      this.#publishedInTx.push(enter);
      return;
    }
    enter();
    if (this.#mode !== 'confirm') return;
    const targets = names.map((name) => this.#targetOf(name));
    const { mandatory } = args;
    this.#outstanding.set(this.#published, { id, mandatory, targets, returned: false });
  }

  #targetOf(name: string): Target {
    const view = this.#ledgers.seen.queue(name);
    const ledger = this.#ledgers.queue(name);
    const limit = ledger?.limit('x-max-length') ?? null;
    const rejects = ledger !== undefined && ledger.overflow !== 'drop-head';
    const isFull = limit !== null && view !== null && view.ready + 1 > limit;
    const process = this.#ledgers.seen.processOf(name);
    const isNear = ledger?.isNear ?? this.#ledgers.seen.isNear(name);
    return { name, isNear, process, taken: view?.published ?? 0, refuses: rejects && isFull };
  }

  #settle(tag: number, multiple: boolean, isRequeued: boolean): void {
    const tags = multiple
      ? [...this.#held.keys()].filter((one) => tag === 0 || one <= tag)
      : [tag].filter((one) => this.#held.has(one));
    if (tags.length === 0 && !(multiple && tag === 0) && this.#isWhole) {
      this.#mustClose = `tag ${tag} of ${this.#key} is settled, and nobody holds it`;
      return;
    }
    for (const one of tags) {
      if (this.#mode === 'tx') this.#take(one, isRequeued);
      else this.#release(one, isRequeued);
    }
  }

  #take(tag: number, isRequeued: boolean): void {
    const held = this.#held.get(tag)!;
    this.#held.delete(tag);
    this.#taken.push({ held, isRequeued, tag });
  }

  #release(tag: number, isRequeued: boolean): void {
    const held = this.#held.get(tag);
    assert(held !== undefined, 'a tag that is held', { tag });
    this.#held.delete(tag);
    this.#letGo(held, isRequeued);
  }

  #letGo({ queue, id }: Held, isRequeued: boolean): void {
    queue.settled(id, isRequeued);
  }

  // --------------------------------------------------------------------------- what the node sends

  sent(command: Command): void {
    switch (command.name) {
      case 'basic.ack':
      case 'basic.nack':
        this.#confirmed(command);
        return;
      case 'basic.return':
        this.#returned(command);
        return;
      case 'basic.deliver':
        this.#delivered(command);
        return;
      case 'basic.get-ok':
        this.#fetched(command);
        return;
      case 'basic.get-empty':
        this.#gets.shift();
        return;
      case 'basic.consume-ok':
        this.#consumeOk(command.args.consumerTag);
        return;
      case 'basic.cancel':
      case 'basic.cancel-ok':
        this.#cancelled(command.args.consumerTag);
        return;
      case 'tx.commit-ok':
        for (const { held, isRequeued } of this.#taken.splice(0)) this.#letGo(held, isRequeued);
        return;
      case 'tx.rollback-ok':
        this.#rolledBack();
        return;
      default:
    }
  }

  #confirmed({ name, args }: Read<'basic.ack'> | Read<'basic.nack'>): void {
    const { deliveryTag, multiple } = args;
    const { violated } = this.#ledgers;
    const numbers = multiple
      ? [...this.#outstanding.keys()].filter((one) => one <= deliveryTag)
      : [deliveryTag];
    const isKnown = numbers.length > 0 && numbers.every((one) => this.#outstanding.has(one));
    if (!isKnown || deliveryTag > this.#published) {
      const what = `${name} ${deliveryTag} on ${this.#key}`;
      violated('R2', `${what}: of ${this.#published} publishes none waits for it`);
      return;
    }
    for (const number of numbers) {
      const publish = this.#outstanding.get(number)!;
      this.#outstanding.delete(number);
      this.#checkConfirm(publish, name === 'basic.ack');
    }
  }

  #checkConfirm({ id, mandatory, targets, returned }: Outstanding, isAck: boolean): void {
    const { seen, violated } = this.#ledgers;
    if (mandatory && targets.length === 0 && !returned && isAck) {
      violated('R3', `${id} has no queue, is mandatory, and is confirmed before it came back`);
    }
    if (targets.every(({ isNear }) => isNear)) {
      const refused = targets.some(({ refuses }) => refuses);
      if (refused && isAck) violated('R13', `${id} is confirmed, and a queue of its was full`);
      if (!refused && !isAck) violated('R13', `${id} is nacked, and no queue of its was full`);
    }
    if (!isAck) return;
    for (const { name, process, taken } of targets) {
      const what = seen.confirmed(name, id);
      if (what !== null) violated('R1', what);
      const view = seen.queue(name);
      if (view === null || view.published > taken || view.type === 'stream') continue;
      // Another process has counted anew.
      if (seen.processOf(name) !== process) continue;
      violated('R1', `${id} is confirmed, and ${name} has not taken it`);
    }
  }

  #returned({ content }: Read<'basic.return'>): void {
    const { violated } = this.#ledgers;
    if (this.#mode !== 'confirm') return;
    const id = idOf(content?.body ?? new Uint8Array(0));
    const publish = [...this.#outstanding.values()].find((one) => one.id === id);
    if (publish === undefined) violated('R3', `${id} comes back after its confirm`);
    else if (publish.targets.length > 0 || !publish.mandatory) {
      violated('R3', `${id} comes back, and is not a mandatory message without a queue`);
    }
    if (publish !== undefined) publish.returned = true;
  }

  #delivered({ args, content }: Read<'basic.deliver'>): void {
    const { violated } = this.#ledgers;
    const consumer = this.#consuming.get(args.consumerTag);
    this.#checkTag(args.deliveryTag);
    if (consumer?.queue === undefined) {
      this.#isWhole = false;
      return;
    }
    const { queue, noAck, prefetch } = consumer;
    const headers = content?.properties.headers ?? [];
    const id = this.#copyGiven(content, headers);
    const key = `${this.#key}/${args.consumerTag}`;
    this.#given(queue, { id, redelivered: args.redelivered, headers, consumer: key });
    if (noAck) {
      queue.left(id);
      return;
    }
    const process = this.#ledgers.seen.processOf(queue.name);
    this.#hold(args.deliveryTag, { queue, id, consumer, process });
    const ofConsumer = this.#heldWhere(
      (one) => one.consumer === consumer && one.process === process,
    );
    if (prefetch > 0 && ofConsumer > prefetch) {
      violated('R8', `${key} holds ${ofConsumer} messages, and may hold ${prefetch}`);
    }
    const held = this.#heldWhere((one) => one.consumer !== null);
    if (this.#globalPrefetch > 0 && held > this.#globalPrefetch) {
      violated('R8', `${this.#key} holds ${held} messages, and may hold ${this.#globalPrefetch}`);
    }
  }

  #fetched({ args, content }: Read<'basic.get-ok'>): void {
    const asked = this.#gets.shift();
    this.#checkTag(args.deliveryTag);
    const queue = this.#ledgers.queue(asked?.queue ?? '');
    if (asked === undefined || queue === undefined) {
      this.#isWhole = false;
      return;
    }
    const headers = content?.properties.headers ?? [];
    const id = this.#copyGiven(content, headers);
    this.#given(queue, { id, redelivered: args.redelivered, headers, consumer: null });
    if (asked.noAck) queue.left(id);
    else this.#hold(args.deliveryTag, { queue, id, consumer: null, process: null });
  }

  #copyGiven(content: Content | null, headers: FieldTable): string {
    const { hidden, violated } = this.#ledgers;
    const id = idOf(content?.body ?? new Uint8Array(0));
    if (hidden.has(id)) {
      violated('R12', `${id} is delivered, and its transaction is not committed`);
    }
    return copyOf(id, headers);
  }

  #given(queue: QueueLedger, given: Parameters<QueueLedger['given']>[0]): void {
    const { seen, delivering } = this.#ledgers;
    delivering.add(queue);
    queue.given(given, seen.now);
  }

  #heldWhere(counts: (held: Held) => boolean): number {
    let count = 0;
    for (const held of this.#held.values()) if (counts(held)) count += 1;
    return count;
  }

  #hold(tag: number, held: Held): void {
    this.#held.set(tag, held);
    held.queue.held(held.id);
  }

  #checkTag(tag: number): void {
    if (tag !== this.#lastTag + 1) {
      const { violated } = this.#ledgers;
      violated('R4', `delivery tag ${tag} of ${this.#key} follows ${this.#lastTag}`);
    }
    this.#lastTag = tag;
  }

  #consumeOk(tag: string): void {
    const asked = this.#consumes.shift();
    if (asked === undefined) return;
    const queue = this.#ledgers.queue(asked.queue);
    const prefetch = this.#prefetch;
    this.#consuming.set(tag, { tag, queue, noAck: asked.noAck, prefetch });
    queue?.consumes(`${this.#key}/${tag}`);
  }

  #cancelled(tag: string): void {
    this.#consuming.get(tag)?.queue?.ends(`${this.#key}/${tag}`);
    this.#consuming.delete(tag);
  }

  #rolledBack(): void {
    for (const { held, tag } of this.#taken.splice(0)) this.#held.set(tag, held);
    const inOrder = [...this.#held].sort(([left], [right]) => left - right);
    this.#held.clear();
    for (const [tag, held] of inOrder) this.#held.set(tag, held);
    this.#publishedInTx.length = 0;
    // They stay hidden: nobody will ever be given them.
    this.#idsInTx.length = 0;
  }

  /** The channel is over: what it held is ready again, and its consumers are gone. */
  end(): void {
    this.#mustClose = null;
    if (this.#mode === 'tx') this.#rolledBack();
    for (const tag of [...this.#held.keys()]) this.#release(tag, true);
    for (const tag of [...this.#consuming.keys()]) this.#cancelled(tag);
    this.#outstanding.clear();
  }
}
