/**
 * Random faults upon a cluster, drawn from a seed: crashes, clean stops, pauses, partitions of the
 * network, slow links, torn connections, and a controller that goes away. Then everything heals,
 * and what the producer was told is compared with what can be read.
 *
 * The promise that is tested: acks=all, min.insync.replicas=2, idempotence, and no power lost but
 * where every record is synced. Not here: faults beyond the promise.
 */
import { type SwitchName, profileOf } from '../../engine/kafka/profiles.ts';
import { randomStream } from '../../engine/kernel/random.ts';
import type { Random } from '../../engine/kernel/ports.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { Cluster, type SendingProducer, valuesOf } from './cluster.ts';

const BROKERS = ['broker-1', 'broker-2', 'broker-3'];
const CONTROLLER = 'controller-1';
const STEPS = 25;

export interface SwarmResult {
  readonly seed: number;
  /** Acked and not to be read. */
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly reordered: boolean;
  /** Whether all replicas end with the same records. */
  readonly sameLogs: boolean;
  readonly acked: number;
  readonly faults: readonly string[];
}

/** One run. Throws the engine's bug, or what did not happen in time after healing. */
export function swarm(
  seed: number,
  quirks: Partial<Record<SwitchName, boolean>> = {},
): SwarmResult {
  const random = randomStream(seed, 'swarm');
  const syncs = random.below(4) === 0;
  const cluster = new Cluster({
    seed,
    trace: false,
    profile: profileOf('kafka-4.1', { eligibleLeaderReplicas: random.below(2) === 0, ...quirks }),
    settings: {
      'replica.lag.time.max.ms': random.pick(['3000', '10000', '30000']),
      ...(syncs ? { 'log.flush.interval.messages': '1' } : {}),
    },
  });
  cluster.running();
  cluster.createTopic({
    name: 'pay',
    numPartitions: 1,
    replicationFactor: 3,
    assignments: [[1, 2, 3]],
    configs: {
      'min.insync.replicas': '2',
      ...(random.below(3) === 0 ? { 'segment.bytes': '2048' } : {}),
    },
  });
  const producer = cluster.producer({
    acks: 'all',
    'linger.ms': random.pick(['0', '5']),
    'batch.size': '1000',
    'delivery.timeout.ms': '600000',
  });
  const faults: string[] = [];
  let sent = 0;
  for (let step = 0; step < STEPS; step++) {
    for (let left = random.below(6); left > 0; left--) producer.send(`v${sent++}`);
    cluster.sleep(random.pick([0.001, 0.01, 0.1, 0.5, 2, 6]));
    const fault = draw(random, cluster, syncs);
    faults.push(`${cluster.world.now} ${JSON.stringify(fault)}`);
    cluster.inject(fault);
  }
  heal(cluster);
  cluster.until('all sends have ended', () => producer.outcomes.length === sent, 200);
  cluster.until('all are in sync', () => allInSync(cluster), 120);
  cluster.sleep(5);
  return { seed, ...judge(cluster, producer), faults };
}

function draw(random: Random, cluster: Cluster, syncs: boolean): Fault {
  const host = random.pick(BROKERS);
  const others = BROKERS.filter((name) => name !== host);
  const up = cluster.world.hostNamed(host)!.state === 'running';
  const start: Fault = { fault: 'start', host };
  switch (random.below(12)) {
    case 0:
    case 1:
      return up ? { fault: 'crash', host } : start;
    case 2:
      return up && syncs ? { fault: 'power', host } : start;
    case 3:
      return up ? { fault: 'stop', host } : start;
    case 4:
      return { fault: 'isolate', host, from: others };
    case 5:
      return { fault: 'isolate', host };
    case 6:
      return { fault: 'pause', host };
    case 7:
      return { fault: 'resume', host };
    case 8:
      return { fault: 'reset', from: host, to: random.pick(others), bytes: random.below(200) };
    case 9: {
      const [minMicros, jitterMicros] = [random.below(300_000), random.below(300_000)];
      return { fault: 'delay', from: host, to: random.pick(others), minMicros, jitterMicros };
    }
    case 10: {
      const isUp = cluster.world.hostNamed(CONTROLLER)!.state === 'running';
      return { fault: isUp ? 'power' : 'start', host: CONTROLLER };
    }
    default:
      return { fault: 'heal' };
  }
}

/** A broker that was asked to stop may wait five minutes for a successor, before it can start. */
function heal(cluster: Cluster): void {
  cluster.inject({ fault: 'heal' });
  for (const host of BROKERS) cluster.inject({ fault: 'resume', host });
  for (let round = 0; round < 80; round++) {
    for (const host of [CONTROLLER, ...BROKERS]) cluster.inject({ fault: 'start', host });
    cluster.sleep(5);
    const running = cluster.brokerIds.every((id) => cluster.broker(id)?.state === 'RUNNING');
    if (running && allInSync(cluster)) return;
  }
}

function allInSync(cluster: Cluster): boolean {
  return cluster.brokerIds.some((id) => {
    const replica = cluster.replica(id);
    return replica?.role === 'leader' && replica.isr.length === cluster.brokerIds.length;
  });
}

function judge(cluster: Cluster, producer: SendingProducer) {
  const read = valuesOf(cluster.readAll());
  const there = new Set(read);
  const numbers = read.map((value) => Number(value.slice(1)));
  const logs = cluster.brokerIds.map((id) => JSON.stringify(cluster.replica(id)!.records));
  return {
    lost: producer.acked.filter((value) => !there.has(value)),
    duplicated: read.filter((value, index) => read.indexOf(value) !== index),
    reordered: numbers.some((number, index) => index > 0 && numbers[index - 1]! > number),
    sameLogs: new Set(logs).size === 1,
    acked: producer.acked.length,
  };
}

/**
 * After a clean restart of a leader its producers' snapshot holds one batch of each, and not five
 * (as in Kafka): a retry of the batch before is out of order, the producer begins a new epoch, and
 * the records are there twice.
 */
export function mayDuplicate(result: SwarmResult): boolean {
  return result.faults.some((fault) => fault.includes('"stop"'));
}
