/**
 * Administration with all that the tools ask for: throttles of replication are settings, and
 * DescribeTopicPartitions is answered. A page that needs no tools takes `administration`.
 */
import type { Api } from '../../wire/kafka/api.ts';
import {
  incrementalAlterConfigs,
  type IncrementalAlterConfigsRequest,
} from '../../wire/kafka/messages/incremental-alter-configs.ts';
import type { BrokerModuleFactory } from '../broker/broker-module.ts';
import { administrationDecisions, decision } from '../controller/administration.ts';
import { alterConfigs } from '../controller/incremental-alter-configs.ts';
import { replicationThrottles } from '../controller/replication-throttles.ts';
import { topicDescription } from './75-describe-topic-partitions.ts';
import { administration } from './administration.ts';

const throttled = decision(
  incrementalAlterConfigs as Api,
  ({ view }, body: IncrementalAlterConfigsRequest) =>
    alterConfigs(view, body, replicationThrottles),
);

export const wholeAdministration: readonly BrokerModuleFactory[] = [
  {
    ...administration,
    decisions: administrationDecisions.map((one) =>
      one.api.key === throttled.api.key ? throttled : one,
    ),
  },
  topicDescription,
];
