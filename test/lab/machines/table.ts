/**
 * Every machine of the engine, by the names that the real component gives to its states, and with
 * the scenes that visit its transitions.
 *
 * Not here: the charts (`engine/lab/machines.ts`), what no scene visits (`explained.ts`).
 */
import { controllerScenes, lifecycleScenes, registrationScenes } from './broker-scenes.ts';
import { classicGroupScenes } from './classic-group-walks.ts';
import { connectionScenes, positionScenes, producerScenes } from './client-scenes.ts';
import { consumerMemberScenes } from './consumer-member-walks.ts';
import { coordinatorScenes } from './coordinator-scenes.ts';
import { memberStateScenes } from './member-scenes.ts';
import { quorumControllerScenes } from './quorum-scenes.ts';
import { raftScenes } from './raft-walks.ts';
import { isrScenes, replicaScenes } from './replica-scenes.ts';
import { sharePartitionScenes } from './share-scenes.ts';
import { failoverScenes, sessionScenes, zooKeeperScenes } from './beside-scenes.ts';
import { transactionScenes, transactionalProducerScenes } from './transaction-scenes.ts';
import type { Scene } from './visits.ts';

export interface MachineRow {
  readonly machine: string;
  /** The real source's type of states, and where it stands. */
  readonly source: string;
  /** All names that it has, whether there is a state of the name here or not. */
  readonly names: readonly string[];
  /** States here that the source has no name for, each with the reason. */
  readonly own?: Readonly<Record<string, string>>;
  /** None where a test of its own, which is named here, visits each transition. */
  readonly scenes: readonly Scene[] | { readonly test: string };
}

const TRANSACTION_MANAGER =
  'UNINITIALIZED INITIALIZING READY IN_TRANSACTION PREPARED_TRANSACTION COMMITTING_TRANSACTION ' +
  'ABORTING_TRANSACTION ABORTABLE_ERROR FATAL_ERROR';
const words = (text: string): readonly string[] => text.split(' ');

