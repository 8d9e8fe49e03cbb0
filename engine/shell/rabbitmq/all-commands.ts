/** The commands of `rabbitmqctl`, `rabbitmq-queues` and `rabbitmq-diagnostics`. */
import type { CliCommand } from './cli-command.ts';
import {
  closeAllConnections,
  closeAllUserConnections,
  closeConnection,
  listChannels,
  listConnections,
  listConsumers,
} from './list-clients.ts';
import { clusterCommands } from './cluster-commands.ts';
import { healthChecks } from './health-checks.ts';
import { membershipCommands } from './membership-commands.ts';
import { listQueues } from './list-queues.ts';
import { listBindings, listExchanges } from './list-topology.ts';
import * as policies from './policy-commands.ts';
import { deleteQueue, listUnresponsiveQueues, purgeQueue, syncQueue } from './queue-commands.ts';
import { quorumCommands } from './quorum-commands.ts';
import { setDiskFreeLimit, setVmMemoryHighWatermark } from './resource-commands.ts';
import * as users from './user-commands.ts';
import { addVhost, deleteVhost, listVhosts } from './vhost-commands.ts';

export const allCommands: readonly CliCommand[] = [
  ...[listQueues, listExchanges, listBindings, listConsumers, listConnections, listChannels],
  ...[closeConnection, closeAllConnections, closeAllUserConnections],
  ...[users.addUser, users.deleteUser, users.changePassword, users.clearPassword],
  ...[users.authenticateUser],
  ...[users.setUserTags, users.listUsers, users.setPermissions, users.clearPermissions],
  ...[users.setTopicPermissions, users.clearTopicPermissions, users.listPermissions],
  ...[users.listTopicPermissions, users.listUserPermissions, users.listUserTopicPermissions],
  ...[policies.setPolicy, policies.clearPolicy, policies.listPolicies],
  ...[policies.setOperatorPolicy, policies.clearOperatorPolicy, policies.listOperatorPolicies],
  ...[addVhost, deleteVhost, listVhosts],
  ...[deleteQueue, purgeQueue, syncQueue, listUnresponsiveQueues],
  ...[setVmMemoryHighWatermark, setDiskFreeLimit],
  ...clusterCommands,
  ...membershipCommands,
  ...quorumCommands,
  ...healthChecks,
];
