/**
 * The experiment of RabbitMQ's swarm: a node with exchanges and queues whose arguments are knobs,
 * applications that publish and consume in bursts while faults come from outside as inputs, then
 * everything is healed and must come to rest.
 *
 * A seed draws knobs and inputs (`rabbitmq-plan.ts`); the workload has a stream of its own, so that
 * a fault more or less does not change what is published. Not a lesson: it has no proofs. Not here:
 * what counts as a failure (`rabbitmq-verdict.ts`).
 */
import type { PlainTable } from '../../rabbitmq/client/plain-table.ts';
import { newestProfile, profileNames, profileOf } from '../../rabbitmq/profiles.ts';
import type { SwitchName } from '../../rabbitmq/profiles/switches.ts';
import { randomStream } from '../../kernel/random.ts';
import type { Random } from '../../kernel/ports.ts';
import { judgeQueues } from '../check/queue-delivery.ts';
import { experiment } from '../experiment.ts';
import type { Lab, Step } from '../experiment.ts';
import { choice, flag, integer } from '../knob.ts';
import type { KnobValues, Localized } from '../knob.ts';
import { RabbitCluster } from '../rabbitmq.ts';
import type { Decision, Received } from '../rabbitmq-consumer.ts';

/** Faults begin after this event: by then everything is declared and connected. */
export const CALM_EVENTS = 600;
/** Messages are published in so many bursts, evenly over the events of the chaos. */
const BURSTS = 8;
const DEAD = 'dead';

const newest = profileOf(newestProfile);
/** The switches of a release: each can be turned by the knob `quirk`. */
export const rabbitQuirkNames = Object.keys(newest.switches).sort((left, right) =>
  left < right ? -1 : 1,
) as SwitchName[];

const setting: Localized = { en: 'The setting of this name.', zh: '同名配置项。' };
const LONG = 600_000;

const knobs = {
  promise: choice(['within', 'beyond'], 'within', {
    en: 'Whether the faults stay within what the configuration promises to survive.',
    zh: '故障是否在配置承诺能承受的范围之内。',
  }),
  profile: choice(profileNames, newestProfile, {
    en: 'Behaviour and defaults of a release.',
    zh: '采用哪个版本的行为和默认值。',
  }),
  quirk: choice(['none', ...rabbitQuirkNames], 'none', {
    en: 'One behaviour set otherwise than the release has it.',
    zh: '单独改变的一个行为。',
  }),
  exchange: choice(['direct', 'fanout', 'topic', 'headers'], 'direct', setting),
  queues: integer(1, 3, 1, setting),
  persistent: flag(true, setting),
  mode: choice(['confirm', 'tx', 'none'], 'confirm', setting),
  outstanding: integer(1, 1000, 1000, setting),
  batches: flag(false, setting),
  mandatory: flag(false, setting),
  unroutable: flag(false, setting),
  publishers: integer(1, 3, 1, setting),
  consumers: integer(0, 3, 1, setting),
  messages: integer(1, 400, 40, setting),
  'chaos.events': integer(50, 4000, 500, setting),
  prefetch: integer(0, 50, 0, setting),
  'prefetch.global': flag(false, setting),
  'no-ack': flag(false, setting),
  'ack.every': integer(1, 5, 1, setting),
  'processing.ms': integer(0, 1000, 0, setting),
  requeues: integer(0, 10, 0, setting),
  rejects: integer(0, 10, 0, setting),
  'message-ttl': integer(0, LONG, 0, setting),
  expiration: integer(0, LONG, 0, setting),
  'max-length': integer(0, 1000, 0, setting),
  overflow: choice(['drop-head', 'reject-publish', 'reject-publish-dlx'], 'drop-head', setting),
  'max-priority': integer(0, 10, 0, setting),
  'single-active-consumer': flag(false, setting),
  'dead-letter': choice(['none', 'queue', 'cycle'], 'none', setting),
};

export type RabbitSwarmKnobs = KnobValues<typeof knobs>;

const names = (of: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, place) => `${of}-${place + 1}`);

export const rabbitPublishers = (count: number): readonly string[] => names('publisher', count);
export const rabbitConsumers = (count: number): readonly string[] => names('consumer', count);

export class RabbitSwarmWorld {
  readonly rabbit: RabbitCluster;
  readonly knobs: RabbitSwarmKnobs;
  readonly #random: Random;
  readonly #lab: Lab;

  constructor(set: RabbitSwarmKnobs, lab: Lab) {
    this.knobs = set;
    this.#lab = lab;
    this.#random = randomStream(lab.seed, 'swarm/workload');
    const quirks =
      set.quirk === 'none' ? {} : { [set.quirk]: !profileOf(set.profile).switches[set.quirk] };
    this.rabbit = new RabbitCluster(lab, { profile: set.profile, quirks });
  }

