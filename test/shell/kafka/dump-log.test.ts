/** What `kafka-dump-log.sh` makes of files that no recording has (`engine/shell/kafka`). */
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../../engine/shell/toolbox.ts';
import { worlds } from '../worlds.ts';

const AT = '--bootstrap-server broker-1:9092';
const FIRST = '00000000000000000000.log';

function session(settings: Readonly<Record<string, string>>): TerminalSession {
  const experiment = worlds['kafka']!({ internal: '1', ...settings });
  return new TerminalSession({ experiment, tools: toolsOf(['kafka']) });
}

function printed(terminal: TerminalSession, line: string): string[] {
  const before = terminal.transcript.length;
  terminal.type(1, line);
  return terminal.transcript.slice(before).flatMap(({ kind, text }) => {
    return (kind === 'out' || kind === 'err') && typeof text === 'string' ? text.split('\n') : [];
  });
}

/** The keys and values of a file, without the lines of batches. */
function records(terminal: TerminalSession, file: string, options: string): string[] {
  const line = `kafka-dump-log.sh --files ${file} ${options} --skip-record-metadata`;
  return printed(terminal, line).filter((one) => /^(?:\|| payload)/.test(one));
}

function withTransaction(profile: string): TerminalSession {
  const terminal = session({ profile });
  printed(terminal, `kafka-topics.sh ${AT} --create --topic orders --replica-assignment 1`);
  printed(
    terminal,
    'kafka-producer-perf-test.sh --producer-props bootstrap.servers=broker-1:9092 ' +
      '--topic orders --num-records 2 --throughput -1 --record-size 10 --transactional-id pay-1',
  );
  printed(terminal, 'run 2s');
  return terminal;
}

describe('shell: kafka: dump-log', () => {
  it('a metadata log is JSON with the names of its records, in order of their offsets', () => {
    const terminal = session({ controllers: '1' });
    printed(terminal, `kafka-topics.sh ${AT} --create --topic orders --replica-assignment 1:2`);
    const host = terminal.shell.world.lab.hosts().find(({ name }) => name.startsWith('controller'));
    const file = `${host!.name}:__cluster_metadata-0/${FIRST}`;
    const told = records(terminal, file, '--cluster-metadata-decoder');
    const payloads = told.map((line) => JSON.parse(line.replace(' payload: ', '')) as object);
    expect(payloads).toContainEqual({
      type: 'TOPIC_RECORD',
      version: 0,
      data: { name: 'orders', topicId: expect.stringMatching(/^[\w-]{22}$/) as string },
    });
    const partition = payloads.find((one) => 'type' in one && one.type === 'PARTITION_RECORD');
    // Tagged fields that have their default are left out.
    expect(Object.keys((partition as { data: object }).data)).not.toContain('lastKnownElr');
    const controls = printed(terminal, `kafka-dump-log.sh --files ${file} --deep-iteration`);
    expect(controls.join('\n')).toContain('controlType: LEADER_CHANGE(2)');
  });

  it('transactions are a text before 4.1', () => {
    const file = `broker-1:__transaction_state-0/${FIRST}`;
    const old = records(withTransaction('kafka-3.9'), file, '--transaction-log-decoder');
    expect(old[1]).toMatch(
      new RegExp(
        '^\\| key: transaction_metadata::transactionalId=pay-1 payload: producerId:\\d+,' +
          'producerEpoch:0,state=Ongoing,partitions=\\[orders-0\\],' +
          'txnLastUpdateTimestamp=\\d+,txnTimeoutMs=60000$',
      ),
    );
    const now = records(withTransaction('kafka-4.1'), file, '--transaction-log-decoder');
    expect(now[1]).toContain('"transactionStatus":1');
  });

  it('groups are a text before 3.8', () => {
    const terminal = withTransaction('kafka-3.7');
    printed(
      terminal,
      `kafka-console-consumer.sh ${AT} --topic orders --group billing --from-beginning ` +
        '--max-messages 2',
    );
    const file = `broker-1:__consumer_offsets-0/${FIRST}`;
    const told = records(terminal, file, '--offsets-decoder');
    const committed = told.find((line) => line.includes('offset_commit'));
    expect(committed).toMatch(/group=billing,partition=orders-0 payload: offset=\d$/);
    expect(told[1]).toMatch(/^\| key: group_metadata::group=billing payload: \{"protocolType":/);
    expect(told[1]).toMatch(
      /"generationId":1,"assignment":"\{console-consumer-\S+=\[orders-0\]\}"/,
    );
  });

  it('an index that a stopped broker has closed has no room left in it', () => {
    const terminal = session({});
    printed(terminal, `kafka-topics.sh ${AT} --create --topic orders --replica-assignment 1`);
    const file = `broker-1:orders-0/${FIRST.replace('log', 'index')}`;
    const line = `kafka-dump-log.sh --files ${file}`;
    expect(printed(terminal, line)).toContain('offset: 0 position: 0');
    printed(terminal, 'stop broker-1');
    printed(terminal, 'run 30s');
    expect(printed(terminal, line)).toEqual([`Dumping ${file}`, `${file} is empty.`]);
  });

  it('a file of another kind is ignored; a class that there is not ends the tool', () => {
    const terminal = withTransaction('kafka-4.1');
    const metadata = 'broker-1:orders-0/partition.metadata';
    expect(printed(terminal, `kafka-dump-log.sh --files ${metadata}`)).toEqual([
      `Dumping ${metadata}`,
      `Ignoring unknown file ${metadata}`,
    ]);
    const log = `broker-1:orders-0/${FIRST}`;
    const wrong = printed(terminal, `kafka-dump-log.sh --files ${log} --key-decoder-class Mine`);
    expect(wrong).toEqual([
      `Dumping ${log}`,
      'Exception in thread "main" java.lang.ClassNotFoundException: Mine',
    ]);
    expect(terminal.shell.pane(1).code).toBe(1);
  });
});
