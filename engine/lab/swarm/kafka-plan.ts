/**
 * The planner for Kafka: from a seed a configuration and faults, within or beyond what the
 * configuration promises to survive.
 *
 * Streams of random numbers: configuration, whether there is a quorum, faults, one for each part
 * that only some seeds have (`swarm-parts.ts`), and (in the experiment) the workload.
 * Within the promise: no unclean election, a current release, and power lost with its page cache at
 * no more hosts than `kafka-faults.ts` allows. Beyond it: any release, any setting, any fault.
 */
import { assert } from '../../kernel/assert.ts';
import { randomStream } from '../../kernel/random.ts';
import type { Random } from '../../kernel/ports.ts';
import { profileNames } from '../../kafka/profiles.ts';
import { compareReleases } from '../../kernel/releases.ts';
import { textOf, knobValues } from '../knob.ts';
import { INPUTS_MAX, drawFaults } from './kafka-faults.ts';
import kafkaSwarm, { calmEvents, namesOf, quirkNames } from './kafka-swarm.ts';
import type { DrawOptions, Plan } from './plan.ts';
import { drawMemberFaults, drawParts } from './swarm-parts.ts';

/** The oldest release that keeps everything it promises: older ones have known bugs. */
const SOUND_SINCE = '3.9';

/** One seed of so many has a quorum of controllers. */
const QUORUM_EVERY = 5;

const releaseOf = (profile: string) => profile.slice('kafka-'.length);
const soundProfiles = profileNames.filter(
  (name) => compareReleases(releaseOf(name), SOUND_SINCE) >= 0,
);

type Drawn = Record<string, string | number | boolean>;

/** The plan of a seed. The same arguments give the same plan. */
export function drawKafka(seed: number, options: DrawOptions): Plan {
  const { promise, quirk } = options;
  assert(quirk === undefined || quirkNames.some((name) => name === quirk), 'a switch', { quirk });
  const random = randomStream(seed, 'swarm/config');
  const controllers = randomStream(seed, 'swarm/quorum').below(QUORUM_EVERY) === 0 ? 3 : 1;
  const cluster = { ...drawCluster(random, promise), controllers };
  const drawn = { promise, ...cluster, ...drawClients(random) };
  const turned = promise === 'beyond' && random.below(4) === 0 ? random.pick(quirkNames) : 'none';
  const release = releaseOf(cluster.profile);
  const parts = options.plain === true ? {} : drawParts(seed, release, cluster.brokers);
  const knobs = differing({ ...drawn, ...parts, quirk: quirk ?? turned });
  const shape = shapeOf(knobs);
  const faults = drawFaults(randomStream(seed, 'swarm/faults'), { promise, seed, ...shape });
  const ofMembers = drawMemberFaults(seed, shape.members, shape);
  const inputs = [...faults, ...ofMembers.slice(0, INPUTS_MAX - faults.length)].sort(
    (left, right) => left.event - right.event,
  );
  return { experiment: kafkaSwarm.id, knobs, seed, inputs };
}

/** What the planner of faults asks about a configuration. */
export function shapeOf(set: Plan['knobs']) {
  const values = knobValues(kafkaSwarm.knobs, set);
  const number = (name: string) => Number(values[name]);
  const members = namesOf('member', number('members'));
  return {
    brokers: namesOf('broker', number('brokers')),
    controllers: namesOf('controller', number('controllers')),
    clients: [
      ...namesOf('producer', number('producers')),
      ...namesOf('consumer', number('consumers')),
      ...members,
      ...namesOf('teller', number('transactional')),
    ],
    members,
    partitions: number('partitions'),
    minInSyncReplicas: number('min.insync.replicas'),
    eligibleLeaderReplicas: number('eligible.leader.replicas.version') === 1,
    syncsEveryRecord: values['log.flush.interval.messages'] === '1',
    from: calmEvents(number('controllers')),
    to: calmEvents(number('controllers')) + number('chaos.events'),
  };
}

/** Only what is not the preset, so that a link stays short. */
function differing(drawn: Drawn): Record<string, string> {
  const texts = Object.fromEntries(
    Object.entries(drawn).map(([name, value]) => [name, String(value)]),
  );
  const values = textOf(kafkaSwarm.knobs, knobValues(kafkaSwarm.knobs, texts));
  return Object.fromEntries(
    values.filter(([name, text]) => text !== String(kafkaSwarm.knobs[name]!.preset)),
  );
}

function drawCluster(random: Random, promise: DrawOptions['promise']) {
  const beyond = promise === 'beyond';
  const profile = random.pick(beyond && random.below(2) === 0 ? profileNames : soundProfiles);
  const brokers = random.pick([3, 3, 3, 4, 5]);
  const replicas = Math.min(brokers, random.pick([2, 3, 3, 3, 3, 4, 5]));
  const minimum = beyond ? 1 : Math.min(replicas, 2);
  const sessionMs = random.pick([2000, 4000, 9000]);
  const modern = compareReleases(releaseOf(profile), '4.0') >= 0;
  return {
    profile,
    brokers,
    partitions: random.pick([1, 1, 2, 3]),
    'replication.factor': replicas,
    'min.insync.replicas':
      random.below(4) === 0 ? random.between(1, replicas) : Math.max(minimum, replicas - 1),
    'eligible.leader.replicas.version': modern && random.below(2) === 0 ? 1 : 0,
    'unclean.leader.election.enable': beyond && random.below(2) === 0,
    'log.flush.interval.messages': random.pick(['default', '1']),
    'segment.bytes': random.pick([1_073_741_824, 1_073_741_824, 512, 1024, 4096]),
    'index.interval.bytes': random.pick([4096, 0, 200]),
    'replica.lag.time.max.ms': random.pick([2000, 5000, 10_000, 30_000]),
    'replica.fetch.wait.max.ms': random.pick([100, 500, 500, 1000, 1000]),
    'replica.fetch.max.bytes': random.pick([1_048_576, 1_048_576, 1, 300]),
    'replica.high.watermark.checkpoint.interval.ms': random.pick([100, 1000, 5000]),
    'broker.session.timeout.ms': sessionMs,
    'broker.heartbeat.interval.ms': Math.floor(sessionMs / random.pick([3, 4])),
    records: random.pick([16, 32, 64, 96]),
    'chaos.events': random.pick([500, 1000, 1500, 2500, 4000]),
  };
}

function drawClients(random: Random): Drawn {
  const acks = random.pick(['all', 'all', 'all', 'all', 'all', 'all', '1', '0']);
  const idempotent = acks === 'all' && random.below(4) > 0;
  const requestMs = random.pick([2000, 5000, 30_000]);
  const lingerMs = random.pick([0, 0, 5, 50]);
  return {
    acks,
    'enable.idempotence': idempotent,
    'max.in.flight.requests.per.connection': idempotent
      ? random.between(1, 5)
      : random.pick([1, 5, 10]),
    'linger.ms': lingerMs,
    'batch.size': random.pick([0, 100, 200, 1000, 16_384]),
    'compression.type': random.pick(['none', 'none', 'gzip', 'snappy', 'lz4', 'zstd']),
    'request.timeout.ms': requestMs,
    'delivery.timeout.ms': lingerMs + requestMs + random.pick([0, 5000, 20_000]),
    'max.partition.fetch.bytes': random.pick([1_048_576, 1_048_576, 1, 300]),
    producers: random.pick([1, 1, 2, 3]),
    consumers: random.pick([0, 1, 1, 2]),
  };
}
