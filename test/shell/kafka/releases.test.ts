/** Which tools and options Kafka's releases have (`engine/shell/kafka/option-history.ts`). */
import { describe, expect, it } from 'vitest';
import type { ProfileName } from '../../../engine/kafka/profiles.ts';
import { TerminalSession } from '../../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../../engine/shell/toolbox.ts';
import { worlds } from '../worlds.ts';

const AT = '--bootstrap-server broker-1:9092';
const ZOOKEEPER = '--zookeeper zookeeper-1:2181';

function session(profile: ProfileName, zookeeper: '0' | '1' = '0'): TerminalSession {
  const experiment = worlds['kafka']!({ profile, zookeeper });
  return new TerminalSession({ experiment, tools: toolsOf(['kafka']) });
}

function printed(terminal: TerminalSession, line: string): string[] {
  const before = terminal.transcript.length;
  terminal.type(1, line);
  return terminal.transcript.slice(before).flatMap(({ kind, text }) => {
    if (kind === 'typed') return [];
    return [typeof text === 'string' ? text : text.en];
  });
}

/** The options of a tool, as the shell completes and explains them. */
function optionsOf(terminal: TerminalSession, name: string): readonly string[] {
  const { shell } = terminal;
  return shell
    .toolNamed(name)!
    .options(shell.world)
    .map((option) => option.name);
}

describe('shell: kafka: releases: tools', () => {
  const rows: readonly (readonly [string, ProfileName, ProfileName])[] = [
    ['kafka-broker-api-versions.sh', 'kafka-0.9', 'kafka-0.10'],
    ['kafka-delete-records.sh', 'kafka-0.10', 'kafka-0.11'],
    ['kafka-log-dirs.sh', 'kafka-0.11', 'kafka-1.0'],
    ['kafka-dump-log.sh', 'kafka-1.1', 'kafka-2.0'],
    ['kafka-leader-election.sh', 'kafka-2.3', 'kafka-2.4'],
    ['kafka-get-offsets.sh', 'kafka-2.8', 'kafka-3.0'],
    ['kafka-transactions.sh', 'kafka-2.8', 'kafka-3.0'],
    ['kafka-metadata-quorum.sh', 'kafka-3.2', 'kafka-3.3'],
    ['zookeeper-shell.sh', 'kafka-4.0', 'kafka-3.9'],
  ];
  it.each(rows)('%s is not in %s and is in %s', (name, without, having) => {
    const names = (profile: ProfileName): readonly string[] =>
      session(profile).shell.tools.map((tool) => tool.name);
    expect(names(without)).not.toContain(name);
    expect(names(having)).toContain(name);
  });

  it('one that is not there is not found, and the shell says which release has it', () => {
    const terminal = session('kafka-2.5');
    expect(printed(terminal, `kafka-transactions.sh ${AT} list`)).toEqual([
      'sh: kafka-transactions.sh: command not found',
      'Kafka 2.5 has no kafka-transactions.sh: it came with 3.0.',
    ]);
    expect(terminal.shell.pane(1).code).toBe(127);
  });
});

