/** Messages as JSON (`engine/wire/kafka/message-json.ts`). */
import { describe, expect, test } from 'vitest';
import { messageJson } from '#engine/wire/kafka/message-json.ts';
import { array, bytes, int32, object, string, struct, uuid } from '#engine/wire/kafka/schema.ts';

const schema = struct('Example', {
  name: string(),
  note: string({ since: 1, nullable: true, tag: 0, default: null }),
  old: int32({ until: 0 }),
  ids: array(int32(), { tag: 1, since: 1 }),
  inner: object('Inner', { topicId: uuid(), late: int32({ since: 1 }) }),
  data: bytes({ nullable: true }),
});

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const message = {
  ...{ name: 'a', note: null, old: 7, ids: [] as number[] },
  ...{ inner: { topicId, late: 3 }, data: null as Uint8Array | null },
};

describe('wire: kafka: messages as JSON', () => {
  test('a version has its own fields, in the order of the schema', () => {
    expect(JSON.stringify(messageJson(schema, 0, message))).toBe(
      `{"name":"a","old":7,"inner":{"topicId":"${topicId}"},"data":null}`,
    );
    expect(messageJson(schema, 1, message)).toEqual({
      ...{ name: 'a', inner: { topicId, late: 3 }, data: null },
    });
  });

  test('a tagged field is told only where it is not its default', () => {
    const told = messageJson(schema, 1, { ...message, note: 'n', ids: [1, 2] });
    expect(told).toMatchObject({ note: 'n', ids: [1, 2] });
  });

  test.each([
    [[], ''],
    [[77], 'TQ=='],
    [[77, 97], 'TWE='],
    [[77, 97, 110], 'TWFu'],
    [[255, 254, 253, 0], '//79AA=='],
  ])('bytes %j are base64 %j', (data, text) => {
    const told = messageJson(schema, 1, { ...message, data: Uint8Array.from(data) });
    expect(told['data']).toBe(text);
  });
});