  get #queues(): readonly string[] {
    return names('queue', this.knobs.queues);
  }

  /** Declares everything, and adds the applications. */
  create(): void {
    const { knobs: set, rabbit } = this;
    // Queues that are neither durable nor exclusive are refused from 4.3 on.
    const durable = true;
    rabbit.declare({
      exchanges: [
        { exchange: 'swarm', type: set.exchange, durable },
        { exchange: 'dlx', type: 'fanout', durable },
      ],
      queues: [
        ...this.#queues.map((queue) => ({ queue, durable, arguments: this.#arguments() })),
        { queue: DEAD, durable },
      ],
      bindings: [
        ...this.#queues.map((queue, place) => ({
          ...{ queue, exchange: 'swarm', routingKey: this.#bindingKey(place) },
          arguments: set.exchange === 'headers' ? { kind: `${place}` } : {},
        })),
        { queue: set['dead-letter'] === 'cycle' ? 'queue-1' : DEAD, exchange: 'dlx' },
      ],
    });
    for (const name of rabbitPublishers(set.publishers)) this.#addPublisher(name);
    for (const [place, name] of rabbitConsumers(set.consumers).entries()) {
      this.#addConsumer(name, this.#queues[place % set.queues]!);
    }
  }

  #arguments(): PlainTable {
    const { knobs: set } = this;
    const limits = ['message-ttl', 'max-length', 'max-priority'] as const;
    const numbers = limits.filter((name) => set[name] > 0).map((name) => [`x-${name}`, set[name]]);
    return {
      ...(Object.fromEntries(numbers) as PlainTable),
      ...(set['max-length'] > 0 ? { 'x-overflow': set.overflow } : {}),
      ...(set['single-active-consumer'] ? { 'x-single-active-consumer': true } : {}),
      ...(set['dead-letter'] === 'none' ? {} : { 'x-dead-letter-exchange': 'dlx' }),
    };
  }

  #bindingKey(place: number): string {
    if (this.knobs.exchange !== 'topic') return `key-${place}`;
    return ['#.0', '*.1', 'key.#'][place]!;
  }

  #addPublisher(name: string): void {
    const { mode, outstanding, batches } = this.knobs;
    this.rabbit.addPublisher(name, {
      ...{ mode, outstandingMax: outstanding, inBatches: batches },
      client: { requestedHeartbeat: 10 },
    });
  }

  #addConsumer(name: string, queue: string): void {
    const { knobs: set } = this;
    this.rabbit.addConsumer(name, queue, {
      prefetch: set.prefetch,
      globalPrefetch: set['prefetch.global'],
      noAck: set['no-ack'],
      // Within a prefetch, or it would wait for itself.
      ackEvery: set.prefetch === 0 ? set['ack.every'] : Math.min(set.prefetch, set['ack.every']),
      processingMs: set['processing.ms'],
      decide: (received) => this.#decide(received),
      client: { requestedHeartbeat: 10 },
    });
  }

  /** By the message alone, so that it is the same however the run goes; in the end an ack. */
  #decide({ id, seenBefore }: Received): Decision {
    const turn = (Number(id.slice(1)) * 7 + seenBefore * 3) % 10;
    if (seenBefore > 3) return 'ack';
    if (turn < this.knobs.requeues) return 'requeue';
    return turn < this.knobs.requeues + this.knobs.rejects ? 'reject' : 'ack';
  }

  /** Everything runs, is connected, and knows what became of its messages. */
  atRest(): boolean {
    return this.rabbit.allRunning && this.rabbit.allConnected && this.rabbit.allTold;
  }

  /** One of the bursts: each publisher publishes its part of the messages. */
  burst(number: number): void {
    const { knobs: set } = this;
    const all = rabbitPublishers(set.publishers).filter((name) => {
      return this.#lab.host(name).process !== null;
    });
    const count = Math.ceil((set.messages * number) / BURSTS);
    const before = Math.ceil((set.messages * (number - 1)) / BURSTS);
    for (let left = count - before; left > 0; left--) {
      const place = this.#random.below(set.queues + (set.unroutable ? 1 : 0));
      const publisher = this.#random.below(set.publishers);
      const priority = this.#random.below(set['max-priority'] + 2);
      const expires = set.expiration > 0 && this.#random.below(2) === 0;
      const name = all[publisher % Math.max(1, all.length)];
      if (name === undefined) continue;
      this.rabbit.publish(name, {
        exchange: 'swarm',
        routingKey: set.exchange === 'topic' ? `key.${place}` : `key-${place}`,
        mandatory: set.mandatory,
        properties: {
          ...(set.persistent ? { deliveryMode: 2 } : {}),
          ...(set['max-priority'] > 0 ? { priority } : {}),
          ...(expires ? { expiration: String(set.expiration) } : {}),
          headers: { kind: String(place) },
        },
      });
    }
  }
}

function bursts(): Step<RabbitSwarmWorld>[] {
  return Array.from({ length: BURSTS }, (_, place) => ({
    id: `burst-${place + 1}`,
    title: { en: `Burst ${place + 1} of ${BURSTS}`, zh: `第 ${place + 1} 批（共 ${BURSTS} 批）` },
    do: (world: RabbitSwarmWorld) => world.burst(place + 1),
    until: ({ knobs: set }: RabbitSwarmWorld, lab: Lab) =>
      lab.event >= CALM_EVENTS + Math.floor((set['chaos.events'] * (place + 1)) / BURSTS),
    timeLimitMs: 36_000_000,
  }));
}

export default experiment({
  id: 'rabbitmq-swarm',
  knobs,
  world: ({ knobs: set, lab }) => new RabbitSwarmWorld(set, lab),

  steps: [
    {
      id: 'start',
      title: { en: 'The node starts', zh: '启动节点' },
      until: ({ rabbit }) => rabbit.allRunning,
      timeLimitMs: 60_000,
    },
    {
      id: 'create',
      title: { en: 'Queues and their applications', zh: '创建队列和应用' },
      do: (world) => world.create(),
      until: (world, lab) => lab.event >= CALM_EVENTS && world.atRest(),
      timeLimitMs: 3_600_000,
    },
    ...bursts(),
  ],

  settle: RabbitCluster.settle(),

  measures({ history }) {
    const verdict = judgeQueues(history);
    return {
      sent: history.sent.length,
      acknowledged: verdict.acknowledged.length,
      lost: verdict.lost.length,
      refused: verdict.refused.length,
      indeterminate: verdict.indeterminate.length,
      duplicated: verdict.duplicated.length,
      reordered: verdict.reordered.length,
      redelivered: verdict.redelivered,
    };
  },

  proofs: {},
});
