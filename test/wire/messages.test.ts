/**
 * Every message in every version: its size is what its bytes take, and its bytes give it back.
 * Golden bytes, counted by hand from the protocol guide, keep the grammar from agreeing only with
 * itself.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apiOf } from '#engine/wire/kafka/api.ts';
import { apis } from '#engine/wire/kafka/apis.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeFrame,
  frameSize,
  type KafkaRequest,
  type KafkaResponse,
} from '#engine/wire/kafka/frame.ts';
import {
  apiVersionsRequest,
  apiVersionsResponse,
} from '#engine/wire/kafka/messages/api-versions.ts';
import { fetchRequest } from '#engine/wire/kafka/messages/fetch.ts';
import {
  findCoordinatorResponse,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from '#engine/wire/kafka/messages/find-coordinator.ts';
import { metadataResponse } from '#engine/wire/kafka/messages/metadata.ts';
import { produceRequest } from '#engine/wire/kafka/messages/produce.ts';
import { array, defaults, int32, struct } from '#engine/wire/kafka/schema.ts';
import { arbitraryData } from './arbitrary.ts';

const RUNS = { seed: 5, numRuns: 25 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const VERSIONS = apis.flatMap((api) =>
  Array.from({ length: api.versionMax - api.versionMin + 1 }, (_, i) => ({
    api,
    name: api.name,
    version: api.versionMin + i,
  })),
);

function request(apiKey: number, apiVersion: number, body: unknown): KafkaRequest {
  return { kind: 'request', apiKey, apiVersion, correlationId: 7, clientId: 'me', body };
}

describe('kafka wire: messages', () => {
  test.each(VERSIONS)('$name v$version: size, bytes and message agree', ({ api, version }) => {
    fc.assert(
      fc.property(arbitraryData(api.request, version), (body) => {
        const message = request(api.key, version, body);
        const frame = encodeFrame(message);
        expect(frame.length).toBe(frameSize(message));
        expect(decodeRequest(frame.subarray(4))).toEqual(message);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(arbitraryData(api.response, version), (body) => {
        // An ApiVersions response that says UNSUPPORTED_VERSION is read as version 0.
        if ('errorCode' in body && body.errorCode === 35) return;
        const message: KafkaResponse = {
          kind: 'response',
          apiKey: api.key,
          apiVersion: version,
          correlationId: -9,
          body,
        };
        const frame = encodeFrame(message);
        expect(frame.length).toBe(frameSize(message));
        expect(decodeResponse(frame.subarray(4), api.key, version)).toEqual(message);
      }),
      RUNS,
    );
  });

  test('the table has each key once, and finds by key', () => {
    expect(new Set(apis.map((api) => api.key)).size).toBe(apis.length);
    for (const api of apis) expect(apiOf(api.key)).toBe(api);
    expect([apiOf(-1), apiOf(999), apiOf(200)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('kafka wire: golden bytes', () => {
  test('ApiVersions v0 request: the header and nothing', () => {
    const message = request(18, 0, defaults(apiVersionsRequest));
    expect(hex(encodeFrame(message))).toBe(
      '0000000c' + '0012' + '0000' + '00000007' + '0002' + '6d65',
    );
  });

  test('ApiVersions v3 request: header 2 and compact strings', () => {
    const body = { clientSoftwareName: 'hw', clientSoftwareVersion: '1' };
    expect(hex(encodeFrame(request(18, 3, body)))).toBe(
      '00000013' + '0012' + '0003' + '00000007' + '0002' + '6d65' + '00' + '036877' + '0231' + '00',
    );
  });

  test('Produce v3 request: int16 strings, int32 arrays and bytes, a null transactional id', () => {
    const records = Uint8Array.of(0xaa, 0xbb);
    const topicData = [{ name: 't', partitionData: [{ index: 1, records }] }];
    const body = { ...defaults(produceRequest), acks: -1, timeoutMs: 1500, topicData };
    const header = '00000029 0000 0003 00000007 0002 6d65';
    const fields = 'ffff ffff 000005dc 00000001 0001 74 00000001 00000001 00000002 aabb';
    expect(hex(encodeFrame(request(0, 3, body)))).toBe(hex(bytesOf(header + fields)));
  });

  test('Fetch v17 request: tagged fields appear in the order of their tags, if not default', () => {
    const body = {
      ...defaults(fetchRequest),
      clusterId: 'c',
      replicaState: { replicaId: 2, replicaEpoch: 5 },
      maxWaitMs: 500,
      minBytes: 1,
    };
    const plain = bytesOf('000001f4 00000001 7fffffff 00 00000000 ffffffff 01 01 01');
    const tags = bytesOf('02 00 02 0263 01 0d 00000002 0000000000000005 00');
    const frame = encodeFrame(request(1, 17, body));
    expect(hex(frame.subarray(17))).toBe(hex(plain) + hex(tags));
    const bare = encodeFrame(request(1, 17, { ...body, clusterId: null, replicaState: NOBODY }));
    expect(hex(bare.subarray(17))).toBe(`${hex(plain)}00`);
  });

  test('AlterPartitionReassignments v0: replicas, or null to cancel (KIP-455)', () => {
    const partitions = [
      { partitionIndex: 1, replicas: [3, 4] },
      { partitionIndex: 2, replicas: null },
    ];
    const body = { timeoutMs: 60_000, topics: [{ name: 't', partitions }] };
    const header = '0000002b 002d 0000 00000007 0002 6d65 00';
    const first = '00000001 03 00000003 00000004 00';
    const fields = `0000ea60 02 02 74 03 ${first} 00000002 00 00 00 00`;
    expect(hex(encodeFrame(request(45, 0, body)))).toBe(hex(bytesOf(header + fields)));
    const results = [{ partitionIndex: 2, errorCode: 85, errorMessage: null }];
    const responses = [{ name: 't', partitions: results }];
    const answer = { throttleTimeMs: 0, errorCode: 0, errorMessage: null, responses };
    const response = { kind: 'response', apiKey: 45, correlationId: 1, body: answer } as const;
    const told = '02 02 74 02 00000002 0055 00 00 00 00';
    expect(hex(encodeFrame({ ...response, apiVersion: 0 }))).toBe(
      hex(bytesOf(`0000001a 00000001 00 00000000 0000 00 ${told}`)),
    );
  });

  test('ListPartitionReassignments v0: null for all, and who comes and goes (KIP-455)', () => {
    const body = { timeoutMs: 1500, topics: null };
    expect(hex(encodeFrame(request(46, 0, body)))).toBe(
      hex(bytesOf('00000013 002e 0000 00000007 0002 6d65 00 000005dc 00 00')),
    );
    const partitions = [
      { partitionIndex: 0, replicas: [2, 1], addingReplicas: [2], removingReplicas: [1] },
    ];
    const topics = [{ name: 't', partitions }];
    const answer = { throttleTimeMs: 0, errorCode: 0, errorMessage: null, topics };
    const response = { kind: 'response', apiKey: 46, correlationId: 1, body: answer } as const;
    const lists = '03 00000002 00000001 02 00000002 02 00000001';
    expect(hex(encodeFrame({ ...response, apiVersion: 0 }))).toBe(
      hex(bytesOf(`0000002a 00000001 00 00000000 0000 00 02 02 74 02 00000000 ${lists} 00 00 00`)),
    );
  });

  test('Metadata v1 response has no header tags, v9 has one byte of them', () => {
    const body = { ...defaults(metadataResponse), controllerId: 3 };
    const response = { kind: 'response', apiKey: 3, correlationId: 1, body } as const;
    expect(hex(encodeFrame({ ...response, apiVersion: 1 }))).toBe(
      '00000010' + '00000001' + '00000000' + '00000003' + '00000000',
    );
    const flexible = '00000015 00000001 00 00000000 01 00 00000003 01 80000000 00';
    expect(hex(encodeFrame({ ...response, apiVersion: 9 }))).toBe(hex(bytesOf(flexible)));
  });

  test('ApiVersions v3 response: a flexible body behind a header without tags (KIP-511)', () => {
    const body = { ...defaults(apiVersionsResponse), finalizedFeaturesEpoch: 4 };
    const response = {
      kind: 'response',
      apiKey: 18,
      apiVersion: 3,
      correlationId: 1,
      body,
    } as const;
    const tags = '01 01 08 0000000000000004';
    expect(hex(encodeFrame(response))).toBe(
      hex(bytesOf(`00000016 00000001 0000 01 00000000 ${tags}`)),
    );
  });

  test('FindCoordinator v4 asks for several keys and no longer for the one (KIP-699)', () => {
    const body: FindCoordinatorRequest = { key: '', keyType: 1, coordinatorKeys: ['a', 'b'] };
    const frame = encodeFrame(request(10, 4, body));
    expect(hex(frame.subarray(17))).toBe('01' + '03' + '0261' + '0262' + '00');
    const found: FindCoordinatorResponse = { ...defaults(findCoordinatorResponse), nodeId: 2 };
    const response = { kind: 'response', apiKey: 10, correlationId: 1, body: found } as const;
    // Version 0: error code, node id, host, port.
    expect(hex(encodeFrame({ ...response, apiVersion: 0 }).subarray(8))).toBe(
      '0000' + '00000002' + '0000' + '00000000',
    );
  });
});

const NOBODY = { replicaId: -1, replicaEpoch: -1 };

describe('kafka wire: schema', () => {
  test('defaults are frozen, complete and Kafka’s', () => {
    const blank = defaults(fetchRequest);
    expect(Object.isFrozen(blank)).toBe(true);
    expect(defaults(fetchRequest)).toBe(blank);
    expect(blank).toMatchObject({
      replicaId: -1,
      maxBytes: 0x7fffffff,
      sessionEpoch: -1,
      topics: [],
    });
    expect(blank.replicaState).toEqual(NOBODY);
  });

  test('null where the version has none is a bug of ours', () => {
    const body = { ...defaults(apiVersionsRequest), clientSoftwareName: null };
    expect(() => encodeFrame(request(18, 3, body))).toThrow(/cannot be null/);
  });

  test('a tag twice in a struct is refused when it is declared', () => {
    const twice = { a: int32({ tag: 1 }), b: array(int32(), { tag: 1 }) };
    expect(() => struct('Twice', twice)).toThrow(/a tag is used twice/);
  });

  test('a version that the API lacks is a bug of ours', () => {
    expect(() => encodeFrame(request(0, 2, defaults(produceRequest)))).toThrow(/lacks/);
    expect(() => encodeFrame(request(200, 0, {}))).toThrow(/lacks/);
  });
});
