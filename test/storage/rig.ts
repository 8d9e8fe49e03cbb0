/** A log on a simulated disk, with syncs that complete when the test says so. */
import { randomStream } from '../../engine/kernel/random.ts';
import type { DiskResult, TimerId } from '../../engine/kernel/ports.ts';
import { micros, millis } from '../../engine/kernel/units.ts';
import type { Micros } from '../../engine/kernel/units.ts';
import { SimDisk } from '../../engine/sim/sim-disk.ts';
import type { Unsynced } from '../../engine/sim/sim-disk.ts';
import type { Framing } from '../../engine/storage/framing.ts';
import { DEFAULT_LOG_CONFIG } from '../../engine/storage/log-config.ts';
import type { LogConfig } from '../../engine/storage/log-config.ts';
import type { LogPorts, SegmentedLog } from '../../engine/storage/log.ts';
import { openLog } from '../../engine/storage/recovery.ts';
import type { OpenOptions, RecoveryReport } from '../../engine/storage/recovery.ts';
import { concat, encodeFrame, testFraming } from './test-framing.ts';
import type { TestFrame } from './test-framing.ts';

export const FOLDER = 'data/pay-0';

export const SMALL: LogConfig = {
  ...DEFAULT_LOG_CONFIG,
  segmentBytes: 1000,
  indexIntervalBytes: 150,
  segmentMs: 1_000_000,
};

export interface Opened {
  readonly log: SegmentedLog;
  readonly report: RecoveryReport;
}

export class Rig {
  readonly disk: SimDisk;
  readonly costs = new Map<string, number>();
  readonly timers: { id: number; at: number; label: string; fire: () => void }[] = [];
  #timerIds = 0;
  nowMicros = 0;
  syncs = 0;
  #random = randomStream(1, 'disk');
  #pending: (() => void)[] = [];

  constructor() {
    this.disk = new SimDisk({
      now: () => micros(this.nowMicros),
      afterSync: (
        _path: string,
        _bytes: number,
        complete: () => DiskResult,
        done: (result: DiskResult) => void,
      ) => {
        this.syncs += 1;
        this.#pending.push(() => done(complete()));
      },
    });
  }

  get ports(): LogPorts {
    return {
      disk: this.disk,
      cost: {
        charge: (kind, units) => this.costs.set(kind, (this.costs.get(kind) ?? 0) + units),
      },
      clock: {
        now: () => micros(this.nowMicros),
        wall: () => millis(Math.floor(this.nowMicros / 1000)),
        after: (delay: Micros, label: string, fire: () => void) => {
          const id = ++this.#timerIds;
          this.timers.push({ id, at: this.nowMicros + delay, label, fire });
          return id as TimerId;
        },
        cancel: (id: TimerId) => {
          const at = this.timers.findIndex((timer) => timer.id === id);
          if (at >= 0) this.timers.splice(at, 1);
        },
      },
    };
  }

  /** Completes up to so many syncs, oldest first. */
  settle(count = Number.MAX_SAFE_INTEGER): void {
    for (let left = count; left > 0; left--) {
      const next = this.#pending.shift();
      if (next === undefined) return;
      next();
    }
  }

  advance(ms: number): void {
    this.nowMicros += ms * 1000;
    const due = this.timers.filter(({ at }) => at <= this.nowMicros);
    for (const timer of due) {
      const place = this.timers.indexOf(timer);
      // One that fires may cancel another.
      if (place < 0) continue;
      this.timers.splice(place, 1);
      timer.fire();
    }
  }

  /** The process dies: what it waited for never comes. */
  crash(): void {
    this.#pending = [];
    this.timers.length = 0;
  }

  losePower(unsynced: Unsynced, seed: number): void {
    this.crash();
    this.#random = randomStream(seed, 'disk');
    this.disk.losePower(unsynced, this.#random);
  }

  open(options: Partial<OpenOptions> = {}, framing: Framing = testFraming): Opened {
    const opened = openLog(this.ports, framing, {
      folder: FOLDER,
      config: SMALL,
      clean: true,
      recoveryPoint: 0,
      logStartOffset: 0,
      ...options,
    });
    if ('failure' in opened) throw new Error(opened.failure);
    return opened;
  }

  /** Reads the file's bytes. */
  bytes(path: string): Uint8Array {
    const file = this.disk.open(path);
    return file.read(0, file.size()).slice();
  }
}

/** Appends frames of `records` records each, one millisecond apart, and returns them. */
export function appendFrames(
  log: SegmentedLog,
  options: { count: number; records?: number; epoch?: number; paddingBytes?: number },
): TestFrame[] {
  const { count, records = 2, epoch = 0, paddingBytes = 20 } = options;
  const frames: TestFrame[] = [];
  for (let i = 0; i < count; i++) {
    const baseOffset = log.logEndOffset;
    const timestamps = Array.from({ length: records }, (_, r) => 1000 + baseOffset + r);
    const frame = { baseOffset, epoch, timestamps, paddingBytes };
    const result = log.append(encodeFrame(frame));
    if (result !== 'ok') throw new Error(result);
    frames.push(frame);
  }
  return frames;
}

/** All frames of the log, as bytes. */
export function readAll(log: SegmentedLog): Uint8Array {
  const parts: Uint8Array[] = [];
  log.scan(log.logStartOffset, (header, bytes, position) => {
    parts.push(bytes.slice(position, position + header.sizeBytes));
  });
  return concat(parts);
}
