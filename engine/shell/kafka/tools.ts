/** The tools of Apache Kafka, in the order of their names. */
import type { Tool } from '../program.ts';
import { configsTool } from './configs.ts';
import { consoleConsumerTool } from './console-consumer.ts';
import { consoleProducerTool } from './console-producer.ts';
import { consumerGroupsTool } from './consumer-groups.ts';
import { deleteRecordsTool } from './delete-records.ts';
import { getOffsetsTool } from './get-offsets.ts';
import { topicsTool } from './topics.ts';

export const kafkaTools: readonly Tool[] = [
  configsTool,
  consoleConsumerTool,
  consoleProducerTool,
  consumerGroupsTool,
  deleteRecordsTool,
  getOffsetsTool,
  topicsTool,
];
