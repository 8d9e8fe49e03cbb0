/**
 * Records of the metadata log: frame and body of every kind in every version, golden bytes, and
 * bytes that are none.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  metadataRecordVersionMax,
  type MetadataRecord,
  type MetadataRecordType,
} from '#engine/wire/kafka/metadata-records.ts';
import { metadataSchemas } from '#engine/wire/kafka/metadata-schemas.ts';
import { defaults } from '#engine/wire/kafka/schema.ts';
import { arbitraryData, exampleData } from './arbitrary.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const VERSIONS = (Object.keys(metadataSchemas) as MetadataRecordType[]).flatMap((type) =>
  Array.from({ length: metadataRecordVersionMax(type) + 1 }, (_, version) => ({ type, version })),
);

describe('kafka metadata records', () => {
  test.each(VERSIONS)('$type v$version comes back from its bytes', ({ type, version }) => {
    const { schema } = metadataSchemas[type];
    fc.assert(
      fc.property(arbitraryData(schema, version), (data) => {
        const record = { type, version, data } as MetadataRecord;
        expect(decodeMetadataRecord(encodeMetadataRecord(record))).toEqual(record);
      }),
      { seed: 9, numRuns: 25 },
    );
  });

  test('a NoOpRecord is its frame: frame version, key, version and no tags', () => {
    const record: MetadataRecord = { type: 'NoOpRecord', version: 0, data: {} };
    expect(hex(encodeMetadataRecord(record))).toBe('01140000');
  });

  test('a PartitionChangeRecord holds only what changed (KIP-966: the ELR has tag 6)', () => {
    const blank = defaults(metadataSchemas.PartitionChangeRecord.schema);
    const data = { ...blank, partitionId: 1, leader: 2, eligibleLeaderReplicas: [3] };
    const bytes = encodeMetadataRecord({ type: 'PartitionChangeRecord', version: 2, data });
    const topicId = '00'.repeat(16);
    expect(hex(bytes)).toBe(
      `010502` + `00000001${topicId}` + `02` + `010400000002` + `06050200000003`,
    );
  });

  test('an unknown kind, version or frame, and cut bytes, give null', () => {
    expect(decodeMetadataRecord(Uint8Array.of(1, 99, 0, 0))).toBeNull();
    expect(decodeMetadataRecord(Uint8Array.of(1, 20, 9, 0))).toBeNull();
    expect(decodeMetadataRecord(Uint8Array.of(2, 20, 0, 0))).toBeNull();
    expect(decodeMetadataRecord(Uint8Array.of(1, 20, 0, 0, 0))).toBeNull();
    for (const { type, version } of VERSIONS) {
      const data = exampleData(metadataSchemas[type].schema, version);
      const bytes = encodeMetadataRecord({ type, version, data } as MetadataRecord);
      for (let end = 0; end < bytes.length; end++) {
        expect(decodeMetadataRecord(bytes.subarray(0, end)), `${type} at ${end}`).toBeNull();
      }
    }
  });
});
