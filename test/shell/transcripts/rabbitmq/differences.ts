/** Where RabbitMQ's tools answer otherwise here than the recorded ones. */
import type { Difference } from '../differences.ts';

const declare = 'rabbitmq/rabbitmqadmin/declare.txt';
const users = 'rabbitmq/rabbitmqctl/users.txt';
const vhosts = 'rabbitmq/rabbitmqctl/vhosts.txt';

const alarms = 'rabbitmq/rabbitmqctl/alarms.txt';
const MEMORY = 'Memory is what messages take here: a node without any is never short of it.';

export const rabbitDifferences: readonly Difference[] = [
  {
    file: declare,
    command: 'rabbitmqadmin declare queue --name bad --type nothing',
    ours: ["invalid arg 'x-queue-type' for queue 'bad' in vhost '/': unsupported"],
    reason: "The engine's sentence is shorter.",
  },
  {
    file: declare,
    command: 'rabbitmqadmin declare exchange --name bad --type nothing',
    ours: ["unknown exchange type 'nothing'"],
    reason: "The plugin's check has words of its own; these are AMQP's.",
  },
  {
    file: 'rabbitmq/rabbitmqctl/list-queues.txt',
    command: 'rabbitmqctl list_queues --formatter=json name messages arguments durable',
    ours: null,
    reason: 'A client gives a small whole number as a signed int, the plugin as a long.',
  },
  {
    file: users,
    command: "rabbitmqctl set_permissions ann '(' '.*' '.*'",
    ours: ['Setting permissions for user "ann" in vhost "/" ...', 'Error:', 'Invalid regexp: ('],
    reason:
      'Patterns are those of JavaScript: what is wrong with one is not told in words of PCRE.',
  },
  {
    file: users,
    command: 'rabbitmqctl list_user_topic_permissions ann',
    ours: [
      'Listing topic permissions for user "ann" ...',
      'vhost\texchange\twrite\tread',
      '/\tamq.topic\t^a\t^b',
    ],
    reason: 'The real command forgets its header.',
  },
  {
    file: vhosts,
    command: 'rabbitmqctl list_vhosts name description tags default_queue_type',
    ours: null,
    reason: 'Tags of add_vhost stay a text in 3.10.8, and none an empty one; here they are a list.',
  },
  {
    file: vhosts,
    command: 'rabbitmqctl list_vhosts name tags',
    ours: null,
    reason: 'As above; and set_vhost_tags is not there.',
  },
  {
    file: 'rabbitmq/rabbitmqctl/policies.txt',
    command: "rabbitmqctl set_policy ttl '(' '{\"message-ttl\":1}'",
    ours: [
      'Setting policy "ttl" for pattern "(" to "{"message-ttl":1}" with priority "0" ' +
        'for vhost "/" ...',
      'Error:',
      'Validation failed',
      '',
      'pattern should be a regular expression: (',
      '',
    ],
    reason:
      'Patterns are those of JavaScript: what is wrong with one is not told in words of PCRE.',
  },
  { file: alarms, command: 'rabbitmq-diagnostics alarms', ours: null, reason: MEMORY },
  { file: alarms, command: 'rabbitmq-diagnostics check_alarms', ours: null, reason: MEMORY },
  { file: alarms, command: 'rabbitmq-diagnostics check_local_alarms', ours: null, reason: MEMORY },
];