export const machineRows: readonly MachineRow[] = [
  {
    machine: 'broker-lifecycle',
    source: 'org.apache.kafka.metadata.BrokerState',
    names: words(
      'NOT_RUNNING STARTING RECOVERY RUNNING PENDING_CONTROLLED_SHUTDOWN SHUTTING_DOWN UNKNOWN',
    ),
    scenes: lifecycleScenes,
  },
  {
    machine: 'replica',
    source: 'kafka.server.HostedPartition, kafka.server.ReplicaState',
    names: words('None Online Offline Truncating Fetching'),
    own: {
      Leader: 'Partition.makeLeader: a role, without a type of states',
      Follower: 'Partition.makeFollower: a role, without a type of states',
      Idle: 'a follower without a fetcher: no leader is known',
      Failed: 'in FailedPartitions of the fetcher manager',
      Stopped: 'ReplicaManager.stopReplicas takes the partition out of its map',
    },
    scenes: replicaScenes,
  },
  {
    machine: 'isr',
    source: 'PartitionState in kafka.cluster.Partition',
    names: words('CommittedPartitionState PendingExpandIsr PendingShrinkIsr'),
    scenes: isrScenes,
  },
  {
    machine: 'controller',
    source: 'org.apache.kafka.controller.QuorumController',
    names: [],
    own: {
      LOADING: 'before QuorumController.claim, while its log is read',
      ACTIVE: 'QuorumController.isActive',
      RESIGNED: 'after QuorumController.renounce; there is no quorum to lead it again',
    },
    scenes: controllerScenes,
  },
  {
    machine: 'quorum-controller',
    source: 'org.apache.kafka.controller.QuorumController',
    names: [],
    own: {
      STANDBY: 'curClaimEpoch is -1; KIP-631 says standby',
      ACTIVE: 'QuorumController.isActive; KIP-631 says active',
      STOPPED: 'QuorumController.beginShutdown',
    },
    scenes: quorumControllerScenes,
  },
  {
    machine: 'raft',
    source: 'org.apache.kafka.raft.EpochState: the classes that implement it, without State',
    names: words('Unattached Voted Prospective Candidate Leader Follower Resigned'),
    scenes: raftScenes,
  },
  {
    machine: 'broker-registration',
    source: 'org.apache.kafka.controller.BrokerControlState',
    names: words('FENCED UNFENCED CONTROLLED_SHUTDOWN SHUTDOWN_NOW'),
    own: { REGISTERED: 'passed through: the log says in which state a broker is found' },
    scenes: registrationScenes,
  },
  {
    machine: 'producer',
    source: 'State in org.apache.kafka.clients.producer.internals.TransactionManager',
    names: words(TRANSACTION_MANAGER),
    scenes: producerScenes,
  },
  {
    machine: 'transactional-producer',
    source: 'State in org.apache.kafka.clients.producer.internals.TransactionManager',
    names: words(TRANSACTION_MANAGER),
    scenes: transactionalProducerScenes,
  },
  {
    machine: 'coordinator',
    source: 'CoordinatorState in org.apache.kafka.coordinator.common.runtime',
    names: words('INITIAL LOADING ACTIVE CLOSED FAILED'),
    scenes: coordinatorScenes,
  },
  {
    machine: 'classic-group',
    source: 'org.apache.kafka.coordinator.group.classic.ClassicGroupState, by its strings',
    names: words('Empty PreparingRebalance CompletingRebalance Stable Dead'),
    scenes: classicGroupScenes,
  },
  {
    machine: 'transaction',
    source: 'org.apache.kafka.coordinator.transaction.TransactionState, by its strings',
    names: words(
      'Empty Ongoing PrepareCommit PrepareAbort CompleteCommit CompleteAbort Dead ' +
        'PrepareEpochFence',
    ),
    scenes: transactionScenes,
  },
  {
    machine: 'share-partition',
    source: 'SharePartitionState in kafka.server.share.SharePartition',
    names: words('EMPTY INITIALIZING ACTIVE FAILED FENCED'),
    scenes: sharePartitionScenes,
  },
  {
    machine: 'fetch-state',
    source: 'FetchStates in org.apache.kafka.clients.consumer.internals.SubscriptionState',
    names: words('INITIALIZING FETCHING AWAIT_RESET AWAIT_VALIDATION'),
    scenes: positionScenes,
  },
  {
    machine: 'member-state',
    source: 'MemberState in org.apache.kafka.clients.consumer.internals.AbstractCoordinator',
    names: words('UNJOINED PREPARING_REBALANCE COMPLETING_REBALANCE STABLE'),
    scenes: memberStateScenes,
  },
  {
    machine: 'consumer-member-state',
    source: 'org.apache.kafka.clients.consumer.internals.MemberState',
    names: words(
      'UNSUBSCRIBED JOINING RECONCILING ACKNOWLEDGING STABLE FENCED PREPARE_LEAVING LEAVING ' +
        'FATAL STALE',
    ),
    scenes: consumerMemberScenes,
  },
  {
    machine: 'connection',
    source: 'org.apache.kafka.clients.ConnectionState',
    names: words('DISCONNECTED CONNECTING CHECKING_API_VERSIONS READY AUTHENTICATION_FAILED'),
    scenes: connectionScenes,
  },
  {
    machine: 'session',
    source: 'PostgreSQL, pg_stat_activity.state',
    names: [
      ...['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)'],
      ...['fastpath function call', 'disabled'],
    ],
    scenes: sessionScenes,
  },
  {
    machine: 'failover',
    source: 'Redis, SENTINEL_FAILOVER_STATE_* in sentinel.c',
    names: words(
      'NONE WAIT_START SELECT_SLAVE SEND_SLAVEOF_NOONE WAIT_PROMOTION RECONF_SLAVES UPDATE_CONFIG',
    ),
    scenes: failoverScenes,
  },
  {
    machine: 'zookeeper-client',
    source: 'States in org.apache.zookeeper.ZooKeeper',
    names: words(
      'CONNECTING ASSOCIATING CONNECTED CONNECTEDREADONLY CLOSED AUTH_FAILED NOT_CONNECTED',
    ),
    scenes: zooKeeperScenes,
  },
  {
    machine: 'amqp-connection',
    source: 'connection_state in rabbit_reader.erl',
    names: words(
      'pre_init starting securing tuning opening running blocking blocked closing closed stop',
    ),
    own: { handshake_error: 'a term that is thrown while the reader sleeps before it ends' },
    scenes: { test: 'test/rabbitmq/connection/connection.test.ts' },
  },
  {
    machine: 'amqp-channel',
    source: '#conf.state and tx in rabbit_channel.erl',
    names: words('starting running flow closing committing'),
    own: { stop: 'the end of its process' },
    scenes: { test: 'test/rabbitmq/connection/connection.test.ts' },
  },
];
