/**
 * What `perf-test` counts, and the lines that it prints of it: rates since the line before, and
 * how long messages and confirms took.
 *
 * Source: PerfTest 2.22.1, DefaultPrintlnMetricsFormatter. Differs: times are virtual, and
 * percentiles those of all values, without a histogram's rounding.
 */
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis, type Micros } from '../../kernel/units.ts';

const PERCENTS = [0, 50, 75, 95, 99] as const;
const SECOND = microsOfMillis(1000);
/** Values that are kept for the end; those behind are not looked at. */
const KEPT_MAX = 200_000;

interface Counts {
  sent: number;
  returned: number;
  confirmed: number;
  nacked: number;
  received: number;
  readonly latencies: number[];
  readonly confirmLatencies: number[];
}

export type Counted = 'sent' | 'returned' | 'confirmed' | 'nacked' | 'received';

function none(): Counts {
  const counts = { sent: 0, returned: 0, confirmed: 0, nacked: 0, received: 0 };
  return { ...counts, latencies: [], confirmLatencies: [] };
}

export interface FiguresOptions {
  readonly id: string;
  readonly begin: Micros;
  readonly producers: boolean;
  readonly consumers: boolean;
  readonly confirms: boolean;
  readonly mandatory: boolean;
}

export class PerfTestFigures {
  readonly #options: FiguresOptions;
  readonly #all = none();
  #now = none();
  #last: number;

  constructor(options: FiguresOptions) {
    assert(options.id !== '', 'a run has an id', {});
    this.#options = options;
    this.#last = options.begin;
  }

  count(what: Counted): void {
    this.#now[what] += 1;
    this.#all[what] += 1;
  }

  /** How long a message was under way, in microseconds. */
  took(what: 'latencies' | 'confirmLatencies', micros: number): void {
    assert(micros >= 0, 'time goes on', { micros });
    this.#now[what].push(micros);
    if (this.#all[what].length < KEPT_MAX) this.#all[what].push(micros);
  }

  /** The line of what has happened since the line before. */
  line(now: Micros): string {
    const { id, begin, producers, consumers, confirms, mandatory } = this.#options;
    const counts = this.#now;
    const span = now - this.#last;
    const rate = (count: number): string => `${rateText(count, span)} msg/s`;
    const parts = [`id: ${id}, time ${((now - begin) / SECOND).toFixed(3)} s`];
    if (producers) parts.push(`sent: ${rate(counts.sent)}`);
    if (producers && mandatory) parts.push(`returned: ${rate(counts.returned)}`);
    if (producers && confirms) {
      parts.push(`confirmed: ${rate(counts.confirmed)}`, `nacked: ${rate(counts.nacked)}`);
    }
    if (consumers) parts.push(`received: ${rate(counts.received)}`);
    const kinds = [
      ...(consumers ? [`consumer latency: ${spread(counts.latencies)} µs`] : []),
      ...(confirms ? [`confirm latency: ${spread(counts.confirmLatencies)} µs`] : []),
    ];
    if (kinds.length > 0) parts.push(`min/median/75th/95th/99th ${kinds.join(', ')}`);
    this.#now = none();
    this.#last = now;
    return parts.join(', ');
  }

  /** The lines of the whole run. */
  summary(now: Micros): readonly string[] {
    const { id, begin, consumers, confirms } = this.#options;
    const span = now - begin;
    const { sent, received, latencies, confirmLatencies } = this.#all;
    const of = 'min/median/75th/95th/99th';
    return [
      `id: ${id}, sending rate avg: ${rateText(sent, span)} msg/s`,
      `id: ${id}, receiving rate avg: ${rateText(received, span)} msg/s`,
      ...(consumers ? [`id: ${id}, consumer latency ${of} ${spread(latencies)} µs`] : []),
      ...(confirms ? [`id: ${id}, confirm latency ${of} ${spread(confirmLatencies)} µs`] : []),
    ];
  }
}

/** Without decimals from ten on, with one from one on. */
function rateText(count: number, span: number): string {
  const rate = span === 0 ? 0 : (count * SECOND) / span;
  if (rate === 0) return '0';
  return rate.toFixed(rate < 1 ? 2 : rate < 10 ? 1 : 0);
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  return PERCENTS.map((percent) => at(sorted, percent)).join('/');
}

function at(sorted: readonly number[], percent: number): number {
  const place = Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1);
  return sorted[place] ?? 0;
}
