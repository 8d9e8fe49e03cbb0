/** What the quorum keeps on disk, in KRaft's own formats. */
import { describe, expect, test } from 'vitest';
import { controlBatch, readControlBatch } from '#engine/kafka/raft/snapshot-file.ts';
import { quorumStateText } from '#engine/kafka/raft/quorum-state-text.ts';
import { directoryIdOf, memberOf, nodeOf } from '#engine/kafka/raft/voter-id.ts';
import { readBatchHeader } from '#engine/wire/kafka/record-batch.ts';
import type { QuorumRecord } from '#engine/wire/kafka/quorum-records.ts';
import { encodeQuorumRecord } from '#engine/wire/kafka/quorum-records.ts';

const CLUSTER = 'HighwaterHighwaterAAAA';
const hex = (bytes: Uint8Array | null) => Buffer.from(bytes!).toString('hex');

describe('kafka: controller quorum: quorum-state', () => {
  const state = { term: 4, votedFor: memberOf(101) };

  test('version 1, since KIP-853, has the directory of the one voted for', () => {
    const text = quorumStateText(1, CLUSTER).write(state);
    expect(JSON.parse(text)).toEqual({
      ...{ leaderId: -1, leaderEpoch: 4, votedId: 101 },
      ...{ votedDirectoryId: directoryIdOf(101), data_version: 1 },
    });
    expect(quorumStateText(1, CLUSTER).read(text)).toEqual(state);
  });

  test('version 0 is read, too: a controller that was upgraded keeps its vote', () => {
    const text = quorumStateText(0, CLUSTER).write(state);
    expect(text).toContain('"appliedOffset":0,"currentVoters":[],"data_version":0');
    expect(quorumStateText(1, CLUSTER).read(text)).toEqual(state);
  });

  test.each([
    '',
    '{}',
    'null',
    '{"leaderEpoch":4}',
    '{"leaderEpoch":-1,"votedId":1,"data_version":1}',
    '{"leaderEpoch":4,"votedId":1,"data_version":2}',
  ])('%s cannot be read, and the member does not start with it', (text) => {
    expect(quorumStateText(1, CLUSTER).read(text)).toBeNull();
  });

  test('a directory id has 22 characters, and a node its member', () => {
    expect(directoryIdOf(100)).toHaveLength(22);
    expect(directoryIdOf(100)).not.toBe(directoryIdOf(101));
    expect(nodeOf(memberOf(3000))).toBe(3000);
  });
});

describe('kafka: controller quorum: control records', () => {
  const voter = {
    voterId: 100,
    voterDirectoryId: directoryIdOf(100),
    endpoints: [{ name: 'CONTROLLER', host: 'controller-1', port: 9093 }],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
  };
  const replica = { voterId: 100, voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA' };
  const records: readonly QuorumRecord[] = [
    {
      type: 'LeaderChange',
      data: { version: 0, leaderId: 100, voters: [replica], grantingVoters: [replica] },
    },
    { type: 'SnapshotHeader', data: { version: 0, lastContainedLogTimestamp: 7 } },
    { type: 'SnapshotFooter', data: { version: 0 } },
    { type: 'KRaftVersion', data: { version: 0, kRaftVersion: 1 } },
    { type: 'KRaftVoters', data: { version: 0, voters: [voter] } },
  ];

  test('a control batch gives its records back', () => {
    const bytes = controlBatch(records, { baseOffset: 5, epoch: 3, timestamp: 0 });
    const header = readBatchHeader(bytes);
    if (typeof header === 'string') throw new Error(header);
    expect(header).toMatchObject({ baseOffset: 5, partitionLeaderEpoch: 3, isControl: true });
    expect(readControlBatch(bytes, header)).toEqual(records);
  });

  test('keys and values are the bytes of KRaft', () => {
    const [leaderChange, , footer, version] = records.map((one) => encodeQuorumRecord(one, 0));
    expect(hex(leaderChange!.key)).toBe('00000002');
    // version, leader id, one voter, one granting voter (id and no tags each), no tags
    expect(hex(leaderChange!.value)).toBe(
      '0000' + '00000064' + '020000006400' + '020000006400' + '00',
    );
    expect([hex(footer!.key), hex(footer!.value)]).toEqual(['00000004', '000000']);
    expect([hex(version!.key), hex(version!.value)]).toEqual(['00000005', '0000000100']);
  });
});
