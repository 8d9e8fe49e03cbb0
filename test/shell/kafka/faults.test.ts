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

/** Lines of the tools that make an admin client, with the words that say how. */
const adminLines = (at: string, file: string): readonly (readonly [string, string])[] => [
  ['kafka-broker-api-versions.sh', `${at} --command-config ${file}`],
  [
    'kafka-configs.sh',
    `${at} --command-config ${file} --describe --entity-type topics --entity-name a`,
  ],
  ['kafka-consumer-groups.sh', `${at} --command-config ${file} --list`],
  ['kafka-delete-records.sh', `${at} --command-config ${file} --offset-json-file none.json`],
  [
    'kafka-leader-election.sh',
    `${at} --admin.config ${file} --election-type preferred --all-topic-partitions`,
  ],
  ['kafka-log-dirs.sh', `${at} --command-config ${file} --describe`],
  ['kafka-metadata-quorum.sh', `${at} --command-config ${file} describe --status`],
  ['kafka-reassign-partitions.sh', `${at} --command-config ${file} --list`],
  ['kafka-topics.sh', `${at} --command-config ${file} --list`],
  ['kafka-transactions.sh', `${at} --command-config ${file} list`],
  ['kafka-transactions.sh', `${at} --command-config ${file} find-hanging --broker-id 1`],
];
/** Looks at addresses before any client does. */
const OFFSETS = ['kafka-get-offsets.sh', `${AT} --command-config`] as const;

/** A terminal with a file of settings that no client takes, and what a line printed in it. */
function refusal(line: string): readonly string[] {
  const terminal = session();
  terminal.shell.world.files.set('bad.conf', 'retries=many\n');
  terminal.shell.world.files.set('good.conf', 'client.id=me\n');
  const lines = printed(terminal, line);
  const { code } = terminal.shell.pane(1);
  expect(code).toBe(line.startsWith('kafka-consumer-groups.sh') ? 0 : 1);
  return lines;
}

describe('shell: kafka: an admin client that cannot be made', () => {
  it.each([...adminLines(AT, 'none.conf'), [OFFSETS[0], `${OFFSETS[1]} none.conf`] as const])(
    '%s %s: the file is not there',
    (tool, words) => {
      const told =
        /NoSuchFileException: none\.conf$|^Properties file none\.conf |properties: none\.conf\./;
      expect(refusal(`${tool} ${words}`)).toContainEqual(expect.stringMatching(told));
    },
  );

  it.each([...adminLines(AT, 'bad.conf'), [OFFSETS[0], `${OFFSETS[1]} bad.conf`] as const])(
    '%s %s: the setting is told, and no client is blamed',
    (tool, words) => {
      const lines = refusal(`${tool} ${words}`);
      const told = /ConfigException: Invalid value many for configuration retries: /;
      expect(lines).toContainEqual(expect.stringMatching(told));
      expect(lines.join('\n')).not.toContain('Failed to create new KafkaAdminClient');
    },
  );

  it.each(adminLines('--bootstrap-server broker-1', 'good.conf'))(
    '%s %s: the address is told',
    (tool, words) => {
      const told = /ConfigException: Invalid url in bootstrap\.servers: broker-1$/;
      expect(refusal(`${tool} ${words}`)).toContainEqual(expect.stringMatching(told));
    },
  );

  it('kafka-consumer-groups.sh says so on standard output, where a pipe reads it', () => {
    const line = `kafka-consumer-groups.sh ${AT} --command-config none.conf --list | grep -c Error`;
    const terminal = session();
    expect(printed(terminal, line)).toContain('1');
  });
});

describe('shell: kafka: a client whose file of settings is not there', () => {
  it.each([
    ['kafka-console-consumer.sh', '--consumer.config none.conf'],
    ['kafka-console-producer.sh', '--producer.config none.conf'],
    ['kafka-consumer-perf-test.sh', '--messages 1 --consumer.config none.conf'],
  ])('is told by %s', (tool, words) => {
    const lines = refusal(`${tool} ${AT} --topic a ${words}`);
    expect(lines).toContain('java.nio.file.NoSuchFileException: none.conf');
  });
});
