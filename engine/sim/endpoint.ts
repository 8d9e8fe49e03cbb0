/**
 * One end of a simulated connection.
 *
 * What is sent leaves when the handler returns, arrives in order, and waits while the link is cut
 * or the reader paused. `outstandingBytes` counts what the other side has not taken yet, as the
 * two socket buffers together would. Not here: how a connection comes about (`sim-network.ts`).
 */
import { assert, present } from '../kernel/assert.ts';
import { limits } from '../kernel/limits.ts';
import type { Address, CloseReason, Codec, Connection, Protocol } from '../kernel/ports.ts';
import type { Receiver } from '../kernel/ports.ts';
import type { Micros } from '../kernel/units.ts';
import type { SimHost } from './host.ts';
import type { Link } from './link.ts';
import type { SimNetwork } from './sim-network.ts';
import { closedKind, deliverKind, drainedKind, dropKind, sendKind } from './sim-trace.ts';
import { deepFreeze } from './freeze.ts';

export interface EndpointOptions {
  readonly id: number;
  readonly host: SimHost;
  readonly remote: Address;
  readonly protocol: Protocol;
  readonly role: 'client' | 'server';
}

interface Parcel {
  readonly message: unknown;
  /** The encoded message, with paranoid wire. */
  readonly encoded: Uint8Array | null;
  readonly number: number;
  readonly bytes: number;
  readonly what: string;
  /** The end of the stream, in place of a message. */
  readonly fin: boolean;
}

export class SimEndpoint implements Connection {
  readonly id: number;
  readonly host: SimHost;
  readonly remote: Address;
  readonly #protocol: Protocol;
  readonly #network: SimNetwork;
  readonly #codec: Codec | null;
  receiver: Receiver | null = null;
  peer: SimEndpoint | null = null;
  #state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  /** What left this end and has not arrived, oldest first. */
  readonly #inFlight: Parcel[] = [];
  /** What arrived and was not read, because the reader paused. */
  readonly #unread: Parcel[] = [];
  #reading = true;
  #arrivalDue = 0;
  #outstanding = 0;
  #wasFull = false;
  /** The way out, once it was asked for: a link stays the same for the whole run. */
  #linkOut: Link | null = null;

  constructor(network: SimNetwork, options: EndpointOptions) {
    this.#network = network;
    this.id = options.id;
    this.host = options.host;
    this.remote = options.remote;
    this.#protocol = options.protocol;
    this.#codec = network.world.paranoidWire ? options.protocol.codec(options.role) : null;
  }

  get outstandingBytes(): number {
    return this.#outstanding;
  }

