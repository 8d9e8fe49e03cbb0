/**
 * What it takes to get a fetched part of a log file to a consumer's socket, charged by the table of
 * prices (`kernel/costs.ts`) for each way that there is. A part that is handed in: it stands before
 * the broker's own Fetch, which goes by `sendfile` and charges the last transfer only.
 *
 *     disk --dma--> page cache --cpu--> user space --cpu--> socket buffer --dma--> card
 *     read-write                 copy                copy                  dma
 *     mmap-write                 ------- copy ------------>                dma
 *     sendfile                   ----------------------- dma ------------------->
 *     TLS (read-write, sendfile) copy    encrypt      copy                 dma
 *
 * Sources: Linux `sendfile(2)`, `mmap(2)`, `write(2)`; Linux 2.4's sendfile by scatter and gather
 * (NETIF_F_SG); `FileRecords.writeTo`, `PlaintextTransportLayer.transferFrom`
 * (FileChannel.transferTo) and `SslTransportLayer`: `transferFrom` reads the file into a direct
 * buffer of 32 KB, `write` wraps and writes one TLS record at a time. Differences: the real broker
 * chooses by the listener (plaintext or TLS); the other ways are here to be compared. A socket
 * takes all that is given at once; a real one takes what its buffer has room for, so that there are
 * more calls. What the JVM copies between its heap and direct buffers is not counted. Pages of a
 * mapping are faulted in 16 at a time (`fault_around_bytes`); the mapping itself is older.
 */
import { assert } from '../../kernel/assert.ts';
import type { Cost } from '../../kernel/ports.ts';
import type { FetchRequest, FetchResponse } from '../../wire/kafka/messages/fetch.ts';
import { fetch } from '../../wire/kafka/messages/fetch.ts';
import { fetchHandler } from '../api/01-fetch.ts';
import { apiHandler } from '../api/api-handler.ts';
import type { BrokerModuleFactory } from './broker-module.ts';

export type TransferPath = 'read-write' | 'mmap-write' | 'sendfile';

export interface TransferOptions {
  readonly path: TransferPath;
  readonly tls: boolean;
  /** Whether the card can gather pages from several places; without it sendfile copies once. */
  readonly gather: boolean;
  /** Whether what is read is in the page cache already; else the disk is read, once. */
  readonly cached: boolean;
  /** A client that only checks the run: it is charged for, and not shown. */
  readonly auditor?: string;
}

/** From which place bytes come to which other one: a device or the processor moves them. */
export type TransferWay =
  'disk-cache' | 'cache-user' | 'user-socket' | 'cache-socket' | 'socket-card' | 'cache-card';

/** What one answer takes after its bytes are in the page cache. */
export interface TransferWork {
  readonly ways: readonly TransferWay[];
  readonly syscalls: number;
  readonly pageFaults: number;
}

/** What was counted since the broker started, of what clients fetched. */
export interface FileTransferView {
  readonly kind: 'file-transfer';
  readonly path: TransferPath;
  readonly tls: boolean;
  /** The ways that this path takes, and the one from the disk. */
  readonly ways: readonly TransferWay[];
  /** Answers that had records. */
  readonly fetches: number;
  /** Bytes, by way. */
  readonly moved: Readonly<Record<TransferWay, number>>;
  readonly encryptedBytes: number;
  readonly userSpaceBytes: number;
  readonly syscalls: number;
  readonly pageFaults: number;
}

const TLS_BUFFER_BYTES = 32_768;
/** The most plaintext in one record (RFC 8446, section 5.1). */
const TLS_RECORD_BYTES = 16_384;
/** The most that one call of sendfile transfers (`sendfile(2)`). */
const SENDFILE_BYTES_MAX = 0x7ffff000;
const FAULT_AROUND_BYTES = 65_536;
/** Ways on which the processor copies; on the others a device moves the bytes. */
const COPIED: ReadonlySet<TransferWay> = new Set(['cache-user', 'user-socket', 'cache-socket']);

/** What it takes to send so many bytes by this path. */
export function transferWork(options: TransferOptions, bytes: number): TransferWork {
  const { path, tls, gather } = options;
  assert(bytes > 0, 'something to send', { bytes });
  if (path === 'sendfile' && !tls) {
    const syscalls = chunks(bytes, SENDFILE_BYTES_MAX);
    return {
      ways: gather ? ['cache-card'] : ['cache-socket', 'socket-card'],
      syscalls,
      pageFaults: 0,
    };
  }
  const isMapped = path === 'mmap-write';
  const reads = isMapped ? 0 : tls ? chunks(bytes, TLS_BUFFER_BYTES) : 1;
  const writes = tls ? chunks(bytes, TLS_RECORD_BYTES) : 1;
  const pageFaults = isMapped ? chunks(bytes, FAULT_AROUND_BYTES) : 0;
  // What a mapping is encrypted from is the page cache itself; what comes out is in user space.
  const into: TransferWay[] = isMapped ? [] : ['cache-user'];
  const out: TransferWay = isMapped && !tls ? 'cache-socket' : 'user-socket';
  return { ways: [...into, out, 'socket-card'], syscalls: reads + writes, pageFaults };
}

