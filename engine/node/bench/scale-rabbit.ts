/**
 * What one message costs in a RabbitMQ node as there are more messages, bindings and consumers.
 *
 * Channels are opened on the virtual host, without a network: what a socket costs does not depend
 * on what is in the node. Not here: how it is counted (`scale.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { isAmqpError } from '../../rabbitmq/amqp-error.ts';
import { newestProfile, profileOf } from '../../rabbitmq/profiles.ts';
import { createRabbitNode, type RabbitNode } from '../../rabbitmq/node.ts';
import { classicQueues } from '../../rabbitmq/queue/classic-queue-type.ts';
import { streams } from '../../rabbitmq/stream/stream-type.ts';
import type { ChannelSession } from '../../rabbitmq/vhost/channel-session.ts';
import { World } from '../../sim/world.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Counted, Prepared, ScaleWorkload } from './scale-workload.ts';

const HOST = 'rabbit-1';
const BODY = new Uint8Array(100);
/** Messages of the measured work. */
const MESSAGES = 1000;
const SECONDS_MAX = 600;
const SECOND = 1_000_000;
const DEFAULTS = { passive: false, durable: true, exclusive: false, autoDelete: false };
const STREAM: FieldTable = [{ name: 'x-queue-type', value: { type: 'longstr', value: 'stream' } }];
const FROM_THE_END: FieldTable = [
  { name: 'x-stream-offset', value: { type: 'longstr', value: 'next' } },
];

class ScaleNode {
  readonly world = new World({ seed: 1, trace: false });
  readonly session: ChannelSession;
  /** The deliveries that were not acknowledged yet, oldest first. */
  readonly delivered: number[] = [];

  constructor(args: FieldTable = []) {
    const profile = profileOf(newestProfile);
    const queueTypes = [classicQueues, streams];
    const host = this.world.addHost(HOST, createRabbitNode({ profile, queueTypes }));
    host.start();
    this.until('the node runs', () => {
      const node = host.process as RabbitNode | null;
      return node?.inspect().state === 'running';
    });
    const vhost = (host.process as RabbitNode).vhosts.get('/');
    assert(vhost !== undefined, 'a node has a virtual host', {});
    this.session = vhost.openChannel(
      { user: 'guest', id: 'bench' },
      {
        deliver: ({ deliveryTag }) => this.delivered.push(deliveryTag),
        returned: () => assert(false, 'every message is routed', {}),
        confirmed: () => {},
        rejected: (tag) => assert(false, 'every message is taken', { tag }),
        timedOut: () => {},
        consumerCancelled: () => {},
      },
    );
    this.asked((answer) =>
      this.session.declareQueue({ ...DEFAULTS, queue: 'q', arguments: args }, answer),
    );
  }

  get counted(): Counted {
    const { hosts, event } = this.world;
    const bytes = hosts.reduce((sum, { counters }) => {
      return sum + counters.append + counters.read + counters.copy;
    }, 0);
    return { events: event, bytes };
  }

  /** Does something as an event of the node. */
  command(run: () => void): void {
    let isDone = false;
    this.world.command(HOST, 'bench', () => {
      run();
      isDone = true;
    });
    this.until('it is done', () => isDone);
  }

  /** Asks in an event of the node, and waits for the answer. */
  asked(ask: (answer: (of: unknown) => void) => void): void {
    let isAnswered = false;
    this.command(() =>
      ask((of) => {
        assert(!isAmqpError(of), 'it is not refused', { of });
        isAnswered = true;
      }),
    );
    this.until('it is answered', () => isAnswered);
  }

  publish(exchange = '', routingKey = 'q'): void {
    const args = { exchange, routingKey, mandatory: true, immediate: false };
    const refused = this.session.publish(args, { properties: {}, body: BODY });
    assert(refused === null, 'it is published', { refused });
  }

  /** Publishes so many, a thousand an event. */
  fill(count: number): void {
    for (let left = count; left > 0; left -= MESSAGES) {
      this.command(() => {
        for (let i = 0; i < Math.min(left, MESSAGES); i++) this.publish();
      });
    }
  }

  /** Gets one message and acknowledges it. */
  get(): void {
    this.session.get({ queue: 'q', noAck: false }, (got) => {
      assert(got !== null && 'reply' in got, 'there is a message', {});
      this.session.ack({ deliveryTag: got.reply.deliveryTag, multiple: false });
    });
  }

