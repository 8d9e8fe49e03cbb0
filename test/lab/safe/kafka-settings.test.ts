/** What lines of Kafka's files come to: recognised, not considered, defaults, refusals. */
import { describe, expect, test } from 'vitest';
import { systemNamed } from '../../../engine/lab/safe/index.ts';
import type { Reading } from '../../../engine/lab/safe/index.ts';
import { kafkaSettings } from '../../../engine/lab/safe/kafka/kafka-settings.ts';
import { SAFE_SETTINGS } from '../../../web/i18n/safe.ts';

const kafka = systemNamed('kafka');
type Texts = Readonly<Record<string, string>>;

const read = (texts: Texts, release: string | null = null) =>
  kafka.read(
    Object.entries(texts).map(([name, text]) => ({ name, text })),
    release,
  );

function readingOf(text: string, release: string | null = null): Reading {
  const result = read({ 'a.properties': text }, release);
  if (!result.ok) throw new Error(result.problems[0]!.text.en);
  return result.reading;
}

function refusalOf(texts: Texts, release: string | null = null): string {
  const result = read(texts, release);
  return result.ok ? '' : result.problems.map(({ text }) => text.en).join('\n');
}

describe('kafka settings: what is read', () => {
  test('recognised, not considered and defaults are told apart', () => {
    const { recognised, ignored, defaults, knobs } = readingOf(
      'broker.id=1\ndefault.replication.factor=3\nlog.retention.hours=24\nmin.insync.replicas=2',
    );
    expect(recognised.map(({ name }) => name)).toEqual([
      'default.replication.factor',
      'min.insync.replicas',
    ]);
    expect(ignored.map(({ name, origin }) => [name, origin.line])).toEqual([
      ['broker.id', 1],
      ['log.retention.hours', 3],
    ]);
    const names = defaults.map(({ name }) => name);
    expect(names).toContain('acks');
    expect(names).not.toContain('min.insync.replicas');
    expect(knobs).toMatchObject({ 'replication.factor': '3', 'min.insync.replicas': '2' });
  });

  test('a name counts only in a file of its kind', () => {
    const mixed = readingOf('broker.id=1\nacks=0\nrequest.timeout.ms=5');
    expect(mixed.recognised.map(({ name }) => name)).toEqual(['acks', 'request.timeout.ms']);
    const only = read({ 's.properties': 'node.id=1\nlisteners=x\nrequest.timeout.ms=5' });
    expect(only.ok && only.reading.ignored.map(({ name }) => name)).toContain('request.timeout.ms');
  });

  test.each([
    ['0.10', { acks: '1', retries: '0', 'unclean.leader.election.enable': 'true' }],
    ['2.8', { acks: '1', 'enable.idempotence': 'false', retries: '2147483647' }],
    ['4.1', { acks: 'all', 'enable.idempotence': 'true', 'linger.ms': '5' }],
  ])('the defaults of %s are that release’s', (release, expected) => {
    const { knobs, defaults } = readingOf('', release);
    expect(knobs).toMatchObject({ ...expected, 'replication.factor': '1' });
    for (const [name, value] of Object.entries(expected)) {
      expect(defaults).toContainEqual({ name, value });
    }
  });

  test('inter.broker.protocol.version names the release, unless one is asked for', () => {
    expect(readingOf('inter.broker.protocol.version=2.8-IV1').release).toBe('2.8');
    expect(readingOf('inter.broker.protocol.version=2.8-IV1', '3.9').release).toBe('3.9');
    expect(readingOf('').release).toBe('4.1');
  });

  test('a topic overrides its broker, and says so', () => {
    const result = read({
      'server.properties': 'broker.id=1\nmin.insync.replicas=1\nlog.flush.interval.messages=9',
      'topic.properties': 'replication.factor=3\nmin.insync.replicas=2\nflush.messages=1',
    });
    expect(result.ok).toBe(true);
    if (!result.ok) return;
    expect(result.reading.knobs).toMatchObject({
      'min.insync.replicas': '2',
      'log.flush.interval.messages': '1',
    });
    expect(result.reading.notes).toHaveLength(2);
  });

  test('log.flush.interval.ms without its scheduler does nothing, and says so', () => {
    const alone = readingOf('log.flush.interval.ms=1000');
    expect(alone.notes).toHaveLength(1);
    const never = alone.knobs['log.flush.interval.ms'];
    const both = readingOf('log.flush.interval.ms=1000\nlog.flush.scheduler.interval.ms=3000');
    expect(both.notes).toHaveLength(0);
    expect(both.knobs['log.flush.interval.ms']).toBe('3000');
    expect(Number(never)).toBeGreaterThan(Number('999999999'));
  });

  test('the page names every setting that the engine recognises', () => {
    expect([...SAFE_SETTINGS].sort()).toEqual(Object.keys(kafkaSettings).sort());
  });
});

