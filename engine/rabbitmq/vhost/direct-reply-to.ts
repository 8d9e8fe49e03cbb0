/**
 * Direct reply-to: a client that asks consumes the pseudo-queue `amq.rabbitmq.reply-to`, and who
 * answers publishes to the name that the broker put into the request's reply-to. No queue is made,
 * and a reply that nobody waits for any more is dropped.
 *
 * Not here: what a reply is besides a message of the default exchange. Source:
 * rabbitmq.com/docs/direct-reply-to, `rabbit_channel:deliver_reply`, `rabbit_direct_reply_to`.
 * Differs: a name holds its node and a key, there a process and a key; whether somebody on another
 * node waits is not asked when the name is declared.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { preconditionFailed } from '../amqp-error.ts';
import type { NodeLinks, Term } from '../cluster/node-links.ts';
import { generatedName } from '../generated-name.ts';
import type { MessageProperties } from '../message.ts';

const PSEUDO_QUEUE = 'amq.rabbitmq.reply-to';

export const isPseudoQueue = (name: string): boolean => name === PSEUDO_QUEUE;

/** Whether the name is that of one who waits for replies, or was. */
export const isReplyName = (name: string): boolean => name.startsWith(`${PSEUDO_QUEUE}.`);

export interface Reply {
  readonly properties: MessageProperties;
  readonly body: Uint8Array;
}

/** Takes a reply for a channel. */
type ReplyTaker = (routingKey: string, reply: Reply) => void;

/** Those of a virtual host who wait for replies on this node, by the name that they were given. */
export class ReplyConsumers {
  readonly #links: NodeLinks;
  readonly #process: string;
  readonly #takers = new Map<string, ReplyTaker>();

  constructor(vhost: string, links: NodeLinks) {
    this.#links = links;
    this.#process = `direct-reply-to ${vhost}`;
    links.register(this.#process, (_from, message) => {
      const { name, reply } = message as unknown as { readonly name: string; reply: Reply };
      this.#takers.get(name)?.(name, reply);
    });
  }

  /** The new name. */
  add(random: Random, taker: ReplyTaker): string {
    const key = generatedName('amq.ctag', random).slice('amq.ctag-'.length);
    const name = `${PSEUDO_QUEUE}.${key}.${this.#links.self}`;
    assert(isReplyName(name) && !this.#takers.has(name), 'a name of its own', { name });
    this.#takers.set(name, taker);
    return name;
  }

  /** The virtual host is deleted. */
  close(): void {
    this.#links.unregister(this.#process);
  }

  remove(name: string): void {
    const known = this.#takers.delete(name);
    assert(known, 'who is removed waited', { name });
  }

  /** Whether somebody waits, as far as this node can tell. */
  has(name: string): boolean {
    if (isPseudoQueue(name) || this.#takers.has(name)) return true;
    const node = nodeOf(name);
    return node !== this.#links.self && this.#links.isConnected(node);
  }

  /** Hands a reply over, or drops it. */
  deliver(name: string, { properties, body }: Reply): void {
    assert(isReplyName(name), 'a name that was given', { name });
    const node = nodeOf(name);
    const reply = { properties, body };
    if (node === this.#links.self) this.#takers.get(name)?.(name, reply);
    else this.#links.send(node, this.#process, { name, reply: reply as unknown as Term });
  }
}

/** `rabbit-1` of `amq.rabbitmq.reply-to.jVGmSGjjTaKtMBRFLRGO7w.rabbit-1`. */
function nodeOf(name: string): string {
  const [, node = ''] = /^amq\.rabbitmq\.reply-to\.[\w-]{22}\.(.+)$/.exec(name) ?? [];
  return node;
}

/** What one channel waits for. */
export class ReplyConsumer {
  readonly #all: ReplyConsumers;
  #tag: string | null = null;
  #name = '';

  constructor(all: ReplyConsumers) {
    this.#all = all;
  }

  get consumerTag(): string | null {
    return this.#tag;
  }

  /** basic.consume of the pseudo-queue: its tag. Errors: 406 with acknowledgements, or a second. */
  consume(
    { consumerTag, noAck }: { readonly consumerTag: string; readonly noAck: boolean },
    random: Random,
    taker: (consumerTag: string, routingKey: string, reply: Reply) => void,
  ): string | AmqpError {
    if (!noAck) return preconditionFailed('reply consumer cannot acknowledge');
    if (this.#tag !== null) return preconditionFailed('reply consumer already set');
    const tag = consumerTag === '' ? generatedName('amq.ctag', random) : consumerTag;
    this.#tag = tag;
    this.#name = this.#all.add(random, (routingKey, reply) => taker(tag, routingKey, reply));
    return tag;
  }

  cancel(): void {
    if (this.#tag !== null) this.#all.remove(this.#name);
    this.#tag = null;
  }

  /** The properties with the name to reply to in the place of the pseudo-queue's. */
  addressed(properties: MessageProperties): MessageProperties | AmqpError {
    if (properties.replyTo !== PSEUDO_QUEUE) return properties;
    if (this.#tag === null) return preconditionFailed('fast reply consumer does not exist');
    return { ...properties, replyTo: this.#name };
  }
}
