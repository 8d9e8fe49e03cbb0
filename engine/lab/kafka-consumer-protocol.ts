/**
 * The lab's handle on the consumer protocol (KIP-848): in place of `groupCoordination`, for groups
 * whose members have `group.protocol=consumer`. Groups of the classic protocol work, too.
 *
 *     const cluster = new KafkaCluster(lab, { brokers: 3, modules: consumerGroupCoordination });
 *     lab.narrateWith(consumerGroupNarration);
 *
 * Not here: members and what can be asked of a group (`kafka-groups.ts`).
 */
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import { consumerProtocol } from '../kafka/group/consumer/consumer-group-handlers.ts';
import { groupCoordinator } from '../kafka/group/group-coordinator.ts';

export { consumerGroupNarration } from '../kafka/group/consumer/consumer-group-trace.ts';

/** A coordinator of groups of both protocols on every broker. */
export const consumerGroupCoordination: readonly BrokerModuleFactory[] = [
  groupCoordinator(consumerProtocol),
];
