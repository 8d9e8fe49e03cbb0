/**
 * Where a reset of a group's offsets goes: an end of the log, a time, a shift, a number, a file.
 *
 * Source: `org.apache.kafka.tools.OffsetsUtils`. What lies outside of the log becomes its nearer
 * end. Times are read as UTC where they name no zone.
 */
import { assert } from '../../kernel/assert.ts';
import {
  type TopicPartition,
  topicPartitionText,
} from '../../kafka/client/consumer/subscription-state.ts';
import type { CommittedOffset } from '../../kafka/client/group-administration.ts';
import { listOffsets } from '../../kafka/client/list-offsets.ts';
import type { GroupSession } from './consumer-groups.ts';
import { messageOf } from './admin-session.ts';

export interface NewOffset extends TopicPartition {
  readonly offset: number;
}

interface Asked {
  readonly group: string;
  readonly partitions: readonly TopicPartition[];
  readonly committed: readonly CommittedOffset[];
}

type At = 'earliest' | 'latest' | number;
type Ends = ReadonlyMap<string, number>;

/** The new offsets, or the sentence of the exception that there is in place of them. */
export function newOffsets(
  session: GroupSession,
  asked: Asked,
  done: (offsets: readonly NewOffset[] | string) => void,
): void {
  const { given } = session;
  const { partitions } = asked;
  const wrong = given.malformed();
  if (wrong !== null) return done(wrong.message);
  if (given.has('from-file')) return fromFile(session, asked, done);
  if (partitions.length === 0) return done([]);
  if (given.has('to-earliest')) return atEnd(session, partitions, 'earliest', done);
  if (given.has('to-latest')) return atEnd(session, partitions, 'latest', done);
  const time = timeOf(session);
  if (typeof time === 'string') return done(time);
  if (time !== null) return atTime(session, partitions, time, done);
  const wish = wishOf(session, asked);
  if (wish !== null) return within(session, wish, done);
  done(
    "Option '[reset-offsets]' requires one of the following scenarios: [to-offset], " +
      '[to-datetime], [by-duration], [to-earliest], [to-latest], [shift-by], [from-file], ' +
      '[to-current]',
  );
}

function ends(
  session: GroupSession,
  partitions: readonly TopicPartition[],
  at: At,
  take: (ends: Ends) => void,
  failed: (problem: string) => void,
): void {
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
  listOffsets(session.admin, queries, (result) => {
    if (!result.ok) {
      failed(messageOf(result.errorCode));
      return;
    }
    take(new Map(result.value.map((one) => [topicPartitionText(one), one.offset])));
  });
}

function atEnd(
  session: GroupSession,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest',
  done: (offsets: readonly NewOffset[] | string) => void,
): void {
  ends(session, partitions, at, (found) => done(placed(partitions, found)), done);
}

function placed(partitions: readonly TopicPartition[], found: Ends): NewOffset[] {
  return partitions.map(({ topic, partition }) => {
    const offset = found.get(topicPartitionText({ topic, partition })) ?? -1;
    assert(offset >= 0, 'an offset of the log', { topic, partition, offset });
    return { topic, partition, offset };
  });
}

/** The first record of a time or later; behind the last where there is none. */
function atTime(
  session: GroupSession,
  partitions: readonly TopicPartition[],
  time: number,
  done: (offsets: readonly NewOffset[] | string) => void,
): void {
  ends(
    session,
    partitions,
    time,
    (found) => {
      const isFound = (one: TopicPartition): boolean =>
        (found.get(topicPartitionText(one)) ?? -1) >= 0;
      const late = partitions.filter((one) => !isFound(one));
      if (late.length === 0) return done(placed(partitions, found));
      ends(
        session,
        late,
        'latest',
        (last) => {
          const early = [...found].filter(([, offset]) => offset >= 0);
          done(placed(partitions, new Map([...last, ...early])));
        },
        done,
      );
    },
    done,
  );
}

