/**
 * A raw conversation with a cluster: requests as data over sockets of their own, and every answer
 * written down in a form that two clusters share. What no two clusters have in common (ids that
 * are drawn, ports, the suffix that makes topic names new) is replaced by a word.
 *
 * Not here: what is asked (`cases-*.ts`), and what is compared (`compare.ts`).
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ZERO_UUID } from '../../engine/bytes/base64url.ts';
import { assert } from '../../engine/kernel/assert.ts';
import type { Api } from '../../engine/wire/kafka/api.ts';
import { decodeResponse, encodeFrame } from '../../engine/wire/kafka/frame.ts';
import type { DataOf, Struct } from '../../engine/wire/kafka/schema.ts';

/** What was asked and what came back. */
export interface Exchange {
  readonly id: string;
  readonly answer: unknown;
}

type Answer<R extends Struct> = DataOf<R>;

const PATIENCE_MS = 15_000;
const ANSWER_MS_MAX = 3000;
/** How long a request that gets no answer is given one. */
const SILENCE_MS = 300;
/** Lists that are tables: of settings, features and versions. */
const BY_NAME = new Set(['configs', 'supportedFeatures', 'finalizedFeatures', 'apiKeys']);
/** The connection was closed instead of an answer. */
export const CLOSED = 'the connection is closed';
/** Nothing came. */
export const SILENT = 'no answer';

export class Talk {
  readonly exchanges: Exchange[] = [];
  readonly #addresses: readonly string[];
  readonly #suffix: string;
  readonly #words = new Map<unknown, string>();
  readonly #lines = new Map<number, Line>();
  #title = '';
  #count = 0;

  /** `addresses` are of the brokers 1, 2, 3, in this order. */
  constructor(addresses: readonly string[], suffix: string) {
    this.#addresses = addresses;
    this.#suffix = suffix;
  }

  /** What is asked from now on stands under this title. */
  case(title: string): void {
    this.#title = title;
    this.#count = 0;
  }

  /** A topic's name in this conversation only. */
  topic(name: string): string {
    return `${name}-${this.#suffix}`;
  }

  /** Writes a word for a value that differs from cluster to cluster. */
  name(value: string, word: string): void {
    this.#words.set(value, `<${word}>`);
  }

