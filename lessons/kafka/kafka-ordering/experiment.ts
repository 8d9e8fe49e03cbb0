/**
 * Who keeps the order? Four orders, each with three events (created, paid, shipped), one producer,
 * one worker for each partition.
 *
 * The four creations are written while all is well. Then a fault begins: the ISR is too small for
 * a moment, so that a batch is refused while the next one is already on its way; or replies are
 * lost; or the topic gets one more partition. Payments and shipments follow, a few milliseconds
 * apart, so that several requests are in flight. At the end the log is read from the start, and
 * what the workers did is compared with what was sent, order by order.
 */
import {
  changed,
  choice,
  experiment,
  integer,
  judgeDelivery,
  prove,
  proveSince,
} from '#engine/lab/index.ts';
import type { History, Lab, Measures } from '#engine/lab/index.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { administration, createPartitions } from '#engine/lab/kafka-administration.ts';
import { profileKnob } from '#engine/lab/kafka-profile.ts';
import { addPoolWorker } from '#engine/lab/pool.ts';
import { brokersStart, topicIsReady } from '../story.ts';

const TOPIC = 'orders';
const PRODUCER = 'shop';
const REPLICAS = 3;
const ORDERS = ['order-1', 'order-2', 'order-3', 'order-4'];
const STAGES = ['created', 'paid', 'shipped'];
/** How long each stage's handler takes: stock is checked, money is moved, a label is printed. */
const STAGE_MS = [1000, 300, 50];
/** Between two events of the second part, and on the way to a broker: five fit on the way. */
const PACE_MS = 40;
const LINK_MICROS = 150_000;
/** From the leader to the controller, and back: how long a larger ISR takes to be known. */
const CONTROLLER_MICROS = 85_000;
const CONTROLLER = 'controller-1';
/** `metadata.max.age.ms`, and a little more: the producer has heard of a new partition. */
const METADATA_AGE_MS = 1000;
const METADATA_MS = 1200;
/** So long replies are lost. */
const REPLY_MICROS = 2_000_000;

const FAULTS = ['none', 'refused-for-a-moment', 'reply-lost', 'partition-added'] as const;
type FaultKnob = (typeof FAULTS)[number];

/** An event is a number: the stage times the number of orders, and the order. */
const orderOf = (event: number) => ORDERS[event % ORDERS.length]!;
const stageOf = (event: number) => Math.floor(event / ORDERS.length);
const stageNamed = (event: number) => STAGES[stageOf(event)]!;
const nameOf = (event: number) => `${orderOf(event)} ${stageNamed(event)}`;
/** The second part: payment and shipment of one order, then of the next. */
const REST = [...ORDERS.keys()].flatMap((order) => [
  order + ORDERS.length,
  order + 2 * ORDERS.length,
]);
const SENT = [...ORDERS.keys(), ...REST];

/** The shop's records; there is one more that only makes a follower lag. */
const ofShop = ({ sent }: History) => sent.filter(({ producer }) => producer === PRODUCER);
/** The event that a record tells of, -1 if it is not one of the shop's. */
function eventOf(history: History, id: string): number {
  const place = ofShop(history).findIndex((sent) => sent.id === id);
  return SENT[place] ?? -1;
}

interface Effect {
  readonly worker: string;
  readonly event: number;
}

/** The story's state between steps. */
interface World {
  readonly cluster: KafkaCluster;
  readonly fault: FaultKnob;
  /** Sends a record after a delay, with the key that the knob says. */
  readonly send: (event: number, delayMs: number) => void;
  readonly partitions: number;
  /** Creates topic, producer and workers, once the brokers are there. */
  readonly create: () => void;
  /** Adds the worker of a partition. */
  readonly addWorker: (partition: number) => void;
  /** What the workers did, in the order in which they did it. */
  readonly effects: Effect[];
  /** The leader of the first order's partition, when the fault began. */
  leader: number;
  /** When the second part began and when all of it was told: virtual time, 0 before. */
  sentSince: number;
  sentUntil: number;
}

const acknowledged = (history: History) =>
  ofShop(history).filter(({ outcome }) => outcome === 'acknowledged').length;
const pending = ({ history }: Lab) => history.sent.some((sent) => sent.outcome === 'pending');

/** Where the first order went: what is struck is the leader of that partition. */
function firstPartition({ history }: Lab): number {
  const place = history.sent[0]?.place ?? '';
  return Number(place.slice(TOPIC.length + 1).split('@')[0] ?? 0);
}

