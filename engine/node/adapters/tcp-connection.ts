/**
 * One end of a TCP connection as the port's `Connection`: frames in order out of a stream, one
 * write a turn, back-pressure both ways, and the reason when it is gone.
 *
 * Every call to the receiver is an event of its own, in the order of the bytes; while delivery is
 * paused they wait, and then the socket is not read. What is accepted from outside is bound by
 * `ConnectionLimits`. Bytes that cannot be parsed close the socket, and nothing is sent for them.
 *
 * Not here: who listens and which limits hold (`tcp-network.ts`), what a frame is (the codec).
 */
import type { Socket } from 'node:net';
import { assert } from '../../kernel/assert.ts';
import { limits } from '../../kernel/limits.ts';
import type {
  Address,
  CloseReason,
  Codec,
  Connection,
  Decoded,
  Receiver,
} from '../../kernel/ports.ts';
import type { Micros } from '../../kernel/units.ts';
import type { ConnectionLimits, ConnectionQuotas } from './connection-quotas.ts';
import type { EventLoop, EventOwner } from './event-loop.ts';

/** What a connection needs of the host that it belongs to. */
export interface ConnectionHost {
  readonly loop: EventLoop;
  readonly owner: EventOwner;
  readonly limits: ConnectionLimits;
  log(line: string): void;
  /** The socket is gone: the host forgets the connection. */
  forget(connection: TcpConnection): void;
}

type State = 'connecting' | 'open' | 'closing' | 'closed';

let connectionCount = 0;

export class TcpConnection implements Connection {
  readonly id = ++connectionCount;
  readonly remote: Address;
  readonly accepted: boolean;
  readonly #host: ConnectionHost;
  readonly #codec: Codec;
  readonly #quotas: ConnectionQuotas | undefined;
  #socket: Socket | undefined;
  #receiver: Receiver | undefined;
  #state: State = 'connecting';
  /** Frames of this turn. */
  #frames: Uint8Array[] = [];
  #frameBytes = 0;
  #flushAsked = false;
  /** Whole messages that wait for their event. */
  #inbox: unknown[] = [];
  #ending: CloseReason | undefined;
  #deliveryPosted = false;
  #paused = false;
  /** Reading stopped at the socket. */
  #stopped = false;
  #aboveSendBuffer = false;
  #unfinishedBytes = 0;
  #released = false;
  readonly openedAt: Micros;
  #messageAt: Micros;
  #messages = 0;

  constructor(host: ConnectionHost, remote: Address, codec: Codec, quotas?: ConnectionQuotas) {
    this.#host = host;
    this.remote = remote;
    this.#codec = codec;
    this.#quotas = quotas;
    this.accepted = quotas !== undefined;
    this.openedAt = host.loop.now();
    this.#messageAt = this.openedAt;
  }

