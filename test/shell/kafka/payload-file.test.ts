/** `kafka-producer-perf-test.sh --payload-file`: values of a file, chosen as the real one does. */
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../../engine/shell/toolbox.ts';
import { worlds } from '../worlds.ts';

const AT = 'broker-1:9092';

function printed(terminal: TerminalSession, line: string): string[] {
  const before = terminal.transcript.length;
  terminal.type(1, line);
  return terminal.transcript.slice(before).flatMap(({ kind, text }) => {
    return (kind === 'out' || kind === 'err') && typeof text === 'string' ? [text] : [];
  });
}

/** What a line of six records left in the topic, and what it told first. */
function sent(file: string, options: string): { told: string[]; values: string[] } {
  const experiment = worlds['kafka']!({});
  const terminal = new TerminalSession({ experiment, tools: toolsOf(['kafka']) });
  const topics = `kafka-topics.sh --bootstrap-server ${AT} --create --topic orders`;
  printed(terminal, `${topics} --replica-assignment 1`);
  printed(terminal, `echo '${file}' > values.txt`);
  const told = printed(
    terminal,
    `kafka-producer-perf-test.sh --topic orders --num-records 6 --throughput -1 ${options} ` +
      `--payload-file values.txt --producer-props bootstrap.servers=${AT}`,
  );
  const values = printed(
    terminal,
    `kafka-console-consumer.sh --bootstrap-server ${AT} --topic orders --from-beginning ` +
      '--max-messages 6',
  );
  return { told: told.slice(0, 2), values: values.slice(0, 6) };
}

describe('shell: kafka: producer-perf-test: payload file', () => {
  it('sends values of the file in the order that seed 0 of Java gives', () => {
    expect(sent('a,b,c', '--payload-delimiter ,')).toEqual({
      told: ['Reading payloads from: values.txt', 'Number of messages read: 3'],
      values: ['b', 'b', 'a', 'a', 'b', 'b'],
    });
  });

  it('a file of one line has one value, which is parted from nothing', () => {
    const { told, values } = sent('only this', '');
    expect(told[1]).toBe('Number of messages read: 1');
    expect(new Set(values)).toEqual(new Set(['only this']));
  });
});
