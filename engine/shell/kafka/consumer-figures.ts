/**
 * The figures of `kafka-consumer-perf-test.sh`: how much was read, how fast, and how much of the
 * time went into joining the group. Source: `ConsumerPerformance.printConsumerProgress` (4.1).
 * Not here: who reads (`consumer-perf-test.ts`). Difference: a rate over no time at all is 0.
 */
import { assert } from '../../kernel/assert.ts';
import { fixed } from './fixed.ts';
import { formattedDate } from './java-log.ts';

const MEGABYTE = 1024 * 1024;
const COLUMNS = [
  ...['data.consumed.in.MB', 'MB.sec', 'data.consumed.in.nMsg', 'nMsg.sec'],
  ...['rebalance.time.ms', 'fetch.time.ms', 'fetch.MB.sec', 'fetch.nMsg.sec'],
];

/** What was read until a moment. */
interface Reading {
  readonly wallMs: number;
  readonly records: number;
  readonly bytes: number;
}

export interface FiguresOptions {
  /** A line for every interval in place of one for all. */
  readonly isDetailed: boolean;
  readonly intervalMs: number;
  /** As `SimpleDateFormat` has it. */
  readonly dateFormat: string;
}

/** The names of the columns. */
export function consumerHeader(isDetailed: boolean): string {
  const times = isDetailed ? ['time', 'threadId'] : ['start.time', 'end.time'];
  return [...times, ...COLUMNS].join(', ');
}

export class ConsumerFigures {
  readonly #options: FiguresOptions;
  readonly #began: Reading;
  #last: Reading;
  #records = 0;
  #bytes = 0;
  #joinBeganMs: number;
  /** Of the whole run, and since the last line. */
  #joinMs = 0;
  #joinMsInRound = 0;

  /** `wallMs`: milliseconds since 1970, as everywhere here. */
  constructor(options: FiguresOptions, wallMs: number) {
    assert(options.intervalMs > 0, 'an interval', { intervalMs: options.intervalMs });
    this.#options = options;
    this.#began = { wallMs, records: 0, bytes: 0 };
    this.#last = this.#began;
    this.#joinBeganMs = wallMs;
  }

  get records(): number {
    return this.#records;
  }

  /** Partitions were taken away: the group begins to rebalance. */
  revoked(wallMs: number): void {
    this.#joinBeganMs = wallMs;
  }

  assigned(wallMs: number): void {
    const took = wallMs - this.#joinBeganMs;
    assert(took >= 0, 'an assignment follows a join', { wallMs });
    this.#joinMs += took;
    this.#joinMsInRound += took;
  }

  /** Takes a record in; the line that is due, or null. */
  read(bytes: number, wallMs: number): string | null {
    this.#records++;
    this.#bytes += bytes;
    if (wallMs - this.#last.wallMs < this.#options.intervalMs) return null;
    const rates = this.#rates(this.#last, wallMs, this.#joinMsInRound);
    const line = [formattedDate(wallMs, this.#options.dateFormat), '0', ...rates].join(', ');
    this.#joinMsInRound = 0;
    this.#last = { wallMs, records: this.#records, bytes: this.#bytes };
    return this.#options.isDetailed ? line : null;
  }

  /** The line at the end; null where there was one for every interval. */
  total(wallMs: number): string | null {
    if (this.#options.isDetailed) return null;
    const times = [this.#began.wallMs, wallMs].map((ms) =>
      formattedDate(ms, this.#options.dateFormat),
    );
    return [...times, ...this.#rates(this.#began, wallMs, this.#joinMs)].join(', ');
  }

  /** Totals, and rates since a moment. */
  #rates(since: Reading, wallMs: number, joinMs: number): string[] {
    const elapsedMs = wallMs - since.wallMs;
    const fetchMs = elapsedMs - joinMs;
    const megabytes = (this.#bytes - since.bytes) / MEGABYTE;
    const records = this.#records - since.records;
    const rate = (amount: number, ms: number): string =>
      fixed(ms <= 0 ? 0 : (amount * 1000) / ms, 4);
    return [
      ...[fixed(this.#bytes / MEGABYTE, 4), rate(megabytes, elapsedMs)],
      ...[String(this.#records), rate(records, elapsedMs), String(joinMs), String(fetchMs)],
      ...[rate(megabytes, fetchMs), rate(records, fetchMs)],
    ];
  }
}
