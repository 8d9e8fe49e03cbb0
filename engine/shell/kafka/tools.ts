/**
 * The tools of Apache Kafka, in the order of their names. With them come Kafka's codecs: whoever
 * types may ask for any of them.
 */
import '../../bytes/codecs.ts';
import type { Localized } from '../../lab/knob.ts';
import { type Release, releases } from '../../kafka/profiles/releases.ts';
import type { ShellWorld, Tool } from '../program.ts';
import { profileOfWorld } from './admin-session.ts';
import { toolSpans } from './option-history.ts';
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

const all: readonly Tool[] = [
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

export const kafkaTools: readonly Tool[] = all.map((tool) => ({
  ...tool,
  absence: (world: ShellWorld) => absenceOf(tool.name, world),
}));

/** Why a tool is not in `bin/` of the world's release; null if it is. */
function absenceOf(name: string, world: ShellWorld): Localized | null {
  const { since, until } = toolSpans[name] ?? {};
  if (world.handles.kafka === undefined) return null;
  const { release } = profileOfWorld(world);
  const isBefore = (other: Release): boolean => releases.indexOf(release) < releases.indexOf(other);
  if (since !== undefined && isBefore(since)) {
    return {
      en: `Kafka ${release} has no ${name}: it came with ${since}.`,
      zh: `Kafka ${release} 没有 ${name}：${since} 才有。`,
    };
  }
  if (until === undefined || isBefore(until)) return null;
  return {
    en: `Kafka ${release} has no ${name}: it is gone since ${until}.`,
    zh: `Kafka ${release} 没有 ${name}：从 ${until} 起已移除。`,
  };
}
