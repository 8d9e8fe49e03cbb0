/**
 * How fast the log takes batches on the real disk, beside the system call that it comes down to:
 * `writevSync` of the same bytes in 64 KB batches. What the log does more: it verifies each
 * batch's CRC-32C, reads its header, keeps the indexes.
 *
 * Rounds alternate and the medians are compared, for a disk's speed changes by the second. Not
 * here: syncs; both sides stay in the page cache.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writevSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaFraming } from '../../kafka/partition/log-framing.ts';
import { assert } from '../../kernel/assert.ts';
import type { Ports, Process } from '../../kernel/ports.ts';
import { DEFAULT_LOG_CONFIG } from '../../storage/log-config.ts';
import { openLog } from '../../storage/recovery.ts';
import { encodeBatch, setBaseOffset } from '../../wire/kafka/record-batch.ts';
import { RealWorld } from '../adapters/real-world.ts';

export interface LogAppendResult {
  /** MB (10^6 bytes) a second of `writevSync`. */
  readonly writevMegabytes: number;
  /** MB a second of the log, CRC included. */
  readonly appendMegabytes: number;
  /** The log's share of `writevSync`. */
  readonly ratio: number;
  readonly rounds: number;
  readonly batchBytes: number;
}

const ROUNDS = 7;
const ROUND_BATCHES = 512;
const RECORDS = 64;
const RECORD_BYTES = 1010;

/** Runs the measurement in a temporary folder. Resolves when the folder is gone again. */
export function benchLogAppend(): Promise<LogAppendResult> {
  const folder = mkdtempSync(join(tmpdir(), 'highwater-bench-'));
  const world = new RealWorld({ log: (line) => console.error(line) });
  return new Promise((resolve, reject) => {
    let result: LogAppendResult | undefined;
    const measure = (ports: Ports): Process => ({
      start() {
        result = alternate(ports, folder);
        ports.halt('measured');
      },
    });
    world.start({
      host: 'bench',
      folder: join(folder, 'bench'),
      process: measure,
      ended: (end) => {
        rmSync(folder, { recursive: true, force: true });
        if (result !== undefined) resolve(result);
        else reject(new Error(end.reason));
      },
    });
  });
}

function alternate(ports: Ports, folder: string): LogAppendResult {
  const batch = batchOf64Kb();
  const raw: number[] = [];
  const ours: number[] = [];
  // The first round warms both sides up and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const rawMs = writevRound(join(folder, 'raw'), batch);
    const oursMs = appendRound(ports, `log-${round}`, batch);
    if (round === 0) continue;
    raw.push(rawMs);
    ours.push(oursMs);
  }
  const megabytes = (ROUND_BATCHES * batch.length) / 1e6;
  const writevMegabytes = megabytes / (median(raw) / 1000);
  const appendMegabytes = megabytes / (median(ours) / 1000);
  const ratio = appendMegabytes / writevMegabytes;
  return { writevMegabytes, appendMegabytes, ratio, rounds: ROUNDS, batchBytes: batch.length };
}

function writevRound(folder: string, batch: Uint8Array): number {
  mkdirSync(folder, { recursive: true });
  const fd = openSync(join(folder, 'file'), 'w');
  const began = performance.now();
  for (let count = 0; count < ROUND_BATCHES; count++) writevSync(fd, [batch]);
  const ms = performance.now() - began;
  closeSync(fd);
  rmSync(folder, { recursive: true });
  return ms;
}

function appendRound(ports: Ports, folder: string, batch: Uint8Array): number {
  const opened = openLog(ports, kafkaFraming, {
    folder,
    config: DEFAULT_LOG_CONFIG,
    clean: true,
    recoveryPoint: 0,
    logStartOffset: 0,
  });
  assert('log' in opened, 'the log opens', { opened });
  const { log } = opened;
  const began = performance.now();
  for (let count = 0; count < ROUND_BATCHES; count++) {
    setBaseOffset(batch, 0, log.logEndOffset);
    assert(kafkaFraming.valid(batch, 0, batch.length), 'the checksum is right');
    const result = log.append(batch);
    assert(result === 'ok', 'appended', { result });
  }
  const ms = performance.now() - began;
  log.closeFiles();
  ports.disk.remove(folder);
  return ms;
}

function batchOf64Kb(): Uint8Array {
  const records = Array.from({ length: RECORDS }, (_, place) => ({
    timestamp: 1_700_000_000_000 + place,
    key: null,
    value: new Uint8Array(RECORD_BYTES).fill(place),
  }));
  return encodeBatch({ records, baseOffset: 0, partitionLeaderEpoch: 0 });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1]!;
}