describe('shell: kafka: releases: options', () => {
  const rows: readonly (readonly [string, string, ProfileName, ProfileName])[] = [
    ['kafka-topics.sh', '--zookeeper', 'kafka-3.0', 'kafka-2.8'],
    ['kafka-topics.sh', '--topic-id', 'kafka-3.0', 'kafka-3.1'],
    ['kafka-topics.sh', '--at-min-isr-partitions', 'kafka-2.2', 'kafka-2.3'],
    ['kafka-console-producer.sh', '--bootstrap-server', 'kafka-2.4', 'kafka-2.5'],
    ['kafka-console-producer.sh', '--broker-list', 'kafka-4.0', 'kafka-3.9'],
    ['kafka-console-consumer.sh', '--include', 'kafka-2.8', 'kafka-3.0'],
    ['kafka-console-consumer.sh', '--whitelist', 'kafka-4.0', 'kafka-3.9'],
    ['kafka-console-consumer.sh', '--isolation-level', 'kafka-0.10', 'kafka-0.11'],
    ['kafka-console-consumer.sh', '--new-consumer', 'kafka-2.0', 'kafka-1.1'],
    ['kafka-consumer-groups.sh', '--reset-offsets', 'kafka-0.10', 'kafka-0.11'],
    ['kafka-consumer-groups.sh', '--delete-offsets', 'kafka-2.3', 'kafka-2.4'],
    ['kafka-consumer-perf-test.sh', '--broker-list', 'kafka-4.0', 'kafka-3.9'],
    ['kafka-consumer-perf-test.sh', '--threads', 'kafka-4.0', 'kafka-3.9'],
    ['kafka-configs.sh', '--topic', 'kafka-2.4', 'kafka-2.5'],
    ['kafka-configs.sh', '--add-config-file', 'kafka-2.5', 'kafka-2.6'],
    ['kafka-configs.sh', '--zookeeper', 'kafka-4.0', 'kafka-3.9'],
    ['kafka-configs.sh', '--group', 'kafka-3.9', 'kafka-4.0'],
    ['kafka-log-dirs.sh', '--command-config', 'kafka-2.0', 'kafka-2.1'],
    ['kafka-dump-log.sh', '--cluster-metadata-decoder', 'kafka-2.7', 'kafka-2.8'],
    ['kafka-dump-log.sh', '--max-bytes', 'kafka-3.2', 'kafka-3.3'],
    ['kafka-get-offsets.sh', '--broker-list', 'kafka-4.0', 'kafka-3.9'],
    ['kafka-reassign-partitions.sh', '--list', 'kafka-2.5', 'kafka-2.6'],
    ['kafka-reassign-partitions.sh', '--zookeeper', 'kafka-3.0', 'kafka-2.8'],
  ];
  it.each(rows)('%s %s is not in %s and is in %s', (tool, option, without, having) => {
    expect(optionsOf(session(without), tool)).not.toContain(option);
    expect(optionsOf(session(having), tool)).toContain(option);
  });

  it('a name of another release is no option, and usage is that of the release', () => {
    const line = 'kafka-console-producer.sh --broker-list broker-1:9092 --topic a';
    const [problem, ...usage] = printed(session('kafka-4.1'), line);
    expect(problem).toBe('broker-list is not a recognized option');
    expect(usage.some((text) => text.startsWith('--broker-list'))).toBe(false);
  });

  it('of an option that is given twice, under two names as well, the last counts', () => {
    const line = `kafka-get-offsets.sh --broker-list broker-9:9092 ${AT} --topic a`;
    expect(printed(session('kafka-3.9'), line)).toEqual([
      'Error occurred: Could not match any topic-partitions with the specified filters',
    ]);
  });

  it('the console tools work under the names of 2.4', () => {
    const terminal = session('kafka-2.4');
    printed(terminal, `kafka-topics.sh ${AT} --create --topic a --replica-assignment 1:2`);
    printed(
      terminal,
      'echo hello | kafka-console-producer.sh --broker-list broker-1:9092 --topic a',
    );
    const read = `kafka-console-consumer.sh ${AT} --whitelist a --from-beginning --max-messages 1`;
    expect(printed(terminal, read)).toContain('hello');
    const perf = 'kafka-consumer-perf-test.sh --broker-list broker-1:9092 --topic a --messages 1';
    expect(printed(terminal, perf)).toHaveLength(2);
  });

  it('what is missing is told under the name of the release', () => {
    const line = 'kafka-consumer-perf-test.sh --topic a';
    expect(printed(session('kafka-2.4'), line)[0]).toBe('Missing required argument "[messages]"');
    expect(printed(session('kafka-2.8'), 'kafka-console-consumer.sh --from-beginning')[0]).toBe(
      'Exactly one of --whitelist/--topic is required. ',
    );
  });
});

describe('shell: kafka: releases: kafka-topics by ZooKeeper (KIP-377)', () => {
  const create = '--create --topic a --partitions 1 --replication-factor 1';

  it('before 2.2 there is nothing else', () => {
    const terminal = session('kafka-2.1', '1');
    expect(printed(terminal, `kafka-topics.sh ${AT} --list`)[0]).toBe(
      'bootstrap-server is not a recognized option',
    );
    expect(printed(terminal, 'kafka-topics.sh --list')[0]).toBe(
      'Missing required argument "[zookeeper]"',
    );
    printed(terminal, `kafka-topics.sh ${ZOOKEEPER} ${create}`);
    expect(printed(terminal, `kafka-topics.sh ${ZOOKEEPER} --list`)).toEqual(['a']);
  });

  it('up to 2.8 it is one of the two', () => {
    const terminal = session('kafka-2.8', '1');
    const both = 'Only one of --bootstrap-server or --zookeeper must be specified';
    expect(printed(terminal, `kafka-topics.sh ${AT} ${ZOOKEEPER} --list`)[0]).toBe(both);
    expect(printed(terminal, 'kafka-topics.sh --list')[0]).toBe(both);
    printed(terminal, `kafka-topics.sh ${AT} ${create}`);
    expect(printed(terminal, `kafka-topics.sh ${ZOOKEEPER} --list`)).toEqual(['a']);
  });

  it('in a world without ZooKeeper the brokers can be named before 2.2', () => {
    const terminal = session('kafka-2.0');
    printed(terminal, `kafka-topics.sh ${AT} ${create}`);
    expect(printed(terminal, `kafka-topics.sh ${AT} --list`)).toEqual(['a']);
  });
});

describe('shell: kafka: releases: kafka-configs by ZooKeeper', () => {
  const alter = '--alter --entity-type topics --entity-name a --add-config retention.ms=5000';
  const describe = '--describe --entity-type topics --entity-name a';

  it.each(['kafka-1.0', 'kafka-3.9'] as const)('%s changes settings by it', (profile) => {
    const terminal = session(profile, '1');
    const at = profile === 'kafka-1.0' ? ZOOKEEPER : AT;
    const topic = '--create --topic a --partitions 1 --replication-factor 1';
    printed(terminal, `kafka-topics.sh ${at} ${topic}`);
    printed(terminal, `kafka-configs.sh ${ZOOKEEPER} ${alter}`);
    const told = printed(terminal, `kafka-configs.sh ${ZOOKEEPER} ${describe}`);
    expect(told.join('\n')).toContain('retention.ms=5000');
  });

  it('where there is none nothing answers', () => {
    const terminal = session('kafka-3.9');
    expect(printed(terminal, `kafka-configs.sh ${ZOOKEEPER} ${describe}`)).toEqual([
      'Timed out waiting for connection while in state: CONNECTING',
    ]);
  });
});
