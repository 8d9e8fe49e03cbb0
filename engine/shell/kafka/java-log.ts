/**
 * A line of a tool's log as Log4j prints it, where it is all that a user reads of an error, and the
 * names of Java's exceptions.
 *
 * Source: `config/tools-log4j2.yaml` (pattern `[%d] %p %m (%c)%n`), `Errors.exception`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { errorName } from '../../wire/kafka/errors.ts';

const DAY_MS = 86_400_000;

/** `[2026-01-31 09:08:07,006] ERROR sentence (class)`, by the host's wall clock. */
export function errorLog({ clock }: Ports, sentence: string, className: string): string {
  return `[${logTime(clock.wall())}] ERROR ${sentence} (${className})`;
}

/** The exception class of an error code. */
export function exceptionOf(errorCode: number): string {
  const name = errorName(errorCode);
  const camel = name
    .split('_')
    .map((word) => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`)
    .join('');
  const own = EXCEPTIONS[name] ?? (camel.endsWith('Exception') ? camel : `${camel}Exception`);
  return `org.apache.kafka.common.errors.${own}`;
}

/** Where the class is not called as the code is. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  REQUEST_TIMED_OUT: 'TimeoutException',
  MESSAGE_TOO_LARGE: 'RecordTooLargeException',
  RECORD_LIST_TOO_LARGE: 'RecordBatchTooLargeException',
  CORRUPT_MESSAGE: 'CorruptRecordException',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'OutOfOrderSequenceException',
  TOPIC_ALREADY_EXISTS: 'TopicExistsException',
  INVALID_CONFIG: 'InvalidConfigurationException',
  NON_EMPTY_GROUP: 'GroupNotEmptyException',
  GROUP_SUBSCRIBED_TO_TOPIC: 'GroupSubscribedToTopicException',
};

const logTime = (wallMs: number): string => formattedDate(wallMs, 'yyyy-MM-dd HH:mm:ss,SSS');

/** A time in UTC by a pattern of `SimpleDateFormat`, of its letters y, M, d, H, m, s and S. */
export function formattedDate(wallMs: number, pattern: string): string {
  assert(Number.isSafeInteger(wallMs) && wallMs >= 0, 'milliseconds since 1970', { wallMs });
  const { year, month, day } = dateOf(Math.floor(wallMs / DAY_MS));
  const ms = wallMs % DAY_MS;
  const parts: Readonly<Record<string, number>> = {
    ...{ y: year, M: month, d: day, H: Math.floor(ms / 3_600_000) },
    ...{ m: Math.floor(ms / 60_000) % 60, s: Math.floor(ms / 1_000) % 60, S: ms % 1_000 },
  };
  return pattern.replace(/([yMdHmsS])\1*/g, (run) => {
    const text = digits(parts[run.slice(0, 1)]!, run.length);
    return run === 'yy' ? text.slice(-2) : text;
  });
}

const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A time as `Date.toString` has it where the time zone is UTC. */
export function javaDate(wallMs: number): string {
  const days = Math.floor(wallMs / DAY_MS);
  const { month } = dateOf(days);
  const [day, year] = ['dd HH:mm:ss', 'yyyy'].map((part) => formattedDate(wallMs, part));
  return `${DAYS[days % 7]!} ${MONTHS[month - 1]!} ${day!} UTC ${year!}`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}

/** The date of a day after 1970-01-01, in the Gregorian calendar: years begin in March here. */
function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const place = Math.floor((5 * dayOfYear + 2) / 153);
  const month = place < 10 ? place + 3 : place - 9;
  const day = dayOfYear - Math.floor((153 * place + 2) / 5) + 1;
  assert(month >= 1 && month <= 12 && day >= 1 && day <= 31, 'a date', { days, month, day });
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
