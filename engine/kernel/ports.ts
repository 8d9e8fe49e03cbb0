/**
 * The ports: all that a process (a broker, a client, a controller) may touch of the world.
 *
 * A process is synchronous. The world calls it with one event (a message, a timer, a disk
 * completion, a command); it runs to completion and calls ports; what it did is released when the
 * handler returns. There is no waiting, only a later event. `sim/` implements these ports on
 * virtual time, `node/adapters` on real time, TCP and files; a process does not know which.
 *
 * Not here: how the events are ordered (`heap.ts`), what a fault does to them (`sim/`).
 */
import type { Micros, Millis, Ratio } from './units.ts';

/** Everything that a process is given. One value a process and incarnation. */
export interface Ports {
  /** The host's name, as in `broker-1`: the address by which others connect to it. */
  readonly host: string;
  /** 1 at the first start, one more after each restart. No event reaches a dead incarnation. */
  readonly incarnation: number;
  readonly clock: Clock;
  readonly network: Network;
  readonly disk: Disk;
  readonly trace: Trace;
  readonly cost: Cost;
  /** An independent stream of random numbers for a purpose, such as `partitioner`. */
  random(purpose: string): Random;
  /** Ends this process, as `System.exit` does: connections are reset, the disk stays. */
  halt(reason: string): void;
}

/**
 * What runs on a host. Made by a `ProcessFactory` at each start, so that nothing but the disk
 * survives a crash.
 */
export interface Process {
  /** The first event of an incarnation. */
  start(): void;
  /** A graceful stop was asked for; the process calls `halt` when it has finished. */
  stop?(): void;
  /** What the views may see: plain data, cheap, structurally shared where nothing changed. */
  inspect?(): unknown;
  /** What a search compares and no view shows, as copies behind their leader: plain data. */
  replicas?(): unknown;
}

export type ProcessFactory<P extends Process = Process> = (ports: Ports) => P;

// ---------------------------------------------------------------------------------------- clock

/** Names a pending timer. Never reused within an incarnation. */
export type TimerId = number & { readonly timer: unique symbol };

export interface Clock {
  /** Monotonic time of the event that is being handled: read once an event, constant within it. */
  now(): Micros;
  /**
   * The host's wall clock, milliseconds since 1970; a fault may skew it, step it or make it drift.
   */
  wall(): Millis;
  /**
   * Calls `fire` in a later event, `delay` from now (0: at the same instant, after this handler).
   * `label` names the timer in the trace, as in `replica.lag.time.max.ms`.
   */
  after(delay: Micros, label: string, fire: () => void): TimerId;
  /** Forgets the timer; of one that has fired or was cancelled, nothing happens. */
  cancel(timer: TimerId): void;
}

// --------------------------------------------------------------------------------------- random

/** A seeded stream. Whole numbers only: a float in a decision would not be the same everywhere. */
export interface Random {
  /** A whole number from 0 up to, and without, `bound` (1 to 2^32). */
  below(bound: number): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** True with this probability. */
  chance(probability: Ratio): boolean;
  /** One of the items; asserts that there is one. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
  /** 32 random bits as an unsigned whole number. */
  uint32(): number;
}

// -------------------------------------------------------------------------------------- network

