/** Where Kafka's tools answer otherwise here than the recorded ones, and why. */
import type { Difference } from '../differences.ts';

const groups = 'kafka/kafka-consumer-groups';
const consumer = 'kafka/kafka-console-consumer';
const readers = 'kafka-console-consumer.sh --bootstrap-server broker-1:9092 --topic orders';

export const kafkaDifferences: readonly Difference[] = [
  {
    file: `${groups}/describe.txt`,
    command: `${readers} --group readers --from-beginning --max-messages 4`,
    ours: ['1', '2', '3', '4', 'Processed a total of 4 messages'],
    reason: 'Which partition is read first is not decided.',
  },
  {
    file: `${consumer}/usage.txt`,
    command: `${readers} --isolation-level none`,
    ours: [
      '[<date> <time>] ERROR Unknown error when running consumer:  ' +
        '(org.apache.kafka.tools.consumer.ConsoleConsumer)',
      'org.apache.kafka.common.config.ConfigException: Invalid value none for configuration ' +
        'isolation.level: String must be one of: read_uncommitted, read_committed',
    ],
    reason: 'The allowed values stand in another order.',
  },
  {
    file: `${consumer}/usage.txt`,
    command:
      'kafka-console-consumer.sh --bootstrap-server broker-1:9092 ' +
      "--topic 'a topic' --timeout-ms 3000",
    ours: [
      '[<date> <time>] ERROR [Consumer clientId=console-consumer, ' +
        'groupId=console-consumer-<number>] ' +
        'Metadata response reported invalid topics [a topic] (org.apache.kafka.clients.Metadata)',
      '[<date> <time>] ERROR Error processing message, terminating consumer process:  ' +
        '(org.apache.kafka.tools.consumer.ConsoleConsumer)',
      'org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [a topic]',
      'Processed a total of 0 messages',
    ],
    reason: 'The recorded one timed out before it had heard of the topic.',
  },
  {
    file: 'kafka/kafka-delete-records/records.txt',
    command:
      'kafka-delete-records.sh --bootstrap-server broker-1:9092 --offset-json-file unknown.json',
    ours: [
      'Executing records delete operation',
      'Records delete operation completed:',
      'partition: audit-3\terror: org.apache.kafka.common.errors.TimeoutException: ' +
        'Timed out waiting for a node assignment. Call: deleteRecords(api=METADATA)',
      'partition: nothing-0\terror: org.apache.kafka.common.errors.TimeoutException: ' +
        'Timed out waiting for a node assignment. Call: deleteRecords(api=METADATA)',
    ],
    reason: 'The real map of answers is smaller than a Java map usually is: another order.',
  },
];
