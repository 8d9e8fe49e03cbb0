/** The playground: an empty world that is filled, set, broken and emptied by typed lines. */
import { describe, expect, it } from 'vitest';
import { fromLink } from '../../../engine/lab/link.ts';
import type { Playground } from '../../../engine/lab/playground/playground.ts';
import { kafkaReleases, rabbitReleases } from '../../../engine/lab/playground/playground.ts';
import { Run } from '../../../engine/lab/run.ts';
import { playgroundExperiment } from '../../../engine/shell/playground/playground-experiment.ts';
import { Shell } from '../../../engine/shell/shell.ts';
import { TerminalSession } from '../../../engine/shell/terminal-session.ts';
import { toolsOf } from '../../../engine/shell/toolbox.ts';

const tools = toolsOf(playgroundExperiment.terminal!.products);
const opened = () => new TerminalSession({ experiment: playgroundExperiment, tools });

/** What a line printed, in English. */
function printedBy(session: TerminalSession, line: string, pane = 1): string[] {
  const before = session.transcript.length;
  session.type(pane, line);
  const printed = session.transcript.slice(before).filter(({ kind }) => kind !== 'typed');
  return printed.map(({ text }) => (typeof text === 'string' ? text : text.en));
}

function typed(lines: readonly string[]): TerminalSession {
  const session = opened();
  for (const line of lines) session.type(1, line);
  return session;
}

const worldOf = ({ run }: TerminalSession) => run.subject as Playground;

const KAFKA = [
  'add kafka --brokers 3',
  'add topic orders --partitions 2',
  'add producer shop --topic orders --acks all --rate 20/s --count 40 --keys 4',
  'add consumer billing --topic orders',
  'run 10s',
];
const RABBIT = [
  'add rabbitmq --nodes 3',
  'add exchange events --type topic',
  'add queue jobs --type quorum --bind events:order.*',
  'add publisher shop --exchange events --routing-key order.new --count 30',
  'add consumer worker --queue jobs --prefetch 10 --processing 20ms',
  'run 20s',
];