export interface Network {
  /** Accepts connections on a port of this host until the process ends. */
  listen(port: number, protocol: Protocol, accept: (connection: Connection) => Receiver): void;
  /**
   * Opens a connection. It is returned at once and may be sent on at once (what is sent waits for
   * the handshake); `opened` or `closed` follows as an event.
   */
  connect(address: Address, protocol: Protocol, receiver: Receiver): Connection;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What the owner of a connection wants to hear of it. Each call is an event of its own. */
export interface Receiver {
  opened?(): void;
  /** A whole message. Deep-frozen in tests; whoever keeps it does not change it. */
  received(message: unknown): void;
  /** `outstandingBytes` fell to half of the send buffer or below after it had been above. */
  drained?(): void;
  /** The connection is gone, and nothing will be received any more. Not called after `close()`. */
  closed(reason: CloseReason): void;
}

/**
 * `refused`: nobody listens there (the host is up). `unreachable`: no answer within the connect
 * timeout. `eof`: the peer closed. `reset`: the peer died or the network gave up; whether it had
 * received what was sent last is unknown. `violation`: bytes that the protocol cannot parse.
 */
export type CloseReason = 'refused' | 'unreachable' | 'eof' | 'reset' | 'violation';

export interface Connection {
  /** Unique in the world. */
  readonly id: number;
  /** The other side: its host, and the port it listens on or connected from. */
  readonly remote: Address;
  /** Never blocks. In order, at most once, no gap, until the connection closes. */
  send(message: unknown): void;
  /** Bytes that were sent and have not left this side's send buffer. */
  readonly outstandingBytes: number;
  /** Stops delivery to this side (and so, through the window, the peer) until `resume`. */
  pause(): void;
  resume(): void;
  /** Closes after what was sent has left; the peer hears `eof`. */
  close(): void;
}

/**
 * A wire protocol: sizes for the simulated network, and a codec for sockets and for paranoid wire
 * (tests encode and decode every message).
 */
export interface Protocol {
  readonly name: string;
  /** Bytes that the message takes on the wire, framing included. Equals what `encode` returns. */
  size(message: unknown): number;
  /** A short text for the trace, as in `Fetch v17` or `Fetch reply`. */
  describe(message: unknown): string;
  /** The state of one end of one connection, such as which reply is for which request. */
  codec(role: 'client' | 'server'): Codec;
}

export interface Codec {
  /** The whole frame, length prefix included. */
  encode(message: unknown): Uint8Array;
  /**
   * Takes the next bytes of the stream, of any size, and returns the messages that are now whole.
   * Bytes that cannot be parsed give a violation: the connection is closed and nothing is sent.
   * The chunk is copied where it is kept.
   */
  decode(chunk: Uint8Array): Decoded;
}

export interface Decoded {
  readonly messages: readonly unknown[];
  readonly violation?: string;
}

// ----------------------------------------------------------------------------------------- disk

/**
 * One host's file system. `read`, `write`, `truncate` and `rename` are synchronous: they meet the
 * page cache. Only `sync` makes what was written survive a power loss, and it takes time.
 * Paths are relative, with `/`; folders come into being with their first file.
 */
export interface Disk {
  exists(path: string): boolean;
  /** Opens a file, empty if it is new. The same path gives the same file. */
  open(path: string): DiskFile;
  /**
   * Paths of the files below a folder, relative to it, sorted by code unit; [] if there are none.
   */
  list(folder: string): readonly string[];
  /** Bytes that can still be written, by all who write to this disk. */
  freeBytes(): number;
  /**
   * Removes a file (or a folder with all that is in it); of one that is not there, nothing
   * happens.
   */
  remove(path: string): void;
  /**
   * Moves a file (or folder), atomically, over what is there. Durable once the target is synced.
   */
  rename(from: string, to: string): void;
}

export interface DiskFile {
  readonly path: string;
  /** Bytes, page cache included. */
  size(): number;
  /**
   * A view of `length` bytes at `position`, shorter where the file ends; not to be changed, and to
   * be copied if it is kept beyond the event.
   */
  read(position: number, length: number): Uint8Array;
  /** Writes at a position at or before the end. The bytes are copied. */
  write(position: number, bytes: Uint8Array): DiskResult;
  truncate(size: number): DiskResult;
  /**
   * Makes durable all that was written to the file before this call. `done` is a later event, with
   * the error if there was one; after an error what was written since the last good sync is
   * unknown.
   */
  sync(done: (result: DiskResult) => void): void;
  close(): void;
}

/** `ok`, or the error as the operating system names it. */
export type DiskResult = 'ok' | 'ENOSPC' | 'EIO' | 'EMFILE';

// ---------------------------------------------------------------------------------------- trace

/**
 * A value in the trace: no floats, no bigints, so that its canonical bytes are the same
 * everywhere.
 */
export type TraceValue = string | number | boolean;
export type TraceFieldType = 'string' | 'int' | 'bool';

/** The fields of a kind of entry, in their canonical order. */
export type TraceFields = Readonly<Record<string, TraceFieldType>>;

export type TraceData<F extends TraceFields> = {
  readonly [K in keyof F]: F[K] extends 'string' ? string : F[K] extends 'int' ? number : boolean;
};

/** A declared kind of entry. Products declare theirs beside the component that writes them. */
export interface TraceKind<F extends TraceFields = TraceFields> {
  readonly name: string;
  readonly fields: F;
  /** The names of `fields` in order, so that nobody has to ask an object for its keys again. */
  readonly names: readonly string[];
}

/**
 * Declares a kind of trace entry: `traceKind('high-watermark', { partition: 'string', to: 'int'
 * })`.
 */
export function traceKind<const F extends TraceFields>(name: string, fields: F): TraceKind<F> {
  return Object.freeze({ name, fields, names: Object.freeze(Object.keys(fields)) });
}

export interface Trace {
  /**
   * Appends an entry about this host, caused by the event that is being handled. Costs nothing and
   * changes nothing but the trace; with the trace off it returns at once.
   */
  record<F extends TraceFields>(kind: TraceKind<F>, data: TraceData<F>): void;
  /** Whether anybody keeps what is recorded: guard the making of expensive data with it. */
  readonly on: boolean;
}

// ----------------------------------------------------------------------------------------- cost

export interface Cost {
  /**
   * Adds work to this process: its counters and its busy time. The next event waits until the
   * process is free, and what this handler sent leaves then. On real time only the counters count.
   * The kinds, their prices and where each price comes from: `kernel/costs.ts`.
   */
  charge(kind: CostKind, units: number): void;
}

/** What can be charged; the unit of `units` stands behind each. */
export type CostKind =
  | 'copy' // bytes copied by the CPU
  | 'crc' // bytes checksummed
  | 'append' // bytes written to the page cache
  | 'read' // bytes read from the page cache
  | 'seek' // random positions visited on a platter
  | 'flash-access' // random positions visited on flash
  | 'device' // bytes that a device takes or gives, waited for
  | 'syscall' // system calls
  | 'context-switch' // switches between user and kernel threads
  | 'dma' // bytes moved by a device, without the CPU
  | 'encrypt' // bytes encrypted for TLS
  | 'user-space' // bytes that a process has in its own memory on their way
  | 'page-fault' // pages mapped in when they are first touched
  | 'compress' // bytes before compression
  | 'decompress' // bytes after decompression
  | 'request' // requests parsed and dispatched
  | 'record'; // records validated one by one
