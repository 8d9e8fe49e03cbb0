/** The systems that can be attacked, by name. */
import { kafkaSystem } from '../../lab/swarm/kafka.ts';
import { rabbitSystem } from '../../lab/swarm/rabbitmq.ts';
import type { SwarmSystem } from '../../lab/swarm/plan.ts';
import { UsageError } from './usage.ts';

const systems: readonly SwarmSystem[] = [kafkaSystem, rabbitSystem];

/** Throws a `UsageError` that says which there are. */
export function systemNamed(name: unknown): SwarmSystem {
  const known = systems.map((system) => system.name).join(', ');
  if (typeof name !== 'string') throw new UsageError(`name a --system; there are: ${known}`);
  const system = systems.find((one) => one.name === name);
  if (system === undefined) throw new UsageError(`no system '${name}'; there are: ${known}`);
  return system;
}
