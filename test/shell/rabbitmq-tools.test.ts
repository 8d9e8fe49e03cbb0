/** What RabbitMQ's tools do that no recording has: consumers that wait, nodes that are down. */
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';
import { worlds } from './worlds.ts';

function sessionOf(nodes: number): TerminalSession {
  const experiment = worlds['rabbitmq']!({ nodes: String(nodes) });
  return new TerminalSession({ experiment, tools: toolsOf(experiment.terminal!.products) });
}

/** What a line printed in its pane. */
function typed(session: TerminalSession, line: string, pane = 1): readonly string[] {
  const before = session.transcript.length;
  session.type(pane, line);
  return session.transcript
    .slice(before)
    .filter(({ kind }) => kind === 'out' || kind === 'err')
    .map(({ text }) => String(text));
}

describe('shell: rabbitmq', () => {
  it('list_consumers tells the single active consumer from those that wait', () => {
    const session = sessionOf(1);
    const args = '{"x-single-active-consumer":true}';
    typed(session, `rabbitmqadmin declare queue --name orders --arguments '${args}'`);
    typed(session, 'perf-test -x 0 -y 2 -u orders -p -i 600', 2);
    const listed = typed(
      session,
      'rabbitmqctl list_consumers -s queue_name active activity_status',
    );
    expect(listed).toEqual(['orders\tfalse\twaiting', 'orders\ttrue\tup']);
  });

  it('a node that is down is told with exit code 69, and its queues are down on the others', () => {
    const session = sessionOf(3);
    typed(session, 'rabbitmqadmin --host rabbit-2 declare queue --name orders');
    typed(session, 'crash rabbit-2');
    typed(session, 'run 70s');
    expect(typed(session, 'rabbitmqctl -n rabbit@rabbit-2 list_queues')[0]).toContain(
      "unable to perform an operation on node 'rabbit@rabbit-2'",
    );
    expect(session.shell.pane(1).code).toBe(69);
    expect(typed(session, 'rabbitmqctl list_queues -s name messages state')).toEqual([
      'orders\t\tdown',
    ]);
  });

  it('a command of the real tool that is not here says so', () => {
    const session = sessionOf(1);
    expect(typed(session, 'rabbitmqctl eval ok.')).toEqual([
      "rabbitmqctl: the command 'eval' is not supported here",
    ]);
    expect(session.shell.pane(1).code).toBe(64);
  });
});
