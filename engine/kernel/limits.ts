/**
 * The limits of the engine: everything that could grow has a bound here, with the real system's
 * default beside it. What is refused at a limit is reported to someone (invariant S5).
 *
 * Not here: limits that a user configures (`message.max.bytes`): those are settings of the product.
 */
export const limits = Object.freeze({
  /**
   * Entries that a trace keeps; beyond it the hash goes on and entries are dropped (and counted).
   */
  traceEntriesMax: 1_000_000,
  /** Distinct strings that a trace keeps. */
  traceStringsMax: 262_144,
  /** Events of one run, unless the caller says less. */
  runEventsMax: 5_000_000,
  /** Events that wait in the heap. */
  heapEventsMax: 1_000_000,
  /** Hosts of a world. */
  hostsMax: 256,
  /** Bytes of one frame on a connection. Kafka: socket.request.max.bytes, 100 MiB. */
  frameBytesMax: 104_857_600,
  /** Bytes that a connection holds for a reader that does not read. Linux: tcp_wmem, 4 MiB. */
  sendBufferBytes: 4_194_304,
  /** Bytes of one simulated file. Kafka: log.segment.bytes, 1 GiB. */
  fileBytesMax: 1_073_741_824,
  /** Open files of a host. Linux: ulimit -n, 1024 for a login shell; Kafka asks for 100,000. */
  filesOpenMax: 4096,
  /** Bytes that one compressed record batch may grow to. Kafka: none; a frame's bound, 100 MiB. */
  decompressedBytesMax: 104_857_600,
});
