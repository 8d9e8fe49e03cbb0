/**
 * How many messages were published, delivered, acknowledged and so on, in all and by the second.
 *
 * A rate is that of the last whole sample, five seconds of virtual time, as the management plugin
 * takes them. Nothing is done between messages: a sample ends when somebody looks or counts.
 * Not here: where they are counted (`vhost/channel-session.ts`), for whom (`statistics.ts`).
 * Source: the counters of `rabbit_core_metrics` (channel_queue_stats, channel_exchange_stats),
 * collect_statistics_interval. Differs: samples begin at whole multiples of five seconds.
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';

export type MessageCounter =
  | 'publish'
  | 'confirm'
  /** Mandatory, and no queue was there. */
  | 'return_unroutable'
  | 'drop_unroutable'
  | 'deliver'
  | 'deliver_no_ack'
  | 'get'
  | 'get_no_ack'
  | 'get_empty'
  | 'redeliver'
  | 'ack';

/** `perSecond` in the last whole sample. */
interface CountAndRate {
  readonly count: number;
  readonly perSecond: number;
}

/** What was counted at least once. */
export type MessageStatsView = Readonly<Partial<Record<MessageCounter, CountAndRate>>>;

const SAMPLE_S = 5;
const SAMPLE = microsOfMillis(SAMPLE_S * 1000);

interface Counter {
  count: number;
  /** The sample in which was counted last. */
  sample: number;
  inSample: number;
  inLastSample: number;
}

export class MessageStats {
  readonly #clock: Clock;
  readonly #counters = new Map<MessageCounter, Counter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(name: MessageCounter): void {
    let counter = this.#counters.get(name);
    if (counter === undefined) {
      counter = { count: 0, sample: this.#sample, inSample: 0, inLastSample: 0 };
      this.#counters.set(name, counter);
    }
    this.#advance(counter);
    counter.count += 1;
    counter.inSample += 1;
    assert(counter.inSample <= counter.count, 'a sample is a part', { name });
  }

  inspect(): MessageStatsView {
    const view: Partial<Record<MessageCounter, CountAndRate>> = {};
    for (const [name, counter] of this.#counters) {
      this.#advance(counter);
      view[name] = { count: counter.count, perSecond: counter.inLastSample / SAMPLE_S };
    }
    return view;
  }

  get #sample(): number {
    return Math.floor(this.#clock.now() / SAMPLE);
  }

  #advance(counter: Counter): void {
    const passed = this.#sample - counter.sample;
    assert(passed >= 0, 'time goes on', { passed });
    if (passed === 0) return;
    counter.inLastSample = passed === 1 ? counter.inSample : 0;
    counter.inSample = 0;
    counter.sample += passed;
  }
}
