/** Every kind of trace entry of brokers, partitions and controllers has a sentence or is noise. */
import { describe, expect, test } from 'vitest';
import * as brokerKinds from '../../engine/kafka/broker/broker-trace.ts';
import { kafkaNarration } from '../../engine/kafka/narration.ts';
import * as controllerKinds from '../../engine/kafka/controller/controller-trace.ts';
import * as coordinatorKinds from '../../engine/kafka/coordinator/coordinator-trace.ts';
import * as groupKinds from '../../engine/kafka/group/group-trace.ts';
import * as partitionKinds from '../../engine/kafka/partition/partition-trace.ts';
import type { TraceKind } from '../../engine/kernel/ports.ts';

/** Progress of the metadata log: with a sentence it would drown every other. */
const UNTOLD: ReadonlySet<string> = new Set(['metadata', 'metadata-committed']);

/** What comes with a module brings its own sentences. */
const narration = { ...kafkaNarration, ...groupKinds.groupNarration };

const kinds = [brokerKinds, partitionKinds, controllerKinds, coordinatorKinds, groupKinds]
  .flatMap((module): unknown[] => Object.values(module))
  .filter((kind): kind is TraceKind => typeof kind === 'object' && kind !== null && 'names' in kind)
  .filter(({ name }) => !UNTOLD.has(name));

function sample(kind: TraceKind): Record<string, unknown> {
  const values = { string: 'pay-0', int: 3, bool: true };
  const fields = kind.names.map((name) => [name, values[kind.fields[name]!]] as const);
  return { ...Object.fromEntries(fields), host: 'broker-3' };
}

describe('kafka: narration', () => {
  test('kafka: narration: there are kinds to tell of', () => {
    expect(kinds.length).toBeGreaterThan(10);
  });

  test.each(kinds.map((kind) => [kind.name, kind] as const))(
    'kafka: narration: %s is told in English and Chinese',
    (name, kind) => {
      const sentence = narration[name];
      expect(sentence).toBeDefined();
      for (const text of [sentence!.en(sample(kind)), sentence!.zh(sample(kind))]) {
        expect(text).toMatch(/[.。]$/u);
        expect(text).not.toContain('undefined');
      }
      expect(sentence!.zh(sample(kind))).not.toMatch(/[,;:()]|offset|epoch/);
    },
  );

  test('kafka: narration: a follower, which keeps no ISR, tells nothing of one', () => {
    const entry = {
      host: 'broker-2',
      partition: 'pay-0',
      isr: '',
      state: 'CommittedPartitionState',
    };
    expect(kafkaNarration['isr']!.en(entry)).toBe('');
    expect(kafkaNarration['isr']!.zh({ ...entry, isr: '1,2' })).toContain('{1,2}');
  });

  test('kafka: narration: only a client that loses its broker tells of a connection', () => {
    const entry = {
      host: 'producer-1',
      to: 'broker-1:9092',
      state: 'DISCONNECTED',
      reason: 'reset',
    };
    const told = kafkaNarration['connection-state']!.en;
    expect(told(entry)).toBe('producer-1 has no connection to broker-1:9092: reset.');
    expect(told({ ...entry, host: 'broker-2' })).toBe('');
    expect(told({ ...entry, state: 'CONNECTING' })).toBe('');
  });
});
