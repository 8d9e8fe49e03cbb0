/**
 * What is on the other nodes? Three nodes of a cluster, one queue, declared at the second. A
 * publisher and a consumer speak to nodes that the reader chooses; then nodes go down.
 */
import { changed, choice, experiment, prove } from '#engine/lab/index.ts';
import type { Lab } from '#engine/lab/index.ts';
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { onRaft } from '#engine/lab/rabbitmq-quorum.ts';
import { rabbitProfileKnob } from '#engine/lab/rabbitmq-profile.ts';
import { nodeStarts } from '../story.ts';

const QUEUE = 'orders';
const DECLARER = 'client-2';
const PUBLISHER = 'publisher-1';
const LATER = 'publisher-2';
const CONSUMER = 'consumer-1';
const COUNT = 20;
const HOME = 'rabbit-2';
const OTHER = 'rabbit-3';

const FAULTS = ['none', 'its node dies', 'another node dies', 'both die'] as const;

interface World {
  readonly rabbit: RabbitCluster;
  readonly type: string;
  readonly publishAt: number;
  readonly fault: (typeof FAULTS)[number];
  from: number;
  micros: number;
  /** Nodes that know the queue, and nodes that have its messages, before the fault. */
  knowing: number;
  holding: number;
  /** Of the later orders, before anybody was restarted. */
  confirmedAfter: number;
}

const casualties = (fault: World['fault']): readonly string[] => {
  if (fault === 'none') return [];
  if (fault === 'its node dies') return [HOME];
  return fault === 'another node dies' ? [OTHER] : [HOME, OTHER];
};

const knowers = ({ rabbit }: World): number =>
  [1, 2, 3].filter((node) => rabbit.queueNames(node).includes(QUEUE)).length;

