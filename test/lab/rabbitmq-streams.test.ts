/** A stream in a lab: its writer moves, and at the end what it has is read. */
import { expect, test } from 'vitest';
import { judgeQueues } from '../../engine/lab/check/queue-delivery.ts';
import { experiment, type Lab } from '../../engine/lab/experiment.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import { Run } from '../../engine/lab/run.ts';
import { streams } from '../../engine/rabbitmq/stream/stream-type.ts';
import { classicQueues } from '../../engine/rabbitmq/queue/classic-queue-type.ts';

interface World {
  readonly rabbit: RabbitCluster;
}

const title = { en: 'A step', zh: '一步' };
const LOG = { queue: 'log', durable: true, arguments: { 'x-queue-type': 'stream' } };

const story = experiment({
  id: 'stream-story',
  knobs: {},
  world: ({ lab }): World => ({
    rabbit: new RabbitCluster(lab, {
      ...{ nodes: 3, profile: 'rabbitmq-3.13', netTickTimeMs: 8000 },
      queueTypes: [classicQueues, streams],
    }),
  }),
  steps: [
    {
      ...{ id: 'declare', title, timeLimitMs: 60_000 },
      do: ({ rabbit }: World) => {
        rabbit.declare({ queues: [LOG] });
        rabbit.addPublisher('publisher-1', { node: 2 });
      },
      until: ({ rabbit }: World) => rabbit.allConnected && rabbit.allDeclared,
    },
    {
      ...{ id: 'publish', title, timeLimitMs: 60_000 },
      do: ({ rabbit }: World, lab: Lab) => {
        rabbit.publish('publisher-1', { routingKey: 'log', count: 40, everyMs: 50 });
        lab.inject({ fault: 'crash', host: 'rabbit-1' });
      },
      until: ({ rabbit }: World) => rabbit.allTold,
    },
  ],
  settle: RabbitCluster.settle(),
  measures: ({ history }) => {
    const { acknowledged, lost, duplicated } = judgeQueues(history);
    return {
      ...{ acknowledged: acknowledged.length, lost: lost.length, duplicated: duplicated.length },
      left: history.final?.length ?? -1,
    };
  },
  proofs: {},
});

const careful = { paranoidWire: true, freeze: true, invariants: 'always' } as const;

test('rabbitmq: lab: what a stream has is read at the end, each record once', () => {
  const run = new Run(story, careful).finish();
  expect([run.world.failure, run.violation]).toEqual([null, null]);
  expect(run.measures()).toEqual({ acknowledged: 40, lost: 0, duplicated: 0, left: 40 });
});
