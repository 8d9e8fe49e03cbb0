/**
 * The experiment of RabbitMQ's swarm: nodes with exchanges and queues whose type and arguments are
 * knobs, applications that publish and consume in bursts while faults come from outside as inputs,
 * then everything is healed and must come to rest.
 *
 * A seed draws knobs and inputs (`rabbitmq-plan.ts`); the workload has a stream of its own, so that
 * a fault more or less does not change what is published. Not a lesson: it has no proofs. Not here:
 * what counts as a failure (`rabbitmq-verdict.ts`).
 */
import type { PlainTable } from '../../rabbitmq/client/plain-table.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { profileOf } from '../../rabbitmq/profiles.ts';
import type { PolicyDefinition } from '../../rabbitmq/queue/queue-settings.ts';
import { streams } from '../../rabbitmq/stream/stream-type.ts';
import { randomStream } from '../../kernel/random.ts';
import type { Random } from '../../kernel/ports.ts';
import { judgeQueues } from '../check/queue-delivery.ts';
import { experiment } from '../experiment.ts';
import type { Lab, Step } from '../experiment.ts';
import { RabbitCluster } from '../rabbitmq.ts';
import type { Decision, Received } from '../rabbitmq-consumer.ts';
import { onRaft } from '../rabbitmq-quorum.ts';
import {
  rabbitConsumers,
  rabbitKnobs,
  rabbitPublishers,
  rabbitQueues,
  type RabbitSwarmKnobs,
} from './rabbitmq-knobs.ts';

/** Faults begin after this event: by then everything is declared and connected. */
export const CALM_EVENTS = 600;
/** Of a cluster, whose nodes have more to say to each other. */
export const CLUSTER_CALM_EVENTS = 1000;
/** Messages are published in so many bursts, evenly over the events of the chaos. */
const BURSTS = 8;
const DEAD = 'dead';
/** So long nothing changes before somebody looks. */
const STEADY_MICROS = 2_000_000;

/** The event from which on faults come. */
export const chaosFrom = (nodes: number): number =>
  nodes === 1 ? CALM_EVENTS : CLUSTER_CALM_EVENTS;

export class RabbitSwarmWorld {
  readonly rabbit: RabbitCluster;
  readonly knobs: RabbitSwarmKnobs;
  readonly #random: Random;
  readonly #lab: Lab;
  #steadySince: number | null = null;

  constructor(set: RabbitSwarmKnobs, lab: Lab) {
    this.knobs = set;
    this.#lab = lab;
    this.#random = randomStream(lab.seed, 'swarm/workload');
    const quirks =
      set.quirk === 'none' ? {} : { [set.quirk]: !profileOf(set.profile).switches[set.quirk] };
    this.rabbit = new RabbitCluster(lab, {
      ...onRaft,
      ...{ profile: set.profile, quirks, nodes: set.nodes },
      queueTypes: [...onRaft.queueTypes, streams],
      partitionHandling: set['partition.handling'],
      netTickTimeMs: set['net_ticktime.ms'],
    });
  }