export default experiment({
  id: 'rabbitmq-clustering',
  knobs: {
    'x-queue-type': choice(['classic', 'quorum'], 'classic', {
      en: 'The type of the queue.',
      zh: '队列的类型。',
    }),
    'publisher-at': choice(['rabbit-1', 'rabbit-2'], 'rabbit-1', {
      en: 'The node that the publisher is connected to. The queue is declared at rabbit-2.',
      zh: '发布者连接的节点。队列在 rabbit-2 上声明。',
    }),
    fault: choice(FAULTS, 'none', {
      en: 'Which nodes die.',
      zh: '哪些节点会死。',
    }),
    profile: rabbitProfileKnob,
  },

  world({ knobs, lab }): World {
    return {
      rabbit: new RabbitCluster(lab, {
        ...{ nodes: 3, profile: knobs.profile },
        ...onRaft,
      }),
      type: knobs['x-queue-type'],
      publishAt: knobs['publisher-at'] === HOME ? 2 : 1,
      fault: knobs.fault,
      ...{ from: 0, micros: 0, knowing: 0, holding: 0, confirmedAfter: 0 },
    };
  },

  steps: [
    nodeStarts,
    {
      id: 'declare',
      title: { en: 'A queue is declared at the second node', zh: '在第二个节点上声明队列' },
      do: ({ rabbit, type }) => {
        rabbit.addClient(DECLARER, { node: 2 });
        rabbit.call(DECLARER, 'queue.declare', {
          ...{ queue: QUEUE, durable: true },
          arguments: { 'x-queue-type': type },
        });
      },
      until: ({ rabbit }) => rabbit.allConnected && rabbit.allDeclared,
      timeLimitMs: 30_000,
    },
    {
      id: 'publish',
      title: { en: 'Orders come in by another node', zh: '订单从别的节点进来' },
      do: (world, lab) => {
        const { rabbit, publishAt: node } = world;
        world.from = lab.now;
        rabbit.addPublisher(PUBLISHER, { node, outstandingMax: 1 });
        const properties = { deliveryMode: 2 };
        rabbit.publish(PUBLISHER, { routingKey: QUEUE, count: COUNT, properties });
      },
      until: (world, lab) => {
        world.micros = lab.now - world.from;
        return world.rabbit.allTold;
      },
      timeLimitMs: 60_000,
    },
    {
      id: 'strike',
      title: { en: 'Nodes die', zh: '节点死亡' },
      do: (world: World, lab: Lab) => {
        world.knowing = knowers(world);
        world.holding = world.rabbit.membersOf(QUEUE).length;
        for (const host of casualties(world.fault)) lab.inject({ fault: 'crash', host });
      },
      until: () => false,
      timeLimitMs: 3_000,
    },
    {
      id: 'publish-again',
      title: { en: 'Orders come in by the first node', zh: '订单继续从第一个节点进来' },
      do: ({ rabbit }) => {
        rabbit.addPublisher(LATER, { node: 1, outstandingMax: 1 });
        const properties = { deliveryMode: 2 };
        rabbit.publish(LATER, { routingKey: QUEUE, count: COUNT, properties, mandatory: true });
      },
      until: (world, { history }) => {
        const later = history.sent.filter(({ producer }) => producer === LATER);
        const confirmed = later.filter(({ outcome }) => outcome === 'acknowledged');
        world.confirmedAfter = confirmed.length;
        return world.rabbit.allTold;
      },
      timeLimitMs: 5_000,
    },
    {
      id: 'consume',
      title: { en: 'A consumer at the third node', zh: '第三个节点上的消费者' },
      do: ({ rabbit, fault }) => {
        if (fault === 'none') rabbit.addConsumer(CONSUMER, QUEUE, { node: 3, prefetch: 10 });
      },
      until: ({ rabbit, fault }) => fault !== 'none' || rabbit.processed.length === 2 * COUNT,
      timeLimitMs: 5_000,
    },
  ],

  settle: RabbitCluster.settle(),

  measures({ world, history }) {
    const first = history.sent.filter(({ producer }) => producer === PUBLISHER);
    const final = new Set((history.final ?? []).map(({ id }) => id));
    return {
      nodesThatKnow: world.knowing,
      nodesThatHold: world.holding,
      microsPerOrder: Math.floor(world.micros / COUNT),
      confirmedBefore: first.filter(({ outcome }) => outcome === 'acknowledged').length,
      confirmedAfter: world.confirmedAfter,
      consumedElsewhere: history.delivered.filter(({ consumer }) => consumer === CONSUMER).length,
      kept: first.filter(({ id }) => final.has(id)).length,
    };
  },

  proofs: {
    'metadata-is-everywhere-messages-are-not': prove(
      {},
      (m) => m['nodesThatKnow'] === 3 && m['nodesThatHold'] === 1,
      [changed('x-queue-type', 'quorum')],
      'strike',
    ),
    'a-node-without-the-queue-forwards': prove(
      {},
      (m) => m['consumedElsewhere'] === 2 * COUNT,
      [changed('fault', 'its node dies')],
      'consume',
    ),
    'forwarding-costs-a-hop': prove(
      {},
      (m) => m['microsPerOrder']! > 900,
      [changed('publisher-at', 'rabbit-2')],
      'publish',
    ),
    'a-classic-queue-is-down-with-its-node': prove(
      { fault: 'its node dies' },
      (m) => m['confirmedAfter'] === 0,
      [changed('fault', 'another node dies'), changed('x-queue-type', 'quorum')],
      'publish-again',
    ),
    'a-quorum-queue-goes-on-without-one': prove(
      { fault: 'its node dies', 'x-queue-type': 'quorum' },
      (m) => m['confirmedAfter'] === COUNT,
      [changed('x-queue-type', 'classic'), changed('fault', 'both die')],
      'publish-again',
    ),
    'a-minority-confirms-nothing': prove(
      { fault: 'both die', 'x-queue-type': 'quorum' },
      (m) => m['confirmedAfter'] === 0 && m['kept'] === COUNT,
      [changed('fault', 'another node dies')],
      'publish-again',
    ),
  },
});
