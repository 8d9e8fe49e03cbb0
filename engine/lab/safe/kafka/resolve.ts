/**
 * From files to one configuration: which lines count, what contradicts what, what the release's
 * defaults fill in, what the producer makes of its settings together, and the knobs that run it.
 *
 * A topic's setting overrides its broker's, as in Kafka; two files of one kind that disagree are an
 * error. Not here: which settings there are (`kafka-settings.ts`).
 * Differences: one topic, one producer; what the engine cannot run as given is run as near as it
 * can be, and a note says so. Sources: `ProducerConfig.postProcessAndValidateIdempotenceConfigs`,
 * `KafkaProducer.configureDeliveryTimeout`, `LogManager.startup`, KIP-679, KIP-966.
 */
import { assert } from '../../../kernel/assert.ts';
import { compareReleases } from '../../../kernel/releases.ts';
import { newestProfile, profileNames, profileOf } from '../../../kafka/profiles.ts';
import type { ProfileName } from '../../../kafka/profiles.ts';
import type { Localized } from '../../knob.ts';
import { parseProperties } from '../properties.ts';
import type { Origin, Problem, Reading, ReadResult, ReadSetting } from '../system.ts';
import type { SettingsFile } from '../system.ts';
import { NEVER, REPLICAS_MAX } from './kafka-configuration.ts';
import { kafkaSettings, refusalOf, scopesOf } from './kafka-settings.ts';
import type { Scope } from './kafka-settings.ts';

const PREFIX = 'kafka-';
export const releases = profileNames.map((name) => name.slice(PREFIX.length));
const newestRelease = newestProfile.slice(PREFIX.length);
const INT_MAX = 2_147_483_647;
const LONG_MAX_TEXT = '9223372036854775807';
/** A lag that is longer only makes the same things happen later. */
const LAG_MS_RUN_MAX = 60_000;
const IN_FLIGHT_MAX = 5;

type Given = Readonly<Record<string, string>>;

/** One setting of one kind of file. */
interface Counted extends ReadSetting {
  readonly scopes: readonly Scope[];
}

interface Collected {
  readonly recognised: readonly ReadSetting[];
  readonly ignored: readonly ReadSetting[];
  readonly repeated: Reading['repeated'];
  readonly given: Given;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly problems: readonly Problem[];
  readonly notes: readonly Localized[];
}

/** Reads files over a release's defaults; null: the release that the files name, or the newest. */
export function readKafka(files: readonly SettingsFile[], release: string | null): ReadResult {
  const collected = collect(files);
  if (collected.problems.length > 0) return { ok: false, problems: collected.problems };
  const { given, origins, notes } = collected;
  const named = releaseOf(given['inter.broker.protocol.version']);
  const chosen = release ?? named ?? newestRelease;
  const settled = settle(given, chosen);
  if ('refused' in settled) {
    const { refused, names } = settled;
    const at = names.flatMap((name) => origins.get(name) ?? []);
    return { ok: false, problems: [{ text: same(refused), origins: at }] };
  }
  const { recognised, ignored, repeated } = collected;
  const reading = { system: 'kafka', release: chosen, recognised, ignored, repeated, given };
  return { ok: true, reading: { ...reading, ...settled, notes: [...notes, ...settled.notes] } };
}

/** A configuration with settings changed, or null where Kafka would refuse it. */
export function changeKafka(reading: Reading, settings: Given): Reading | null {
  const given = { ...reading.given, ...settings };
  const settled = settle(given, reading.release);
  return 'refused' in settled ? null : { ...reading, ...settled, given };
}

// ---------------------------------------------------------------------------------------- files

function collect(files: readonly SettingsFile[]): Collected {
  const recognised: Counted[] = [];
  const ignored: ReadSetting[] = [];
  const repeated: (ReadSetting & { laterLine: number })[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    const read = parseProperties(file.text);
    const at = (line: number): Origin => ({ file: file.name, line });
    for (const { line, text } of read.problems) problems.push({ text, origins: [at(line)] });
    for (const { name, value, line, laterLine } of read.repeated) {
      repeated.push({ name, value, origin: at(line), laterLine });
    }
    const scopes = scopesOf(read.entries.map(({ name }) => name));
    for (const { name, value: text, line } of read.entries) {
      const setting = { name, value: text.trim(), origin: at(line) };
      const known = Object.hasOwn(kafkaSettings, name) ? kafkaSettings[name]! : null;
      const own = known?.scopes.filter((scope) => scopes.includes(scope)) ?? [];
      if (own.length === 0) {
        ignored.push(setting);
        continue;
      }
      const refusal = refusalOf(name, text);
      if (refusal !== null) problems.push({ text: same(refusal), origins: [at(line)] });
      recognised.push({ ...setting, scopes: own });
    }
  }
  return { ...combine(recognised, problems), recognised, ignored, repeated };
}

