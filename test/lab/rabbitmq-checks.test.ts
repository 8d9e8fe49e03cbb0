/**
 * The invariants R1 to R14 of RabbitMQ's checkers: each turns red when a node does what it must
 * not, told as commands that it takes and sends. That they stay silent is the swarm's to show.
 */
import { describe, expect, test } from 'vitest';
import type { NodeSeen } from '../../engine/lab/check/rabbitmq/node-seen.ts';
import { confirmedInMinority } from '../../engine/lab/check/partition-handling.ts';
import { QuorumStates } from '../../engine/lab/check/quorum-queues.ts';
import { NodeLedger } from '../../engine/lab/check/rabbitmq/node-ledger.ts';
import { topicMatches } from '../../engine/lab/check/rabbitmq/node-seen.ts';
import type { PolicyDefinition } from '../../engine/rabbitmq/queue/queue-settings.ts';
import type { QueueView } from '../../engine/rabbitmq/queue/queue-view.ts';
import { encodeUtf8 } from '../../engine/bytes/utf8.ts';
import { tableOf, type PlainTable } from '../../engine/rabbitmq/client/plain-table.ts';
import { command, contentCommand } from '../../engine/wire/amqp/command.ts';
import type { ArgsOf, MethodName } from '../../engine/wire/amqp/methods.ts';

const CHANNEL = 1;

/** A node that is not there: what its queues say is what a test says. */
class Story {
  readonly found: string[] = [];
  now = 0;
  routes: readonly string[] = ['q'];
  readonly queues = new Map<string, QueueView>();
  /** Whether all that happens to the queue happens in the node's events. */
  isNear = true;
  policy: PolicyDefinition = {};
  /** What a confirmed message lacks in the cluster. */
  lacks: string | null = null;
  readonly ledger: NodeLedger;

  constructor() {
    const story: NodeSeen = {
      now: 0,
      queue: (name) => this.queues.get(name) ?? null,
      ownQueue: (name) => this.queues.get(name) ?? null,
      processOf: () => null,
      policy: () => this.policy,
      isNear: () => this.isNear,
      confirmed: () => this.lacks,
      headPriority: () => null,
      route: () => this.routes,
    };
    Object.defineProperty(story, 'now', { get: () => this.now });
    this.ledger = new NodeLedger(story, (invariant, what) => {
      this.found.push(invariant);
      expect(what).not.toBe('');
    });
  }

  /** What a queue says of itself. */
  shows(over: Partial<QueueView> = {}): this {
    const numbers = { published: 0, ready: 0, unacknowledged: 0, consumers: 0 };
    const of = { name: 'q', type: 'classic', durable: false, gone: {}, messages: [] };
    const view: QueueView = { ...of, ...numbers, ...over };
    this.queues.set(view.name, view);
    return this;
  }

  /** The queue is declared, and the client consumes from it. */
  consuming(args: PlainTable = {}, prefetch = 0, noAck = false): this {
    this.declared(args);
    if (prefetch > 0) this.takes('basic.qos', { prefetchCount: prefetch });
    this.takes('basic.consume', { queue: 'q', consumerTag: 'c', noAck });
    return this.sends('basic.consume-ok', { consumerTag: 'c' });
  }

  declared(args: PlainTable = {}, exclusive = false): this {
    this.takes('queue.declare', { queue: 'q', arguments: tableOf(args), exclusive });
    return this.sends('queue.declare-ok', { queue: 'q' });
  }

  takes<N extends MethodName>(name: N, args: Partial<ArgsOf<N>>, of: unknown = 'one'): this {
    this.ledger.read(of, command(CHANNEL, name, args));
    return this;
  }

  sends<N extends MethodName>(name: N, args: Partial<ArgsOf<N>>, of: unknown = 'one'): this {
    this.ledger.sent(of, command(CHANNEL, name, args));
    return this;
  }

  publishes(id: string, mandatory = false, expiration?: string): this {
    const properties = expiration === undefined ? {} : { expiration };
    const content = { properties, body: encodeUtf8(id) };
    const args = { routingKey: 'q', mandatory };
    const options = { content, frameMax: 0 };
    this.ledger.read('one', contentCommand(CHANNEL, 'basic.publish', args, options));
    return this;
  }

  delivers(id: string, deliveryTag: number, options: Delivering = {}): this {
    const { redelivered = false, headers = {}, consumerTag = 'c' } = options;
    const content = { properties: { headers: tableOf(headers) }, body: encodeUtf8(id) };
    const args = { consumerTag, deliveryTag, redelivered };
    this.ledger.sent(
      'one',
      contentCommand(CHANNEL, 'basic.deliver', args, { content, frameMax: 0 }),
    );
    return this;
  }
}

