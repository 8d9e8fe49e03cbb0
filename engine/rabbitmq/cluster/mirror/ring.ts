/**
 * Guaranteed multicast from the leader of a mirrored queue to its mirrors: a ring of nodes.
 *
 * The leader sends to its right neighbour, which hands on, until the message is back where it came
 * from: then every member has it. It travels the ring a second time, so that members forget what
 * they kept in case a neighbour goes down: what was sent to that is sent to the next one, and who
 * has seen a message already does not hand it on again.
 * Who is a member is not decided here (`mirrored-queue.ts`): a message says which ring it travels.
 * Source: `gm.erl`, its head. Differs: only the leader says something; each message is sent when it
 * is said, there several together.
 */
import { assert } from '../../../kernel/assert.ts';
import type { NodeLinks, Term } from '../node-links.ts';

interface RingMessage {
  readonly origin: string;
  /** When the origin began to speak: its numbers began anew. */
  readonly epoch: number;
  readonly number: number;
  /** The ring, its origin first. */
  readonly members: readonly string[];
  /** Null: its second way round, on which it is forgotten. */
  readonly body: Term;
  readonly isAck: boolean;
}

/** What a member sends by itself, to one other. */
interface DirectMessage {
  readonly direct: Term;
}

export interface RingOptions {
  readonly links: NodeLinks;
  /** The registered name of all members. */
  readonly name: string;
  /** Larger than that of any earlier ring of this node. */
  readonly epoch: number;
  /** What the leader said, once, in its order. */
  readonly received: (origin: string, body: Term) => void;
  readonly told: (from: string, body: Term) => void;
}

export class Ring {
  readonly #options: RingOptions;
  readonly #stopWatching: () => void;
  /** Of what this node says; itself first. */
  #members: readonly string[];
  #said = 0;
  /** Nodes that can be reached, and have no application. */
  readonly #ended = new Set<string>();
  /** Who waits until all have it, by its number. */
  readonly #unstable = new Map<number, () => void>();
  /** The last number that was received, by its origin. */
  readonly #seen = new Map<string, { readonly epoch: number; readonly number: number }>();
  /** What must not be lost with a neighbour, and to whom it was sent. */
  readonly #kept = new Map<string, { readonly message: RingMessage; readonly to: string }>();

  constructor(options: RingOptions) {
    const { links, name } = options;
    this.#options = options;
    this.#members = [links.self];
    links.register(name, (from, message) => {
      const received = message as unknown as RingMessage | DirectMessage;
      if ('direct' in received) options.told(from, received.direct);
      else this.#received(received);
    });
    this.#stopWatching = links.watch({
      nodeUp: () => {},
      nodeDown: (node) => this.#nodeDown(node),
    });
  }

  /** Who hears what this node says, itself first. */
  get members(): readonly string[] {
    return this.#members;
  }

  /** From now on the node hears what is said here; its numbers begin anew. */
  add(node: string): void {
    assert(!this.#members.includes(node), 'a member joins once', { node });
    this.#ended.delete(node);
    this.#members = [...this.#members, node];
  }

  remove(node: string): void {
    assert(node !== this.#self, 'who speaks is a member', { node });
    this.#members = this.#members.filter((one) => one !== node);
  }

  /** `stable` is called when all members have it. */
  say(body: Term, stable: (() => void) | null): void {
    const number = ++this.#said;
    if (stable !== null) this.#unstable.set(number, stable);
    const { epoch } = this.#options;
    const members = this.#members;
    this.#keepAndSend({ origin: this.#self, epoch, number, members, body, isAck: false });
  }

  /** To one other. */
  tell(node: string, direct: Term): void {
    this.#options.links.send(node, this.#options.name, { direct });
  }

  /** The application of a node ended: nothing is handed on there, though it is connected. */
  ended(node: string): void {
    this.#ended.add(node);
    this.#nodeDown(node);
  }

  began(node: string): void {
    this.#ended.delete(node);
  }

  /** Nobody hears anything any more. */
  leave(): void {
    this.#options.links.unregister(this.#options.name);
    this.#stopWatching();
    this.#unstable.clear();
    this.#kept.clear();
  }

  get #self(): string {
    return this.#options.links.self;
  }

  /** The next member behind this one that can be reached; this one itself, if there is none. */
  #rightOf({ members }: RingMessage): string {
    const at = members.indexOf(this.#self);
    assert(at >= 0, 'a message travels among members', { members });
    for (let step = 1; step < members.length; step++) {
      const next = members[(at + step) % members.length]!;
      if (this.#options.links.isConnected(next) && !this.#ended.has(next)) return next;
    }
    return this.#self;
  }

  #keepAndSend(message: RingMessage): void {
    const to = this.#rightOf(message);
    if (to === this.#self) {
      if (message.origin === this.#self) this.#becomeStable(message.number);
      return;
    }
    this.#kept.set(keyOf(message), { message, to });
    this.#send(to, message);
  }

  #send(to: string, message: RingMessage): void {
    this.#options.links.send(to, this.#options.name, message as unknown as Term);
  }

  #received(message: RingMessage): void {
    const { origin, epoch, number, isAck } = message;
    if (isAck) {
      // Who has forgotten it hands it on no more: an origin that is down ends no way round.
      const isNews = this.#kept.delete(keyOf(message));
      if (isNews && origin !== this.#self) this.#handOnAck(message);
      return;
    }
    if (origin === this.#self) {
      if (epoch !== this.#options.epoch) return;
      this.#becomeStable(number);
      if (this.#kept.has(keyOf(message))) this.#handOnAck({ ...message, body: null, isAck: true });
      return;
    }
    const seen = this.#seen.get(origin);
    if (seen !== undefined && !isLater({ epoch, number }, seen)) return;
    this.#seen.set(origin, { epoch, number });
    this.#keepAndSend(message);
    this.#options.received(origin, message.body);
  }

  #handOnAck(message: RingMessage): void {
    const to = this.#rightOf(message);
    if (to !== this.#self) this.#send(to, message);
  }

  #nodeDown(node: string): void {
    if (this.#members.includes(node)) this.remove(node);
    for (const [key, { message, to }] of [...this.#kept]) {
      if (message.origin === node) this.#kept.delete(key);
      else if (to === node) {
        this.#kept.delete(key);
        this.#keepAndSend(message);
      }
    }
  }

  /** All up to this number are: what is said stays in its order. */
  #becomeStable(number: number): void {
    for (const [one, stable] of [...this.#unstable]) {
      if (one > number) break;
      this.#unstable.delete(one);
      stable();
    }
  }
}

function isLater(
  one: { readonly epoch: number; readonly number: number },
  other: { readonly epoch: number; readonly number: number },
): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.number > other.number);
}

function keyOf({ origin, epoch, number }: RingMessage): string {
  return `${origin} ${epoch} ${number}`;
}
