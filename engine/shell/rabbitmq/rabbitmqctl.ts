/** `rabbitmqctl`: a node's administration. Source: rabbitmqctl(8). */
import { allCommands } from './all-commands.ts';
import { erlangTool } from './erlang-tool.ts';

export const rabbitmqctl = erlangTool({
  name: 'rabbitmqctl',
  about: {
    en: 'lists, sets and stops what is on a RabbitMQ node',
    zh: '查看和管理 RabbitMQ 节点',
  },
  examples: [
    'rabbitmqctl list_queues name messages consumers',
    'rabbitmqctl -n rabbit@rabbit-2 cluster_status',
  ],
  commands: allCommands,
});