function startFault(world: World, lab: Lab): void {
  const { cluster, fault, partitions } = world;
  const partition = firstPartition(lab);
  world.leader = cluster.leaderOf(TOPIC, partition) ?? 1;
  const host = cluster.brokerName(world.leader);
  const others = cluster.nodeIds.filter((id) => id !== world.leader);
  if (fault === 'refused-for-a-moment') {
    lab.inject({ fault: 'isolate', host, from: others.map((id) => cluster.brokerName(id)) });
    // A follower falls behind only when something is written.
    cluster.send('nudge', TOPIC, 1, { partition });
  }
  if (fault === 'reply-lost') {
    const always = { numerator: 1, denominator: 1 };
    lab.inject({ fault: 'duplicate', from: PRODUCER, to: host, ratio: always });
  }
  if (fault === 'partition-added') {
    createPartitions(lab, cluster, TOPIC, partitions + 1);
    world.addWorker(partitions);
  }
}

function faultHolds({ cluster, fault, partitions }: World, lab: Lab): boolean {
  if (fault === 'refused-for-a-moment') {
    return cluster.isrOf(TOPIC, firstPartition(lab)).length === 1;
  }
  if (fault === 'partition-added') {
    return cluster.leaderOf(TOPIC, partitions) !== null && cluster.partitionsReady(true);
  }
  return true;
}

function sendRest(world: World, lab: Lab): void {
  const { cluster, fault } = world;
  if (fault === 'refused-for-a-moment') {
    // The followers come back; that the ISR has grown is known after a way to the controller.
    lab.inject({ fault: 'heal' });
    const leader = cluster.brokerName(world.leader);
    delay(lab, leader, CONTROLLER, CONTROLLER_MICROS);
    delay(lab, CONTROLLER, leader, CONTROLLER_MICROS);
  }
  for (const id of cluster.nodeIds) delay(lab, PRODUCER, cluster.brokerName(id), LINK_MICROS);
  lab.when(
    () => fault !== 'refused-for-a-moment' || aFollowerIsBack(world, lab),
    () => sendPaced(world, lab, fault === 'partition-added' ? METADATA_MS : 0),
  );
}

function delay(lab: Lab, from: string, to: string, minMicros: number): void {
  lab.inject({ fault: 'delay', from, to, minMicros, jitterMicros: 0 });
}

/** One has all of the leader's log, and is not in the ISR yet. */
function aFollowerIsBack({ cluster, leader }: World, lab: Lab): boolean {
  const partition = firstPartition(lab);
  const end = cluster.replica(leader, TOPIC, partition)?.leo;
  return cluster.nodeIds.some(
    (id) => id !== leader && cluster.replica(id, TOPIC, partition)?.leo === end,
  );
}

function sendPaced(world: World, lab: Lab, waitMs: number): void {
  world.sentSince = lab.now;
  for (const [place, event] of REST.entries()) world.send(event, waitMs + place * PACE_MS);
}

function sentRest(world: World, lab: Lab): boolean {
  if (ofShop(lab.history).length < SENT.length) return false;
  if (world.fault === 'reply-lost' && lab.now - world.sentSince > REPLY_MICROS) return true;
  return !pending(lab);
}

function stopLosingReplies(world: World, lab: Lab): void {
  const never = { numerator: 0, denominator: 1 };
  const to = world.cluster.brokerName(world.leader);
  if (world.fault === 'reply-lost') {
    lab.inject({ fault: 'duplicate', from: PRODUCER, to, ratio: never });
  }
}

/** All that was sent is written, and everything that is written was handled. */
function handledAll(world: World, lab: Lab): boolean {
  if (pending(lab)) return false;
  return world.effects.length >= acknowledged(lab.history);
}

// ------------------------------------------------------------------------------------- measures

/** How many of one order's records come after a later one of the same order. */
function outOfOrder(events: readonly number[]): number {
  const latest = new Map<string, number>();
  let count = 0;
  for (const event of events) {
    const last = latest.get(orderOf(event)) ?? -1;
    if (event < last) count++;
    latest.set(orderOf(event), Math.max(event, last));
  }
  return count;
}

/** The shop's records in the log by offset; one that is there twice counts where it is first. */
function logOf(history: History): { readonly partition: string; readonly event: number }[] {
  const seen = new Set<string>();
  return (history.final ?? [])
    .toSorted((one, other) => one.offset - other.offset)
    .filter(({ id }) => !seen.has(id) && seen.add(id))
    .map(({ partition, id }) => ({ partition, event: eventOf(history, id) }))
    .filter(({ event }) => event >= 0);
}

const inOrder = (measures: Measures) =>
  measures['logOutOfOrder'] === 0 && measures['acknowledged'] === SENT.length;

