/** `rabbitmq-queues`: replicas of queues. Source: rabbitmq-queues(8). */
import { allCommands } from './all-commands.ts';
import { erlangTool } from './erlang-tool.ts';

export const rabbitmqQueues = erlangTool({
  name: 'rabbitmq-queues',
  examples: [
    'rabbitmq-queues quorum_status orders',
    'rabbitmq-queues add_member orders rabbit@rabbit-3',
  ],
  commands: allCommands,
});
