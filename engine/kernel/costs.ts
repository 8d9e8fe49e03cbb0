/**
 * What work costs on a simulated host: the price of a unit of each kind, in picoseconds, so that a
 * byte's copy and a platter's seek stand in one table of whole numbers.
 *
 * The prices make proportions visible (sequential against random, copy against DMA); they do not
 * predict a machine. Not here: who is charged what; that stands where the work is done.
 */
import type { CostKind } from './ports.ts';

const NANOSECOND = 1000;
const MICROSECOND = 1000 * NANOSECOND;
const MILLISECOND = 1000 * MICROSECOND;

/** Picoseconds a unit. */
export const pricePicos: Readonly<Record<CostKind, number>> = Object.freeze({
  /** 10 GB/s: a memcpy that misses the caches (STREAM copy of one core, order of magnitude). */
  copy: 100,
  /** 2.6 GB/s: CRC-32C by slicing in JavaScript or WebAssembly, measured by `highwater bench`. */
  crc: 380,
  /** 3.5 GB/s: writevSync of 64 KB batches into the page cache, measured by `highwater bench`. */
  append: 280,
  /** 10 GB/s: a read that the page cache answers is a copy. */
  read: 100,
  /** 12 ms: average seek 8 ms and half a turn at 7,200 rpm, as disk data sheets give them. */
  seek: 12 * MILLISECOND,
  /** 50 us: a random access to NVMe flash at queue depth 1, as data sheets give it. */
  'flash-access': 50 * MICROSECOND,
  /** 200 MB/s: the outer tracks of a spinning disk, as data sheets give them. */
  device: 5000,
  /** 200 ns: a trivial system call (lmbench lat_syscall null, order of magnitude). */
  syscall: 200 * NANOSECOND,
  /** 2 us: a switch of threads with cold caches (lmbench lat_ctx, order of magnitude). */
  'context-switch': 2 * MICROSECOND,
  /** The device moves the bytes; the CPU only starts it. */
  dma: 0,
  /** 5 GB/s: AES-128-GCM in 16 KB records with AES-NI (`openssl speed -evp aes-128-gcm`). */
  encrypt: 200,
  /** Counted, not priced: what it costs to bring bytes there is a copy. */
  'user-space': 0,
  /** 500 ns: a minor fault, the page is cached (lmbench lat_pagefault, order of magnitude). */
  'page-fault': 500 * NANOSECOND,
  /** 230 MB/s: snappyjs, `highwater bench`; the other codecs are within a factor of five. */
  compress: 4300,
  /** 430 MB/s: snappyjs, `highwater bench`. */
  decompress: 2300,
  /** 2 us: parse a header, find the handler, look up the partition. */
  request: 2 * MICROSECOND,
  /** 50 ns: check one record's lengths. */
  record: 50 * NANOSECOND,
});

/** Picoseconds in a microsecond, the unit of virtual time. */
export const PICOS_PER_MICRO = MICROSECOND;

/** The kinds in a fixed order, for counters and tables. */
export const costKinds = Object.freeze(Object.keys(pricePicos)) as readonly CostKind[];

/** A sync of a device: 0.15 ms for the barrier, and 500 MB/s for what is dirty. */
export const syncBaseMicros = 150;
export const syncBytesPerMicro = 500;
