/**
 * The codecs of a connection: any cutting of the stream gives the same messages, and no bytes do
 * more than end the connection.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apis } from '#engine/wire/kafka/apis.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import { encodeFrame, type KafkaRequest, type KafkaResponse } from '#engine/wire/kafka/frame.ts';
import { apiVersionsResponse } from '#engine/wire/kafka/messages/api-versions.ts';
import { produceRequest } from '#engine/wire/kafka/messages/produce.ts';
import { kafkaProtocol } from '#engine/wire/kafka/protocol.ts';
import { defaults } from '#engine/wire/kafka/schema.ts';
import { exampleData } from './arbitrary.ts';

const bytesOf = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

interface Example {
  readonly name: string;
  readonly request: KafkaRequest;
  readonly response: KafkaResponse;
}

const EXAMPLES: readonly Example[] = apis.flatMap((api) =>
  [api.versionMin, api.versionMax].map((apiVersion, i) => ({
    name: `${api.name} v${apiVersion}`,
    request: {
      kind: 'request' as const,
      apiKey: api.key,
      apiVersion,
      correlationId: api.key * 2 + i,
      clientId: i === 0 ? null : 'client',
      body: exampleData(api.request, apiVersion),
    },
    response: {
      kind: 'response' as const,
      apiKey: api.key,
      apiVersion,
      correlationId: api.key * 2 + i,
      body: exampleData(api.response, apiVersion, 4),
    },
  })),
);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Objects, slots and characters of what was decoded: what it takes in memory, about. */
function weight(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length;
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + weight(part), 1);
}

describe('kafka protocol: streams', () => {
  test('requests come out of the stream whole, however it was cut', () => {
    const requests = EXAMPLES.map((of) => of.request);
    const client = kafkaProtocol.codec('client');
    const stream = joined(requests.map((request) => client.encode(request)));
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 400 })), (lengths) => {
        const server = kafkaProtocol.codec('server');
        const received: unknown[] = [];
        for (let at = 0; at < stream.length;) {
          const chunk = stream.slice(at, at + (lengths.next().value as number));
          const decoded = server.decode(chunk);
          // The chunk belongs to the socket: what was decoded must not change with it.
          chunk.fill(0xee);
          expect(decoded.violation).toBeUndefined();
          received.push(...decoded.messages);
          at += chunk.length;
        }
        expect(received).toEqual(requests);
      }),
      { seed: 2, numRuns: 20 },
    );
  });

  test('one byte at a time gives the same', () => {
    const server = kafkaProtocol.codec('server');
    const requests = EXAMPLES.slice(0, 8).map((of) => of.request);
    const received: unknown[] = [];
    for (const byte of joined(requests.map(encodeFrame))) {
      received.push(...server.decode(Uint8Array.of(byte)).messages);
    }
    expect(received).toEqual(requests);
  });

  test('responses find their requests by correlation id, in any order', () => {
    const client = kafkaProtocol.codec('client');
    const server = kafkaProtocol.codec('server');
    const answered = EXAMPLES.filter((of) => of.request.apiKey !== 0);
    for (const { request } of answered) client.encode(request);
    const responses = answered.map((of) => of.response).reverse();
    const stream = joined(responses.map((response) => server.encode(response)));
    expect(client.decode(stream)).toEqual({ messages: responses });
    const again = client.decode(encodeFrame(responses[0] as KafkaResponse));
    expect(again.violation).toMatch(/no request/);
  });

  test('sizes and descriptions are those of the messages', () => {
    for (const { request, response } of EXAMPLES) {
      expect(kafkaProtocol.size(request)).toBe(encodeFrame(request).length);
      expect(kafkaProtocol.size(response)).toBe(encodeFrame(response).length);
    }
    const produce = EXAMPLES.find((of) => of.request.apiVersion === 12);
    expect(kafkaProtocol.describe(produce?.request)).toBe('Produce v12');
    expect(kafkaProtocol.describe(produce?.response)).toBe('Produce reply');
  });
});

describe('kafka protocol: ApiVersions', () => {
  test('a version that is too new is answered in version 0 (KIP-511)', () => {
    const server = kafkaProtocol.codec('server');
    const asked = bytesOf('00000012 0012 0063 00000005 0002 6d65 00 ff ff ff ff 00');
    asked[3] = asked.length - 4;
    const { messages, violation } = server.decode(asked);
    expect(violation).toBeUndefined();
    expect(messages).toMatchObject([
      { kind: 'request', apiKey: 18, apiVersion: 99, correlationId: 5 },
    ]);
    const body = { ...defaults(apiVersionsResponse), errorCode: ErrorCode.UNSUPPORTED_VERSION };
    const response: KafkaResponse = {
      kind: 'response',
      apiKey: 18,
      apiVersion: 0,
      correlationId: 5,
      body,
    };
    expect(Buffer.from(server.encode(response)).toString('hex')).toBe(
      '0000000a' + '00000005' + '0023' + '00000000',
    );
    // A client that asked for our newest reads the answer of an old broker.
    const client = kafkaProtocol.codec('client');
    const request = { kind: 'request', apiKey: 18, apiVersion: 4, correlationId: 5 } as const;
    client.encode({
      ...request,
      clientId: null,
      body: { clientSoftwareName: '', clientSoftwareVersion: '' },
    });
    expect(client.decode(server.encode(response))).toEqual({ messages: [response] });
  });
});