/** What counts of each setting: a topic's over a broker's; files of one kind must agree. */
function combine(
  recognised: readonly Counted[],
  before: readonly Problem[],
): Pick<Collected, 'given' | 'origins' | 'problems' | 'notes'> {
  const problems = [...before];
  const notes: Localized[] = [];
  const counted = new Map<string, Counted>();
  for (const one of recognised) {
    const key = kafkaSettings[one.name]!.as ?? one.name;
    const other = counted.get(key);
    if (other === undefined || other.value === one.value) {
      counted.set(key, one);
      continue;
    }
    const winner = overriding(one, other);
    if (winner === null) {
      problems.push(contradiction(key, other, one));
      continue;
    }
    counted.set(key, winner);
    notes.push(overrides(winner, winner === one ? other : one));
  }
  const given: Record<string, string> = {};
  const origins = new Map<string, Origin>();
  for (const [key, { value, origin }] of counted) {
    given[key] = value;
    origins.set(key, origin);
  }
  return { given, origins, problems, notes };
}

/** The one that is a topic's only while the other is a broker's only; null: neither overrides. */
function overriding(one: Counted, other: Counted): Counted | null {
  const isOnly = ({ scopes }: Counted, scope: Scope) => scopes.length === 1 && scopes[0] === scope;
  if (isOnly(one, 'topic') && isOnly(other, 'broker')) return one;
  if (isOnly(other, 'topic') && isOnly(one, 'broker')) return other;
  return null;
}

const place = ({ origin }: ReadSetting) => `${origin.file}:${origin.line}`;
const line = ({ name, value }: ReadSetting) => `${name}=${value}`;

function contradiction(key: string, one: Counted, other: Counted): Problem {
  const [first, second] = [one, other].map((each) => `${line(each)} (${place(each)})`);
  return {
    text: {
      en: `${key} is given twice and differently: ${first}, ${second}`,
      zh: `${key} 出现了两个不同的值：${first}，${second}`,
    },
    origins: [one.origin, other.origin],
  };
}

const overrides = (winner: Counted, loser: Counted): Localized => ({
  en: `The topic's ${line(winner)} (${place(winner)}) overrides the broker's ${line(loser)}.`,
  zh: `主题级的 ${line(winner)}（${place(winner)}）覆盖了 Broker 级的 ${line(loser)}。`,
});

const same = (text: string): Localized => ({ en: text, zh: text });

/** `3.9` of `3.9-IV0`, `0.10` of `0.10.2`; null where it is no release that we know. */
function releaseOf(protocol: string | undefined): string | null {
  const found = /^(\d+\.\d+)/.exec(protocol ?? '')?.[1];
  return found !== undefined && releases.includes(found) ? found : null;
}

// ------------------------------------------------------------------------------- what they mean

type Settled =
  | Pick<Reading, 'knobs' | 'defaults' | 'notes'>
  | { readonly refused: string; readonly names: readonly string[] };

/** What the settings come to in a release. */
function settle(given: Given, release: string): Settled {
  const broker = brokerOf(given, release);
  const producer = producerOf(given, release);
  for (const part of [broker, producer]) if ('refused' in part) return part;
  if ('refused' in broker) return broker;
  if ('refused' in producer) return producer;
  const values = { ...broker.values, ...producer.values };
  const defaults = Object.entries(values)
    .filter(([name]) => given[name] === undefined)
    .map(([name, value]) => ({ name, value }));
  const knobs = { profile: `${PREFIX}${release}`, ...broker.knobs, ...producer.knobs };
  return { knobs, defaults, notes: [...broker.notes, ...producer.notes] };
}

type Part =
  | {
      /** By their real names, as the release has them. */
      readonly values: Given;
      readonly knobs: Given;
      readonly notes: readonly Localized[];
    }
  | { readonly refused: string; readonly names: readonly string[] };

