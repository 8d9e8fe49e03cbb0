/** The programs of Kafka's tools. Not here: what is known of each before (`tool-entries.ts`). */
import type { ToolProgram } from '../program.ts';
import { brokerApiVersionsTool } from './broker-api-versions.ts';
import { configsTool } from './configs.ts';
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
import type { KafkaToolName } from './tool-entries.ts';

export const kafkaPrograms: Readonly<Record<KafkaToolName, ToolProgram>> = {
  'kafka-broker-api-versions.sh': brokerApiVersionsTool,
  'kafka-configs.sh': configsTool,
  'kafka-console-consumer.sh': consoleConsumerTool,
  'kafka-console-producer.sh': consoleProducerTool,
  'kafka-consumer-groups.sh': consumerGroupsTool,
  'kafka-consumer-perf-test.sh': consumerPerfTestTool,
  'kafka-delete-records.sh': deleteRecordsTool,
  'kafka-dump-log.sh': dumpLogTool,
  'kafka-get-offsets.sh': getOffsetsTool,
  'kafka-leader-election.sh': leaderElectionTool,
  'kafka-log-dirs.sh': logDirsTool,
  'kafka-metadata-quorum.sh': metadataQuorumTool,
  'kafka-producer-perf-test.sh': producerPerfTestTool,
  'kafka-reassign-partitions.sh': reassignPartitionsTool,
  'kafka-topics.sh': topicsTool,
  'kafka-transactions.sh': transactionsTool,
  'zookeeper-shell.sh': zookeeperShellTool,
};
