/** `rabbitmq-diagnostics`: health checks and listings. Source: rabbitmq-diagnostics(8). */
import { allCommands } from './all-commands.ts';
import { erlangTool } from './erlang-tool.ts';

export const rabbitmqDiagnostics = erlangTool({
  name: 'rabbitmq-diagnostics',
  examples: [
    'rabbitmq-diagnostics check_running',
    'rabbitmq-diagnostics -n rabbit@rabbit-2 alarms',
  ],
  commands: allCommands,
});