function brokerOf(given: Given, release: string): Part {
  const { defaults, switches } = profileOf(`${PREFIX}${release}` as ProfileName);
  const value = (name: string, preset: string) => given[name] ?? preset;
  const notes: Localized[] = [];
  const values: Record<string, string> = {
    'replication.factor': value('replication.factor', '1'),
    'min.insync.replicas': value('min.insync.replicas', '1'),
    'unclean.leader.election.enable': value(
      'unclean.leader.election.enable',
      defaults['unclean.leader.election.enable'],
    ).toLowerCase(),
    'log.flush.interval.messages': value('log.flush.interval.messages', LONG_MAX_TEXT),
    'log.flush.scheduler.interval.ms': value('log.flush.scheduler.interval.ms', LONG_MAX_TEXT),
    'replica.lag.time.max.ms': value(
      'replica.lag.time.max.ms',
      defaults['replica.lag.time.max.ms'],
    ),
    'replica.fetch.wait.max.ms': value('replica.fetch.wait.max.ms', '500'),
    'eligible.leader.replicas.version': value(
      'eligible.leader.replicas.version',
      switches.eligibleLeaderReplicas ? '1' : '0',
    ),
  };
  const lagMs = Number(values['replica.lag.time.max.ms']);
  const waitMs = Number(values['replica.fetch.wait.max.ms']);
  if (waitMs > lagMs) {
    const refused =
      'requirement failed: replica.fetch.wait.max.ms should always be less than or equal to ' +
      'replica.lag.time.max.ms to prevent frequent changes in ISR';
    return { refused, names: ['replica.fetch.wait.max.ms', 'replica.lag.time.max.ms'] };
  }
  const replicas = Number(values['replication.factor']);
  if (replicas > REPLICAS_MAX) notes.push(nearest('replication.factor', replicas, REPLICAS_MAX));
  if (lagMs > LAG_MS_RUN_MAX) notes.push(nearest('replica.lag.time.max.ms', lagMs, LAG_MS_RUN_MAX));
  if (Number(values['min.insync.replicas']) > replicas) notes.push(tooManyInSync(values));
  const knobs: Record<string, string> = {
    ...values,
    'replication.factor': String(Math.min(replicas, REPLICAS_MAX)),
    'min.insync.replicas': String(Math.min(Number(values['min.insync.replicas']), INT_MAX)),
    'replica.lag.time.max.ms': String(Math.min(lagMs, LAG_MS_RUN_MAX)),
    'replica.fetch.wait.max.ms': String(Math.min(waitMs, LAG_MS_RUN_MAX)),
    'log.flush.interval.messages': longKnob(values['log.flush.interval.messages']!),
    ...flushMs(given, notes),
  };
  delete knobs['log.flush.scheduler.interval.ms'];
  return { values, knobs, notes };
}

/** Only the checker that `log.flush.scheduler.interval.ms` starts looks at the age of a log. */
function flushMs(given: Given, notes: Localized[]): Given {
  const scheduler = given['log.flush.scheduler.interval.ms'];
  const age = given['log.flush.interval.ms'] ?? scheduler;
  if (age === undefined || Number(age) >= NEVER) return { 'log.flush.interval.ms': String(NEVER) };
  if (scheduler !== undefined && Number(scheduler) < NEVER) {
    const everyMs = Math.max(Number(age), Number(scheduler), 0);
    return { 'log.flush.interval.ms': everyMs > INT_MAX ? String(NEVER) : String(everyMs) };
  }
  notes.push({
    en:
      'log.flush.interval.ms does nothing here: only the task that ' +
      'log.flush.scheduler.interval.ms starts looks at it, and by default that never runs again.',
    zh:
      'log.flush.interval.ms 在这里不起作用：只有 log.flush.scheduler.interval.ms ' +
      '启动的后台任务才会检查它，而默认情况下这个任务不会再次运行。',
  });
  return { 'log.flush.interval.ms': String(NEVER) };
}

function producerOf(given: Given, release: string): Part {
  const { defaults } = profileOf(`${PREFIX}${release}` as ProfileName);
  const notes: Localized[] = [];
  const idempotence = idempotenceOf(given, release, notes);
  if (typeof idempotence === 'string') {
    return { refused: idempotence, names: IDEMPOTENCE_NAMES };
  }
  const since30 = compareReleases(release, '3.0') >= 0;
  const on = idempotence && !since30;
  const acks = given['acks'] ?? (on ? 'all' : defaults.acks);
  const inFlightPreset = on && compareReleases(release, '1.0') < 0 ? '1' : '5';
  const linger = given['linger.ms'] ?? defaults['linger.ms'];
  const request = given['request.timeout.ms'] ?? '30000';
  const leastMs = Math.min(Number(linger) + Number(request), INT_MAX);
  const delivery = given['delivery.timeout.ms'] ?? String(Math.max(120_000, leastMs));
  if (Number(delivery) < leastMs && compareReleases(release, '2.1') >= 0) {
    return {
      refused:
        'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms',
      names: ['delivery.timeout.ms', 'linger.ms', 'request.timeout.ms'],
    };
  }
  const values = {
    acks: acks === '-1' ? 'all' : acks,
    'enable.idempotence': String(idempotence),
    retries: given['retries'] ?? (on ? String(INT_MAX) : defaults.retries),
    'max.in.flight.requests.per.connection':
      given['max.in.flight.requests.per.connection'] ?? inFlightPreset,
    'linger.ms': linger,
    'request.timeout.ms': request,
    'delivery.timeout.ms': String(Math.max(Number(delivery), leastMs)),
  };
  return { values, knobs: { ...values, 'linger.ms': longKnob(linger) }, notes };
}

