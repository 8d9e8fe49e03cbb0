/**
 * How a stream's segments lie on disk: `<first offset>.segment`, which begins with "OSIL" and its
 * version, and `<first offset>.index` with an entry for each chunk.
 *
 * A segment is full when it *has* reached its size, so it is larger by up to a chunk, where
 * Kafka's is rolled before it would be; or when it has 256,000 chunks. Nothing is synced: a stream
 * relies on its replicas, as Kafka does. Source: `osiris_log:max_segment_size_reached`;
 * rabbitmq.com/docs/streams ("data safety").
 */
import { HeadedFile } from '../../storage/headed-file.ts';
import type { SegmentLayout } from '../../storage/segment-layout.ts';
import { ChunkIndex, SEGMENT_HEADER_BYTES } from './chunk-index.ts';

const SEGMENT_HEADER = Uint8Array.of(0x4f, 0x53, 0x49, 0x4c, 0, 0, 0, 1);

export const streamLayout: SegmentLayout = Object.freeze({
  suffixes: ['.segment', '.index'] as const,
  openFrames: (disk, path) => new HeadedFile(disk, path, SEGMENT_HEADER),
  openIndexes: (place) => new ChunkIndex(place),
  isFull: (sizeBytes, _chunkBytes, { segmentBytes }) =>
    sizeBytes + SEGMENT_HEADER_BYTES >= segmentBytes,
  syncsWhenFull: false,
} satisfies SegmentLayout);
