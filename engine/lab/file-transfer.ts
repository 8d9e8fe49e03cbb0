/**
 * The lab's handle on the ways from a log file to a consumer's socket: `fileTransfer` goes into a
 * cluster's `modules`; `TransferMeter` tells what a broker was charged for sending since it began.
 *
 * Not here: the charges (`kafka/broker/file-transfer.ts`) and their prices (`kernel/costs.ts`).
 */
import { pricePicos } from '../kernel/costs.ts';
import type { CostKind } from '../kernel/ports.ts';
import { assert } from '../kernel/assert.ts';
import type { Broker } from '../kafka/broker.ts';
import type { SimHost } from '../sim/host.ts';
import type { Lab } from './experiment.ts';

export { fileTransfer } from '../kafka/broker/file-transfer.ts';
export type { FileTransferView, TransferWay } from '../kafka/broker/file-transfer.ts';

/** What every request costs, sent bytes or not (`kafka/broker/socket-server.ts`). */
const REQUEST_SYSCALLS = 2;
const PICOS_PER_NANO = 1000;
const TRANSFER_KINDS = ['copy', 'encrypt', 'page-fault'] as const;

/** What was counted while consumers read a log, for every byte of it that was sent. */
export interface TransferCounts {
  readonly bytesSent: number;
  /** From one place in memory to another, by the processor. */
  readonly cpuCopies: number;
  /** Copies, and transfers that a device made. */
  readonly transfers: number;
  readonly diskBytes: number;
  /** How often each byte of the log came from the disk, all consumers together. */
  readonly diskReads: number;
  readonly userSpaceBytes: number;
  readonly syscalls: number;
  readonly pageFaults: number;
  /** Into the kernel and out of it again: two a call, and two a page fault. */
  readonly modeSwitches: number;
  /** Of the processor. What the disk takes is not in it. */
  readonly transferNanos: number;
}

export class TransferMeter {
  readonly #host: SimHost;
  readonly #counters: Readonly<Record<CostKind, number>>;
  readonly #before: Readonly<Record<CostKind, number>>;

  constructor(lab: Lab, host: string) {
    this.#host = lab.host(host);
    this.#counters = this.#host.counters;
    this.#before = { ...this.#counters };
  }

  /** Units of a kind since the meter began. */
  since(kind: CostKind): number {
    return this.#counters[kind] - this.#before[kind];
  }

  /** System calls besides those that take a request in and answer it. */
  get transferSyscalls(): number {
    return this.since('syscall') - REQUEST_SYSCALLS * this.since('request');
  }

  /** Everything together, once the whole log was sent to so many consumers. */
  counts(consumers: number): TransferCounts {
    let bytesSent = 0;
    for (const { log } of (this.#host.process as Broker).partitions) {
      bytesSent += log.log.sizeBytes * consumers;
    }
    assert(bytesSent > 0, 'something was sent', { consumers });
    const perByte = (bytes: number): number => Math.floor((bytes + bytesSent / 2) / bytesSent);
    const diskBytes = this.since('dma') - bytesSent;
    const syscalls = this.transferSyscalls;
    const pageFaults = this.since('page-fault');
    return {
      bytesSent,
      cpuCopies: perByte(this.since('copy')),
      transfers: perByte(this.since('copy')) + perByte(this.since('dma')),
      diskBytes,
      diskReads: Math.floor((diskBytes * consumers) / bytesSent),
      userSpaceBytes: this.since('user-space'),
      syscalls,
      pageFaults,
      modeSwitches: 2 * (syscalls + pageFaults),
      transferNanos: this.transferNanos,
    };
  }

  /** Nanoseconds of the processor that sending took, by the table of prices. */
  get transferNanos(): number {
    let picos = this.transferSyscalls * pricePicos.syscall;
    for (const kind of TRANSFER_KINDS) picos += this.since(kind) * pricePicos[kind];
    return Math.floor(picos / PICOS_PER_NANO);
  }
}
