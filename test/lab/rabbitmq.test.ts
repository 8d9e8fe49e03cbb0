/** The lab's handle on RabbitMQ: what clients are told, what the history makes of it. */
import { describe, expect, test } from 'vitest';
import { judgeQueues } from '../../engine/lab/check/queue-delivery.ts';
import { experiment, type Experiment, type Lab, type Step } from '../../engine/lab/experiment.ts';
import { narrate } from '../../engine/lab/narration.ts';
import { Run, type RunOptions } from '../../engine/lab/run.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import type { RabbitOptions } from '../../engine/lab/rabbitmq-options.ts';
import { quorumQueues } from '../../engine/rabbitmq/quorum/quorum-queue-type.ts';
import { rabbitNarration } from '../../engine/rabbitmq/narration.ts';

const careful = { paranoidWire: true, freeze: true, invariants: 'always' } as const;
const title = { en: 'A step', zh: '一步' };

interface World {
  readonly rabbit: RabbitCluster;
}

type Act = (rabbit: RabbitCluster, lab: Lab) => void;
type Until = (rabbit: RabbitCluster, lab: Lab) => boolean;

/** A step of a story: does something, and waits until something holds. */
function step(id: string, act: Act, until: Until, timeLimitMs = 60_000): Step<World> {
  return {
    id,
    title,
    do: ({ rabbit }, lab) => act(rabbit, lab),
    until: ({ rabbit }, lab) => until(rabbit, lab),
    timeLimitMs,
  };
}

const told: Until = (rabbit) => rabbit.allTold;

/** The steps as an experiment; its measures are the verdicts' counts. */
function story(...steps: readonly Step<World>[]): Experiment {
  return storyOf({}, ...steps);
}

/** The same of a cluster with these options. */
function storyOf(options: RabbitOptions, ...steps: readonly Step<World>[]): Experiment {
  return experiment({
    id: 'rabbitmq-story',
    knobs: {},
    world: ({ lab }): World => ({ rabbit: new RabbitCluster(lab, options) }),
    steps,
    settle: RabbitCluster.settle(),
    measures: ({ history }) => {
      const verdict = judgeQueues(history);
      return {
        acknowledged: verdict.acknowledged.length,
        lost: verdict.lost.length,
        duplicated: verdict.duplicated.length,
        reordered: verdict.reordered.length,
        refused: verdict.refused.length,
        indeterminate: verdict.indeterminate.length,
        unobserved: verdict.unobserved.length,
        redelivered: verdict.redelivered,
      };
    },
    proofs: {},
  });
}

function play(told: Experiment, options: RunOptions = {}) {
  const run = new Run(told, { ...careful, ...options }).finish();
  expect(run.world.failure).toBeNull();
  expect(run.violation).toBeNull();
  return run;
}

const ready = step(
  'ready',
  (rabbit) => {
    rabbit.declare({
      exchanges: [{ exchange: 'orders', type: 'topic', durable: true }],
      queues: [{ queue: 'all', durable: true }],
      bindings: [{ queue: 'all', exchange: 'orders', routingKey: 'order.#' }],
    });
    rabbit.addPublisher('publisher-1');
  },
  (rabbit) => rabbit.allConnected && rabbit.allDeclared,
);

const started = step(
  'start',
  () => undefined,
  (rabbit) => rabbit.allRunning,
);

const publish = (count: number, routingKey = 'order.new') =>
  step(
    'publish',
    (rabbit) =>
      rabbit.publish('publisher-1', {
        exchange: 'orders',
        routingKey,
        count,
        properties: { deliveryMode: 2 },
      }),
    told,
  );