const IDEMPOTENCE_NAMES = [
  'enable.idempotence',
  'transactional.id',
  'acks',
  'retries',
  'max.in.flight.requests.per.connection',
];

/** Whether the producer is idempotent; a text: why it would not start. */
function idempotenceOf(given: Given, release: string, notes: Localized[]): boolean | string {
  const asked = given['enable.idempotence']?.toLowerCase();
  const transactional = given['transactional.id'] !== undefined;
  if (compareReleases(release, '0.11') < 0) {
    if (asked !== undefined || transactional) notes.push(unknownIdempotence);
    return false;
  }
  if (transactional) notes.push(transactions);
  const since30 = compareReleases(release, '3.0') >= 0;
  const preset = profileOf(`${PREFIX}${release}` as ProfileName).defaults['enable.idempotence'];
  const wanted = asked === undefined ? preset === 'true' || transactional : asked === 'true';
  const needs = 'Cannot set a transactional.id without also enabling idempotence.';
  if (!wanted) return transactional ? needs : false;
  const conflict = idempotenceConflict(given, release);
  if (conflict === null) return true;
  // before 3.0 nobody is idempotent by default, so whoever is asked for it
  if (asked === 'true' || !since30) return conflict.refused;
  if (transactional) return needs;
  notes.push({
    en: `${conflict.setting} turns idempotence off, silently: it is on by default only.`,
    zh: `${conflict.setting} 使幂等悄悄失效：幂等只是默认开启，并未显式要求。`,
  });
  return false;
}

function idempotenceConflict(
  given: Given,
  release: string,
): { readonly setting: string; readonly refused: string } | null {
  const { acks, retries } = given;
  const name = 'max.in.flight.requests.per.connection';
  const inFlight = given[name];
  if (retries !== undefined && Number(retries) === 0) {
    const refused = 'Must set retries to non-zero when using the idempotent producer.';
    return { setting: 'retries=0', refused };
  }
  if (acks === '0' || acks === '1') {
    const refused =
      'Must set acks to all in order to use the idempotent producer. ' +
      'Otherwise we cannot guarantee idempotence.';
    return { setting: `acks=${acks}`, refused };
  }
  const most = compareReleases(release, '1.0') < 0 ? 1 : IN_FLIGHT_MAX;
  if (inFlight === undefined || Number(inFlight) <= most) return null;
  const refused =
    most === 1
      ? `Must set ${name} to 1 in order to use the idempotent producer. ` +
        'Otherwise we cannot guarantee idempotence.'
      : `Must set ${name} to at most 5 to use the idempotent producer.`;
  return { setting: `${name}=${inFlight}`, refused };
}

/** A 64-bit value as a knob takes it. */
function longKnob(text: string): string {
  const value = Number(text);
  assert(!Number.isNaN(value), 'a checked number', { text });
  return String(Math.min(value, NEVER));
}

// ---------------------------------------------------------------------------------------- notes

const nearest = (name: string, given: number, run: number): Localized => ({
  en: `${name}=${given} is run as ${run}, the most that the search takes.`,
  zh: `${name}=${given} 按 ${run} 运行，这是搜索支持的上限。`,
});

const tooManyInSync = (values: Given): Localized => {
  const inSync = `min.insync.replicas=${values['min.insync.replicas']}`;
  const replicas = values['replication.factor'];
  return {
    en: `${inSync} is more than replication.factor=${replicas}; it counts as ${replicas}.`,
    zh: `${inSync} 超过了 replication.factor=${replicas}，按 ${replicas} 计算。`,
  };
};

const unknownIdempotence: Localized = {
  en: 'Idempotence came with release 0.11; this release ignores the setting.',
  zh: '幂等从 0.11 版本才有，这个版本会忽略该配置。',
};

const transactions: Localized = {
  en: 'transactional.id implies idempotence and acks=all; the transactions themselves are not run.',
  zh: 'transactional.id 意味着幂等和 acks=all；事务本身不在这里运行。',
};
