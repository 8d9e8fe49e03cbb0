/**
 * The messages and records of groups against bytes that kafka-clients 4.1.1 and its group
 * coordinator wrote (`MessageUtil.toByteBufferAccessor`); consumer protocol and coordinator records
 * of every version back from their bytes, and bytes that are none.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Reader } from '#engine/bytes/reader.ts';
import { Writer } from '#engine/bytes/writer.ts';
import type { Api } from '#engine/wire/kafka/api.ts';
import { apis } from '#engine/wire/kafka/apis.ts';
import { consumerGroupRecordTypes } from '#engine/wire/kafka/consumer-group-records.ts';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '#engine/wire/kafka/consumer-protocol.ts';
import { coordinatorRecords } from '#engine/wire/kafka/coordinator-record.ts';
import { groupRecords, groupRecordTypes } from '#engine/wire/kafka/group-records.ts';
import { defaults, type Struct } from '#engine/wire/kafka/schema.ts';
import { arbitraryData, exampleData } from './arbitrary.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const RUNS = { seed: 7, numRuns: 25 };

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAABQ';
const ID_BYTES = '00000000000000000000000000000005';

const protocols = [{ name: 'range', metadata: Uint8Array.of(1, 2) }];
const join = { groupId: 'g', sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 300_000, protocols };
const joined = { generationId: 3, protocolName: 'range', protocolType: 'consumer', leader: 'm' };
const member = { memberId: 'm', metadata: Uint8Array.of(9), groupInstanceId: null };
const beat = { memberId: 'm', memberEpoch: 2, heartbeatIntervalMs: 5000 };
const commit = { groupId: 'g', generationIdOrMemberEpoch: 3, memberId: 'm' };
const committed = { partitionIndex: 1, committedOffset: 7, commitTimestamp: -1 };
const fetched = { ...committed, committedLeaderEpoch: -1, metadata: '', errorCode: 0 };

interface Golden {
  readonly name: string;
  readonly version: number;
  readonly data: object;
  readonly bytes: string;
}

/** Fields that are not named have their defaults. */
const MESSAGES: readonly Golden[] = [
  {
    name: 'JoinGroupRequest',
    version: 0,
    data: { ...join, rebalanceTimeoutMs: -1, memberId: 'm', protocolType: 'consumer' },
    bytes: '0001670000afc800016d0008636f6e73756d657200000001000572616e6765000000020102',
  },
  {
    name: 'JoinGroupRequest',
    version: 5,
    data: { ...join, memberId: 'm', protocolType: 'consumer' },
    bytes: '0001670000afc8000493e000016dffff0008636f6e73756d657200000001000572616e6765000000020102',
  },
  {
    name: 'JoinGroupRequest',
    version: 9,
    data: {
      ...join,
      memberId: 'm',
      protocolType: 'consumer',
      groupInstanceId: 'i',
      reason: 'r',
    },
    bytes: '02670000afc8000493e0026d026909636f6e73756d6572020672616e676503010200027200',
  },
  {
    name: 'JoinGroupResponse',
    version: 0,
    data: { ...joined, protocolType: null, memberId: 'm', members: [member] },
    bytes: '000000000003000572616e676500016d00016d0000000100016d0000000109',
  },
  {
    name: 'JoinGroupResponse',
    version: 9,
    data: { ...joined, memberId: 'm', members: [member] },
    bytes: '0000000000000000000309636f6e73756d65720672616e6765026d00026d02026d0002090000',
  },
  {
    name: 'SyncGroupResponse',
    version: 5,
    data: {
      protocolType: 'consumer',
      protocolName: 'range',
      assignment: Uint8Array.of(1),
    },
    bytes: '00000000000009636f6e73756d65720672616e6765020100',
  },
  {
    name: 'LeaveGroupRequest',
    version: 5,
    data: {
      groupId: 'g',
      members: [{ memberId: 'm', groupInstanceId: null, reason: 'r' }],
    },
    bytes: '026702026d0002720000',
  },
  {
    name: 'OffsetCommitRequest',
    version: 2,
    data: {
      ...commit,
      topics: [
        {
          name: 't',
          topicId: defaultId(),
          partitions: [{ ...committed, committedLeaderEpoch: -1, committedMetadata: null }],
        },
      ],
    },
    bytes: '0001670000000300016dffffffffffffffff0000000100017400000001000000010000000000000007ffff',
  },
  {
    name: 'OffsetCommitRequest',
    version: 10,
    data: {
      ...commit,
      topics: [
        {
          name: '',
          topicId: TOPIC_ID,
          partitions: [{ ...committed, committedLeaderEpoch: 4, committedMetadata: '' }],
        },
      ],
    },
    bytes: `026700000003026d0002${ID_BYTES}020000000100000000000000070000000401000000`,
  },
  {
    name: 'OffsetFetchRequest',
    version: 1,
    data: { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] },
    bytes: '000167000000010001740000000100000000',
  },
  {
    name: 'OffsetFetchRequest',
    version: 9,
    data: {
      groups: [{ groupId: 'g', memberId: null, memberEpoch: -1, topics: null }],
      requireStable: true,
    },
    bytes: '02026700ffffffff00000100',
  },
  {
    name: 'OffsetFetchResponse',
    version: 8,
    data: {
      groups: [
        {
          groupId: 'g',
          topics: [{ name: 't', topicId: defaultId(), partitions: [fetchedPartition()] }],
          errorCode: 0,
        },
      ],
    },
    bytes: '0000000002026702027402000000010000000000000007ffffffff010000000000000000',
  },
  {
    name: 'OffsetDeleteRequest',
    version: 0,
    data: { groupId: 'g', topics: [{ name: 't', partitions: [{ partitionIndex: 2 }] }] },
    bytes: '000167000000010001740000000100000002',
  },
  {
    name: 'DescribeGroupsResponse',
    version: 6,
    data: {
      groups: [
        {
          errorCode: 69,
          errorMessage: 'x',
          groupId: 'g',
          groupState: 'Dead',
          protocolType: '',
          protocolData: '',
          members: [],
          authorizedOperations: -2147483648,
        },
      ],
    },
    bytes: '00000000020045027802670544656164010101800000000000',
  },
  {
    name: 'ListGroupsResponse',
    version: 5,
    data: {
      groups: [
        { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
      ],
    },
    bytes: '00000000000002026709636f6e73756d657207537461626c6508636c61737369630000',
  },
  {
    name: 'ConsumerGroupHeartbeatRequest',
    version: 0,
    data: {
      groupId: 'g',
      memberId: 'm',
      rebalanceTimeoutMs: 1000,
      subscribedTopicNames: ['t'],
      topicPartitions: [],
    },
    bytes: '0267026d000000000000000003e8020274000100',
  },
  {
    name: 'ConsumerGroupHeartbeatResponse',
    version: 0,
    data: { ...beat, assignment: null },
    bytes: '00000000000000026d0000000200001388ff00',
  },
  {
    name: 'ConsumerGroupHeartbeatResponse',
    version: 1,
    data: {
      ...beat,
      assignment: { topicPartitions: [{ topicId: TOPIC_ID, partitions: [0, 1] }] },
    },
    bytes: `00000000000000026d00000002000013880102${ID_BYTES}030000000000000001000000`,
  },
];

