/**
 * Which brokers a new topic's replicas stand on, by the striped placer: the first broker is drawn,
 * each further partition begins one broker later, racks take turns, unfenced brokers come first,
 * and the first replica, who will lead, is never fenced.
 *
 * Source: `org.apache.kafka.metadata.placement.StripedReplicaPlacer`. Differences: brokers of a
 * rack are not shuffled after a whole round, so that a picture of many partitions stays readable.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import type { MetadataImage } from '../metadata/image.ts';

interface PlacementSpec {
  readonly partitions: number;
  readonly replicationFactor: number;
}

interface StripedList {
  readonly brokers: readonly number[];
  readonly offset: number;
}

interface Rack {
  readonly unfenced: StripedList;
  readonly fenced: StripedList;
}

type Broker = MetadataImage['brokers'] extends ReadonlyMap<number, infer B> ? B : never;

/** The brokers of a cluster, as far as a placement asks for them. */
interface PlacementBrokers {
  readonly brokers: ReadonlyMap<
    number,
    Pick<Broker, 'id' | 'rack' | 'fenced' | 'inControlledShutdown'>
  >;
}

/** The replicas of each partition; or the sentence that says why there cannot be so many. */
export function placeReplicas(
  image: PlacementBrokers,
  spec: PlacementSpec,
  random: Random,
): readonly (readonly number[])[] | string {
  const { partitions, replicationFactor } = spec;
  assert(partitions > 0 && replicationFactor > 0, 'a placement', { ...spec });
  const usable = [...image.brokers.values()].filter((broker) => !broker.inControlledShutdown);
  const unfenced = usable.filter((broker) => !broker.fenced);
  if (replicationFactor > usable.length) {
    return (
      `The target replication factor of ${replicationFactor} cannot be reached because only ` +
      `${usable.length} broker(s) are registered.`
    );
  }
  if (unfenced.length === 0) return 'All brokers are currently fenced.';
  const racks = racksOf(usable, random);
  const firstRack = random.below(racks.length);
  const placed: (readonly number[])[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    placed.push(placeOne(racks, { round: partition, firstRack, replicationFactor }));
  }
  assert(placed.length === partitions, 'every partition is placed');
  return placed;
}

function racksOf(
  brokers: readonly { id: number; rack: string | null; fenced: boolean }[],
  random: Random,
): readonly Rack[] {
  const names = [...new Set(brokers.map((broker) => broker.rack ?? ''))].sort((left, right) =>
    left < right ? -1 : 1,
  );
  const listOf = (name: string, fenced: boolean): StripedList => {
    const ids = brokers
      .filter((broker) => (broker.rack ?? '') === name && broker.fenced === fenced)
      .map((broker) => broker.id)
      .sort((left, right) => left - right);
    return { brokers: ids, offset: ids.length === 0 ? 0 : random.below(ids.length) };
  };
  return names.map((name) => ({ unfenced: listOf(name, false), fenced: listOf(name, true) }));
}

interface Round {
  readonly round: number;
  readonly firstRack: number;
  readonly replicationFactor: number;
}

function placeOne(racks: readonly Rack[], of: Round): readonly number[] {
  const { round, replicationFactor } = of;
  // Where each rack's stripe stands in this round: unfenced brokers first, then fenced ones.
  const stripes = racks.map((rack) => [
    ...stripe(rack.unfenced, round),
    ...stripe(rack.fenced, round),
  ]);
  const replicas: number[] = [];
  let rack = (of.firstRack + round) % racks.length;
  while (racks[rack]!.unfenced.brokers.length === 0) rack = (rack + 1) % racks.length;
  while (replicas.length < replicationFactor) {
    const next = stripes[rack]!.shift();
    if (next !== undefined) replicas.push(next);
    assert(
      next !== undefined || stripes.some((left) => left.length > 0),
      'there are enough brokers',
      { replicas, replicationFactor },
    );
    rack = (rack + 1) % racks.length;
  }
  assert(new Set(replicas).size === replicas.length, 'one replica a broker', { replicas });
  return replicas;
}

function stripe({ brokers, offset }: StripedList, round: number): readonly number[] {
  return brokers.map((_, index) => brokers[(index + offset + round) % brokers.length]!);
}
