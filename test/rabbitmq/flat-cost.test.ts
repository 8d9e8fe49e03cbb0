/**
 * What a message costs does not grow with what waits, what is bound, or who consumes. Times are the
 * processor's, the best of several, so that a busy machine does not decide; the bound is wide.
 */
import { describe, expect, test } from 'vitest';
import type { ChannelSession } from '../../engine/rabbitmq/vhost/channel-session.ts';
import { answered } from './answered.ts';
import { Node } from './node.ts';

const declaration = { passive: false, durable: false, exclusive: false, autoDelete: false };
const BODY = new Uint8Array(16);
const CALLS = 2000;
const REPEATS = 7;
/** A cost that grew with the size would be a hundred times larger, or more. */
const FACTOR_MAX = 8;

interface Rig {
  readonly session: ChannelSession;
  readonly tags: { tag: string; delivery: number }[];
}

function rig(): Rig {
  const tags: Rig['tags'] = [];
  const session = new Node().vhost.openChannel(
    { user: 'guest', id: 'rabbit-1.1.1' },
    {
      deliver: ({ consumerTag: tag, deliveryTag: delivery }) => tags.push({ tag, delivery }),
      returned: () => {},
      confirmed: () => {},
      rejected: () => {},
      consumerCancelled: () => {},
      timedOut: () => {},
    },
  );
  session.declareQueue({ ...declaration, queue: 'q', arguments: [] }, () => {});
  return { session, tags };
}

function publish({ session }: Rig, exchange: string, routingKey: string): void {
  const args = { exchange, routingKey, mandatory: false, immediate: false };
  expect.soft(session.publish(args, { properties: {}, body: BODY })).toBeNull();
}

/** Processor time of one call in microseconds, the best of the repeats. */
function best(call: () => void): number {
  let least = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) call();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / CALLS);
  }
  return least;
}

describe('rabbitmq: flat cost', () => {
  test('rabbitmq: flat cost: publish and get, with 1,000 and with 100,000 messages', () => {
    const [few, many] = [1000, 100_000].map((backlog) => {
      const made = rig();
      const args = { exchange: '', routingKey: 'q', mandatory: false, immediate: false };
      for (let i = 0; i < backlog; i++) made.session.publish(args, { properties: {}, body: BODY });
      return best(() => {
        publish(made, '', 'q');
        made.session.get({ queue: 'q', noAck: true }, () => {});
      });
    });
    expect(many! / few!).toBeLessThan(FACTOR_MAX);
  });

  test('rabbitmq: flat cost: routing by a topic exchange, with 1 and with 1,000 bindings', () => {
    const [few, many] = [1, 1000].map((bindings) => {
      const made = rig();
      for (let i = 0; i < bindings; i++) {
        const routingKey = i % 2 === 0 ? `a.*.${i}` : `b.#.${i}`;
        const binding = { queue: 'q', exchange: 'amq.topic', routingKey, arguments: [] };
        expect(answered((answer) => made.session.bindQueue(binding, answer))).toBeNull();
      }
      return best(() => {
        publish(made, 'amq.topic', 'a.x.0');
        made.session.get({ queue: 'q', noAck: true }, () => {});
      });
    });
    expect(many! / few!).toBeLessThan(FACTOR_MAX);
  });

  test('rabbitmq: flat cost: deliver and ack, with 1 and with 1,000 busy consumers', () => {
    const [few, many] = [1, 1000].map((consumers) => {
      const made = rig();
      made.session.setPrefetch({ prefetchSize: 0, prefetchCount: 1, global: false });
      for (let i = 0; i < consumers; i++) {
        const consumer = { queue: 'q', consumerTag: `c${i}`, noAck: false, exclusive: false };
        made.session.consume({ ...consumer, arguments: [] }, () => {});
      }
      for (let i = 0; i < consumers; i++) publish(made, '', 'q');
      let next = 0;
      return best(() => {
        publish(made, '', 'q');
        made.session.ack({ deliveryTag: made.tags[next]!.delivery, multiple: false });
        next += 1;
      });
    });
    expect(many! / few!).toBeLessThan(FACTOR_MAX);
  });
});