  /** Asks, and writes the answer down. Null where there was none. */
  async ask<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    version: number,
    body: DataOf<Q>,
    broker = 1,
  ): Promise<Answer<R> | null> {
    const { answer, note } = await this.#exchange(api, version, body, broker);
    this.#write(`${api.name} v${version}`, note ?? answer);
    return answer;
  }

  /** Asks until the answer will do; only that one is returned, and none is written down. */
  async settle<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    version: number,
    body: DataOf<Q>,
    enough: (answer: Answer<R>) => boolean,
    broker = 1,
  ): Promise<Answer<R>> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const { answer } = await this.#exchange(api, version, body, broker);
      if (answer !== null && enough(answer)) return answer;
      assert(performance.now() < deadline, 'the cluster comes to that', { api: api.name, answer });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Sends bytes that are no request of ours, and writes down whether an answer came. */
  async askRaw(id: string, frame: Uint8Array, broker = 1): Promise<void> {
    const line = new Line(this.#addresses[broker - 1]!);
    line.send(frame);
    const answer = await line.answer(ANSWER_MS_MAX);
    line.end();
    this.#write(id, typeof answer === 'string' ? answer : 'an answer');
  }

  end(): void {
    for (const line of this.#lines.values()) line.end();
  }

  async #exchange<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    apiVersion: number,
    body: DataOf<Q>,
    broker: number,
  ): Promise<{ answer: Answer<R> | null; note: string | null }> {
    const line = this.#line(broker);
    const apiKey = api.key;
    const request = { kind: 'request', apiKey, apiVersion, correlationId: 7 } as const;
    line.send(encodeFrame({ ...request, clientId: 'oracle', body }));
    const answered = await line.answer(saysNothing(api, body) ? SILENCE_MS : ANSWER_MS_MAX);
    if (typeof answered !== 'string') {
      const { body: answer } = decodeResponse(answered, apiKey, apiVersion);
      return { answer: answer as Answer<R>, note: null };
    }
    line.end();
    this.#lines.delete(broker);
    return { answer: null, note: answered };
  }

  #line(broker: number): Line {
    const line = this.#lines.get(broker) ?? new Line(this.#addresses[broker - 1]!);
    this.#lines.set(broker, line);
    return line;
  }

  #write(what: string, answer: unknown): void {
    const id = `${this.#title} #${++this.#count} ${what}`;
    this.exchanges.push({ id, answer: this.#plain(answer) });
  }

  #plain(value: unknown): unknown {
    const word = this.#words.get(value);
    if (word !== undefined) return word;
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (typeof value === 'string') return value.replaceAll(this.#suffix, 'X');
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return ordered(value).map((one) => this.#plain(one));
    return Object.fromEntries(
      Object.entries(value).map(([name, of]) => [name, this.#field(name, of)]),
    );
  }

  #field(name: string, value: unknown): unknown {
    if (name === 'port' && typeof value === 'number' && value > 0) {
      const place = this.#addresses.findIndex((address) => address.endsWith(`:${value}`));
      return place < 0 ? value : `<port of ${place + 1}>`;
    }
    // Some broker that is alive: either passes requests on to the controller.
    if (name === 'controllerId') return Number(value) >= 1 ? '<a broker>' : value;
    if (name === 'clusterId') return '<cluster>';
    if (name === 'finalizedFeaturesEpoch') return Number(value) >= 0 ? '<offset>' : value;
    if (name === 'producerId') return Number(value) >= 0 ? '<producer id>' : value;
    if (name === 'sessionId') return Number(value) > 0 ? '<session>' : value;
    if (BY_NAME.has(name) && Array.isArray(value)) return this.#byName(value);
    if (name === 'topicId' && value !== ZERO_UUID && !this.#words.has(value)) return '<topic id>';
    return this.#plain(value);
  }

  /** A list whose order is nobody's promise, as a table. */
  #byName(list: readonly Record<string, unknown>[]): unknown {
    const named = list.map((one) => [String(one['name'] ?? one['apiKey']), one] as const);
    return Object.fromEntries(named.map(([name, one]) => [name, this.#plain(one)]));
  }
}

/** Brokers are told in any order. */
function ordered(list: readonly unknown[]): readonly unknown[] {
  const idOf = (one: unknown): number | undefined => {
    const broker = one as { nodeId?: number; brokerId?: number; host?: string } | null;
    return broker?.host === undefined ? undefined : (broker.nodeId ?? broker.brokerId);
  };
  if (list.some((one) => idOf(one) === undefined)) return list;
  return [...list].sort((left, right) => idOf(left)! - idOf(right)!);
}

function saysNothing(api: Api, body: unknown): boolean {
  return api.name === 'Produce' && (body as { acks: number }).acks === 0;
}

/** One socket, one request at a time. */
class Line {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #changed: () => void = () => undefined;

  constructor(address: string) {
    const [host, port] = address.split(':');
    this.#socket = connect(Number(port), host);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#changed();
    });
    for (const end of ['close', 'error'] as const) {
      this.#socket.on(end, () => {
        this.#closed = true;
        this.#changed();
      });
    }
  }

  send(frame: Uint8Array): void {
    this.#socket.write(frame);
  }

  end(): void {
    this.#socket.destroy();
  }

  /** The next frame without its size, or why there is none. */
  async answer(patienceMs: number): Promise<Uint8Array | string> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const frame = this.#cut();
      if (frame !== null) return frame;
      if (this.#closed) return CLOSED;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return SILENT;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #cut(): Uint8Array | null {
    if (this.#received.length < 4) return null;
    const end = 4 + this.#received.readInt32BE(0);
    if (this.#received.length < end) return null;
    const frame = new Uint8Array(this.#received.subarray(4, end));
    this.#received = this.#received.subarray(end);
    return frame;
  }
}