  /** Messages that this end sent, or has not read yet, and that were not dropped. */
  get undelivered(): number {
    return countOf(this.#inFlight) + countOf(this.#unread);
  }

  get protocolName(): string {
    return this.#protocol.name;
  }

  get alive(): boolean {
    return this.#state !== 'closed';
  }

  send(message: unknown): void {
    this.#network.sender?.(this, message);
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const { world } = this.#network;
    const bytes = this.#protocol.size(message);
    const encoded = this.#codec === null ? null : this.#codec.encode(message);
    if (encoded !== null) {
      assert(encoded.length === bytes, 'the size is that of the encoded bytes', {
        what: this.#protocol.describe(message),
        bytes,
        encoded: encoded.length,
      });
    }
    if (world.freezing) deepFreeze(message);
    const number = this.#network.nextMessage();
    const what = world.tracing ? this.#protocol.describe(message) : '';
    const parcel: Parcel = { message, encoded, number, bytes, what, fin: false };
    this.#network.counts.sent++;
    this.#network.watcher?.(this, message);
    this.#outstanding += bytes;
    if (this.#outstanding > limits.sendBufferBytes) this.#wasFull = true;
    if (world.tracing) {
      const to = this.remote.host;
      world.record(this.host, sendKind, { to, message: number, what, bytes, connection: this.id });
    }
    this.#network.unreleased++;
    world.atRelease(() => {
      this.#network.unreleased--;
      this.#dispatch(parcel);
    });
  }

  pause(): void {
    this.#reading = false;
  }

  resume(): void {
    if (this.#reading) return;
    this.#reading = true;
    if (this.#unread.length > 0) this.#scheduleRead();
  }

  close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const wasOpening = this.#state === 'opening';
    this.#state = 'closing';
    if (wasOpening && this.peer === null) {
      this.die();
      return;
    }
    const fin: Parcel = { message: null, encoded: null, number: 0, bytes: 40, what: '', fin: true };
    this.#network.world.atRelease(() => this.#dispatch(fin));
  }

  /** The handshake is over: what was sent meanwhile goes out. */
  open(): void {
    if (this.#state === 'opening') this.#state = 'open';
    this.resend();
  }

  /** Sends again what has not arrived, in order: the link is open again, or the peer is up. */
  resend(): void {
    if (this.peer === null) return;
    for (const parcel of this.#inFlight) this.#transmit(parcel);
  }

  /** The peer is told that this end is gone, as a kernel does for a process that died. */
  sendReset(): void {
    const { peer } = this;
    const { world } = this.#network;
    if (peer === null) return;
    const link = this.#network.link(this.host.name, this.remote.host);
    const transit = link.transit(40) ?? 0;
    world.schedule((world.now + transit) as Micros, null, () => {
      // Behind a partition the peer hears nothing until it sends again after the partition healed.
      if (link.open) peer.reset();
    });
  }

  /** This end hears that the connection is broken. */
  reset(): void {
    this.fail('reset', this.#network.world.now);
  }

  /** Ends the connection for this side; its receiver hears why, at a time. */
  fail(reason: CloseReason, at: Micros): void {
    if (this.#state === 'closed') return;
    const tellOwner = this.#state !== 'closing' && this.receiver !== null;
    this.die();
    if (!tellOwner) return;
    const { world } = this.#network;
    world.schedule(at, this.host, () => {
      const data = { peer: this.remote.host, connection: this.id, reason };
      world.record(this.host, closedKind, data);
      present(this.receiver, 'a connection has an owner').closed(reason);
    });
  }

  /** Ends the connection for this side without a word; what was under way is dropped. */
  die(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const parcel of this.#inFlight.splice(0)) this.#drop(parcel);
    for (const parcel of this.#unread.splice(0)) this.#drop(parcel);
    this.#network.forget(this);
  }

  #dispatch(parcel: Parcel): void {
    if (this.#state === 'closed') {
      this.#drop(parcel);
      return;
    }
    this.#inFlight.push(parcel);
    if (this.peer !== null && this.#state !== 'opening') this.#transmit(parcel);
  }

  #link(): Link {
    this.#linkOut ??= this.#network.link(this.host.name, this.remote.host);
    return this.#linkOut;
  }

  #transmit(parcel: Parcel): void {
    const { world } = this.#network;
    const link = this.#link();
    if (!link.open) return;
    if (link.resetAfterBytes !== null && parcel.bytes > link.resetAfterBytes) {
      link.resetAfterBytes = null;
      this.#breakBoth();
      return;
    }
    const transit = link.transit(parcel.bytes);
    if (transit === null) {
      this.#breakBoth();
      return;
    }
    // Within a connection nothing overtakes.
    this.#arrivalDue = Math.max(this.#arrivalDue, world.now + transit);
    const peer = present(this.peer, 'a parcel has a destination');
    world.schedule(
      this.#arrivalDue as Micros,
      peer.host,
      () => this.#arrive(parcel),
      () => this.#unknown(parcel),
    );
  }

  /** The process that it was for is dead. Its host, if it has power, answers with a reset. */
  #unknown(parcel: Parcel): void {
    const peer = present(this.peer, 'a parcel has a destination');
    const back = this.#network.link(this.remote.host, this.host.name);
    if (peer.host.state === 'off' || !back.open || !this.#inFlight.includes(parcel)) return;
    const { world } = this.#network;
    world.schedule((world.now + (back.transit(40) ?? 0)) as Micros, null, () => this.reset());
  }

  /** Runs as an event of the receiving host. */
  #arrive(parcel: Parcel): void {
    const peer = present(this.peer, 'a parcel has a destination');
    const place = this.#inFlight.indexOf(parcel);
    // It arrived already (it was sent twice), or the connection is gone.
    if (place < 0) return;
    const link = this.#link();
    // It stays in flight until the link is open again.
    if (!link.open || place > 0) return;
    this.#inFlight.shift();
    if (!peer.alive) {
      // The peer's kernel answers bytes for a connection that it does not know with a reset.
      this.#drop(parcel);
      this.reset();
      return;
    }
    if (peer.#reading && peer.#unread.length === 0) this.#hand(parcel, peer);
    else peer.#unread.push(parcel);
    if (!parcel.fin && link.breaks()) this.#breakBoth();
  }

  #hand(parcel: Parcel, peer: SimEndpoint): void {
    const { world } = this.#network;
    if (parcel.fin) {
      peer.fail('eof', world.now);
      this.die();
      return;
    }
    this.#network.counts.delivered++;
    this.#taken(parcel.bytes);
    const { number: message, what, bytes } = parcel;
    if (world.tracing) {
      const from = this.host.name;
      world.record(peer.host, deliverKind, { from, message, what, bytes, connection: this.id });
    }
    const receiver = present(peer.receiver, 'a connection has an owner');
    if (parcel.encoded === null) {
      this.#network.reader?.(peer, parcel.message);
      receiver.received(parcel.message);
      return;
    }
    const decoded = present(peer.#codec, 'both ends are paranoid').decode(parcel.encoded);
    assert(decoded.violation === undefined, 'what we encode can be decoded', {
      what: this.#protocol.describe(parcel.message),
      violation: decoded.violation,
    });
    assert(decoded.messages.length === 1, 'a frame is one message', { what });
    if (world.freezing) deepFreeze(decoded.messages[0]);
    this.#network.reader?.(peer, decoded.messages[0]);
    receiver.received(decoded.messages[0]);
  }

  /** The other side took some bytes. */
  #taken(bytes: number): void {
    this.#outstanding -= bytes;
    assert(this.#outstanding >= 0, 'S3: no more is taken than was sent', {
      left: this.#outstanding,
    });
    if (!this.#wasFull || this.#outstanding > limits.sendBufferBytes / 2) return;
    this.#wasFull = false;
    const { world } = this.#network;
    if (this.receiver?.drained === undefined) return;
    world.schedule(world.now, this.host, () => {
      if (!this.alive) return;
      world.record(this.host, drainedKind, { connection: this.id });
      this.receiver?.drained?.();
    });
  }

  /** The reader goes on: one waiting message an event. */
  #scheduleRead(): void {
    const { world } = this.#network;
    world.schedule(world.now, this.host, () => {
      if (!this.#reading || !this.alive) return;
      const parcel = this.#unread.shift();
      if (parcel === undefined) return;
      if (this.#unread.length > 0) this.#scheduleRead();
      present(this.peer, 'an unread parcel has a sender').#hand(parcel, this);
    });
  }

  #breakBoth(): void {
    const { peer } = this;
    this.reset();
    peer?.reset();
  }

  #drop(parcel: Parcel): void {
    if (parcel.fin) return;
    this.#network.counts.dropped++;
    this.#network.world.record(this.host, dropKind, {
      from: this.host.name,
      to: this.remote.host,
      message: parcel.number,
      what: parcel.what,
      connection: this.id,
    });
  }
}

function countOf(parcels: readonly Parcel[]): number {
  let count = 0;
  for (const parcel of parcels) if (!parcel.fin) count += 1;
  return count;
}
