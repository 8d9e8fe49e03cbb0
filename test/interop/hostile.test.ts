/**
 * Hostile bytes at a served broker (reference d.1): what cannot be parsed closes the socket, with
 * nothing sent, and the server answers the next client.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await servedCluster(1);
  await served.program.start();
});
afterAll(() => served.clear());

interface Outcome {
  readonly heard: Buffer;
  readonly closed: boolean;
}

/** Sends bytes and waits until the socket is closed, so many bytes came, or for some time. */
function send(bytes: Buffer, waitMs = 3000, enoughBytes = Infinity): Promise<Outcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(served.port, '127.0.0.1');
    const done = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ heard: Buffer.concat(chunks), closed });
    };
    const timer = setTimeout(() => done(false), waitMs);
    let heardBytes = 0;
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      heardBytes += chunk.length;
      if (heardBytes >= enoughBytes) done(false);
    });
    socket.on('error', () => done(true));
    socket.on('close', () => done(true));
    socket.on('end', () => done(true));
    socket.write(bytes);
  });
}

function frame(...parts: readonly (Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as Buffer)));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A request header of version 1 with client id `x`. */
function header(apiKey: number, apiVersion: number, correlationId = 7): Buffer {
  return Buffer.concat([
    int16(apiKey),
    int16(apiVersion),
    int32(correlationId),
    int16(1),
    Buffer.from('x'),
  ]);
}

const METADATA = 3;
const API_VERSIONS = 18;
const goodRequest = frame(header(API_VERSIONS, 0));

async function answers(): Promise<boolean> {
  const { heard, closed } = await send(goodRequest, 3000, 12);
  return !closed && heard.length > 10 && heard.readInt32BE(4) === 7;
}

describe('hostile: the socket is closed and nothing is sent', () => {
  const cases: Readonly<Record<string, Buffer>> = {
    HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    'TLS hello': Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00, 0xa1, 0x03, 0x03]),
    'a negative length': int32(-1),
    'the least length': int32(-2_147_483_648),
    'a length of 0': int32(0),
    'a length beyond socket.request.max.bytes': int32(104_857_601),
    'the largest length': int32(2_147_483_647),
    'a header that is cut off': frame(int16(API_VERSIONS)),
    'an unknown API key': frame(header(999, 0)),
    'a negative API key': frame(header(-5, 0)),
    'an unsupported version': frame(header(METADATA, 99)),
    'a negative version': frame(header(METADATA, -1)),
    'a client id beyond the end': frame(int16(METADATA), int16(1), int32(7), int16(30_000)),
    'an array beyond the end': frame(header(METADATA, 1), int32(2_000_000_000)),
    'a negative array': frame(header(METADATA, 1), int32(-5)),
    'a string beyond the end': frame(header(METADATA, 1), int32(1), int16(500), [0x61]),
    'a varint of six bytes': frame(header(METADATA, 9), [0], [255, 255, 255, 255, 255, 1]),
    garbage: frame(Buffer.alloc(300, 0xa5)),
  };
  test.each(Object.entries(cases))('%s', async (_name, bytes) => {
    const { heard, closed } = await send(bytes);
    expect(closed).toBe(true);
    expect(heard.length).toBe(0);
    expect(await answers()).toBe(true);
  });
});

test('hostile: an unknown version of ApiVersions is answered with error 35', async () => {
  const { heard, closed } = await send(frame(header(API_VERSIONS, 120)), 3000, 12);
  expect(closed).toBe(false);
  expect([heard.readInt32BE(4), heard.readInt16BE(8)]).toEqual([7, 35]);
});

test('hostile: a good request before garbage is answered, then the socket is closed', async () => {
  const { heard, closed } = await send(Buffer.concat([goodRequest, int32(-1)]));
  expect(closed).toBe(true);
  expect(heard.readInt32BE(4)).toBe(7);
});

test('hostile: a hundred pipelined requests are answered in their order', async () => {
  const requests = Array.from({ length: 100 }, (_, place) => frame(header(API_VERSIONS, 0, place)));
  const { heard } = await send(Buffer.concat(requests), 1000);
  const ids: number[] = [];
  for (let place = 0; place < heard.length; place += 4 + heard.readInt32BE(place)) {
    ids.push(heard.readInt32BE(place + 4));
  }
  expect(ids).toEqual(requests.map((_, place) => place));
});

test('hostile: a request in single bytes is a request', async () => {
  const heard = await new Promise<Buffer>((resolve) => {
    const socket = connect({ port: served.port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (chunk) => {
      socket.destroy();
      resolve(chunk);
    });
    let place = 0;
    const drip = setInterval(() => {
      if (place === goodRequest.length) clearInterval(drip);
      else socket.write(goodRequest.subarray(place, ++place));
    }, 5);
  });
  expect(heard.readInt32BE(4)).toBe(7);
});

test('hostile: an announced frame of 100 MiB takes no memory before it comes', async () => {
  const sockets = Array.from({ length: 50 }, () => {
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(int32(104_857_600));
    return socket;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await answers()).toBe(true);
  for (const socket of sockets) socket.destroy();
});

test('hostile: a first request that does not come in time closes the socket', async () => {
  const began = performance.now();
  const { closed, heard } = await send(goodRequest.subarray(0, 9), 15_000);
  expect(closed).toBe(true);
  expect(heard.length).toBe(0);
  expect(performance.now() - began).toBeGreaterThan(5_000);
});

test('hostile: mutated requests never end the server', async () => {
  const base = frame(header(METADATA, 1), int32(1), int16(3), Buffer.from('pay'));
  const mutants: Buffer[] = [];
  for (let place = 0; place < base.length; place++) {
    for (const value of [0, 1, 127, 128, 255]) {
      const mutant = Buffer.from(base);
      mutant[place] = value;
      mutants.push(mutant);
    }
  }
  for (let place = 0; place < mutants.length; place += 20) {
    await Promise.all(mutants.slice(place, place + 20).map((mutant) => send(mutant, 50)));
  }
  expect(await answers()).toBe(true);
  expect(served.program.output).not.toContain('has ended');
  expect(served.program.output).not.toContain('the codec failed');
});
