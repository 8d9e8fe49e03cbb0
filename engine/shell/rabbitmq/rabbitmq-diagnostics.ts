/** `rabbitmq-diagnostics`: health checks and listings. Source: rabbitmq-diagnostics(8). */
import { allCommands } from './all-commands.ts';
import { erlangTool } from './erlang-tool.ts';

export const rabbitmqDiagnostics = erlangTool({
  name: 'rabbitmq-diagnostics',
  about: {
    en: 'checks the health of a RabbitMQ node',
    zh: '检查 RabbitMQ 节点的健康状况',
  },
  examples: [
    'rabbitmq-diagnostics check_running',
    'rabbitmq-diagnostics -n rabbit@rabbit-2 alarms',
  ],
  commands: allCommands,
});
