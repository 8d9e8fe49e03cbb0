/**
 * The figures of `kafka-producer-perf-test.sh`: throughput and latency, every five seconds and at
 * the end. Source: `ProducerPerformance.Stats`. Not here: what is sent (`producer-perf-test.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Micros } from '../../kernel/units.ts';
import { fixed } from './fixed.ts';

const INTERVAL_MICROS = 5_000_000;
const MEGABYTE = 1024 * 1024;

/** What was measured since a moment. */
interface Window {
  since: number;
  count: number;
  bytes: number;
  latencySum: number;
  latencyMax: number;
}

const newWindow = (since: number): Window => ({
  ...{ since, count: 0, bytes: 0, latencySum: 0, latencyMax: 0 },
});

export class ProducerFigures {
  /** Milliseconds, of each record. */
  readonly #latencies: number[] = [];
  readonly #all: Window;
  #window: Window;

  constructor(now: Micros) {
    this.#all = newWindow(now);
    this.#window = newWindow(now);
  }

  /** Takes an acknowledged record in; the line that is due. */
  acked(sentAt: Micros, now: Micros, bytes: number): string[] {
    const latency = Math.floor((now - sentAt) / 1000);
    assert(latency >= 0, 'an answer comes after its question', { sentAt, now });
    this.#latencies.push(latency);
    for (const window of [this.#all, this.#window]) {
      window.count++;
      window.bytes += bytes;
      window.latencySum += latency;
      window.latencyMax = Math.max(window.latencyMax, latency);
    }
    if (now - this.#window.since < INTERVAL_MICROS) return [];
    const line = `${textOf(this.#window, now, 1)}.`;
    this.#window = newWindow(now);
    return [line];
  }

  /** The line at the end. */
  total(now: Micros): string {
    const sorted = [...this.#latencies].sort((left, right) => left - right);
    const at = (part: number): string => {
      const latency = sorted[Math.floor((part * sorted.length) / 1000)] ?? 0;
      return String(latency);
    };
    const parts = [`${at(500)} ms 50th`, `${at(950)} ms 95th`, `${at(990)} ms 99th`];
    return `${[textOf(this.#all, now, 2), ...parts, `${at(999)} ms 99.9th`].join(', ')}.`;
  }
}

function textOf(
  { since, count, bytes, latencySum, latencyMax }: Window,
  now: number,
  digits: number,
): string {
  const seconds = Math.max(now - since, 1) / 1_000_000;
  const average = count === 0 ? 'NaN' : fixed(latencySum / count, digits);
  return [
    `${count} records sent`,
    `${fixed(count / seconds, 1)} records/sec (${fixed(bytes / seconds / MEGABYTE, 2)} MB/sec)`,
    `${average} ms avg latency`,
    `${fixed(latencyMax, digits)} ms max latency`,
  ].join(', ');
}
