/** Every kind of trace entry of brokers and partitions has a sentence in both languages. */
import { describe, expect, test } from 'vitest';
import * as brokerKinds from '../../engine/kafka/broker/broker-trace.ts';
import { kafkaNarration } from '../../engine/kafka/narration.ts';
import * as partitionKinds from '../../engine/kafka/partition/partition-trace.ts';
import type { TraceKind } from '../../engine/kernel/ports.ts';

const kinds = (
  [...Object.values(brokerKinds), ...Object.values(partitionKinds)] as unknown[]
).filter((kind): kind is TraceKind => typeof kind === 'object' && kind !== null && 'names' in kind);

function sample(kind: TraceKind): Record<string, unknown> {
  const values = { string: 'pay-0', int: 3, bool: true };
  return Object.fromEntries(kind.names.map((name) => [name, values[kind.fields[name]!]]));
}

describe('kafka: narration', () => {
  test('kafka: narration: there are kinds to tell of', () => {
    expect(kinds.length).toBeGreaterThan(10);
  });

  test.each(kinds.map((kind) => [kind.name, kind] as const))(
    'kafka: narration: %s is told in English and Chinese',
    (name, kind) => {
      const sentence = kafkaNarration[name];
      expect(sentence).toBeDefined();
      for (const text of [sentence!.en(sample(kind)), sentence!.zh(sample(kind))]) {
        expect(text).toMatch(/[.。]$/u);
        expect(text).not.toContain('undefined');
      }
    },
  );
});
