/**
 * What administrators ask of a cluster besides new topics, as a module: topics grow and go,
 * partitions move, leaders are elected on request, configurations are told and changed. Brokers
 * pass most of it on to the controller, whose decisions come with the module.
 *
 * Not here: CreateTopics, which every broker answers; DeleteRecords (`21-delete-records.ts`).
 * Difference: a real broker is never without it.
 */
import type { BrokerModule, BrokerModuleFactory } from '../broker/broker-module.ts';
import { administrationDecisions } from '../controller/administration.ts';
import { deleteTopicsHandler } from './20-delete-topics.ts';
import { describeConfigsHandler } from './32-describe-configs.ts';
import { describeLogDirsHandler } from './35-describe-log-dirs.ts';
import { createPartitionsHandler } from './37-create-partitions.ts';
import { electLeadersHandler } from './43-elect-leaders.ts';
import { incrementalAlterConfigsHandler } from './44-incremental-alter-configs.ts';
import { alterPartitionReassignmentsHandler } from './45-alter-partition-reassignments.ts';
import { listPartitionReassignmentsHandler } from './46-list-partition-reassignments.ts';
import { describeClusterHandler } from './60-describe-cluster.ts';

/** Lets a cluster be administered. */
export const administration: BrokerModuleFactory<Record<never, never>> = {
  settings: {},
  decisions: administrationDecisions,
  create: () => module,
};

/** It has no state. */
const module: BrokerModule = {
  handlers: [
    deleteTopicsHandler,
    describeConfigsHandler,
    describeLogDirsHandler,
    createPartitionsHandler,
    electLeadersHandler,
    incrementalAlterConfigsHandler,
    alterPartitionReassignmentsHandler,
    listPartitionReassignmentsHandler,
    describeClusterHandler,
  ],
  topics: [],
  elected: () => undefined,
  resigned: () => undefined,
  metadataChanged: () => undefined,
  close: () => undefined,
};