describe('shell: playground', () => {
  it('begins empty, and says what to type', () => {
    expect(printedBy(opened(), 'list')).toEqual([
      "nothing yet; type 'add kafka' or 'add rabbitmq'",
    ]);
  });

  it('a Kafka with a topic, a producer and a group: every record arrives', () => {
    const session = typed(KAFKA);
    const { sent, delivered } = session.run.history;
    expect(session.run.world.failure).toBeNull();
    expect(sent).toHaveLength(40);
    expect(sent.every(({ outcome }) => outcome === 'acknowledged')).toBe(true);
    expect(new Set(delivered.map(({ id }) => id)).size).toBe(40);
  });

  it('a RabbitMQ with an exchange, a quorum queue and clients: every message arrives', () => {
    const session = typed(RABBIT);
    const { sent, delivered } = session.run.history;
    expect(session.run.world.failure).toBeNull();
    expect(sent.filter(({ outcome }) => outcome === 'acknowledged')).toHaveLength(30);
    expect(new Set(delivered.map(({ id }) => id)).size).toBe(30);
    expect(printedBy(session, 'list')).toContain(
      '  queue jobs (quorum): ready 0, unacknowledged 0',
    );
  });

  it('both at once, and a list of them', () => {
    const session = typed(['add kafka --brokers 1 && add rabbitmq', 'add topic a', 'add queue q']);
    expect(printedBy(session, 'list')).toEqual([
      'Kafka 4.1: broker-1',
      '  topic a: partitions 1, replicas 1',
      'RabbitMQ 4.3: rabbit-1',
      '  queue q (classic): ready 0, unacknowledged 0',
    ]);
  });

  it('a broker joins a running cluster and takes partitions of new topics', () => {
    const session = typed(['add kafka --brokers 2', 'add broker']);
    expect(printedBy(session, 'add topic wide --replication-factor 3')[0]).toMatch(/^topic wide/);
    expect(worldOf(session).handles.kafka!.replicasOf('wide', 0)).toHaveLength(3);
  });

  it('a producer that was crashed goes on when it is started again', () => {
    const session = typed([...KAFKA.slice(0, 2), 'add producer p --topic orders', 'run 3s']);
    session.type(1, 'crash p');
    session.type(1, 'run 2s');
    const before = session.run.history.sent.length;
    session.type(1, 'run 2s');
    expect(session.run.history.sent).toHaveLength(before);
    session.type(1, 'start p');
    session.type(1, 'run 3s');
    expect(session.run.history.sent.length).toBeGreaterThan(before + 15);
  });

  it('a rate holds at once, a setting after a restart of the client', () => {
    const session = typed([...KAFKA.slice(0, 2), 'add producer p --topic orders --rate 1/s']);
    expect(printedBy(session, 'set p rate=100/s')).toEqual(['p has rate=100/s']);
    session.type(1, 'run 5s');
    expect(session.run.history.sent.length).toBeGreaterThan(250);
    expect(printedBy(session, 'set p acks=0')).toEqual(['p restarts with acks=0']);
    session.type(1, 'run 3s');
    const outcomes = session.run.history.sent.map(({ outcome }) => outcome);
    expect(outcomes).toContain('acknowledged');
    expect(outcomes[outcomes.length - 2]).toBe('unasked');
    expect(printedBy(session, 'list')).toContain(
      'producer p --topic orders --rate 100/s --set acks=0',
    );
  });

  it('a consumer that is removed leaves its group at once, and its partitions move', () => {
    const session = typed([...KAFKA.slice(0, 2), 'add producer p --topic orders --keys 9']);
    session.type(1, 'add consumer one --topic orders --group g');
    session.type(1, 'add consumer two --topic orders --group g');
    session.type(1, 'run 10s');
    session.type(1, 'remove one');
    session.type(1, 'run 6s');
    const from = session.run.world.event;
    session.type(1, 'run 5s');
    const late = session.run.history.delivered.filter(({ event }) => event > from);
    expect(new Set(late.map(({ consumer }) => consumer))).toEqual(new Set(['two']));
    expect(new Set(late.map(({ partition }) => partition)).size).toBe(2);
    expect(worldOf(session).removed).toEqual(['one']);
  });

  const wrongLines: readonly (readonly [string, string])[] = [
    ['add', 'add: a word is missing; allowed here: kafka, broker, topic'],
    ['add cake', "add: 'cake' cannot stand here; allowed: kafka, broker"],
    ['add kafka --brokers 99', "add kafka --brokers: '99' cannot stand here; allowed: 1 to 9"],
    ['add kafka --release 9', "add kafka --release: '9' cannot stand here; allowed: 0.8, 0.9"],
    ['add kafka --colour red', "add kafka: '--colour' cannot stand here; allowed: --brokers"],
    ['add kafka --set min.insync.replicas=no', "min.insync.replicas: 'no' is not possible"],
    ['add kafka --set cake', "add kafka --set: 'cake' cannot stand here; allowed: name=value"],
    ['add topic orders', "add topic: there is no kafka yet; type 'add kafka'"],
    ['add queue', "add queue: there is no rabbitmq yet; type 'add rabbitmq'"],
    ['add consumer c --queue q', "add consumer: there is no rabbitmq yet; type 'add rabbitmq'"],
    ['set p rate=1/s', "NAME: 'p' is not possible; allowed: add producer, add publisher"],
    ['remove', "NAME: '' is not possible; allowed: add producer, add publisher"],
    ['list all', "list: 'all' cannot stand here; allowed: list"],
  ];
  it.each(wrongLines)('%s: %s', (line, why) => {
    const session = opened();
    const [printed = ''] = printedBy(session, line);
    expect(printed.startsWith(why), printed).toBe(true);
    expect(session.shell.pane(1).code).toBe(1);
  });

  const wrongClients: readonly (readonly [string, string])[] = [
    ['add kafka', 'kafka: it is there already; try add broker'],
    ['add topic', "add topic: a name is missing, as in 'add topic orders --partitions 3'"],
    ['add topic t --replication-factor 5', "add topic --replication-factor: '5' cannot stand here"],
    ['add topic a/b', 'topic a/b: INVALID_TOPIC_EXCEPTION'],
    ['add topic orders', 'topic orders: TOPIC_ALREADY_EXISTS'],
    [
      'add producer p --topic order',
      "add producer --topic: there is no 'order'; there are: orders",
    ],
    ['add producer p --topic orders --rate 9', "rate: '9' is not possible; allowed: 10/s, 30/m"],
    ['add producer p --topic orders --acks 2', "add producer --acks: '2' cannot stand here"],
    ['add producer broker-1 --topic orders', "NAME: 'broker-1' is not possible"],
    ['add producer p --topic orders --set linger.ms=x', "linger.ms: 'x' is not possible"],
    ['add producer p --topic orders --count 0', "add producer --count: '0' cannot stand here"],
    ['add consumer c', 'add consumer: a word is missing; allowed here: --topic, --queue'],
    [
      'add consumer c --topic orders --no-ack',
      "add consumer --topic: '--no-ack' cannot stand here",
    ],
    ['add consumer c --topic orders --processing x', "add consumer --processing: 'x' cannot stand"],
    ['add queue q --bind nowhere', "404 NOT_FOUND - no exchange 'nowhere' in vhost '/'"],
    ['add publisher p', 'add publisher: a word is missing; allowed here: --queue, --exchange'],
    ['add publisher p --queue no', "add publisher --queue: there is no 'no'; there are: "],
    ['add publisher p --exchange x --node 7', "add publisher --node: '7' cannot stand here"],
  ];
  it('says what is wrong with a part, and adds nothing', () => {
    const session = typed(['add kafka', 'add topic orders', 'add rabbitmq']);
    for (const [line, why] of wrongClients) {
      const [printed = ''] = printedBy(session, line);
      expect(printed.startsWith(why), `${line} -> ${printed}`).toBe(true);
    }
    expect(worldOf(session).clients).toHaveLength(0);
  });

  it.each([
    ['run abc', "run: 'abc' cannot stand here; allowed: 1ms to 60m (500ms, 5s, 2m)"],
    ['run 61m', "run: '61m' cannot stand here; allowed: 1ms to 60m (500ms, 5s, 2m)"],
    ['run 0s', "run: '0s' cannot stand here; allowed: 1ms to 60m (500ms, 5s, 2m)"],
    ['run 5s 6s', "run 5s: '6s' is too much"],
    ['run && list', "run: '&&' cannot stand here; allowed: 1ms to 60m (500ms, 5s, 2m)"],
  ])('%s is refused once, and no time passes', (line, why) => {
    const session = typed(['add kafka']);
    const { now } = session.run.world;
    expect(printedBy(session, line)).toEqual([why]);
    expect(
      session.transcript.filter(({ kind, text }) => kind === 'typed' && text === line),
    ).toEqual([expect.objectContaining({ pane: 1, prompt: '$ ' })]);
    expect(session.run.typed.map(({ text }) => text)).toEqual(['add kafka']);
    expect([session.run.world.now, session.shell.pane(1).code]).toEqual([now, 0]);
  });

  it('has a manual for each command', () => {
    const session = opened();
    for (const name of ['add', 'set', 'remove', 'list']) {
      expect(printedBy(session, `man ${name}`)[0]).toMatch(new RegExp(`^${name}: \\S`));
    }
  });

  it('as a link it is the same run, which ends where it was left', () => {
    const session = typed([...KAFKA, 'crash broker-1', 'run 5s']);
    const found = fromLink(session.link());
    if (!found.ok) throw new Error(found.reason);
    const { experiment, ...options } = found.shared;
    expect(experiment).toBe(playgroundExperiment.id);
    const again = new Run(playgroundExperiment, {
      ...options,
      shell: (lab, handles) => new Shell(lab, handles, { tools }),
    });
    again.finish();
    expect(again.world.failure).toBeNull();
    expect(again.world.event).toBeGreaterThan(1000);
    const { world } = session.run;
    const last = [...world.trace.entries()].pop()!;
    const same = [...again.world.trace.entries()][world.trace.length - 1]!;
    expect(same).toEqual(last);
  });

  it('made again from what was kept of it, it is the same trace', () => {
    const session = typed([...KAFKA, 'crash broker-1', 'run 5s']);
    const kept = session.kept();
    const again = new TerminalSession({ experiment: playgroundExperiment, tools, kept });
    expect(again.run.world.event).toBe(session.run.world.event);
    expect(again.run.world.trace.hash).toBe(session.run.world.trace.hash);
  });

  it('goes back by an event, and undoes what was typed last', () => {
    const session = typed(['add kafka --brokers 1', 'add topic orders']);
    const { event } = session.run.world;
    session.type(1, 'step 5');
    session.type(1, 'back 5');
    expect(session.run.world.event).toBe(event);
    session.type(1, 'undo');
    expect(printedBy(session, 'list')).toEqual(['Kafka 4.1: broker-1']);
  });

  it.each(kafkaReleases)('Kafka %s: a record goes through', (release) => {
    const session = typed([
      `add kafka --brokers 1 --release ${release}`,
      'add topic t',
      'add producer p --topic t --count 3',
      'add consumer c --topic t',
      'run 10s',
    ]);
    expect(session.run.world.failure?.error.message).toBeUndefined();
    expect(session.run.history.delivered).toHaveLength(3);
  });

  it.each(rabbitReleases)('RabbitMQ %s: a message goes through', (release) => {
    const session = typed([
      `add rabbitmq --release ${release}`,
      'add queue q',
      'add publisher p --queue q --count 3',
      'add consumer c --queue q',
      'run 10s',
    ]);
    expect(session.run.world.failure?.error.message).toBeUndefined();
    expect(session.run.history.delivered).toHaveLength(3);
  });
});