const IN_FLIGHT = 'max.in.flight.requests.per.connection';
const refused = { fault: 'refused-for-a-moment' };

export default experiment({
  id: 'kafka-ordering',
  knobs: {
    key: choice(['order-id', 'event-type', 'none'], 'order-id', {
      en: 'The key of a record: the partitioner hashes it. Without one it chooses by itself.',
      zh: '消息的 key：分区器对它取哈希；没有 key 就由它自己选分区。',
    }),
    partitions: integer(1, 3, 2, {
      en: 'How many partitions the topic has at first; each has a worker.',
      zh: '主题最初的分区数；每个分区有一个工作进程。',
    }),
    'enable.idempotence': choice(['default', 'true', 'false'], 'default', {
      en: 'Whether the leader checks sequence numbers and refuses a gap.',
      zh: 'leader 是否校验序列号、拒收缺号的批次。',
    }),
    [IN_FLIGHT]: integer(1, 5, 5, {
      en: 'How many requests may be on their way to one broker.',
      zh: '发往同一 Broker 的在途请求最多几个。',
    }),
    threads: integer(1, 4, 1, {
      en: 'How many threads a worker hands its records to.',
      zh: '每个工作进程用几个线程处理消息。',
    }),
    queueing: choice(['shared', 'by-key'], 'shared', {
      en: 'One queue for all threads, or one for each, chosen by key.',
      zh: '线程共用一个队列，还是按 key 分到各自的队列。',
    }),
    fault: choice(FAULTS, 'refused-for-a-moment', {
      en: 'What happens between the creations and the payments.',
      zh: '“已创建”之后、“已付款”之前发生什么。',
    }),
    profile: profileKnob,
  },

  world({ knobs, lab }): World {
    const cluster = new KafkaCluster(lab, {
      ...{ brokers: REPLICAS, profile: knobs.profile },
      modules: administration,
    });
    const idempotence = knobs['enable.idempotence'];
    const producer: Record<string, string> = {
      acks: 'all',
      'linger.ms': '0',
      [IN_FLIGHT]: String(knobs[IN_FLIGHT]),
      'metadata.max.age.ms': String(METADATA_AGE_MS),
      ...(idempotence === 'default' ? {} : { 'enable.idempotence': idempotence }),
    };
    const effects: Effect[] = [];
    const addWorker = (partition: number): void => {
      const worker = `worker-${partition + 1}`;
      addPoolWorker(lab, worker, {
        ...{ cluster, topic: TOPIC, partitions: [partition] },
        ...{ threads: knobs.threads, queueing: knobs.queueing },
        nameOf: (id) => {
          const event = eventOf(lab.history, id);
          return event < 0 ? '-' : nameOf(event);
        },
        millisOf: (id) => STAGE_MS[stageOf(eventOf(lab.history, id))] ?? 0,
        handled: ({ id }) => {
          const event = eventOf(lab.history, id);
          if (event >= 0) effects.push({ worker, event });
        },
      });
    };
    return {
      ...{ cluster, fault: knobs.fault, partitions: knobs.partitions, addWorker, effects },
      send: (event, delayMs) => {
        const keys = { 'order-id': [orderOf(event)], 'event-type': [stageNamed(event)], none: 1 };
        cluster.send(PRODUCER, TOPIC, keys[knobs.key], { partition: null, delayMs });
      },
      create: () => {
        cluster.createTopic(TOPIC, {
          partitions: knobs.partitions,
          replicationFactor: REPLICAS,
          configs: { 'min.insync.replicas': '2' },
        });
        cluster.addProducer(PRODUCER, producer);
        if (knobs.fault === 'refused-for-a-moment') cluster.addProducer('nudge', { acks: '1' });
        for (let partition = 0; partition < knobs.partitions; partition++) addWorker(partition);
      },
      ...{ leader: 0, sentSince: 0, sentUntil: 0 },
    };
  },

  steps: [
    brokersStart(3),
    topicIsReady<World>(
      {
        en: 'A topic, and a worker for each partition',
        zh: '创建主题，每个分区一个工作进程',
      },
      ({ create }) => create(),
    ),
    {
      id: 'created',
      title: { en: 'Four orders are created', zh: '创建四个订单' },
      do: ({ send }) => {
        for (const event of ORDERS.keys()) send(event, event * PACE_MS);
      },
      until: (_, lab) => lab.history.sent.length === ORDERS.length && !pending(lab),
      timeLimitMs: 30_000,
    },
    {
      id: 'fault',
      title: { en: 'Something goes wrong', zh: '出了状况' },
      do: startFault,
      until: faultHolds,
      timeLimitMs: 120_000,
    },
    {
      id: 'rest',
      title: { en: 'Payments and shipments', zh: '付款与发货' },
      do: sendRest,
      until: sentRest,
      timeLimitMs: 60_000,
    },
    {
      id: 'work',
      title: { en: 'The workers catch up', zh: '工作进程处理完毕' },
      do: (world, lab) => {
        world.sentUntil = lab.now;
        stopLosingReplies(world, lab);
      },
      until: handledAll,
      timeLimitMs: 60_000,
    },
  ],

  settle: KafkaCluster.settle(),

  measures({ world, history }) {
    const verdict = judgeDelivery(history);
    const log = logOf(history);
    const partitions = [...new Set(log.map(({ partition }) => partition))];
    const inPartitions = partitions.map((name) =>
      outOfOrder(log.filter(({ partition }) => partition === name).map(({ event }) => event)),
    );
    const split = ORDERS.filter((order) => {
      const own = log.filter(({ event }) => orderOf(event) === order);
      return new Set(own.map(({ partition }) => partition)).size > 1;
    });
    const logOutOfOrder = inPartitions.reduce((sum, count) => sum + count, 0);
    const effectsOutOfOrder = outOfOrder(world.effects.map(({ event }) => event));
    const duplicated = verdict.duplicated.length;
    return {
      sent: ofShop(history).length,
      acknowledged: acknowledged(history),
      lost: verdict.lost.length,
      duplicated,
      logOutOfOrder,
      effectsOutOfOrder,
      // 3: the log, 2: the effects, 1: something twice, 0: nothing
      worst: logOutOfOrder > 0 ? 3 : effectsOutOfOrder > 0 ? 2 : duplicated > 0 ? 1 : 0,
      ordersSplit: split.length,
      partitionsUsed: partitions.length,
      workers: new Set(world.effects.map(({ worker }) => worker)).size,
      sendingMs: Math.floor((world.sentUntil - world.sentSince) / 1000),
    };
  },

  proofs: {
    'a-retry-overtakes': prove(
      { ...refused, 'enable.idempotence': 'false' },
      (measures) => measures['logOutOfOrder']! > 0,
      [changed('enable.idempotence', 'true'), changed(IN_FLIGHT, '1'), changed('fault', 'none')],
      'rest',
    ),
    'idempotence-keeps-order': prove(
      { ...refused, 'enable.idempotence': 'true' },
      inOrder,
      [changed('enable.idempotence', 'false')],
      'rest',
    ),
    'one-in-flight-keeps-order': prove(
      { ...refused, 'enable.idempotence': 'false', [IN_FLIGHT]: '1' },
      inOrder,
      [changed(IN_FLIGHT, '5')],
      'rest',
    ),
    'order-by-default': proveSince('3.0', refused, inOrder, [
      changed('enable.idempotence', 'false'),
    ]),
    'one-key-one-partition': prove(
      { fault: 'none' },
      (measures) => measures['ordersSplit'] === 0 && measures['effectsOutOfOrder'] === 0,
      [changed('key', 'event-type')],
      'rest',
    ),
    'no-order-across-partitions': prove(
      { fault: 'none', key: 'event-type' },
      (measures) => measures['logOutOfOrder'] === 0 && measures['effectsOutOfOrder']! > 0,
      [changed('key', 'order-id'), changed('partitions', '1')],
      'work',
    ),
    'no-key-stays-in-one-partition': proveSince(
      '3.3',
      { fault: 'none', key: 'none' },
      (measures) => measures['partitionsUsed'] === 1,
      [changed('key', 'order-id')],
      'rest',
    ),
    'a-worker-for-each-partition': prove(
      { fault: 'none' },
      (measures) => measures['workers'] === 2 && measures['effectsOutOfOrder'] === 0,
      [changed('partitions', '1')],
      'work',
    ),
    'more-partitions-move-keys': prove(
      { fault: 'partition-added' },
      (measures) => measures['ordersSplit']! > 0 && measures['effectsOutOfOrder']! > 0,
      [changed('fault', 'none')],
      'rest',
    ),
    'threads-break-order': prove(
      { fault: 'none', threads: '4' },
      (measures) => measures['logOutOfOrder'] === 0 && measures['effectsOutOfOrder']! > 0,
      [changed('threads', '1'), changed('queueing', 'by-key')],
      'work',
    ),
    'a-thread-for-each-key': prove(
      { fault: 'none', threads: '4', queueing: 'by-key' },
      (measures) => measures['effectsOutOfOrder'] === 0,
      [changed('queueing', 'shared')],
      'work',
    ),
  },
});
