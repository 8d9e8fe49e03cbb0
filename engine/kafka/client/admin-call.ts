/**
 * A call of the admin client: a request that is tried again until `default.api.timeout.ms` where
 * trying again may help, when the connection was lost, when the controller or a leader moved.
 *
 * Not here: what is asked (`admin.ts` and the calls in files of their own).
 * Source: `KafkaAdminClient.Call`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../kernel/units.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { RequestChannel } from '../network-client.ts';
import type { AdminConfig } from './config.ts';
import type { TopicPartition } from './consumer/subscription-state.ts';
import { ExponentialBackoff } from './exponential-backoff.ts';
import { isInvalidMetadata } from './invalid-metadata.ts';
import type { ClientMetadata } from './metadata.ts';

/** How a call ended. With an error `value` holds what the broker said, null if it said nothing. */
export type AdminResult<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly errorCode: number;
      readonly message: string;
      readonly value: T | null;
    };
export type AdminCallback<T> = (result: AdminResult<T>) => void;

/** The first error of a reply's parts, if there is one. */
export interface PartError {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

interface Call<T> {
  readonly api: Api;
  readonly body: unknown;
  /** Who is asked; null while that is unknown. */
  readonly channel: () => RequestChannel | null;
  readonly partsOf: (value: T) => readonly PartError[];
  readonly done: AdminCallback<T>;
  readonly deadline: Micros;
  attempts: number;
}

export class AdminCalls {
  readonly #ports: Ports;
  readonly #config: AdminConfig;
  readonly #metadata: ClientMetadata;
  readonly #backoff: ExponentialBackoff;
  #closed = false;

  constructor(ports: Ports, config: AdminConfig, metadata: ClientMetadata) {
    this.#ports = ports;
    this.#config = config;
    this.#metadata = metadata;
    this.#backoff = new ExponentialBackoff(ports.random('admin'), {
      initialMs: config['retry.backoff.ms'],
      maxMs: config['retry.backoff.max.ms'],
    });
  }

  /** Nothing is tried again. */
  close(): void {
    this.#closed = true;
  }

  /** For requests that tell how long they may take. */
  get requestTimeoutMs(): number {
    return this.#config['request.timeout.ms'];
  }

  /** When a call that begins now is given up. */
  deadline(): Micros {
    const timeout = microsOfMillis(this.#config['default.api.timeout.ms']);
    return micros(this.#ports.clock.now() + timeout);
  }

  /** Asks the leader of a partition. */
  leader<T>(
    asked: {
      readonly api: Api;
      readonly bodyOf: (timeoutMs: number) => unknown;
      readonly partsOf: (value: T) => readonly { readonly errorCode: number }[];
    },
    { topic, partition }: TopicPartition,
    done: AdminCallback<T>,
  ): void {
    assert(!this.#closed, 'a closed admin client');
    this.#metadata.add(topic);
    const channel = (): RequestChannel | null => {
      const leader = this.#metadata.leader(topic, partition);
      if (leader === null) this.#metadata.requestUpdate();
      return leader === null ? null : this.#metadata.channelTo(leader.id);
    };
    const body = asked.bodyOf(this.#config['request.timeout.ms']);
    const partsOf = (value: T): readonly PartError[] => asked.partsOf(value).map(partError);
    const { api } = asked;
    this.#attempt({ api, body, channel, partsOf, done, deadline: this.deadline(), attempts: 0 });
  }

  /** Asks a broker, or with null the one that has least to do. */
  broker<T>(
    api: Api,
    body: unknown,
    brokerId: number | null,
    done: AdminCallback<T>,
    partsOf: (value: T) => readonly PartError[],
  ): void {
    assert(!this.#closed, 'a closed admin client');
    const channel = (): RequestChannel | null =>
      brokerId === null ? this.#metadata.leastLoadedChannel() : this.#metadata.channelTo(brokerId);
    this.#attempt({ api, body, channel, partsOf, done, deadline: this.deadline(), attempts: 0 });
  }

  /** Asks any broker for what has parts, each with an error of its own. */
  anyBroker<R, P extends { readonly errorCode: number }>(
    api: Api,
    body: unknown,
    done: AdminCallback<readonly P[]>,
    take: (response: R) => readonly P[],
  ): void {
    this.parts(api, body, null, done, take);
  }

  /** As `broker`; the value is the response's parts. */
  parts<R, P extends { readonly errorCode: number }>(
    api: Api,
    body: unknown,
    brokerId: number | null,
    done: AdminCallback<readonly P[]>,
    take: (response: R) => readonly P[],
  ): void {
    this.broker<R>(
      api,
      body,
      brokerId,
      (result) => {
        if (result.ok) done({ ok: true, value: take(result.value) });
        else done({ ...result, value: result.value === null ? null : take(result.value) });
      },
      (response) => take(response).map(partError),
    );
  }

  #attempt<T>(call: Call<T>): void {
    if (this.#closed) return;
    const channel = call.channel();
    if (channel === null) {
      this.#again(call, ErrorCode.BROKER_NOT_AVAILABLE, 'no broker can be reached', null);
      return;
    }
    channel.send(call.api.key, call.api.versionMax, call.body, (reply) => {
      if (!reply.ok) {
        const errorCode = FAILURE_CODES[reply.reason];
        this.#again(call, errorCode, reply.reason, null);
        return;
      }
      const value = reply.body as T;
      const failed = call.partsOf(value).find((part) => part.errorCode !== ErrorCode.NONE);
      if (failed === undefined) {
        call.done({ ok: true, value });
        return;
      }
      this.#again(call, failed.errorCode, failed.errorMessage ?? '', value);
    });
  }

  /** Tries again if that may help and there is time; else tells. */
  #again<T>(call: Call<T>, errorCode: number, message: string, value: T | null): void {
    assert(errorCode !== ErrorCode.NONE, 'a reason', { errorCode });
    const wait = microsOfMillis(this.#backoff.backoffMs(call.attempts));
    const late = this.#ports.clock.now() + wait >= call.deadline;
    const mayHelp = value === null ? errorCode !== ErrorCode.UNSUPPORTED_VERSION : moved(errorCode);
    if (late || !mayHelp || this.#closed) {
      call.done({ ok: false, errorCode, message, value });
      return;
    }
    call.attempts++;
    if (isInvalidMetadata(errorCode)) this.#metadata.requestUpdate();
    this.#ports.clock.after(wait, 'retry.backoff.ms', () => this.#attempt(call));
  }
}

const FAILURE_CODES = {
  disconnected: ErrorCode.NETWORK_EXCEPTION,
  timeout: ErrorCode.REQUEST_TIMED_OUT,
  'unsupported-version': ErrorCode.UNSUPPORTED_VERSION,
} as const;

function moved(errorCode: number): boolean {
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return false;
  return errorCode === ErrorCode.NOT_CONTROLLER || isInvalidMetadata(errorCode);
}

function partError(part: { readonly errorCode: number }): PartError {
  const { errorMessage } = part as { errorMessage?: string | null };
  return { errorCode: part.errorCode, errorMessage: errorMessage ?? null };
}