describe('kafka protocol: violations', () => {
  const server = (bytes: Uint8Array) => kafkaProtocol.codec('server').decode(bytes);

  test.each([
    ['a negative frame', 'ffffffff'],
    ['an empty frame', '00000000'],
    ['a frame of 100 MiB and one byte', '06400001'],
    ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\n').toString('hex')],
    ['an unknown API', '00000008 03e7 0000 00000000'],
    ['a version that went with Kafka 4.0', '0000000a 0001 0003 00000000 ffff'],
    ['a client id of -2 bytes', '0000000a 0012 0000 00000000 fffe'],
    ['bytes after the message', '0000000b 0012 0000 00000000 ffff 00'],
    ['a frame that ends in its header', '00000003 0012 00'],
  ])('%s', (_name, text) => {
    const { messages, violation } = server(bytesOf(text));
    expect(messages).toEqual([]);
    expect(violation).toEqual(expect.any(String));
  });

  test('a frame of 100 MiB is waited for, and takes no memory before it comes', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(server(bytesOf('06400000 00'))).toEqual({ messages: [] });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  test('after a violation nothing is decoded, and what came before it is', () => {
    const codec = kafkaProtocol.codec('server');
    const good = encodeFrame((EXAMPLES[0] as Example).request);
    const first = codec.decode(joined([good, bytesOf('ffffffff')]));
    expect(first.messages).toHaveLength(1);
    expect(first.violation).toEqual(expect.any(String));
    expect(codec.decode(good)).toMatchObject({ messages: [], violation: first.violation });
  });

  test('a response that nobody asked for, or for acks 0, is a violation', () => {
    const client = kafkaProtocol.codec('client');
    expect(client.decode(bytesOf('00000004 00000001')).violation).toMatch(/no request/);
    const other = kafkaProtocol.codec('client');
    const body = { ...defaults(produceRequest), acks: 0 };
    const request = { kind: 'request', apiKey: 0, apiVersion: 12, correlationId: 1 } as const;
    other.encode({ ...request, clientId: null, body });
    expect(other.decode(bytesOf('00000004 00000001')).violation).toMatch(/no request/);
  });

  test('an array of 2^31 elements is refused for what it claims', () => {
    const claim = bytesOf('00000012 0003 0001 00000000 ffff 7fffffff 0001 61 ff');
    expect(server(claim).violation).toMatch(/2147483647 elements/);
  });

  test('a tagged field that is shorter than its size is a violation', () => {
    const header = '0001 0011 00000000 ffff 00';
    const fields = '00000000 00000000 00000000 00 00000000 00000000 01 01 01';
    const rest = bytesOf(`${header} ${fields} 01 00 03 0263 00`);
    const frame = joined([Uint8Array.of(0, 0, 0, rest.length), rest]);
    expect(server(frame).violation).toMatch(/1 bytes too many/);
  });

  test('an unknown tag is skipped; tags that descend and a wrong size are violations', () => {
    const header = '0012 0003 00000000 ffff 00 01 01';
    const frame = (tags: string): Uint8Array => {
      const rest = bytesOf(header + tags);
      return joined([Uint8Array.of(0, 0, 0, rest.length), rest]);
    };
    expect(server(frame('01 63 02 aabb')).violation).toBeUndefined();
    expect(server(frame('02 63 00 62 00')).violation).toMatch(/tag/);
    expect(server(frame('01 63 7f aa')).violation).toMatch(/127/);
  });
});

describe('kafka protocol: hostile bytes', () => {
  function frameOf(content: Uint8Array): Uint8Array {
    const size = content.length;
    return joined([Uint8Array.of(size >> 24, size >> 16, size >> 8, size), content]);
  }

  /** Decodes as a server or as the client that asked; checks that memory follows the input. */
  function attack(content: Uint8Array, of: Example, role: 'client' | 'server'): boolean {
    const codec = kafkaProtocol.codec(role);
    if (role === 'client') codec.encode({ ...of.request, body: withAcks(of.request.body) });
    const { messages, violation } = codec.decode(frameOf(content));
    expect(weight(messages)).toBeLessThan(400 + 40 * content.length);
    return violation === undefined;
  }

  const withAcks = (body: unknown): unknown => ({ ...(body as object), acks: 1 });

  test.each(EXAMPLES)('$name cut at each byte is a violation', (of) => {
    for (const role of ['server', 'client'] as const) {
      const content = encodeFrame(role === 'server' ? of.request : of.response).subarray(4);
      expect(attack(content, of, role)).toBe(true);
      for (let end = 1; end < content.length; end++) {
        expect(attack(content.subarray(0, end), of, role), `${role} at ${end}`).toBe(false);
      }
    }
  });

  test.each(EXAMPLES)('$name with a byte changed never throws', (of) => {
    for (const role of ['server', 'client'] as const) {
      const content = encodeFrame(role === 'server' ? of.request : of.response).slice(4);
      const step = 1 + (content.length >> 8);
      for (let at = 0; at < content.length; at += step) {
        const kept = content[at] as number;
        for (const changed of [kept ^ 0x01, kept ^ 0x80, 0x7f, 0xff]) {
          content[at] = changed;
          attack(content, of, role);
        }
        content[at] = kept;
      }
    }
  });
});
