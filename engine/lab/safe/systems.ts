/** The systems that can be asked whether their configuration is safe. Others are added here. */
import { assert } from '../../kernel/assert.ts';
import { kafkaSystem } from './kafka/kafka-system.ts';
import type { SafeSystem } from './system.ts';

/** The first one is meant where none is named. */
const systems: readonly SafeSystem[] = [kafkaSystem];

export const systemIds: readonly string[] = systems.map(({ id }) => id);

/** Asserts that there is one of that id. */
export function systemNamed(id: string): SafeSystem {
  const system = systems.find((one) => one.id === id);
  assert(system !== undefined, 'a system that is known', { id, known: systemIds });
  return system;
}
