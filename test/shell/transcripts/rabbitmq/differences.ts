/** Where RabbitMQ's tools answer otherwise here than the recorded ones. */
import type { Difference } from '../differences.ts';

const declare = 'rabbitmq/rabbitmqadmin/declare.txt';
const users = 'rabbitmq/rabbitmqctl/users.txt';
const vhosts = 'rabbitmq/rabbitmqctl/vhosts.txt';

const alarms = 'rabbitmq/rabbitmqctl/alarms.txt';
const MEMORY = 'Memory is what messages take here: a node without any is never short of it.';

const perfTest = 'rabbitmq/perf-test/runs.txt';
const quorum = 'rabbitmq/rabbitmq-queues/quorum.txt';
const USAGE = 'Only options that are here are listed, with short texts of our own.';
const RAFT = 'Indexes are those of our log, members stand by name, and a machine has no version.';

/** What tools say of themselves: they list what is here, in short texts of our own. */
const helps: readonly (readonly [string, string])[] = [
  ['rabbitmqctl/help.txt', 'rabbitmqctl help'],
  ['rabbitmqctl/help.txt', 'rabbitmqctl help list_queues'],
  ['rabbitmqctl/help.txt', 'rabbitmqctl help set_policy'],
  ['rabbitmqadmin/help.txt', 'rabbitmqadmin --help'],
  ['rabbitmqadmin/help.txt', 'rabbitmqadmin declare --help'],
  ['rabbitmqadmin/help.txt', 'rabbitmqadmin declare queue --help'],
  ['rabbitmqadmin/help.txt', 'rabbitmqadmin publish message --help'],
  ['rabbitmqadmin/help.txt', 'rabbitmqadmin get messages --help'],
  ['rabbitmq-queues/help.txt', 'rabbitmq-queues'],
  ['rabbitmq-queues/help.txt', 'rabbitmq-queues help quorum_status'],
  ['rabbitmq-queues/help.txt', 'rabbitmq-diagnostics'],
  ['rabbitmq-queues/help.txt', 'rabbitmq-queues list_queues'],
  ['perf-test/help.txt', 'perf-test --help'],
];

export const rabbitDifferences: readonly Difference[] = [
  ...helps.map(([file, command]) => ({
    ...{ file: `rabbitmq/${file}`, command, ours: null },
    reason: 'Only commands and options that are here are listed, without guides and notes.',
  })),
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
  {
    file: perfTest,
    command: 'perf-test -x 1 -y 0 -u orders -qa x-max-length=10 -C 5',
    ours: [
      'Main thread caught exception: java.io.IOException: 406 PRECONDITION_FAILED - inequivalent ' +
        "arg 'x-max-length' for queue 'orders' in vhost '/': received the value '10' of type " +
        "'signedint' but current is none",
      'test stopped',
    ],
    reason: 'What the broker said stands in the first line; there it is in the trace of the stack.',
  },
  { file: perfTest, command: 'perf-test --nothing', ours: null, reason: USAGE },
  { file: perfTest, command: 'perf-test -x', ours: null, reason: USAGE },
  {
    file: perfTest,
    command: 'rabbitmqctl list_queues name messages',
    ours: null,
    reason: 'A run with -mf compact, which is not there, had published five more.',
  },
  {
    file: 'rabbitmq/rabbitmqctl/members.txt',
    command: 'rabbitmqctl -n rabbit@rabbit-3 update_cluster_nodes rabbit@rabbit-1',
    ours: ["rabbitmqctl: the command 'update_cluster_nodes' is not supported here"],
    exit: 64,
    reason: 'A node asks all members that it knows when it starts, which is what it was for.',
  },
  { file: quorum, command: 'rabbitmq-queues quorum_status orders', ours: null, reason: RAFT },
  { file: quorum, command: 'rabbitmq-queues quorum_status small', ours: null, reason: RAFT },
  {
    file: quorum,
    command: 'rabbitmq-queues quorum_status orders --formatter json',
    ours: null,
    reason: RAFT,
  },
  {
    file: 'rabbitmq/rabbitmqadmin/list.txt',
    command: 'rabbitmqadmin list queues',
    ours: null,
    reason:
      'Memory is that of bodies; and of a quorum queue the tool does not find the node and the ' +
      'state where the broker is as old as 3.10.',
  },
  {
    file: 'rabbitmq/rabbitmqctl/connections.txt',
    command: 'rabbitmqctl list_channels pid connection name number user vhost',
    ours: [
      'Listing channels ...',
      'pid\tconnection\tname\tnumber\tuser\tvhost',
      '<pid>\t<pid>\t<address>:<port> -> <address>:5672 (1)\t1\tguest\t/',
    ],
    reason: 'A consumer of the real perf-test takes its second channel, after a look at the queue.',
  },
  {
    file: 'rabbitmq/rabbitmqadmin/users.txt',
    command: 'rabbitmqadmin --host nothing list queues',
    ours: [
      'Encountered an error when performing an HTTP request: ' +
        'error sending request for url (http://nothing:15672/api)',
    ],
    reason: 'There is no HTTP, and no path.',
  },
];