describe('kafka settings: what is refused, in Kafka’s words', () => {
  test.each([
    ['acks=2', 'Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1'],
    ['retries=-1', 'Invalid value -1 for configuration retries: Value must be at least 0'],
    [
      'min.insync.replicas=0',
      'Invalid value 0 for configuration min.insync.replicas: Value must be at least 1',
    ],
    [
      'min.insync.replicas=two',
      'Invalid value two for configuration min.insync.replicas: Not a number of type INT',
    ],
    [
      'unclean.leader.election.enable=yes',
      'Invalid value yes for configuration unclean.leader.election.enable: ' +
        'Expected value to be either true or false',
    ],
    [
      'enable.idempotence=true\nacks=1',
      'Must set acks to all in order to use the idempotent producer. ' +
        'Otherwise we cannot guarantee idempotence.',
    ],
    [
      'enable.idempotence=true\nretries=0',
      'Must set retries to non-zero when using the idempotent producer.',
    ],
    [
      'enable.idempotence=true\nmax.in.flight.requests.per.connection=6',
      'Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer.',
    ],
    [
      'enable.idempotence=false\ntransactional.id=t',
      'Cannot set a transactional.id without also enabling idempotence.',
    ],
    [
      'delivery.timeout.ms=1000',
      'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms',
    ],
  ])('%j', (text, message) => {
    expect(refusalOf({ 'p.properties': text })).toBe(message);
    const result = read({ 'p.properties': text });
    expect(result.ok === false && result.problems[0]!.origins.length).toBeGreaterThan(0);
  });

  test('who asks for idempotence before 3.0 gets acks=all; since then acks=1 ends it', () => {
    const old = readingOf('enable.idempotence=true', '2.8').knobs;
    expect(old).toMatchObject({ acks: 'all', 'enable.idempotence': 'true' });
    const silent = readingOf('acks=1', '3.9');
    expect(silent.knobs).toMatchObject({ acks: '1', 'enable.idempotence': 'false' });
    expect(silent.notes).toHaveLength(1);
    expect(readingOf('transactional.id=t', '2.8').knobs).toMatchObject({ acks: 'all' });
    expect(readingOf('enable.idempotence=true', '0.10').knobs['enable.idempotence']).toBe('false');
  });

  test('two files of one kind that disagree are an error that names both', () => {
    const texts = {
      'one.properties': 'bootstrap.servers=x\nacks=1',
      'two.properties': 'bootstrap.servers=x\n\nacks=all',
    };
    const message = refusalOf(texts);
    expect(message).toContain('acks=1 (one.properties:2)');
    expect(message).toContain('acks=all (two.properties:3)');
    expect(refusalOf({ ...texts, 'one.properties': 'acks=all' })).toBe('');
  });

  test('a line that is malformed is an error with its file and line', () => {
    const result = read({ 's.properties': 'broker.id=1\na=\\u00g0' });
    expect(result.ok === false && result.problems[0]!.origins).toEqual([
      { file: 's.properties', line: 2 },
    ]);
  });
});
