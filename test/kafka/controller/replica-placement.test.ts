/** Where the replicas of a new topic stand, and what a topic may be called. */
import { describe, expect, test } from 'vitest';
import { placeReplicas } from '../../../engine/kafka/controller/replica-placement.ts';
import { topicNameProblem } from '../../../engine/kafka/controller/topic-name.ts';
import { emptyImage, type BrokerRegistration } from '../../../engine/kafka/metadata/image.ts';
import { randomStream } from '../../../engine/kernel/random.ts';

interface Placed {
  readonly brokers: readonly Partial<BrokerRegistration>[];
  readonly partitions: number;
  readonly replicationFactor: number;
}

function place({ brokers, ...spec }: Placed): readonly (readonly number[])[] | string {
  const registrations = brokers.map((over, index) => {
    const base = { id: index, epoch: 1, incarnationId: '', endPoints: [], rack: null };
    return { ...base, fenced: false, inControlledShutdown: false, ...over };
  });
  const image = { ...emptyImage, brokers: new Map(registrations.map((one) => [one.id, one])) };
  return placeReplicas(image, spec, randomStream(7, 'replica-placement'));
}

describe('kafka: replica placement (StripedReplicaPlacer)', () => {
  const four = [{}, {}, {}, {}];

  test('each partition begins one broker later, so every broker leads as many', () => {
    const placed = place({ brokers: four, partitions: 8, replicationFactor: 3 });
    const leaders = [...placed].map((replicas) => Number(replicas[0]));
    for (const id of [0, 1, 2, 3]) expect(leaders.filter((one) => one === id)).toHaveLength(2);
    const replicas = [...placed].flat();
    for (const id of [0, 1, 2, 3]) expect(replicas.filter((one) => one === id)).toHaveLength(6);
  });

  test('racks take turns: with as many racks as replicas, one replica a rack', () => {
    const brokers = ['a', 'a', 'b', 'b', 'c', 'c'].map((rack) => ({ rack }));
    const placed = place({ brokers, partitions: 6, replicationFactor: 3 });
    for (const replicas of placed) {
      const racks = [...replicas].map((id) => brokers[Number(id)]?.rack);
      expect(new Set(racks).size).toBe(3);
    }
  });

  test('a fenced broker is taken last and never leads', () => {
    const brokers = [{ fenced: true }, {}, {}];
    const two = place({ brokers, partitions: 3, replicationFactor: 2 });
    expect([...two].flat()).not.toContain(0);
    const three = place({ brokers, partitions: 3, replicationFactor: 3 });
    for (const replicas of three) expect(replicas[2]).toBe(0);
  });

  test('a broker that is shutting down gets nothing', () => {
    const brokers = [{ inControlledShutdown: true }, {}, {}];
    const placed = place({ brokers, partitions: 3, replicationFactor: 2 });
    expect([...placed].flat()).not.toContain(0);
    expect(place({ brokers, partitions: 1, replicationFactor: 3 })).toMatch('2 broker(s)');
  });

  test('nobody to lead: no placement', () => {
    const brokers = [{ fenced: true }];
    expect(place({ brokers, partitions: 1, replicationFactor: 1 })).toMatch('fenced');
  });
});

describe('kafka: topic names (Topic.validate)', () => {
  test.each(['pay', 'a', '_x', 'A.b-c_9', 'x'.repeat(249)])('%s is one', (name) => {
    expect(topicNameProblem(name, [])).toBeNull();
  });
  test.each(['', '.', '..', 'a b', 'a/b', '支付', 'x'.repeat(250)])('%s is none', (name) => {
    expect(topicNameProblem(name, [])).not.toBeNull();
  });
  test('a.b and a_b collide in metrics', () => {
    expect(topicNameProblem('a.b', ['a_b'])).toMatch('collides');
    expect(topicNameProblem('a.b', ['a.c', 'a.b'])).toBeNull();
  });
});
