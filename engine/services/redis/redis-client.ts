/**
 * A client of Redis: commands on one connection, replies in order; with a Sentinel it asks who the
 * master is whenever it has to connect.
 *
 * A command without an answer within the timeout, or whose connection breaks, ends as null: it may
 * have been executed. After that, and after READONLY, it connects anew. Not here: retries.
 */
import type { Connection, Ports, Receiver } from '../../kernel/ports.ts';
import type { TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { REDIS_PORT } from './replica-link.ts';
import { commandOf, respProtocol } from './resp.ts';
import type { RespValue } from './resp.ts';

export const SENTINEL_PORT = 26379;
export const MASTER_NAME = 'mymaster';

/** Where the master is, or who knows. */
export type RedisAddress = { readonly master: string } | { readonly sentinel: string };

interface Pending {
  readonly words: readonly string[];
  readonly answer: (reply: RespValue | null) => void;
  readonly timer: TimerId;
}

export class RedisClient {
  readonly #ports: Ports;
  readonly #address: RedisAddress;
  readonly #timeoutMs: number;
  #pending: Pending[] = [];
  #connection: Connection | null = null;
  /** Whether the master is being looked up. */
  #asking = false;

  constructor(ports: Ports, address: RedisAddress, timeoutMs: number) {
    this.#ports = ports;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a command. The reply, or null where none came. */
  command(words: readonly string[], answer: (reply: RespValue | null) => void): void {
    const fire = () => this.#drop();
    const delay = microsOfMillis(this.#timeoutMs);
    const timer = this.#ports.clock.after(delay, 'redis timeout', fire);
    this.#pending.push({ words, answer, timer });
    if (this.#connection !== null) this.#connection.send(commandOf(words));
    else this.#connect();
  }

  #connect(): void {
    if ('master' in this.#address) {
      this.#connectTo(this.#address.master);
      return;
    }
    if (this.#asking) return;
    this.#asking = true;
    const address = { host: this.#address.sentinel, port: SENTINEL_PORT };
    const receiver: Receiver = {
      received: (message) => {
        this.#asking = false;
        asking.close();
        const reply = message as RespValue;
        const host = reply.type === 'array' ? reply.items[0] : undefined;
        if (host?.type === 'bulk' && host.text !== null) this.#connectTo(host.text);
        else this.#drop();
      },
      closed: () => {
        this.#asking = false;
        this.#drop();
      },
    };
    const asking = this.#ports.network.connect(address, respProtocol, receiver);
    asking.send(commandOf(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME]));
  }

  #connectTo(host: string): void {
    const receiver: Receiver = {
      received: (message) => this.#received(message as RespValue),
      closed: () => {
        if (this.#connection !== connection) return;
        this.#connection = null;
        this.#drop();
      },
    };
    const address = { host, port: REDIS_PORT };
    const connection = this.#ports.network.connect(address, respProtocol, receiver);
    this.#connection = connection;
    for (const { words } of this.#pending) connection.send(commandOf(words));
  }

  #received(reply: RespValue): void {
    const first = this.#pending.shift();
    if (first === undefined) return;
    this.#ports.clock.cancel(first.timer);
    const moved = reply.type === 'error' && reply.text.startsWith('READONLY');
    if (moved) this.#disconnect();
    first.answer(reply);
  }

  /** No reply will come on this connection: everything that waits ends unknown. */
  #drop(): void {
    this.#disconnect();
    const dropped = this.#pending;
    this.#pending = [];
    for (const { timer } of dropped) this.#ports.clock.cancel(timer);
    for (const { answer } of dropped) answer(null);
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
  }
}
