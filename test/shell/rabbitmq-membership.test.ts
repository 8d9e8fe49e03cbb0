/** What `rabbitmqctl` does to the members of a cluster in releases that were not recorded. */
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../engine/shell/toolbox.ts';
import { worlds } from './worlds.ts';

function sessionOf(profile: string): TerminalSession {
  const experiment = worlds['rabbitmq']!({ nodes: '3', apart: '1', profile });
  return new TerminalSession({ experiment, tools: toolsOf(experiment.terminal!.products) });
}

/** What a line printed, without its banner. */
function typed(session: TerminalSession, line: string): readonly string[] {
  const before = session.transcript.length;
  session.type(1, line);
  return session.transcript
    .slice(before)
    .filter(({ kind }) => kind === 'out' || kind === 'err')
    .map(({ text }) => String(text));
}

describe.each(['rabbitmq-3.13', 'rabbitmq-4.3'])(
  'shell: rabbitmqctl: members, in %s',
  (profile) => {
    it('join_cluster stops RabbitMQ by itself and starts it again (since 3.13)', () => {
      const session = sessionOf(profile);
      const join = (target: string): readonly string[] =>
        typed(session, `rabbitmqctl -q -n rabbit@rabbit-2 join_cluster ${target}`);
      expect(join('rabbit@rabbit-1')).toEqual([]);
      typed(session, 'run 5s');
      expect(join('rabbit@rabbit-1')).toEqual(['The node is already a member of this cluster']);
      expect(typed(session, 'rabbitmqctl -n rabbit@rabbit-2 -s await_online_nodes 2')).toEqual([]);
      expect(join('rabbit@rabbit-2')).toEqual([
        'Error:',
        'Error: cannot cluster node with itself: rabbit@rabbit-2',
      ]);
      expect(join('rabbit@nothing')[0]).toContain("operation on node 'rabbit@nothing'");
    });

    it('forget_cluster_node takes replicas along: of quorum queues and of the coordinator', () => {
      const session = sessionOf(profile);
      for (const node of ['rabbit@rabbit-2', 'rabbit@rabbit-3']) {
        expect(typed(session, `rabbitmqctl -q -n ${node} join_cluster rabbit@rabbit-1`)).toEqual(
          [],
        );
        typed(session, 'run 5s');
      }
      typed(session, 'rabbitmqadmin --host rabbit-3 declare queue --name shared --type quorum');
      typed(session, 'rabbitmqadmin --host rabbit-3 declare queue --name log --type stream');
      typed(session, 'rabbitmqadmin --host rabbit-3 declare queue --name mine');
      const forget = 'rabbitmqctl -q forget_cluster_node rabbit@rabbit-3';
      expect(typed(session, forget)).toEqual([
        'Error:',
        "RabbitMQ on node rabbit@rabbit-3 must be stopped with 'rabbitmqctl -n rabbit@rabbit-3 " +
          "stop_app' before it can be removed",
      ]);
      typed(session, 'rabbitmqctl -n rabbit@rabbit-3 stop_app');
      typed(session, 'run 8s');
      expect(typed(session, forget)).toEqual([]);
      typed(session, 'run 8s');
      const listed = typed(session, 'rabbitmqctl -s list_queues name members');
      expect(listed).toContain('shared\t[rabbit@rabbit-1, rabbit@rabbit-2]');
      expect(listed.some((line) => line.startsWith('mine'))).toBe(false);
    });
  },
);

describe('shell: rabbitmqctl: members, where Khepri has no such thing', () => {
  it('RAM nodes and --offline are refused in 4.3', () => {
    const session = sessionOf('rabbitmq-4.3');
    const node = 'rabbitmqctl -q -n rabbit@rabbit-2';
    expect(typed(session, `${node} join_cluster --ram rabbit@rabbit-1`)).toEqual([
      'Error:',
      'Error: `ram` node type is unsupported by the khepri database engine',
    ]);
    expect(typed(session, `${node} change_cluster_node_type ram`)[0]).toBe('');
    expect(session.shell.pane(1).code).toBe(64);
    typed(session, `${node} join_cluster rabbit@rabbit-1`);
    typed(session, 'run 5s');
    typed(session, `${node} stop_app`);
    expect(typed(session, `${node} forget_cluster_node --offline rabbit@rabbit-1`)).toEqual([
      'Error:',
      'not_supported',
    ]);
  });
});
