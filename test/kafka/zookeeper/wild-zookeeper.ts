/**
 * A cluster in ZooKeeper mode under random faults upon brokers and ZooKeeper, with all invariants
 * checked after every event. Within the promise: brokers lose no power, and no disk lies. Not here:
 * what happens besides the faults (`../wild-cluster.ts`).
 */
import type { Random } from '#engine/kernel/ports.ts';
import type { Lab } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { administration } from '#engine/lab/kafka-administration.ts';
import { ZOOKEEPER_HOST, zooKeeperMode } from '#engine/lab/kafka-zookeeper.ts';
import { Run } from '#engine/lab/run.ts';
import type { Fault } from '#engine/sim/faults.ts';
import { wildCluster } from '../wild-cluster.ts';

const BROKERS = ['broker-1', 'broker-2', 'broker-3'];
const HOSTS = [ZOOKEEPER_HOST, ...BROKERS];

function draw(random: Random, lab: Lab): Fault {
  const host = random.pick(HOSTS);
  const isUp = lab.host(host).state === 'running';
  const to = random.pick(HOSTS.filter((name) => name !== host));
  switch (random.below(8)) {
    case 0:
    case 1: {
      const fault = host === ZOOKEEPER_HOST && random.below(2) === 0 ? 'power' : 'crash';
      return isUp ? { fault, host } : { fault: 'start', host };
    }
    case 2:
      return isUp ? { fault: 'crash', host: ZOOKEEPER_HOST } : { fault: 'start', host };
    case 3:
      return { fault: 'isolate', host };
    case 4:
      return { fault: 'pause', host };
    case 5:
      return { fault: 'resume', host };
    case 6:
      return { fault: 'cut', from: host, to };
    default:
      return { fault: 'heal' };
  }
}

function wildZooKeeper(seed: number) {
  const quorum = zooKeeperMode({ brokers: 3, sessionTimeoutMs: 4000 });
  const release = { brokers: 3, profile: 'kafka-3.9' } as const;
  return wildCluster(seed, {
    id: 'wild-zookeeper',
    cluster: (lab) => new KafkaCluster(lab, { ...release, quorum, modules: administration }),
    draw,
    steps: 20,
    stepsMs: [1, 10, 500, 2_000, 6_000, 9_000],
  });
}

/** The run of a seed, to its end. */
export function runWild(seed: number): Run {
  const run = new Run(wildZooKeeper(seed), { seed, trace: false, invariants: 'promise' });
  return run.finish();
}
