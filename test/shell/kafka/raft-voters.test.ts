/** `kafka-metadata-quorum.sh`: voters that go and come, and who may be asked (KIP-853, KIP-919). */
import { describe, expect, it } from 'vitest';
import { directoryIdOf } from '../../../engine/kafka/raft/voter-id.ts';
import { TerminalSession } from '../../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../../engine/shell/toolbox.ts';
import { worlds } from '../worlds.ts';

function session(): TerminalSession {
  const experiment = worlds['kafka']!({ controllers: '3' });
  return new TerminalSession({ experiment, tools: toolsOf(['kafka']) });
}

function printed(terminal: TerminalSession, line: string): string[] {
  const before = terminal.transcript.length;
  terminal.type(1, line);
  return terminal.transcript.slice(before).flatMap(({ kind, text }) => {
    return (kind === 'out' || kind === 'err') && typeof text === 'string' ? text.split('\n') : [];
  });
}

const tool = 'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092';
const byController = 'kafka-metadata-quorum.sh --bootstrap-controller controller-1:9093';

/** The ids of the voters, as the tool tells them. */
function votersOf(terminal: TerminalSession): string[] {
  const lines = printed(terminal, `${tool} describe --status`);
  const voters = lines.find((line) => line.startsWith('CurrentVoters')) ?? '';
  return [...voters.matchAll(/"id": (\d+)/g)].map(([, id]) => id!);
}

function configFile(terminal: TerminalSession, lines: readonly string[]): void {
  for (const [place, line] of lines.entries()) {
    printed(terminal, `echo '${line}' ${place === 0 ? '>' : '>>'} controller.properties`);
  }
}

const CONTROLLER = [
  'node.id=102',
  'process.roles=controller',
  'log.dirs=data',
  'controller.listener.names=CONTROLLER',
  'listeners=CONTROLLER://controller-3:9093',
];

describe('shell: kafka: metadata-quorum: voters', () => {
  it('one is removed by id and directory, and comes back by the file of its settings', () => {
    const terminal = session();
    expect(votersOf(terminal)).toEqual(['100', '101', '102']);
    const directory = directoryIdOf(102);
    const of = `--controller-id 102 --controller-directory-id ${directory}`;
    expect(printed(terminal, `${tool} remove-controller ${of}`)).toEqual([
      `Removed  KRaft controller 102 with directory id ${directory}`,
    ]);
    expect(votersOf(terminal)).toEqual(['100', '101']);
    configFile(terminal, CONTROLLER);
    const line = `${tool} --command-config controller.properties add-controller`;
    const told =
      `controller 102 with directory id ${directory} and endpoints: ` +
      'CONTROLLER://controller-3:9093';
    expect(printed(terminal, `${line} --dry-run`)).toEqual([`DRY RUN of adding ${told}`]);
    expect(votersOf(terminal)).toEqual(['100', '101']);
    expect(printed(terminal, line)).toEqual([`Added ${told}`]);
    expect(votersOf(terminal)).toEqual(['100', '101', '102']);
    expect(printed(terminal, line)[0]).toContain('DuplicateVoterException');
  });

  it.each([
    ['node.id', 'node.id not found in configuration file.'],
    ['process.roles', "process.roles did not contain 'controller' in configuration file."],
    ['log.dirs', 'Neither metadata.log.dir nor log.dirs were found.'],
    ['controller.listener.names', 'controller.listener.names was not found.'],
    ['listeners', 'Cannot find information about controller listener name: CONTROLLER'],
  ])('a file without %s is none of a controller', (missing, sentence) => {
    const terminal = session();
    configFile(
      terminal,
      CONTROLLER.filter((line) => !line.startsWith(`${missing}=`)),
    );
    const line = `${tool} --command-config controller.properties add-controller`;
    expect(printed(terminal, line)[0]).toContain(sentence);
    expect(terminal.shell.pane(1).code).toBe(1);
  });

  it('of controllers the one that leads answers, and one that is down is passed over', () => {
    const terminal = session();
    const status = `${byController} describe --status`;
    const leaderOf = (): string => printed(terminal, status)[1]!.replace(/\D/g, '');
    const first = leaderOf();
    expect(['100', '101', '102']).toContain(first);
    printed(terminal, `crash controller-${Number(first) - 99}`);
    printed(terminal, 'run 15s');
    expect(leaderOf()).not.toBe(first);
  });
});