/** Offsets that are not looked up: they still have to lie within the log. */
function wishOf({ given }: GroupSession, asked: Asked): readonly (NewOffset | Unset)[] | null {
  const committed = new Map(asked.committed.map((one) => [topicPartitionText(one), one.offset]));
  const shift = given.value('shift-by');
  const to = given.value('to-offset');
  if (to === null && shift === null && !given.has('to-current')) return null;
  return asked.partitions.map((one) => {
    const at = committed.get(topicPartitionText(one)) ?? null;
    if (to !== null) return { ...one, offset: Number(to) };
    return { ...one, offset: at === null ? null : at + Number(shift ?? '0') };
  });
}

/** A partition of which the group has committed nothing: behind the last record. */
interface Unset extends TopicPartition {
  readonly offset: number | null;
}

function within(
  session: GroupSession,
  wishes: readonly (NewOffset | Unset)[],
  done: (offsets: readonly NewOffset[] | string) => void,
): void {
  ends(
    session,
    wishes,
    'earliest',
    (first) => {
      const bound = (last: Ends): void => {
        done(
          wishes.map((wish) => {
            const { topic, partition } = wish;
            const name = topicPartitionText(wish);
            const [low, high] = [first.get(name) ?? 0, last.get(name) ?? 0];
            const offset = Math.min(high, Math.max(low, wish.offset ?? high));
            return { topic, partition, offset };
          }),
        );
      };
      ends(session, wishes, 'latest', bound, done);
    },
    done,
  );
}

/** Milliseconds since 1970 of `--to-datetime` and `--by-duration`; null without them. */
function timeOf({ given, ports }: GroupSession): number | string | null {
  const text = given.value('to-datetime');
  if (text !== null) return datetimeOf(text);
  const duration = given.value('by-duration');
  if (duration === null) return null;
  const ms = durationOf(duration);
  return typeof ms === 'string' ? ms : Math.max(0, ports.clock.wall() - ms);
}

function datetimeOf(text: string): number | string {
  const failed = (reason: string): string => `java.text.ParseException: ${reason}`;
  if (!text.includes('T')) {
    return failed("Error parsing timestamp. It does not contain a 'T' according to ISO8601 format");
  }
  const match =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})(?:Z|([+-])(\d\d):?(\d\d))?$/.exec(text);
  if (match === null) return failed(`Unparseable date: "${text}"`);
  const numbers = match.map(Number);
  const [, year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0, ms = 0] = numbers;
  const zone = match[8] === undefined ? 0 : (Number(match[9]) * 60 + Number(match[10])) * 60_000;
  const local = daysTo(year, month, day) * 86_400_000;
  const time = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms;
  return local + time - (match[8] === '-' ? -zone : zone);
}

/** Days from 1970-01-01 to a date of the Gregorian calendar. */
function daysTo(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const monthOfYear = month > 2 ? month - 3 : month + 9;
  const dayOfYear = Math.floor((153 * monthOfYear + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

/** `P1DT2H3M4S` in milliseconds. */
function durationOf(text: string): number | string {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (match === null || text.length < 3) {
    return `java.time.format.DateTimeParseException: Text cannot be parsed to a Duration`;
  }
  const [days, hours, minutes, seconds] = [1, 2, 3, 4].map((place) => Number(match[place] ?? '0'));
  return (((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1_000;
}

/** Lines `topic,partition,offset`, with the group before them where there are several. */
function fromFile(
  session: GroupSession,
  { group }: Asked,
  done: (offsets: readonly NewOffset[] | string) => void,
): void {
  const name = session.given.value('from-file') ?? '';
  const text = session.call.world.files.get(name);
  if (text === undefined) {
    done(`java.nio.file.NoSuchFileException: ${name}`);
    return;
  }
  const wishes: NewOffset[] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const cells = line.trim().split(',');
    const [of, topic, partition, offset] = cells.length === 4 ? cells : [group, ...cells];
    if (!/^\d+$/.test(partition ?? '') || !/^\d+$/.test(offset ?? '')) {
      done(`Wrong line in ${name}: ${line}`);
      return;
    }
    if (of !== group || topic === undefined) continue;
    wishes.push({ topic, partition: Number(partition), offset: Number(offset) });
  }
  if (wishes.length === 0) done([]);
  else within(session, wishes, done);
}