interface Delivering {
  readonly redelivered?: boolean;
  readonly headers?: PlainTable;
  readonly consumerTag?: string;
}

const confirming = (): Story => new Story().shows().declared().takes('confirm.select', {});

describe('lab: invariants of RabbitMQ', () => {
  test('R1 turns red when a confirmed message is in no queue', () => {
    const story = confirming().publishes('m1').sends('basic.ack', { deliveryTag: 1 });
    expect(story.found).toEqual(['R1']);
    const taken = confirming().publishes('m1').shows({ published: 1, ready: 1 });
    expect(taken.sends('basic.ack', { deliveryTag: 1 }).found).toEqual([]);
  });

  test('R1 turns red when a confirmed message lacks copies in the cluster', () => {
    const story = confirming().publishes('m1').shows({ published: 1, ready: 1 });
    story.lacks = 'm1 is confirmed, and of q the members [rabbit-1] of 3 have it';
    expect(story.sends('basic.ack', { deliveryTag: 1 }).found).toEqual(['R1']);
  });

  test('R2 turns red when a number is confirmed twice', () => {
    const story = confirming().publishes('m1').shows({ published: 1, ready: 1 });
    story.sends('basic.ack', { deliveryTag: 1 });
    expect(story.found).toEqual([]);
    expect(story.sends('basic.ack', { deliveryTag: 1 }).found).toEqual(['R2']);
  });

  test('R3 turns red when a mandatory message is confirmed and not returned', () => {
    const story = confirming();
    story.routes = [];
    story.publishes('m1', true).sends('basic.ack', { deliveryTag: 1 });
    expect(story.found).toEqual(['R3']);
  });

  test('R4 turns red when an unknown tag does not close the channel', () => {
    const story = new Story().shows({ consumers: 1 }).consuming();
    story.takes('basic.ack', { deliveryTag: 7 }).ledger.check();
    expect(story.found).toEqual(['R4']);
    const closed = new Story().shows().consuming().takes('basic.ack', { deliveryTag: 7 });
    closed.sends('channel.close', { replyCode: 406 }).ledger.check();
    expect(closed.found).toEqual([]);
  });

  test('R5 turns red when a message is neither held nor gone', () => {
    const story = new Story().shows().declared().publishes('m1').shows({ published: 1 });
    story.ledger.check();
    expect(story.found).toEqual(['R5']);
  });

  test('R6 turns red when a first delivery has the flag', () => {
    const story = new Story().shows().consuming().publishes('m1');
    expect(story.delivers('m1', 1, { redelivered: true }).found).toEqual(['R6']);
  });

  test('R7 turns red when a later message is delivered first', () => {
    const story = new Story().shows().consuming().publishes('m1').publishes('m2');
    expect(story.delivers('m2', 1).delivers('m1', 2).found).toEqual(['R7']);
    const back = new Story().shows().consuming().publishes('m1').publishes('m2');
    back.delivers('m1', 1).takes('basic.nack', { deliveryTag: 1, requeue: true });
    expect(back.delivers('m2', 2).found).toEqual(['R7']);
  });

  test('R8 turns red when a consumer holds one too many', () => {
    const story = new Story().shows().consuming({}, 1).publishes('m1').publishes('m2');
    expect(story.delivers('m1', 1).found).toEqual([]);
    expect(story.delivers('m2', 2).found).toEqual(['R8']);
  });

  test('R9 turns red when a message comes back unrejected', () => {
    const death = { queue: 'q', reason: 'expired', count: 1 };
    const story = new Story().shows().consuming();
    expect(story.delivers('m1', 1, { headers: { 'x-death': [death] } }).found).toEqual(['R9']);
    const rejected = { ...death, reason: 'rejected' };
    const fine = new Story().shows().consuming();
    expect(fine.delivers('m1', 1, { headers: { 'x-death': [rejected] } }).found).toEqual([]);
  });

  test('R10 turns red when an expired message is delivered', () => {
    const story = new Story().shows().consuming().publishes('m1', false, '5');
    story.now = 5000;
    expect(story.delivers('m1', 1).found).toEqual(['R10']);
  });

  test('R11 turns red when another than the active consumer is served', () => {
    const story = new Story().shows().consuming({ 'x-single-active-consumer': true });
    story.takes('basic.consume', { queue: 'q', consumerTag: 'd' });
    story.sends('basic.consume-ok', { consumerTag: 'd' }).publishes('m1');
    story.delivers('m1', 1, { consumerTag: 'd' });
    story.shows({ published: 1, unacknowledged: 1, consumers: 2 }).ledger.check();
    expect(story.found).toEqual(['R11']);
  });

  test('R12 turns red when a message is delivered before its commit', () => {
    const story = new Story().shows().consuming().takes('tx.select', {}).publishes('m1');
    expect(story.delivers('m1', 1).found).toEqual(['R12']);
  });

  test('R13 turns red when a queue is longer than its limit', () => {
    const story = new Story().shows().declared({ 'x-max-length': 1 });
    story.publishes('m1').publishes('m2').shows({ published: 2, ready: 2 }).ledger.check();
    expect(story.found).toEqual(['R13']);
  });

  test('R14 turns red when a consumer outlives its connection', () => {
    const story = new Story().shows({ consumers: 1 }).consuming();
    story.ledger.check();
    expect(story.found).toEqual([]);
    story.ledger.end('one');
    story.ledger.check();
    expect(story.found).toEqual(['R14']);
  });

  test('the naive way of a topic: a star is a word, a hash any number of them', () => {
    const matches = (pattern: string, key: string) =>
      topicMatches(pattern.split('.'), key.split('.'));
    expect(matches('a.*.c', 'a.b.c')).toBe(true);
    expect(matches('a.*', 'a.b.c')).toBe(false);
    expect(matches('a.#', 'a')).toBe(true);
    expect(matches('#.c', 'a.b.c')).toBe(true);
    expect(matches('#.b.#', 'a.c')).toBe(false);
  });

  test('where a queue is reached by messages, each consumer is held to the order by itself', () => {
    const distant = (): Story => {
      const story = new Story();
      story.isNear = false;
      story.shows().consuming().takes('basic.consume', { queue: 'q', consumerTag: 'd' });
      return story.sends('basic.consume-ok', { consumerTag: 'd' }).publishes('m1').publishes('m2');
    };
    const two = distant().delivers('m2', 1, { consumerTag: 'd' }).delivers('m1', 2);
    expect(two.found).toEqual([]);
    expect(distant().delivers('m2', 1).delivers('m1', 2).found).toEqual(['R7']);
  });

  test('a quorum queue on one node may hear of a consumer a while later (R14)', () => {
    const story = new Story();
    story.isNear = false;
    story.shows().consuming({ 'x-queue-type': 'quorum' }).ledger.check();
    expect(story.found).toEqual([]);
    story.now = 179_000_000;
    story.ledger.check();
    expect(story.found).toEqual([]);
    story.now = 180_000_000;
    story.ledger.check();
    expect(story.found).toEqual(['R14']);
  });

  test('a limit that a policy sets counts as one of an argument (R13)', () => {
    const story = new Story().shows().declared({ 'x-max-length': 5 });
    story.policy = { 'max-length': 1 };
    story.publishes('m1').publishes('m2').shows({ published: 2, ready: 2 }).ledger.check();
    expect(story.found).toEqual(['R13']);
  });

  test('R15 turns red when two members of a quorum queue differ', () => {
    const states = new QuorumStates();
    states.applied('q', 'rabbit-1', { applied: 5, hash: 'a' });
    states.applied('q', 'rabbit-2', { applied: 6, hash: 'b' });
    states.applied('q', 'rabbit-3', { applied: 5, hash: 'a' });
    expect(states.take()).toBeNull();
    states.applied('q', 'rabbit-2', { applied: 5, hash: 'c' });
    expect(states.take()).toBe('q at 5: rabbit-2 is in another state than rabbit-1');
    for (const node of ['rabbit-1', 'rabbit-2', 'rabbit-3']) states.holds(node, new Set());
    states.applied('q', 'rabbit-1', { applied: 5, hash: 'd' });
    expect(states.take()).toBeNull();
  });

  test('R16 turns red when a node of a minority confirms', () => {
    const ack = command(CHANNEL, 'basic.ack', { deliveryTag: 1 });
    const of = { node: 'rabbit-3', seen: 1, members: 3 };
    expect(confirmedInMinority(of, ack)).toBe('rabbit-3 confirms a message, and sees 1 of 3 nodes');
    expect(confirmedInMinority({ ...of, seen: 2 }, ack)).toBeNull();
    expect(confirmedInMinority(of, command(CHANNEL, 'basic.qos-ok', {}))).toBeNull();
  });
});