function defaultId(): string {
  return 'A'.repeat(22);
}

function fetchedPartition(): object {
  const { commitTimestamp: _, ...of } = fetched;
  return of;
}

function schemaOf(name: string): { readonly api: Api; readonly schema: Struct } {
  for (const api of apis) {
    if (name === `${api.name}Request`) return { api, schema: api.request };
    if (name === `${api.name}Response`) return { api, schema: api.response };
  }
  throw new Error(`no message ${name}`);
}

describe('kafka wire: messages of groups', () => {
  test.each(MESSAGES)('$name v$version has the bytes of kafka-clients 4.1.1', (golden) => {
    const { api, schema } = schemaOf(golden.name);
    const of = schema === api.request ? api.requestPlan : api.responsePlan;
    const plan = of(golden.version);
    const data = { ...defaults(schema), ...golden.data };
    const writer = new Writer(plan.size(data));
    plan.write(writer, data);
    expect(hex(writer.finish())).toBe(golden.bytes);
    const reader = new Reader(bytesOf(golden.bytes));
    expect(plan.read(reader)).toEqual(data);
    expect(reader.remaining).toBe(0);
  });
});

describe('kafka wire: consumer protocol', () => {
  const owned = [{ topic: 't', partitions: [0, 2] }];
  const whole = { topics: ['t'], userData: null, ownedPartitions: owned };

  test('the bytes of kafka-clients 4.1.1', () => {
    expect(hex(encodeSubscription({ ...whole, generationId: 4, rackId: 'a' }))).toBe(
      '000300000001000174ffffffff0000000100017400000002000000000000000200000004000161',
    );
    const old = { ...defaults(consumerProtocolSubscription), topics: ['t'] };
    expect(hex(encodeSubscription({ ...old, userData: Uint8Array.of(5) }, 0))).toBe(
      '0000000000010001740000000105',
    );
    const assignedPartitions = [{ topic: 't', partitions: [1] }];
    expect(hex(encodeAssignment({ assignedPartitions, userData: null }, 1))).toBe(
      '0001000000010001740000000100000001ffffffff',
    );
  });

  test.each([0, 1, 2, 3])('version %i comes back from its bytes', (version) => {
    fc.assert(
      fc.property(arbitraryData(consumerProtocolSubscription, version), (data) => {
        expect(decodeSubscription(encodeSubscription(data as never, version))).toEqual(data);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(arbitraryData(consumerProtocolAssignment, version), (data) => {
        expect(decodeAssignment(encodeAssignment(data as never, version))).toEqual(data);
      }),
      RUNS,
    );
  });

  test('a newer version is read as far as ours goes', () => {
    const data = { ...whole, generationId: 4, rackId: null };
    const bytes = encodeSubscription(data);
    const newer = Uint8Array.of(0, 9, ...bytes.subarray(2), 1, 2, 3);
    expect(decodeSubscription(newer)).toEqual(data);
  });

  test('a negative version, and cut bytes, give null', () => {
    const bytes = encodeSubscription({ ...whole, generationId: 4, rackId: 'a' });
    for (let end = 0; end < bytes.length; end++) {
      expect(decodeSubscription(bytes.subarray(0, end)), `at ${end}`).toBeNull();
    }
    expect(decodeAssignment(bytesOf('ffff 00000000 ffffffff'))).toBeNull();
  });
});

describe('kafka wire: records of __consumer_offsets', () => {
  const types = { ...groupRecordTypes, ...consumerGroupRecordTypes };
  const codec = coordinatorRecords(types);
  const names = Object.keys(types) as (keyof typeof types)[];
  const versions = names.flatMap((type) =>
    Array.from({ length: types[type].versionMax + 1 }, (_, version) => ({ type, version })),
  );

  test.each(versions)('$type v$version comes back from its bytes', ({ type, version }) => {
    const of = types[type];
    fc.assert(
      fc.property(arbitraryData(of.key, 0), arbitraryData(of.value, version), (key, value) => {
        const record = { type, key, value } as never;
        const bytes = codec.encode(record, version);
        expect(codec.decode(bytes.key, bytes.value)).toEqual(record);
        expect(codec.decode(bytes.key, null)).toEqual({ type, key, value: null });
      }),
      RUNS,
    );
  });

  const key = { group: 'g', topic: 't', partition: 1 };
  const offset = { offset: 7, leaderEpoch: 2, metadata: '', commitTimestamp: 1000 };
  const blank = { expireTimestamp: -1, topicId: defaultId() };
  const groupMember = {
    memberId: 'm',
    groupInstanceId: null,
    clientId: 'c',
    clientHost: 'h',
    rebalanceTimeout: 5,
    sessionTimeout: 6,
    subscription: Uint8Array.of(1),
    assignment: Uint8Array.of(2),
  };
  const group = {
    protocolType: 'consumer',
    generation: 3,
    protocol: 'range',
    leader: 'm',
    currentStateTimestamp: 1000,
    members: [groupMember],
  };

  test('the bytes of kafka-group-coordinator 4.1.1', () => {
    const value = (record: Parameters<typeof codec.encode>[0], version: number): string =>
      hex(codec.encode(record, version).value ?? Uint8Array.of());
    const told = { type: 'OffsetCommit', key, value: { ...offset, ...blank } } as const;
    expect(value(told, 3)).toBe('0003000000000000000700000002000000000000000003e8');
    expect(value({ ...told, value: { ...told.value, topicId: TOPIC_ID } }, 4)).toBe(
      `00040000000000000007000000020100000000000003e8010010${ID_BYTES}`,
    );
    expect(value({ type: 'GroupMetadata', key: { group: 'g' }, value: group }, 3)).toBe(
      '00030008636f6e73756d657200000003000572616e676500016d00000000000003e80000000100016dffff' +
        '000163000168000000050000000600000001010000000102',
    );
    const consumer = {
      instanceId: '',
      rackId: '',
      clientId: 'c',
      clientHost: 'h',
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: '',
      rebalanceTimeoutMs: 5,
      serverAssignor: '',
      classicMemberMetadata: { sessionTimeoutMs: 9, supportedProtocols: [] },
    };
    const memberKey = { groupId: 'g', memberId: 'm' };
    expect(value({ type: 'ConsumerGroupMemberMetadata', key: memberKey, value: consumer }, 0)).toBe(
      '000001010263026802027401000000050101000701000000090100',
    );
    const epoch = { epoch: 5, metadataHash: 77 };
    expect(value({ type: 'ConsumerGroupMetadata', key: { groupId: 'g' }, value: epoch }, 0)).toBe(
      '000000000005010008000000000000004d',
    );
  });

  test('a key begins with the number of its type', () => {
    const bytes = groupRecords.encode({ type: 'OffsetCommit', key, value: null }, 3);
    expect(hex(bytes.key)).toBe(`0001 0001 67 0001 74 00000001`.replaceAll(' ', ''));
    expect(bytes.value).toBeNull();
  });

  test('an unknown type or version, and cut bytes, give null', () => {
    expect(codec.decode(bytesOf('0063 0001 67'), null)).toBeNull();
    expect(codec.decode(bytesOf('0002 0001 67'), bytesOf('0009'))).toBeNull();
    expect(codec.decode(bytesOf('0002 0001 67 00'), null)).toBeNull();
    for (const { type, version } of versions) {
      const of = types[type];
      const record = { type, key: exampleData(of.key, 0), value: exampleData(of.value, version) };
      const bytes = codec.encode(record as never, version);
      for (let end = 0; end < (bytes.value?.length ?? 0); end++) {
        const cut = codec.decode(bytes.key, bytes.value?.subarray(0, end) ?? null);
        expect(cut, `${type} at ${end}`).toBeNull();
      }
    }
  });
});
