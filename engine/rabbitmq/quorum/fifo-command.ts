/**
 * What is asked of a quorum queue, as commands of its log, and what the leader tells its clients.
 *
 * A client is a process (`name` on `node`): one for all that a node publishes to the queue, and one
 * for each channel that consumes from it. A consumer is a tag of such a process, and a message that
 * it has is known by a number that counts its deliveries from 0.
 * Source: the records of `rabbit_fifo.hrl`, `rabbit_fifo:protocol()`.
 */
import type { Term } from '../../wire/erlang/term.ts';
import type { BuiltinCommand } from '../ra/ra-machine.ts';
import type { FifoConfig } from './fifo-config.ts';

export interface ProcessId {
  readonly node: string;
  readonly name: string;
}

export interface ConsumerId {
  readonly tag: string;
  readonly process: ProcessId;
}

export type FifoCommand =
  | { readonly type: 'register_enqueuer'; readonly process: ProcessId }
  /** `seq` counts the enqueuer's messages from 1: what comes twice is taken once. */
  | {
      readonly type: 'enqueue';
      readonly process: ProcessId;
      readonly seq: number;
      readonly message: Term;
    }
  | {
      readonly type: 'checkout';
      readonly consumer: ConsumerId;
      readonly credit: number;
      readonly priority: number;
      /** In so many milliseconds it is to settle what it has; without: when it likes. */
      readonly timeoutMs?: number;
    }
  | { readonly type: 'cancel'; readonly consumer: ConsumerId }
  /** basic.get: one message, settled at once or not. */
  | {
      readonly type: 'dequeue';
      readonly consumer: ConsumerId;
      readonly isSettled: boolean;
      readonly timeoutMs?: number;
    }
  | {
      readonly type: 'settle' | 'return' | 'discard';
      readonly consumer: ConsumerId;
      readonly ids: readonly number[];
    }
  | { readonly type: 'purge' }
  | { readonly type: 'update_config'; readonly config: FifoConfig }
  /** The queue is deleted. */
  | { readonly type: 'delete' }
  | { readonly type: 'dlx_checkout'; readonly process: ProcessId; readonly prefetch: number }
  | { readonly type: 'dlx_settle'; readonly ids: readonly number[] }
  | BuiltinCommand;

/** A message on its way to a consumer. */
export interface FifoDelivery {
  readonly id: number;
  readonly index: number;
  readonly message: Term;
  readonly acquiredCount: number;
  readonly deliveryCount: number;
}

/** The reply to a `dequeue`. */
export type Dequeued = null | { readonly delivery: FifoDelivery; readonly ready: number };

/** What the leader tells a client of itself. */
export type FifoWord =
  | { readonly type: 'delivery'; readonly tag: string; readonly messages: readonly FifoDelivery[] }
  /** Another leader: what is not answered is to be sent again. */
  | { readonly type: 'leader_change' }
  | { readonly type: 'queue_status'; readonly rejects: boolean }
  /** A consumer had these for too long: they are in the queue again. */
  | { readonly type: 'released'; readonly tag: string; readonly ids: readonly number[] }
  | { readonly type: 'eol' };

export type FifoQuestion =
  | { readonly type: 'stat' }
  /** What a consumer has from this number on. */
  | { readonly type: 'checked_out'; readonly consumer: ConsumerId; readonly from: number };

export interface FifoStat {
  readonly ready: number;
  readonly consumers: number;
}

export function processKey({ node, name }: ProcessId): string {
  return `${name}@${node}`;
}

export function consumerKey({ tag, process }: ConsumerId): string {
  return `${tag} ${processKey(process)}`;
}
