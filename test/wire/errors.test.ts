/** The table of error codes: complete, and retriable where Kafka's exception classes are. */
import { describe, expect, test } from 'vitest';
import { errorMessage } from '#engine/wire/kafka/error-messages.ts';
import { ErrorCode, errorName, isRetriable } from '#engine/wire/kafka/errors.ts';

describe('kafka error codes', () => {
  test('every code from -1 to 133 has one name and a message', () => {
    const codes = Object.values(ErrorCode);
    expect([...codes].sort((a, b) => a - b)).toEqual(Array.from({ length: 135 }, (_, i) => i - 1));
    for (const [name, code] of Object.entries(ErrorCode)) {
      expect(errorName(code)).toBe(name);
      expect(errorMessage(code)).toMatch(/\.$/);
    }
  });

  test('what a client may try again, and what not', () => {
    const retriable = [
      'NOT_LEADER_OR_FOLLOWER',
      'NOT_ENOUGH_REPLICAS',
      'FENCED_LEADER_EPOCH',
    ] as const;
    const fatal = [
      'NONE',
      'MESSAGE_TOO_LARGE',
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
      'PRODUCER_FENCED',
    ] as const;
    for (const name of retriable) expect(isRetriable(ErrorCode[name]), name).toBe(true);
    for (const name of fatal) expect(isRetriable(ErrorCode[name]), name).toBe(false);
  });

  test('a code that Kafka does not have is a bug of ours', () => {
    expect(() => errorName(999)).toThrow(/not an error code/);
  });
});
