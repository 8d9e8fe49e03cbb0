/**
 * A cluster with three controllers under random faults, most of them upon the controllers, with all
 * invariants checked after every event: for the checkers T1 to T8, and for what trips each of them.
 *
 * Within the promise: brokers lose no power, and no disk lies. Not here: what happens besides the
 * faults (`../wild-cluster.ts`), the swarm with everything else (`engine/lab/swarm/`).
 */
import type { RaftSwitches } from '#engine/consensus/raft-config.ts';
import type { Random } from '#engine/kernel/ports.ts';
import type { Lab, Step } from '#engine/lab/experiment.ts';
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { administration } from '#engine/lab/kafka-administration.ts';
import { raftQuorum } from '#engine/lab/kafka-quorum.ts';
import { Run } from '#engine/lab/run.ts';
import type { Fault } from '#engine/sim/faults.ts';
import { wildCluster } from '../wild-cluster.ts';
import type { Wild } from '../wild-cluster.ts';

const CONTROLLERS = ['controller-1', 'controller-2', 'controller-3'];
const BROKERS = ['broker-1', 'broker-2', 'broker-3'];
const HOSTS = [...CONTROLLERS, ...CONTROLLERS, ...BROKERS];

function draw(random: Random, lab: Lab): Fault {
  const host = random.pick(HOSTS);
  const isUp = lab.host(host).state === 'running';
  const to = random.pick(HOSTS.filter((name) => name !== host));
  switch (random.below(9)) {
    case 0:
    case 1:
      return isUp ? { fault: 'crash', host } : { fault: 'start', host };
    case 2: {
      const fault = CONTROLLERS.includes(host) ? 'power' : 'crash';
      return isUp ? { fault, host } : { fault: 'start', host };
    }
    case 3:
      return { fault: 'isolate', host };
    case 4:
      return { fault: 'pause', host };
    case 5:
      return { fault: 'resume', host };
    case 6:
      return { fault: 'cut', from: host, to };
    case 7: {
      const [minMicros, jitterMicros] = [random.below(900_000), random.below(300_000)];
      return { fault: 'delay', from: host, to, minMicros, jitterMicros };
    }
    default:
      return { fault: 'heal' };
  }
}

/** Links as they were: a healed network keeps its delays. */
const CALM: Step<Wild> = {
  id: 'calm',
  title: { en: 'No delays any more', zh: '不再有延迟' },
  do: (_, lab) => {
    const all = [...CONTROLLERS, ...BROKERS];
    for (const from of all) {
      for (const to of all.filter((name) => name !== from)) {
        lab.inject({ fault: 'delay', from, to, minMicros: 500, jitterMicros: 100 });
      }
    }
  },
  until: () => true,
  timeLimitMs: 10,
};

/** A topic on three brokers, of which the controllers keep a log that is cut short often. */
function wildQuorum(seed: number, switches: Partial<RaftSwitches>) {
  const settings = {
    'metadata.log.max.record.bytes.between.snapshots': '2000',
    'metadata.max.retention.bytes': seed % 2 === 0 ? '4000' : '100000',
  };
  const quorum = raftQuorum({ controllers: 3, settings, switches });
  return wildCluster(seed, {
    id: 'wild-quorum',
    cluster: (lab) => new KafkaCluster(lab, { brokers: 3, quorum, modules: administration }),
    draw,
    steps: 25,
    stepsMs: [1, 10, 100, 500, 2_000, 4_000],
    after: [CALM],
  });
}

/** The run of a seed, to its end. It goes on after a violation where `notes` says so. */
export function runWild(
  seed: number,
  switches: Partial<RaftSwitches> = {},
  notes: boolean = false,
): Run {
  const onViolation = notes ? 'note' : 'stop';
  const options = { seed, trace: false, invariants: 'promise', onViolation } as const;
  const run = new Run(wildQuorum(seed, switches), options);
  return run.finish();
}
