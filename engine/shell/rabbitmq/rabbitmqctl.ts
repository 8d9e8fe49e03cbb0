/** `rabbitmqctl`: a node's administration. Source: rabbitmqctl(8). */
import { allCommands } from './all-commands.ts';
import { erlangTool } from './erlang-tool.ts';

export const rabbitmqctl = erlangTool({
  name: 'rabbitmqctl',
  examples: [
    'rabbitmqctl list_queues name messages consumers',
    'rabbitmqctl -n rabbit@rabbit-2 cluster_status',
  ],
  commands: allCommands,
});