  acknowledgeOldest(): void {
    const deliveryTag = this.delivered.shift();
    assert(deliveryTag !== undefined, 'a delivery is outstanding', {});
    this.session.ack({ deliveryTag, multiple: false });
  }

  consume(consumerTag: string, args: FieldTable = []): void {
    const consumer = { queue: 'q', consumerTag, noAck: false, exclusive: false };
    this.asked((answer) => this.session.consume({ ...consumer, arguments: args }, answer));
  }

  prefetch(prefetchCount: number): void {
    this.session.setPrefetch({ prefetchSize: 0, prefetchCount, global: false });
  }

  until(what: string, holds: () => boolean): void {
    const limit = this.world.now + SECONDS_MAX * SECOND;
    while (!holds()) {
      this.world.run(holds, { micros: SECOND });
      if (this.world.failure !== null) throw this.world.failure.error;
      assert(this.world.now < limit, 'it comes in time', { what });
    }
  }
}

const prepared = (node: ScaleNode, one: () => void): Prepared => ({
  cluster: node,
  work: () => {
    for (let i = 0; i < MESSAGES; i++) node.command(one);
  },
});

/** One is published and one got, while so many wait. */
function backlog(size: number): Prepared {
  const node = new ScaleNode();
  node.fill(size);
  return prepared(node, () => {
    node.publish();
    node.get();
  });
}

/** One is routed by a topic exchange with so many bindings, half of them with wildcards. */
function topicBindings(size: number): Prepared {
  const node = new ScaleNode();
  for (let i = 0; i < size; i++) {
    const routingKey = i % 2 === 0 ? `a.*.${i}` : `b.#.${i}`;
    const binding = { queue: 'q', exchange: 'amq.topic', routingKey, arguments: [] };
    node.asked((answer) => node.session.bindQueue(binding, answer));
  }
  return prepared(node, () => {
    node.publish('amq.topic', 'a.x.0');
    node.get();
  });
}

/** One is delivered to the consumer who has room, and acknowledged; all the others are busy. */
function busyConsumers(size: number): Prepared {
  const node = new ScaleNode();
  node.prefetch(1);
  for (let i = 0; i < size; i++) node.consume(`c${i}`);
  node.fill(size);
  return prepared(node, () => {
    node.publish();
    node.acknowledgeOldest();
  });
}

/** One is delivered and acknowledged, while so many consumers wait for their turn. */
function idleConsumers(size: number): Prepared {
  const node = new ScaleNode();
  node.prefetch(1);
  for (let i = 0; i < size; i++) node.consume(`c${i}`);
  return prepared(node, () => {
    node.publish();
    node.acknowledgeOldest();
  });
}

/** One is appended to a stream that has so many, and read by a consumer at its end. */
function streamBacklog(size: number): Prepared {
  const node = new ScaleNode(STREAM);
  node.fill(size);
  node.prefetch(10);
  node.consume('c', FROM_THE_END);
  return {
    cluster: node,
    work: () => {
      for (let i = 0; i < MESSAGES; i++) {
        node.command(() => node.publish());
        node.until('it is read', () => node.delivered.length > 0);
        node.command(() => node.acknowledgeOldest());
      }
    },
  };
}

const BACKLOGS = [1000, 10_000, 100_000, 1_000_000] as const;
const COUNTS = [1, 10, 100, 1000] as const;
const message = { unit: 'message', units: MESSAGES } as const;

export const rabbitWorkloads: readonly ScaleWorkload[] = [
  {
    ...{ ...message, name: 'RabbitMQ: publish and get', among: 'messages', sizes: BACKLOGS },
    prepare: backlog,
  },
  {
    ...{ ...message, name: 'RabbitMQ: route by topic', among: 'bindings', sizes: COUNTS },
    prepare: topicBindings,
  },
  {
    ...{ ...message, name: 'RabbitMQ: deliver and ack', among: 'busy consumers', sizes: COUNTS },
    prepare: busyConsumers,
  },
  {
    ...{ ...message, name: 'RabbitMQ: deliver and ack', among: 'idle consumers', sizes: COUNTS },
    prepare: idleConsumers,
  },
  {
    ...{ ...message, name: 'RabbitMQ: stream', among: 'messages', sizes: BACKLOGS },
    prepare: streamBacklog,
  },
];
