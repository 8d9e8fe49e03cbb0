/** Kafka's replication and its producer, as a system that can be asked whether it is safe. */
import type { SafeSystem } from '../system.ts';
import { kafkaConfigurationFor } from './kafka-configuration.ts';
import { remediesOf, stagesOf } from './kafka-plan.ts';
import { changeKafka, readKafka, releases } from './resolve.ts';

export const kafkaSystem: SafeSystem = {
  id: 'kafka',
  title: { en: 'Apache Kafka: replication and producer', zh: 'Apache Kafka：副本复制与生产者' },
  releases,
  read: readKafka,
  change: changeKafka,
  stages: stagesOf,
  remedies: remediesOf,
  experiment: (knobs, forbidden) =>
    kafkaConfigurationFor(Number(knobs['replication.factor']), forbidden),
};
