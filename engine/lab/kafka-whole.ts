/**
 * A Kafka that can do all that the engine can: for a server, a playground, and drills whose tools
 * ask for any of it. A lesson takes the parts that it needs (`kafka-groups.ts` and the like).
 */
import { recordDeletion } from '../kafka/api/21-delete-records.ts';
import { wholeAdministration } from '../kafka/api/whole-administration.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import { logCleaner } from '../kafka/cleaner/log-cleaner.ts';
import { consumerProtocol } from '../kafka/group/consumer/consumer-group-handlers.ts';
import { groupCoordinator } from '../kafka/group/group-coordinator.ts';
import { shareProtocol } from '../kafka/group/share/share-group-handlers.ts';
import { shareGroups } from '../kafka/share/share-module.ts';
import { transactionCoordinator } from '../kafka/transaction/transaction-module.ts';

/** What a broker can do besides logs and replicas. */
export const everyModule: readonly BrokerModuleFactory[] = [
  groupCoordinator(consumerProtocol, shareProtocol),
  shareGroups,
  transactionCoordinator,
  logCleaner,
  recordDeletion,
  ...wholeAdministration,
];
