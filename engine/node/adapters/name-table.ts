/**
 * Where the processes' names stand on the real network: (`broker-2`, 9092) is 127.0.0.1:9093.
 *
 * A process listens on the port that the documents name, on a host of its own; one machine has each
 * port once. Names that are not in the table are taken as they are (`127.0.0.1`, `localhost`).
 */
import { isIP } from 'node:net';
import { assert } from '../../kernel/assert.ts';
import type { Address } from '../../kernel/ports.ts';

/** Port 0 leaves the choice to the operating system; it is known once the process listens. */
export const ANY_PORT = 0;

export class NameTable {
  readonly #bound = new Map<string, Address>();
  readonly #hosts = new Set<string>();
  #listensPending = 0;

  /** Says where a port of a host really is (or will be). */
  bind(host: string, port: number, real: Address): void {
    assert(port > 0 && port < 65_536, 'not a port', { host, port });
    assert(real.port >= 0 && real.port < 65_536, 'not a port', { host, real });
    this.#bound.set(`${host}:${port}`, real);
    this.#hosts.add(host);
  }

  /** Where a host's port is to be opened: as bound, else on loopback at a port of its choice. */
  placeOf(host: string, port: number): Address {
    const bound = this.#bound.get(`${host}:${port}`);
    if (bound !== undefined) return bound;
    return isReal(host) ? { host, port } : { host: '127.0.0.1', port: ANY_PORT };
  }

  /** Where to connect to; `refused` if the host is known and nobody listens, else `unreachable`. */
  resolve(address: Address): Address | 'refused' | 'unreachable' {
    const bound = this.#bound.get(`${address.host}:${address.port}`);
    if (bound !== undefined) return bound.port === ANY_PORT ? 'refused' : bound;
    if (isReal(address.host)) return address;
    return this.#hosts.has(address.host) ? 'refused' : 'unreachable';
  }

  /** Makes a host known, so that connecting to it is refused before it listens. */
  addHost(host: string): void {
    this.#hosts.add(host);
  }

  listenStarted(): void {
    this.#listensPending++;
  }

  listenEnded(): void {
    assert(this.#listensPending > 0, 'no listen pending');
    this.#listensPending--;
  }

  /** Whether the operating system has answered everybody who asked to listen. */
  get settled(): boolean {
    return this.#listensPending === 0;
  }
}

function isReal(host: string): boolean {
  return isIP(host) !== 0 || host === 'localhost' || host.includes('.');
}