  /** Gives the connection its socket: for an accepted one open already, else connecting. */
  attach(socket: Socket): void {
    assert(this.#socket === undefined, 'a connection has one socket', { id: this.id });
    if (this.#state === 'closed') {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.#end('eof'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(this.#reasonOf(error)));
    socket.on('close', () => {
      this.#end('reset');
      this.#release();
    });
    if (this.accepted) return;
    socket.on('connect', () => this.#opened());
    // What was sent before there was a socket; the socket keeps it until the handshake is over.
    this.flush();
  }

  /** Gives the connection its owner's ear. An accepted connection is open from then on. */
  receive(receiver: Receiver): void {
    assert(this.#receiver === undefined, 'a connection has one receiver', { id: this.id });
    this.#receiver = receiver;
    if (this.accepted && this.#state === 'connecting') this.#state = 'open';
  }

  send(message: unknown): void {
    assert(this.#host.loop.handling, 'ports are called in handlers', { id: this.id });
    // The connection may be gone with the news of it still on the way to the owner.
    if (this.#state === 'closing' || this.#state === 'closed' || !this.#host.owner.alive) return;
    if (this.#ending === 'reset') return;
    const frame = this.#codec.encode(message);
    this.#frames.push(frame);
    this.#frameBytes += frame.length;
    const outstanding = this.outstandingBytes;
    if (outstanding > limits.sendBufferBytes) this.#aboveSendBuffer = true;
    if (outstanding > this.#host.limits.outstandingBytesMax) this.#giveUp('the peer does not read');
    else this.#askFlush();
  }

  get outstandingBytes(): number {
    return this.#frameBytes + (this.#socket?.writableLength ?? 0);
  }

  pause(): void {
    // The socket is stopped when the next bytes come, if they come: most pauses are short.
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#readOn();
    this.#postDelivery();
  }

  close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    this.#inbox = [];
    this.#askFlush();
  }

  /** Ends the connection as the death of the process does: the peer hears `reset`. */
  reset(): void {
    const connecting = this.#state === 'connecting';
    this.#state = 'closed';
    this.#frames = [];
    this.#frameBytes = 0;
    if (this.#socket === undefined || connecting) this.#socket?.destroy();
    else this.#socket.resetAndDestroy();
    this.#release();
  }

  /** The handshake did not come to an end in time, or cannot begin. */
  fail(reason: CloseReason): void {
    if (this.#state !== 'connecting') return;
    this.#end(reason);
    this.#socket?.destroy();
  }

  /** Closes an accepted connection that has been silent for too long. */
  sweep(now: Micros): void {
    if (this.#state !== 'open') return;
    const silentMs = (now - this.#messageAt) / 1000;
    const waited = this.#messages === 0 ? this.#host.limits.firstMessageMs : Number.MAX_VALUE;
    if (silentMs < Math.min(waited, this.#host.limits.idleMs)) return;
    this.#giveUp(this.#messages === 0 ? 'no message in time' : 'idle for too long');
  }

  /** Writes the turn's frames, and closes if that was asked for. */
  flush(): void {
    this.#flushAsked = false;
    const socket = this.#socket;
    if (socket === undefined || this.#state === 'closed') return;
    const frames = this.#frames;
    if (frames.length > 0) {
      this.#frames = [];
      this.#frameBytes = 0;
      this.#messageAt = this.#host.loop.now();
      socket.cork();
      for (const frame of frames.slice(0, -1)) socket.write(frame);
      socket.write(frames[frames.length - 1]!, () => this.#written());
      socket.uncork();
    }
    if (this.#state === 'closing') this.#closeSocket(socket);
  }

  #closeSocket(socket: Socket): void {
    if (socket.writableEnded) return;
    socket.end();
    // What the peer still sends is read and dropped: unread bytes would turn the end into a reset.
    socket.resume();
    this.#destroyWithin(socket);
  }

  /** A peer that takes no notice of the end does not keep the socket. */
  #destroyWithin(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), this.#host.limits.lingerMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }

  #askFlush(): void {
    if (this.#flushAsked || this.#socket === undefined) return;
    this.#flushAsked = true;
    this.#host.loop.flushAtTurnEnd(this);
  }

  #opened(): void {
    if (this.#state !== 'connecting' && this.#state !== 'closing') return;
    if (this.#state === 'connecting') {
      this.#state = 'open';
      this.#post(() => this.#receiver!.opened?.());
    }
  }

  #read(chunk: Buffer): void {
    if (this.#state !== 'open' || this.#ending !== undefined) return;
    const decoded = this.#decode(chunk);
    const finished = decoded.messages.length > 0;
    const held = finished ? 0 : this.#unfinishedBytes + chunk.length;
    const change = held - this.#unfinishedBytes;
    this.#unfinishedBytes = held;
    for (const message of decoded.messages) this.#inbox.push(message);
    this.#messages += decoded.messages.length;
    const fits = this.#quotas === undefined || this.#quotas.unfinished(change);
    if (decoded.violation !== undefined) this.#violated(decoded.violation);
    else if (!fits) this.#violated('unfinished frames take too much memory');
    else if (held > this.#host.limits.frameBytesMax) this.#violated('a frame does not end');
    if (this.#paused) this.#stopReading();
    this.#postDelivery();
  }

  /** A codec returns what is wrong with the bytes. If it throws, its bug costs one connection. */
  #decode(chunk: Buffer): Decoded {
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    try {
      return this.#codec.decode(bytes);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#host.log(`connection ${this.id}: the codec failed: ${text}`);
      return { messages: [], violation: 'the codec failed' };
    }
  }

  #violated(violation: string): void {
    this.#ending = 'violation';
    this.#host.log(`connection ${this.id} from ${this.remote.host}: closed: ${violation}`);
    this.#stopReading();
  }

  #written(): void {
    if (this.#state !== 'open') return;
    const outstanding = this.outstandingBytes;
    if (outstanding <= this.#host.limits.outstandingBytesPause) this.#readOn();
    if (!this.#aboveSendBuffer || outstanding * 2 > limits.sendBufferBytes) return;
    this.#aboveSendBuffer = false;
    this.#post(() => this.#receiver!.drained?.());
  }

  #stopReading(): void {
    this.#stopped = true;
    this.#socket?.pause();
  }

  #readOn(): void {
    if (!this.#stopped || this.#paused || this.#ending !== undefined) return;
    if (this.#throttled) return;
    this.#stopped = false;
    this.#socket?.resume();
  }

  /** A peer that sends requests and does not read the answers is not read either. */
  get #throttled(): boolean {
    return this.accepted && this.outstandingBytes > this.#host.limits.outstandingBytesPause;
  }

  #postDelivery(): void {
    if (this.#deliveryPosted || this.#paused) return;
    if (this.#inbox.length === 0 && this.#ending === undefined) return;
    this.#deliveryPosted = true;
    this.#host.loop.post(this.#host.owner, () => this.#deliver());
  }

  /** One event: the next message, or, after the last one, the end. */
  #deliver(): void {
    this.#deliveryPosted = false;
    if (this.#paused || this.#state === 'closing' || this.#state === 'closed') return;
    if (this.#inbox.length === 0) {
      if (this.#ending !== undefined) this.#finish(this.#ending);
      return;
    }
    const message = this.#inbox.shift();
    this.#messageAt = this.#host.loop.now();
    if (this.#throttled) this.#stopReading();
    this.#receiver!.received(message);
    this.#postDelivery();
  }

  #end(reason: CloseReason): void {
    if (this.#state === 'closing') {
      if (reason === 'eof') this.#socket?.destroySoon();
      return;
    }
    if (this.#state === 'closed' || this.#ending !== undefined) return;
    this.#ending = reason;
    // A reset does not wait for messages that the owner does not want yet.
    if (reason !== 'eof') this.#paused = false;
    this.#postDelivery();
  }

  #finish(reason: CloseReason): void {
    this.#state = 'closed';
    const socket = this.#socket;
    if (socket === undefined) {
      this.#release();
    } else if (!socket.destroyed) {
      // Answers to what came before the end still leave.
      for (const frame of this.#frames) socket.write(frame);
      socket.destroySoon();
      this.#destroyWithin(socket);
    }
    this.#frames = [];
    this.#frameBytes = 0;
    this.#receiver!.closed(reason);
  }

  /** Ends a connection that costs too much; the owner hears `reset`. */
  #giveUp(why: string): void {
    this.#host.log(`connection ${this.id} from ${this.remote.host}: closed: ${why}`);
    this.#frames = [];
    this.#frameBytes = 0;
    this.#inbox = [];
    this.#end('reset');
    this.#socket?.destroy();
  }

  #post(handle: () => void): void {
    this.#host.loop.post(this.#host.owner, () => {
      if (this.#state === 'closing' || this.#state === 'closed') return;
      handle();
    });
  }

  #reasonOf(error: NodeJS.ErrnoException): CloseReason {
    if (this.#state !== 'connecting') return 'reset';
    return error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable';
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#quotas?.release(this.remote.host, this.#unfinishedBytes);
    this.#unfinishedBytes = 0;
    this.#host.forget(this);
  }
}
