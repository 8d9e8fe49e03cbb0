/**
 * What a listener lets strangers take: connections in all and by address, time to say a first word,
 * time to be silent, and memory for frames that are not whole yet.
 *
 * After Kafka's `ConnectionQuotas` (core/src/main/scala/kafka/network/SocketServer.scala). Differs:
 * at the total Kafka's acceptor waits, ours closes what is too many; Kafka has no time limit for a
 * first request without SASL, and counts any byte as a sign of life where ours counts whole
 * messages, so that one byte a second does not hold a connection for ever.
 */
import { assert } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';

export interface ConnectionLimits {
  /** Accepted connections of a listener. Kafka: max.connections, without bound. */
  readonly connectionsMax: number;
  /** Accepted connections from one address. Kafka: max.connections.per.ip, without bound. */
  readonly connectionsPerIpMax: number;
  /** Milliseconds until the first whole message. */
  readonly firstMessageMs: number;
  /** Milliseconds without a whole message in or out. Kafka: connections.max.idle.ms, 10 min. */
  readonly idleMs: number;
  /** Bytes of frames that are not whole yet, all connections of a listener together. */
  readonly unfinishedBytesMax: number;
  /** Bytes of one unfinished frame: a codec refuses it earlier, by its length prefix. */
  readonly frameBytesMax: number;
  /** Bytes that wait for a peer which does not read; beyond it the connection is reset. */
  readonly outstandingBytesMax: number;
  /** Bytes that wait for a peer until no more of its requests are read. */
  readonly outstandingBytesPause: number;
  /** Milliseconds for the handshake. Kafka: socket.connection.setup.timeout.ms, 10 s. */
  readonly connectMs: number;
  /** Milliseconds for the peer to close its side after ours is closed. */
  readonly lingerMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = Object.freeze({
  connectionsMax: 4096,
  connectionsPerIpMax: 4096,
  firstMessageMs: 10_000,
  idleMs: 600_000,
  unfinishedBytesMax: 4 * limits.frameBytesMax,
  frameBytesMax: limits.frameBytesMax + 4,
  outstandingBytesMax: 4 * limits.frameBytesMax,
  outstandingBytesPause: limits.sendBufferBytes,
  connectMs: 10_000,
  lingerMs: 5_000,
});

/** Counts what one listener has given out. */
export class ConnectionQuotas {
  readonly #limits: ConnectionLimits;
  readonly #perIp = new Map<string, number>();
  #connections = 0;
  #unfinishedBytes = 0;

  constructor(connectionLimits: ConnectionLimits) {
    this.#limits = connectionLimits;
  }

  get connections(): number {
    return this.#connections;
  }

  get unfinishedBytes(): number {
    return this.#unfinishedBytes;
  }

  /** Takes a place for a connection from this address; false if there is none. */
  admit(ip: string): boolean {
    const fromIp = this.#perIp.get(ip) ?? 0;
    if (this.#connections >= this.#limits.connectionsMax) return false;
    if (fromIp >= this.#limits.connectionsPerIpMax) return false;
    this.#connections++;
    this.#perIp.set(ip, fromIp + 1);
    return true;
  }

  /** Gives the place back, with the bytes that the connection's unfinished frame held. */
  release(ip: string, unfinishedBytes: number): void {
    const fromIp = this.#perIp.get(ip) ?? 0;
    assert(fromIp > 0 && this.#connections > 0, 'released more than was admitted', { ip, fromIp });
    this.#connections--;
    if (fromIp === 1) this.#perIp.delete(ip);
    else this.#perIp.set(ip, fromIp - 1);
    this.unfinished(-unfinishedBytes);
  }

  /** Adds (or takes off) bytes of unfinished frames; false if they are too many now. */
  unfinished(change: number): boolean {
    this.#unfinishedBytes += change;
    assert(this.#unfinishedBytes >= 0, 'unfinished bytes', { bytes: this.#unfinishedBytes });
    return this.#unfinishedBytes <= this.#limits.unfinishedBytesMax;
  }
}
