/**
 * The network between two hosts, one direction: how long a message takes, and what goes wrong.
 *
 * Connections are TCP: within one nothing is lost, doubled or reordered. A lost packet is a
 * retransmission, so the connection stalls and, after enough of them, is reset; messages of
 * different connections do overtake each other. A doubled request is a request that arrives, a
 * connection that breaks before the reply, and a client that sends it again.
 *
 * Not here: the connections themselves (`sim-network.ts`).
 */
import { assert } from '../kernel/assert.ts';
import type { Random } from '../kernel/ports.ts';
import { microsOfMillis, NEVER } from '../kernel/units.ts';
import type { Ratio } from '../kernel/units.ts';

/** First retransmission timeout of Linux: 200 ms (TCP_RTO_MIN), doubled each time. */
const RETRANSMIT_MICROS = microsOfMillis(200);
/** The longest pause between two retransmissions: 120 s (TCP_RTO_MAX). */
const RETRANSMIT_MICROS_MAX = microsOfMillis(120_000);
/** Retransmissions before the connection is given up: 15 (net.ipv4.tcp_retries2). */
const RETRANSMITS_MAX = 15;

export interface LinkConditions {
  /** The shortest way of a byte. */
  readonly delayMicrosMin: number;
  /** Up to so much more, drawn for each message. */
  readonly jitterMicros: number;
  /** Bytes a microsecond: 125 is a gigabit a second. */
  readonly bytesPerMicro: number;
  /** How often a packet is lost and sent again. */
  readonly loss: Ratio;
  /** How often a connection breaks right after a message arrived, before the reply. */
  readonly breakAfter: Ratio;
}

export const defaultConditions: LinkConditions = Object.freeze({
  delayMicrosMin: 250,
  jitterMicros: 100,
  bytesPerMicro: 125,
  loss: NEVER,
  breakAfter: NEVER,
});

export class Link {
  conditions: LinkConditions = defaultConditions;
  /** Nothing arrives: a partition. What was sent waits, and arrives when it heals. */
  cut = false;
  /** The connection accepts bytes and delivers none of them, while others are fine. */
  clogged = false;
  /** The next message is cut off after so many bytes, and its connection reset. */
  resetAfterBytes: number | null = null;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether a message can arrive now. */
  get open(): boolean {
    return !this.cut && !this.clogged;
  }

  /**
   * Microseconds that a message of this size takes, or null if the connection is given up after
   * too many retransmissions.
   */
  transit(bytes: number): number | null {
    assert(bytes >= 0, 'a size', { bytes });
    const { delayMicrosMin, jitterMicros, bytesPerMicro, loss } = this.conditions;
    let micros = delayMicrosMin + Math.floor(bytes / bytesPerMicro);
    if (jitterMicros > 0) micros += this.#random.below(jitterMicros + 1);
    let pause: number = RETRANSMIT_MICROS;
    for (let tries = 0; this.#random.chance(loss); tries++) {
      if (tries === RETRANSMITS_MAX) return null;
      micros += pause;
      pause = Math.min(pause * 2, RETRANSMIT_MICROS_MAX);
    }
    return micros;
  }

  /** Whether the connection breaks now that a message has arrived. */
  breaks(): boolean {
    return this.#random.chance(this.conditions.breakAfter);
  }
}
