/**
 * What a cluster and its clients are made of: the seam between the lab's handle on Kafka and where
 * Kafka runs. The simulated parts are the engine's own. Others can stand in for them by
 * `Lab.standIns` (`engine/node/real` puts a real cluster there, reached through a stock client):
 * processes that take the same calls, and tell what they can observe.
 *
 * Not here: what an experiment asks of a cluster (`kafka.ts`).
 */
import { createBroker } from '../kafka/broker.ts';
import { createAdmin } from '../kafka/client/admin.ts';
import { createConsumer } from '../kafka/client/consumer/consumer.ts';
import { createProducer } from '../kafka/client/producer/producer.ts';
import { createController } from '../kafka/controller/controller.ts';
import type { ProcessFactory } from '../kernel/ports.ts';
import type { Lab } from './experiment.ts';

type Made<F extends (options: never) => unknown> = (options: Parameters<F>[0]) => ProcessFactory;

export interface KafkaParts {
  readonly controller: Made<typeof createController>;
  readonly broker: Made<typeof createBroker>;
  readonly admin: Made<typeof createAdmin>;
  readonly producer: Made<typeof createProducer>;
  readonly consumer: Made<typeof createConsumer>;
}

const simulatedParts: KafkaParts = {
  controller: createController,
  broker: createBroker,
  admin: createAdmin,
  producer: createProducer,
  consumer: createConsumer,
};

/** By this name `Lab.standIns` has other parts. */
export const KAFKA_PARTS = 'kafka';

/** The parts that a lab has its Kafka of. */
export function kafkaParts(lab: Lab): KafkaParts {
  const standIn = lab.standIns?.get(KAFKA_PARTS) as KafkaParts | undefined;
  return standIn ?? simulatedParts;
}
