/** Snapshots of the metadata log: when they are made, who takes them over, what goes with them. */
import { describe, expect, test } from 'vitest';
import { emptyImage } from '#engine/kafka/metadata/image.ts';
import { imageChanges, recordsOfImage } from '#engine/kafka/metadata/image-records.ts';
import { MetadataDelta } from '#engine/kafka/metadata/delta.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  snapshotNaming,
} from '#engine/kafka/raft/snapshot-file.ts';
import type { RaftController } from '#engine/kafka/raft/raft-controller.ts';
import type { Lab } from '#engine/lab/experiment.ts';
import type { StoryStep } from '../cluster-story.ts';
import { play } from './quorum-story.ts';

const OFTEN = {
  'metadata.log.max.record.bytes.between.snapshots': '400',
  'metadata.max.retention.bytes': '1500',
};
const FOLDER = 'data/__cluster_metadata-0';
const controllerOf = (lab: Lab, name: string) => lab.host(name).process as RaftController | null;
const checkpoints = (lab: Lab, name: string) =>
  lab
    .host(name)
    .disk.list(FOLDER)
    .filter((file) => file.endsWith('.checkpoint'));

/** So many topics more, one after the other. */
function topics(count: number): StoryStep {
  return {
    id: 'topics',
    do: ({ cluster }) => {
      for (let place = 0; place < count; place++) {
        cluster.createTopic(`topic-${place}`, { partitions: 1, replicationFactor: 3 });
      }
    },
    until: ({ cluster }) => cluster.partitionsReady(true),
    timeLimitMs: 60_000,
  };
}

describe('kafka: controller quorum: snapshots', () => {
  test('a name has the end offset in 20 digits and the epoch in 10', () => {
    const id = { endOffset: 120, epoch: 3 };
    expect(snapshotNaming.nameOf(id)).toBe('00000000000000000120-0000000003.checkpoint');
    expect(snapshotNaming.idOf(snapshotNaming.nameOf(id))).toEqual(id);
    expect(snapshotNaming.idOf('00000000000000000120.log')).toBeNull();
  });

  test('an image is what its records make, and its bytes say; a cut in them is noticed', () => {
    const run = play({}, []);
    const { image } = controllerOf(run.lab, 'controller-1')!;
    const delta = new MetadataDelta(emptyImage);
    for (const record of recordsOfImage(image!)) delta.replay(record);
    expect(delta.apply(image!.offset, image!.epoch)).toEqual(image);
    const id = { endOffset: image!.offset + 1, epoch: image!.epoch };
    const bytes = encodeSnapshot({ image: image!, voters: null }, 0);
    expect(decodeSnapshot(bytes, id)).toEqual({ image, voters: null });
    expect(decodeSnapshot(bytes.subarray(0, bytes.length - 1), id)).toBeNull();
    const changes = imageChanges(emptyImage, image!);
    expect(changes.partitions.map(({ topic }) => topic)).toEqual(['pay']);
    expect(imageChanges(image!, image!).partitions).toEqual([]);
  });

  test('the log before the second newest goes, and a restart begins with the newest', () => {
    const run = play({ settings: OFTEN }, [
      topics(8),
      {
        id: 'restart',
        do: (_, lab) => {
          lab.inject({ fault: 'power', host: 'controller-2' });
          lab.inject({ fault: 'start', host: 'controller-2' });
        },
        until: ({ cluster }, lab) =>
          controllerOf(lab, 'controller-2')?.image?.topics.size === 9 && cluster.allRegistered,
        timeLimitMs: 20_000,
      },
    ]);
    expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
    const { lab } = run;
    for (const name of ['controller-1', 'controller-2', 'controller-3']) {
      expect(controllerOf(lab, name)!.files!.startOffset).toBeGreaterThan(0);
      expect(checkpoints(lab, name).length).toBeGreaterThan(0);
    }
    expect(run.violation).toBeNull();
  });

  test('who was away for long takes the snapshot: a controller, and a broker', () => {
    const run = play({ settings: OFTEN }, [
      {
        id: 'away',
        do: (_, lab) => {
          for (const host of ['controller-3', 'broker-3']) lab.inject({ fault: 'crash', host });
        },
        until: ({ cluster }) => cluster.activeController !== null && !cluster.allRegistered,
        timeLimitMs: 30_000,
      },
      {
        id: 'topics',
        do: ({ cluster }) => {
          for (let place = 0; place < 8; place++) {
            cluster.createTopic(`topic-${place}`, { partitions: 1, replicationFactor: 2 });
          }
        },
        until: ({ cluster }) => cluster.partitionsReady(false),
        timeLimitMs: 60_000,
      },
      {
        id: 'back',
        do: (_, lab) => {
          for (const host of ['controller-3', 'broker-3']) lab.inject({ fault: 'start', host });
        },
        until: ({ cluster }, lab) =>
          cluster.allRegistered && controllerOf(lab, 'controller-3')?.image?.topics.size === 9,
        timeLimitMs: 30_000,
      },
    ]);
    expect(run.steps.filter(({ reached }) => !reached)).toEqual([]);
    const installed = [...run.world.trace.entries()].filter(
      ({ kind, data }) => kind === 'metadata-snapshot' && data['how'] === 'installed',
    );
    expect(installed.map(({ host }) => host)).toContain('controller-3');
    expect(run.violation).toBeNull();
    expect(run.world.failure).toBeNull();
  });
});
