/**
 * The tools of Apache Kafka, in the order of their names. With them come Kafka's codecs: whoever
 * types may ask for any of them.
 */
import '../../bytes/codecs.ts';
import type { Tool } from '../program.ts';
import { configsTool } from './configs.ts';
import { brokerApiVersionsTool } from './broker-api-versions.ts';
import { consoleConsumerTool } from './console-consumer.ts';
import { consoleProducerTool } from './console-producer.ts';
import { consumerGroupsTool } from './consumer-groups.ts';
import { consumerPerfTestTool } from './consumer-perf-test.ts';
import { deleteRecordsTool } from './delete-records.ts';
import { dumpLogTool } from './dump-log.ts';
import { getOffsetsTool } from './get-offsets.ts';
import { leaderElectionTool } from './leader-election.ts';
import { logDirsTool } from './log-dirs.ts';
import { metadataQuorumTool } from './metadata-quorum.ts';
import { producerPerfTestTool } from './producer-perf-test.ts';
import { reassignPartitionsTool } from './reassign-partitions.ts';
import { topicsTool } from './topics.ts';
import { transactionsTool } from './transactions.ts';
import { zookeeperShellTool } from './zookeeper-shell.ts';

export const kafkaTools: readonly Tool[] = [
  brokerApiVersionsTool,
  configsTool,
  consoleConsumerTool,
  consoleProducerTool,
  consumerGroupsTool,
  consumerPerfTestTool,
  deleteRecordsTool,
  dumpLogTool,
  getOffsetsTool,
  leaderElectionTool,
  logDirsTool,
  metadataQuorumTool,
  producerPerfTestTool,
  reassignPartitionsTool,
  topicsTool,
  transactionsTool,
  zookeeperShellTool,
];
