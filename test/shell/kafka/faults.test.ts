/** Kafka's tools while brokers or files are not there: what they show, and how they fail. */
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../../engine/shell/toolbox.ts';
import { worlds } from '../worlds.ts';

const AT = '--bootstrap-server broker-1:9092';

function session(): TerminalSession {
  return new TerminalSession({ experiment: worlds['kafka']!({}), tools: toolsOf(['kafka']) });
}

function printed(terminal: TerminalSession, line: string): string[] {
  const before = terminal.transcript.length;
  terminal.type(1, line);
  return terminal.transcript.slice(before).flatMap(({ kind, text }) => {
    return (kind === 'out' || kind === 'err') && typeof text === 'string' ? [text] : [];
  });
}

describe('shell: kafka: while a broker is down', () => {
  it('its partitions are under-replicated, and those that it had alone are unavailable', () => {
    const terminal = session();
    printed(terminal, `kafka-topics.sh ${AT} --create --topic a --replica-assignment 1:3`);
    printed(terminal, `kafka-topics.sh ${AT} --create --topic b --replica-assignment 3`);
    printed(terminal, 'crash broker-3');
    printed(terminal, 'run 30s');
    const described = (filter: string): string[] =>
      printed(terminal, `kafka-topics.sh ${AT} --describe ${filter}`).map((line) => {
        return line.split('\tIsr')[0]!;
      });
    const a = '\tTopic: a\tPartition: 0\tLeader: 1\tReplicas: 1,3';
    const b = '\tTopic: b\tPartition: 0\tLeader: none\tReplicas: 3';
    expect(described('--topic a').at(-1)).toBe(a);
    expect(described('--under-replicated-partitions')).toEqual([a, b]);
    expect(described('--unavailable-partitions')).toEqual([b]);
  });

  it('a tool that knows only it gives up after its timeout', () => {
    const terminal = session();
    printed(terminal, 'crash broker-1');
    expect(printed(terminal, `kafka-topics.sh ${AT} --list`)).toEqual([
      'Error while executing topic command : Timed out waiting for a node assignment. ' +
        'Call: listTopics',
    ]);
    expect(terminal.shell.pane(1).code).toBe(1);
  });

  it('a consumer that is interrupted leaves its group', () => {
    const terminal = session();
    printed(terminal, `kafka-topics.sh ${AT} --create --topic a --replica-assignment 1:2`);
    terminal.type(2, `kafka-console-consumer.sh ${AT} --topic a --group readers`);
    const stateOf = (): string[] =>
      printed(terminal, `kafka-consumer-groups.sh ${AT} --list --state`).slice(1);
    expect(stateOf()).toEqual([`${'readers'.padEnd(25)} ${'Stable'.padEnd(20)}`]);
    terminal.type(2, '\u0003');
    expect(terminal.shell.pane(2).code).toBe(130);
    expect(stateOf()).toEqual([`${'readers'.padEnd(25)} ${'Empty'.padEnd(20)}`]);
  });
});

describe('shell: kafka: a file of settings that is not there', () => {
  const admin = (words: string): string => `${AT} --command-config none.conf ${words}`;
  it.each([
    ['kafka-broker-api-versions.sh', admin('')],
    ['kafka-configs.sh', admin('--describe --entity-type topics --entity-name a')],
    ['kafka-get-offsets.sh', admin('')],
    ['kafka-log-dirs.sh', admin('--describe')],
    ['kafka-metadata-quorum.sh', admin('describe --status')],
    ['kafka-reassign-partitions.sh', admin('--list')],
    ['kafka-topics.sh', admin('--list')],
    ['kafka-transactions.sh', admin('list')],
    ['kafka-transactions.sh', admin('find-hanging')],
    [
      'kafka-leader-election.sh',
      `${AT} --admin.config none.conf --election-type preferred --all-topic-partitions`,
    ],
    ['kafka-console-consumer.sh', `${AT} --topic a --consumer.config none.conf`],
    ['kafka-console-producer.sh', `${AT} --topic a --producer.config none.conf`],
    [
      'kafka-consumer-perf-test.sh',
      `${AT} --topic a --messages 1 --consumer.config none.conf --hide-header`,
    ],
  ])('is told by %s', (tool, words) => {
    const terminal = session();
    const lines = printed(terminal, `${tool} ${words}`);
    expect(lines[0]).toMatch(/(^|[ :])none\.conf/);
    expect(terminal.shell.pane(1).code).toBe(1);
  });
});