/** How many pieces of at most so many bytes. */
function chunks(bytes: number, most: number): number {
  return Math.ceil(bytes / most);
}

const isInUserSpace = (ways: readonly TransferWay[]): boolean => ways.includes('user-socket');

/** Charges the work besides the DMA to the card, which Fetch itself has charged. */
function charge(
  cost: Cost,
  { ways, syscalls, pageFaults }: TransferWork,
  tls: boolean,
  bytes: number,
): void {
  cost.charge('syscall', syscalls);
  if (pageFaults > 0) cost.charge('page-fault', pageFaults);
  for (const way of ways) if (COPIED.has(way)) cost.charge('copy', bytes);
  if (isInUserSpace(ways)) cost.charge('user-space', bytes);
  if (tls) cost.charge('encrypt', bytes);
}

/** Adds up what the picture shows. */
class TransferLedger {
  #view: FileTransferView;

  constructor(options: TransferOptions) {
    const { path, tls } = options;
    const ways: TransferWay[] = ['disk-cache', ...transferWork(options, 1).ways];
    const moved = {
      ...{ 'disk-cache': 0, 'cache-user': 0, 'user-socket': 0 },
      ...{ 'cache-socket': 0, 'socket-card': 0, 'cache-card': 0 },
    };
    const none = { encryptedBytes: 0, userSpaceBytes: 0, syscalls: 0, pageFaults: 0 };
    this.#view = { kind: 'file-transfer', path, tls, ways, fetches: 0, moved, ...none };
  }

  get view(): FileTransferView {
    return this.#view;
  }

  add(work: TransferWork, bytes: number, bytesFromDisk: number): void {
    const { ways, syscalls, pageFaults } = work;
    const before = this.#view;
    assert(bytes > 0 && bytesFromDisk <= bytes, 'no more than is sent', { bytes, bytesFromDisk });
    const moved = { ...before.moved };
    moved['disk-cache'] += bytesFromDisk;
    for (const way of ways) moved[way] += bytes;
    this.#view = {
      ...before,
      fetches: before.fetches + 1,
      moved,
      encryptedBytes: before.encryptedBytes + (before.tls ? bytes : 0),
      userSpaceBytes: before.userSpaceBytes + (isInUserSpace(ways) ? bytes : 0),
      syscalls: before.syscalls + syscalls,
      pageFaults: before.pageFaults + pageFaults,
    };
  }
}

/** A broker that sends what consumers fetch by this path. */
export function fileTransfer(options: TransferOptions): BrokerModuleFactory<Record<never, never>> {
  return {
    settings: {},
    create: ({ ports }) => {
      const { cost } = ports;
      const ledger = new TransferLedger(options);
      /** By topic id and partition: the last offset from which the disk was read. */
      const filled = new Map<string, number>();
      /** How much of it the disk had to be read for. A log is read in order: it seeks once. */
      const readFromDisk = (partition: string, offset: number, bytes: number): number => {
        const last = filled.get(partition) ?? -1;
        if (options.cached || offset <= last) return 0;
        if (last < 0) cost.charge('seek', 1);
        cost.charge('device', bytes);
        cost.charge('dma', bytes);
        filled.set(partition, offset);
        return bytes;
      };
      const send = (request: FetchRequest, response: FetchResponse, isShown: boolean): void => {
        for (const { topicId, partitions } of response.responses) {
          for (const { partitionIndex, records } of partitions) {
            const bytes = records?.length ?? 0;
            if (bytes === 0) continue;
            const asked = request.topics.find((topic) => topic.topicId === topicId);
            const from = asked?.partitions.find(({ partition }) => partition === partitionIndex);
            const file = `${topicId}-${partitionIndex}`;
            const bytesFromDisk = readFromDisk(file, from?.fetchOffset ?? 0, bytes);
            const work = transferWork(options, bytes);
            charge(cost, work, options.tls, bytes);
            if (isShown) ledger.add(work, bytes, bytesFromDisk);
          }
        }
      };
      const handler = apiHandler<FetchRequest>(fetch, (broker, request) => {
        const isShown = request.clientId !== options.auditor;
        const respond = (body: unknown): void => {
          send(request.body, body as FetchResponse, isShown);
          request.respond(body);
        };
        fetchHandler.handle(broker, { ...request, respond });
      });
      return {
        handlers: [handler],
        topics: [],
        elected: () => undefined,
        resigned: () => undefined,
        metadataChanged: () => undefined,
        close: () => undefined,
        shown: () => ledger.view,
      };
    },
  };
}