  get #queues(): readonly string[] {
    return rabbitQueues(this.knobs.queues);
  }

  /** Declares everything, and sets the policy. */
  declare(): void {
    const { knobs: set, rabbit } = this;
    const durable = true;
    const definition = this.#policy();
    if (Object.keys(definition).length > 0) {
      const which = { name: 'swarm', pattern: '^queue-', applyTo: 'queues' } as const;
      rabbit.setPolicy({ ...which, definition, priority: 0 });
    }
    rabbit.declare({
      exchanges: [
        { exchange: 'swarm', type: set.exchange, durable },
        { exchange: 'dlx', type: 'fanout', durable },
      ],
      queues: [
        ...this.#queues.map((queue) => ({
          ...{ queue, durable: set.durable, arguments: this.#arguments() },
        })),
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
  }

  /** Adds the applications: a consumer needs its queue. */
  create(): void {
    const { knobs: set } = this;
    for (const [place, name] of rabbitPublishers(set.publishers).entries()) {
      this.#addPublisher(name, place);
    }
    for (const [place, name] of rabbitConsumers(set.consumers).entries()) {
      this.#addConsumer(name, place);
    }
  }

  /** Settings that an argument or a policy can make, without `x-`. */
  #settings(): PlainTable {
    const { knobs: set } = this;
    const limits = ['message-ttl', 'max-length', 'delivery-limit'] as const;
    const numbers = limits.filter((name) => set[name] > 0).map((name) => [name, set[name]]);
    return {
      ...(Object.fromEntries(numbers) as PlainTable),
      ...(set['max-length'] > 0 || set['at.least.once'] ? { overflow: set.overflow } : {}),
      ...(set['at.least.once'] ? { 'dead-letter-strategy': 'at-least-once' } : {}),
      ...(set['dead-letter'] === 'none' ? {} : { 'dead-letter-exchange': 'dlx' }),
    };
  }

  #arguments(): PlainTable {
    const { knobs: set } = this;
    const settings = set['by.policy'] ? {} : this.#settings();
    const type = set['queue.type'] === 'mirrored' ? 'classic' : set['queue.type'];
    return {
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`x-${name}`, value])),
      ...(type === 'classic' ? {} : { 'x-queue-type': type }),
      ...(set['max-priority'] > 0 ? { 'x-max-priority': set['max-priority'] } : {}),
      ...(set['single-active-consumer'] ? { 'x-single-active-consumer': true } : {}),
    };
  }

  #policy(): PolicyDefinition {
    const { knobs: set } = this;
    const mirrors = {
      ...(set['ha-mode'] === 'all'
        ? { 'ha-mode': 'all' }
        : { 'ha-mode': 'exactly', 'ha-params': 2 }),
      'ha-sync-mode': set['ha-sync-mode'],
      'ha-promote-on-failure': set['ha-promote-on-failure'],
    };
    return {
      ...(set['by.policy'] ? (this.#settings() as PolicyDefinition) : {}),
      ...(set['queue.type'] === 'mirrored' ? mirrors : {}),
    };
  }

  #bindingKey(place: number): string {
    if (this.knobs.exchange !== 'topic') return `key-${place}`;
    return ['#.0', '*.1', 'key.#'][place]!;
  }

  #addPublisher(name: string, place: number): void {
    const { mode, outstanding, batches, nodes } = this.knobs;
    this.rabbit.addPublisher(name, {
      node: (place % nodes) + 1,
      ...{ mode, outstandingMax: outstanding, inBatches: batches },
      client: { requestedHeartbeat: 10 },
    });
  }

  #addConsumer(name: string, place: number): void {
    const { knobs: set } = this;
    const isStream = set['queue.type'] === 'stream';
    this.rabbit.addConsumer(name, this.#queues[place % set.queues]!, {
      // Another than the publisher's, and hence often another than the queue's.
      node: ((place + 1) % set.nodes) + 1,
      arguments: isStream ? { 'x-stream-offset': 'first' } : {},
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

  /** The network and the nodes are there again: clients may still be down. */
  mend(): void {
    this.#lab.inject({ fault: 'heal' });
    for (const name of this.rabbit.nodeNames) {
      const host = this.#lab.host(name);
      if (host.paused) this.#lab.inject({ fault: 'resume', host: name });
      const start = () => this.#lab.inject({ fault: 'start', host: name });
      if (host.state === 'running') this.#lab.when(() => host.state !== 'running', start);
      else start();
    }
  }

  /**
   * For a while all nodes have run and shared metadata, or known that they do not: then nobody but
   * an operator mends that, unless `autoheal` does. Nodes that pause and start again may part, too.
   */
  isSteady(): boolean {
    const { nodes, 'partition.handling': handling } = this.knobs;
    const isSteady = this.#nodes.every((node) => {
      if (node?.isRunning !== true) return false;
      return node.running.length === nodes || (handling !== 'autoheal' && this.#isParted);
    });
    if (!isSteady) this.#steadySince = null;
    else this.#steadySince ??= this.#lab.now;
    return this.#steadySince !== null && this.#lab.now - this.#steadySince >= STEADY_MICROS;
  }

  get #isParted(): boolean {
    return this.#nodes.some((node) => (node?.partitions.length ?? 0) > 0);
  }

  /** Nodes that were parted stay so until somebody restarts all but one (docs/partitions). */
  operate(): void {
    if (!this.#isParted) return;
    const [, ...others] = this.rabbit.nodeNames;
    this.#steadySince = null;
    for (const host of others) this.#lab.inject({ fault: 'stop', host });
    this.#lab.when(
      () => others.every((host) => this.#lab.host(host).state !== 'running'),
      () => {
        for (const host of others) this.#lab.inject({ fault: 'start', host });
      },
    );
  }

  get #nodes(): readonly (RabbitNode | null)[] {
    return this.rabbit.nodeNames.map((_, place) => this.rabbit.node(place + 1));
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
      lab.event >= chaosFrom(set.nodes) + Math.floor((set['chaos.events'] * (place + 1)) / BURSTS),
    timeLimitMs: 36_000_000,
  }));
}

export default experiment({
  id: 'rabbitmq-swarm',
  knobs: rabbitKnobs,
  world: ({ knobs: set, lab }) => new RabbitSwarmWorld(set, lab),

  steps: [
    {
      id: 'start',
      title: { en: 'The nodes start', zh: '启动节点' },
      until: ({ rabbit }) => rabbit.allRunning,
      timeLimitMs: 60_000,
    },
    {
      id: 'declare',
      title: { en: 'Exchanges, queues and bindings', zh: '创建交换器、队列和绑定' },
      do: (world) => world.declare(),
      until: ({ rabbit }) => rabbit.allDeclared && rabbit.allConnected,
      timeLimitMs: 60_000,
    },
    {
      id: 'create',
      title: { en: 'Their applications', zh: '创建应用' },
      do: (world) => world.create(),
      until: (world, lab) => lab.event >= chaosFrom(world.knobs.nodes) && world.atRest(),
      timeLimitMs: 3_600_000,
    },
    ...bursts(),
    {
      id: 'mend',
      title: { en: 'Nodes and network are mended', zh: '修复节点和网络' },
      do: (world) => world.mend(),
      until: (world) => world.isSteady(),
      timeLimitMs: 300_000,
    },
    {
      id: 'operator',
      title: { en: 'Nodes that stayed apart are restarted', zh: '重启仍然分裂的节点' },
      do: (world) => world.operate(),
      until: (world) => world.isSteady(),
      timeLimitMs: 300_000,
    },
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
