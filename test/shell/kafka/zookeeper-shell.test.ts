/** `zookeeper-shell.sh` where a recording cannot go: watches, a server that is down, and KRaft. */
import { describe, expect, it } from 'vitest';
import { TerminalSession } from '../../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../../engine/shell/toolbox.ts';
import { worlds } from '../worlds.ts';

const SHELL = 'zookeeper-shell.sh zookeeper-1:2181';

function session(settings: Readonly<Record<string, string>>): TerminalSession {
  return new TerminalSession({ experiment: worlds['kafka']!(settings), tools: toolsOf(['kafka']) });
}

function printed(terminal: TerminalSession, pane: number, line: string): string[] {
  const before = terminal.transcript.length;
  terminal.type(pane, line);
  return terminal.transcript.slice(before).flatMap(({ kind, text }) => {
    if (kind === 'typed') return [];
    return [typeof text === 'string' ? text : text.en];
  });
}

const events = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith('WatchedEvent'));

describe('shell: kafka: zookeeper-shell', () => {
  it('a watch fires once, when what it watches changes', () => {
    const terminal = session({ zookeeper: '1' });
    printed(terminal, 1, SHELL);
    printed(terminal, 1, 'create /lab a');
    expect(printed(terminal, 1, 'get -w /lab')).toEqual(['a']);
    const changed = 'WatchedEvent state:SyncConnected type:NodeDataChanged path:/lab';
    const told = (text: string): string[] => {
      const before = terminal.transcript.length;
      printed(terminal, 2, `${SHELL} set /lab ${text}`);
      printed(terminal, 2, 'run 1s');
      const lines = terminal.transcript.slice(before).filter(({ pane }) => pane === 1);
      return events(lines.map((line) => String(line.text)));
    };
    expect(told('b')).toEqual([changed]);
    expect(told('c')).toEqual([]);
  });

  it('its ephemeral znodes are gone once it quits', () => {
    const terminal = session({ zookeeper: '1' });
    printed(terminal, 1, SHELL);
    printed(terminal, 1, 'create -e /short mine');
    expect(printed(terminal, 2, `${SHELL} get /short`).at(-1)).toBe('mine');
    printed(terminal, 1, 'quit');
    expect(printed(terminal, 2, `${SHELL} get /short`).at(-1)).toBe('Node does not exist: /short');
  });

  it('without a server the connection is lost', () => {
    const terminal = session({ zookeeper: '1' });
    printed(terminal, 1, 'crash zookeeper-1');
    const lines = printed(terminal, 1, `${SHELL} ls /`);
    expect(lines.at(-1)).toBe('KeeperErrorCode = ConnectionLoss for /');
    expect(terminal.shell.pane(1).code).toBe(1);
  });

  it('in a world without ZooKeeper it says so', () => {
    const terminal = session({ profile: 'kafka-3.9' });
    expect(printed(terminal, 1, `${SHELL} ls /`)).toEqual([
      'There is no ZooKeeper in this world: its brokers have a Raft quorum (KRaft).',
    ]);
    expect(terminal.shell.pane(1).code).toBe(1);
  });
});
