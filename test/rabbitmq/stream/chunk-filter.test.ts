/** Filters of chunks: what consumers that ask for values are sent. */
import { expect, test } from 'vitest';
import type { FieldTable, FieldValue } from '../../../engine/wire/amqp/field-table.ts';
import { newestProfile, profileOf } from '../../../engine/rabbitmq/profiles.ts';
import { chunkFilter, mayMatch } from '../../../engine/rabbitmq/stream/chunk-filter.ts';
import { checkStreamDeclaration } from '../../../engine/rabbitmq/stream/stream-arguments.ts';
import { Channel, StreamRig } from './stream-rig.ts';

const text = (value: string): FieldValue => ({ type: 'longstr', value });
const byte = (value: number): FieldValue => ({ type: 'signedint', value });

/** Each value is that of the records of one chunk, whose bodies are named after it. */
function publish(rig: StreamRig, ...values: readonly (string | null)[]): void {
  for (const [at, value] of values.entries()) {
    const headers = value === null ? [] : [{ name: 'x-stream-filter-value', value: text(value) }];
    for (const part of ['a', 'b']) {
      const message = {
        ...{ exchange: '', routingKeys: ['s'], properties: { headers }, ttlMs: null, deaths: [] },
        body: new TextEncoder().encode(`${value ?? 'none'}-${at}${part}`),
      };
      rig.queue('a').publish(message, null);
    }
    rig.settle();
  }
}

function read(rig: StreamRig, ...asked: FieldTable): readonly string[] {
  const channel = new Channel();
  const options = { tag: 'c', noAck: false, exclusive: false, prefetchCount: 100, priority: 0 };
  const offset = { name: 'x-stream-offset', value: text('first') };
  rig.queue('a').consume(channel, { ...options, arguments: [offset, ...asked] }, () => {});
  return channel.bodies();
}

const FILTER = 'x-stream-filter';
const UNFILTERED = { name: 'x-stream-match-unfiltered', value: { type: 'bool', value: true } };

test('rabbitmq: stream: a consumer with a filter is sent the chunks that may have a value', () => {
  const rig = new StreamRig(['a']);
  publish(rig, 'paris', null, 'oslo', 'paris', 'lima');
  const one = { name: FILTER, value: text('paris') };
  expect(read(rig, one)).toEqual(['paris-0a', 'paris-0b', 'paris-3a', 'paris-3b']);
  const two = { name: FILTER, value: { type: 'array', value: [text('oslo'), text('lima')] } };
  expect(read(rig, two as FieldTable[number])).toEqual([
    'oslo-2a',
    'oslo-2b',
    'lima-4a',
    'lima-4b',
  ]);
  expect(read(rig, one, UNFILTERED as FieldTable[number])).toEqual([
    ...['paris-0a', 'paris-0b', 'none-1a', 'none-1b', 'paris-3a', 'paris-3b'],
  ]);
  expect(read(rig)).toHaveLength(10);
});

test('rabbitmq: stream: until 3.12 a filter means nothing', () => {
  const rig = new StreamRig(['a'], ['a'], [], 'rabbitmq-3.12');
  publish(rig, 'paris', 'oslo');
  expect(read(rig, { name: FILTER, value: text('paris') })).toHaveLength(4);
});

test('rabbitmq: stream: a chunk of several values is sent whole to who asks for one', () => {
  const filter = chunkFilter(['oslo', null, 'lima'], 16);
  const asked = (value: string, matchesUnfiltered = false): boolean =>
    mayMatch(filter, { values: [value], matchesUnfiltered });
  expect([asked('oslo'), asked('lima'), asked('paris'), asked('paris', true)]).toEqual([
    ...[true, true, false, true],
  ]);
});

test('rabbitmq: stream: of 1000 values a chunk with ten of them may have at most 40', () => {
  const own = Array.from({ length: 10 }, (_, at) => `own-${at}`);
  const filter = chunkFilter(own, 16);
  const found = Array.from({ length: 1000 }, (_, at) => `other-${at}`).filter((value) =>
    mayMatch(filter, { values: [value], matchesUnfiltered: false }),
  );
  expect(found.length).toBeLessThan(40);
});

test('rabbitmq: stream: the size of a filter is 16 to 255 bytes', () => {
  const check = (value: FieldValue, release = newestProfile): string | undefined => {
    const args = [{ name: 'x-stream-filter-size-bytes', value }];
    const properties = { durable: true, autoDelete: false, exclusiveOwner: null };
    const declaration = { name: 's', ...properties, arguments: args };
    return checkStreamDeclaration('q', declaration, profileOf(release))?.explanation;
  };
  expect([check(byte(16)), check(byte(255))]).toEqual([undefined, undefined]);
  expect(check(byte(15))).toBe('Invalid value for x-stream-filter-size-bytes');
  expect(check(byte(256))).toBe('Invalid value for x-stream-filter-size-bytes');
  expect(check(text('16'))).toBe('Invalid type for x-stream-filter-size-bytes');
  expect(check(byte(16), 'rabbitmq-3.12')).toBe(
    "invalid arg 'x-stream-filter-size-bytes' for q of queue type rabbit_stream_queue",
  );
});
