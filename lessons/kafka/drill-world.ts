/**
 * The cluster into which the commands of Kafka's drills are typed: a whole one, since they may ask
 * for anything. Not here: how a story on it begins (`story.ts`), which loads only what it uses.
 */
import { KafkaCluster } from '#engine/lab/kafka.ts';
import { everyModule } from '#engine/lab/kafka-whole.ts';
import type { Lab } from '#engine/lab/index.ts';
import type { Handles } from '#engine/lab/terminal.ts';
import type { Told } from './story.ts';

/** Three brokers, with settings of a `server.properties` that differ from the profile's. */
export function drillCluster(
  lab: Lab,
  settings: Readonly<Record<string, string>> = {},
): KafkaCluster {
  return new KafkaCluster(lab, {
    ...{ brokers: 3, profile: 'kafka-4.1', modules: everyModule },
    settings,
  });
}

export function drillHandles({ cluster }: Told): Handles {
  return { kafka: cluster };
}