describe('rabbitmq: lab', () => {
  test('what is confirmed is processed once and in order, or left in its queue', () => {
    const run = play(
      story(
        ready,
        publish(5),
        step(
          'consume',
          (rabbit) => rabbit.addConsumer('consumer-1', 'all', { prefetch: 1, processingMs: 10 }),
          (rabbit) => rabbit.processed.length >= 3,
        ),
        step(
          'stop',
          (rabbit) => rabbit.cancel('consumer-1'),
          () => true,
          1,
        ),
      ),
    );
    expect(run.measures()).toMatchObject({ acknowledged: 5, lost: 0, duplicated: 0, reordered: 0 });
    expect(run.history.final!.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  });

  test('what no queue takes is confirmed and lost, unless it is mandatory', () => {
    const to = (mandatory: boolean) =>
      step(
        `mandatory-${mandatory}`,
        (rabbit) =>
          rabbit.publish('publisher-1', { exchange: 'orders', routingKey: 'nowhere', mandatory }),
        told,
      );
    const run = play(story(ready, to(false), to(true)));
    const [silent, returned] = run.history.sent;
    expect(silent).toMatchObject({ outcome: 'acknowledged' });
    expect(returned).toMatchObject({ outcome: 'refused', error: '312 NO_ROUTE' });
    expect(run.measures()).toMatchObject({ acknowledged: 1, lost: 1, refused: 1 });
  });

  test('an error closes the channel: what was published behind it is indeterminate', () => {
    const run = play(
      story(
        ready,
        step(
          'wrong',
          (rabbit) => {
            rabbit.publish('publisher-1', { exchange: 'nobody', routingKey: 'x' });
            rabbit.publish('publisher-1', { exchange: 'orders', routingKey: 'order.1' });
          },
          told,
        ),
        step('late', (rabbit) => rabbit.publish('publisher-1', { routingKey: 'all' }), told),
      ),
    );
    const outcomes = run.history.sent.map(({ outcome, error }) => [outcome, error]);
    const why = "404 NOT_FOUND - no exchange 'nobody' in vhost '/'";
    expect(outcomes).toEqual([
      ['indeterminate', why],
      ['indeterminate', why],
      ['refused', 'already closed'],
    ]);
  });

  test('a consumer that dies: what it had is delivered again; one ack was too late', () => {
    const run = play(
      story(
        ready,
        publish(4),
        step(
          'consume',
          (rabbit) => rabbit.addConsumer('consumer-1', 'all', { prefetch: 2, processingMs: 50 }),
          (_, { history }) => history.delivered.length >= 2,
        ),
        step(
          'die',
          (rabbit, lab) => {
            lab.inject({ fault: 'crash', host: 'consumer-1' });
            rabbit.addConsumer('consumer-2', 'all', {});
          },
          (rabbit) => rabbit.processed.length >= 4,
        ),
      ),
    );
    expect(run.measures()).toMatchObject({ lost: 0, duplicated: 1, redelivered: 2 });
  });

  test('a consumer that acknowledges automatically loses what it had not begun', () => {
    const run = play(
      story(
        ready,
        publish(4),
        step(
          'consume',
          (rabbit) => rabbit.addConsumer('consumer-1', 'all', { noAck: true, processingMs: 50 }),
          (rabbit) => rabbit.processed.length >= 1,
        ),
        step(
          'die',
          (_, lab) => lab.inject({ fault: 'crash', host: 'consumer-1' }),
          () => true,
          1,
        ),
      ),
    );
    expect(run.measures()).toMatchObject({ acknowledged: 4, lost: 3, duplicated: 0 });
  });

  test('a connection that is cut is recovered, with its channels, queues and consumers', () => {
    const back: Step<World> = step(
      'back',
      (_, lab) => lab.inject({ fault: 'start', host: 'rabbit-1' }),
      (rabbit) => rabbit.allRunning && rabbit.allConnected,
    );
    const run = play(
      story(
        ready,
        step(
          'consumer',
          (rabbit) => rabbit.addConsumer('consumer-1', 'all', {}),
          (rabbit) => rabbit.queue('all')?.consumers === 1,
        ),
        step(
          'cut',
          (_, lab) => lab.inject({ fault: 'crash', host: 'rabbit-1' }),
          (rabbit) => rabbit.client('publisher-1')?.state === 'recovering',
        ),
        back,
        publish(3),
        step(
          'read',
          () => undefined,
          (rabbit) => rabbit.processed.length === 3,
        ),
      ),
    );
    expect(run.measures()).toMatchObject({ acknowledged: 3, lost: 0, duplicated: 0 });
  });

  test('transactions one after the other: each message has the commit of its own', () => {
    const run = play(
      story(
        ready,
        step(
          'tx',
          (rabbit) => {
            rabbit.addPublisher('publisher-2', { mode: 'tx', outstandingMax: 2 });
            rabbit.publish('publisher-2', { exchange: 'orders', routingKey: 'order.2', count: 5 });
          },
          told,
        ),
      ),
    );
    expect(run.measures()).toMatchObject({ acknowledged: 5, lost: 0, reordered: 0 });
  });

  test('what happens to messages is told in both languages', () => {
    const run = play(
      story(
        ready,
        step(
          'dead-letters',
          (rabbit) => {
            const table = {
              'x-dead-letter-exchange': 'orders',
              'x-dead-letter-routing-key': 'dead',
            };
            rabbit.declare({
              queues: [{ queue: 'once', durable: true, arguments: table }],
              bindings: [{ queue: 'all', exchange: 'orders', routingKey: 'dead' }],
            });
            rabbit.addConsumer('consumer-1', 'once', { decide: () => 'reject' });
            rabbit.publish('publisher-1', { routingKey: 'once', delayMs: 1000 });
          },
          (rabbit) => rabbit.queue('all')?.ready === 1,
        ),
      ),
    );
    const told = (language: 'en' | 'zh') =>
      [...run.world.trace.entries()].flatMap(
        (entry) => narrate(rabbitNarration, entry, language) ?? [],
      );
    for (const sentence of [
      'm1: the default exchange routes once to once.',
      'm1 of once: rejected.',
      'm1 of once was rejected: exchange orders takes it to all.',
    ]) {
      expect(told('en')).toContain(sentence);
    }
    expect(told('zh')).toContain('once 的 m1 被拒绝，经 exchange orders 转到 all。');
    expect(told('zh')).toHaveLength(told('en').length);
  });

  test('a quorum queue of three nodes keeps what it confirmed when its leader dies', () => {
    const run = play(
      storyOf(
        { nodes: 3, queueTypes: [quorumQueues] },
        started,
        step(
          'declare',
          (rabbit) => {
            const table = { 'x-queue-type': 'quorum' };
            rabbit.declare({ queues: [{ queue: 'q', durable: true, arguments: table }] });
            rabbit.addPublisher('publisher-1', { node: 2 });
          },
          (rabbit) => rabbit.allConnected && rabbit.allDeclared,
        ),
        step(
          'publish',
          (rabbit) => rabbit.publish('publisher-1', { routingKey: 'q', count: 5 }),
          told,
        ),
        step(
          'die',
          (_, lab) => lab.inject({ fault: 'power', host: 'rabbit-1' }),
          () => true,
          1,
        ),
        step(
          'more',
          (rabbit) => rabbit.publish('publisher-1', { routingKey: 'q', count: 5 }),
          told,
        ),
      ),
    );
    expect(run.history.sent.map(({ outcome }) => outcome)).toEqual(
      new Array<string>(10).fill('acknowledged'),
    );
    expect(run.measures()).toMatchObject({ acknowledged: 10, lost: 0 });
  });

  test('a node that pauses in a minority confirms nothing there (R16)', () => {
    const pausing = { partitionHandling: 'pause_minority', profile: 'rabbitmq-3.13' } as const;
    const run = play(
      storyOf(
        { ...pausing, nodes: 3, netTickTimeMs: 4000 },
        started,
        step(
          'declare',
          (rabbit) => {
            rabbit.addClient('client-3', { node: 3 });
            rabbit.call('client-3', 'queue.declare', { queue: 'q', durable: true });
            rabbit.addPublisher('publisher-3', { node: 3 });
          },
          (rabbit) => rabbit.allConnected && rabbit.allDeclared,
        ),
        step(
          'cut',
          (rabbit, lab) => {
            lab.inject({ fault: 'isolate', host: 'rabbit-3', from: ['rabbit-1', 'rabbit-2'] });
            rabbit.publish('publisher-3', { routingKey: 'q', count: 20, everyMs: 1000 });
          },
          told,
        ),
      ),
    );
    const outcomes = new Set(run.history.sent.map(({ outcome }) => outcome));
    expect(outcomes.has('acknowledged') && outcomes.has('refused')).toBe(true);
  });
});
