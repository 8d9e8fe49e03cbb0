/**
 * The cleaner of a broker, a part that is handed in (`BrokerModule`): every so often it looks which
 * compacted log is the dirtiest, cleans it, and notes in `cleaner-offset-checkpoint` how far it has
 * come. Logs with `cleanup.policy=compact` only; what `delete` does is retention (`log-dir.ts`).
 *
 * Source: `LogCleaner`, `LogCleanerManager` (`grabFilthiestCompactedLog`, `doneCleaning`).
 * Differences: one log at a time (`log.cleaner.threads` is 1 there, too, by default); no limit on
 * its input and output a second; before a cleaning the recovery points are written down (see
 * `cleanable.ts`); a checkpoint that a truncation has made wrong is corrected at the next look.
 * Not here: one cleaning (`cleaning.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports, TimerId } from '../../kernel/ports.ts';
import { micros, microsOfMillis } from '../../kernel/units.ts';
import { CLEANER_OFFSET_CHECKPOINT } from '../../storage/log-directory.ts';
import { OffsetCheckpoint } from '../../storage/offset-checkpoint.ts';
import type { BrokerParts } from '../api/api-handler.ts';
import type { BrokerModule, BrokerModuleFactory } from '../broker/broker-module.ts';
import { type ConfigOf, boolean, double, long } from '../config.ts';
import type { Partition } from '../partition/partition.ts';
import { type CleanablePart, cleanablePart, dirtyRatio, isDue } from './cleanable.ts';
import { Cleaning, type CleaningEnd } from './cleaning.ts';
import { cleanedKind } from './log-cleaner-trace.ts';

export const logCleanerSettings = {
  'log.cleaner.backoff.ms': long(15_000, 'How long the cleaner sleeps when nothing is dirty.', {
    min: 0,
  }),
  'log.cleaner.dedupe.buffer.size': long(134_217_728, 'Bytes of the map of keys.', { min: 1024 }),
  'log.cleaner.enable': boolean(true, 'Whether compacted topics are compacted.'),
  'log.cleaner.io.buffer.load.factor': double('0.9', 'How full the map of keys may become.', {
    min: 0,
    max: 1,
  }),
} as const;

type LogCleanerConfig = ConfigOf<typeof logCleanerSettings>;

/** Installs a cleaner on a broker. */
export const logCleaner: BrokerModuleFactory<typeof logCleanerSettings> = {
  settings: logCleanerSettings,
  create: (parts, config) => new LogCleaner(parts, config),
};

/** The dirtiest log, and which part of it is to be cleaned. */
interface Filthiest {
  readonly partition: Partition;
  readonly part: CleanablePart;
}

/** What a view may see. */
export interface LogCleanerView {
  readonly kind: 'log-cleaner';
  /** The partition that is being cleaned; empty if none is. */
  readonly cleaning: string;
  readonly cleanedCount: number;
  readonly uncleanable: readonly string[];
}

export class LogCleaner implements BrokerModule {
  readonly handlers = [];
  readonly topics = [];
  readonly #broker: BrokerParts;
  readonly #ports: Ports;
  readonly #config: LogCleanerConfig;
  readonly #file: OffsetCheckpoint;
  /** By partition: where its last cleaning ended. */
  readonly #checkpoints = new Map<string, number>();
  /** Logs with a batch that cannot be read: they are left alone until a restart. */
  readonly #uncleanable = new Set<string>();
  #timer: TimerId | null = null;
  #cleaning: Partition | null = null;
  #cleanedCount = 0;
  #closed = false;

  constructor(broker: BrokerParts, config: LogCleanerConfig) {
    this.#broker = broker;
    this.#ports = broker.ports;
    this.#config = config;
    const path = `${broker.config.values['log.dir']}/${CLEANER_OFFSET_CHECKPOINT}`;
    this.#file = new OffsetCheckpoint(broker.ports.disk, path);
    const read = this.#file.read();
    for (const { topic, partition, offset } of read.ok ? read.entries : []) {
      this.#checkpoints.set(`${topic}-${partition}`, offset);
    }
    if (config['log.cleaner.enable']) this.#sleep();
  }

  elected(): void {}
  resigned(): void {}
  metadataChanged(): void {}

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) this.#ports.clock.cancel(this.#timer);
  }

  inspect(): LogCleanerView {
    return {
      kind: 'log-cleaner',
      cleaning: this.#cleaning?.name ?? '',
      cleanedCount: this.#cleanedCount,
      uncleanable: [...this.#uncleanable],
    };
  }

  /** Where the last cleaning of a partition ended; null before the first. */
  checkpointOf(partition: string): number | null {
    return this.#checkpoints.get(partition) ?? null;
  }

  #sleep(): void {
    const delay = microsOfMillis(this.#config['log.cleaner.backoff.ms']);
    // With no backoff at all an idle cleaner would never let time go on.
    const atLeast = Math.max(delay, 1000);
    this.#timer = this.#ports.clock.after(micros(atLeast), 'log.cleaner.backoff.ms', () => {
      this.#timer = null;
      this.#cleanNext();
    });
  }

  #cleanNext(): void {
    if (this.#closed || this.#broker.replicas.logDir.offline) return;
    assert(this.#cleaning === null, 'one log at a time', { name: this.#cleaning?.name });
    const filthiest = this.#filthiest();
    if (filthiest === null) {
      this.#sleep();
      return;
    }
    this.#cleaning = filthiest.partition;
    this.#broker.replicas.logDir.checkpointRecoveryPoints((result) => {
      if (result === 'ok' && this.#isAlive(filthiest.partition)) this.#clean(filthiest);
      else this.#ended();
    });
  }

  /** Source: `grabFilthiestCompactedLog`. */
  #filthiest(): Filthiest | null {
    const wallMs = this.#ports.clock.wall();
    let best: Filthiest | null = null;
    let corrected = false;
    for (const partition of this.#broker.replicas.partitions) {
      const { name, log } = partition;
      if (!log.config['cleanup.policy'].includes('compact')) continue;
      if (this.#uncleanable.has(name)) continue;
      corrected = this.#afterTruncation(partition) || corrected;
      const part = cleanablePart(log, this.checkpointOf(name), wallMs);
      if (part.checkpointIsWrong) {
        this.#checkpoints.set(name, part.firstDirtyOffset);
        corrected = true;
      }
      if (!isDue(part, Number(log.config['min.cleanable.dirty.ratio']))) continue;
      if (best === null || dirtyRatio(part) > dirtyRatio(best.part)) best = { partition, part };
    }
    if (corrected) this.#writeCheckpoints();
    return best;
  }

  /** What was cut off and written anew is dirty, though the checkpoint be above it. */
  #afterTruncation({ name, log }: Partition): boolean {
    const lowest = log.takeLowestEnd();
    const checkpoint = this.#checkpoints.get(name);
    if (checkpoint === undefined || lowest >= checkpoint) return false;
    this.#checkpoints.set(name, Math.max(lowest, log.logStartOffset));
    return true;
  }

  #isAlive({ topic, index, log }: Partition): boolean {
    if (this.#closed || this.#broker.replicas.logDir.offline) return false;
    return this.#broker.replicas.get(topic, index)?.log === log;
  }

  #clean({ partition, part }: Filthiest): void {
    const cleaning = new Cleaning(this.#ports, partition.log, part, {
      dedupeBufferBytes: this.#config['log.cleaner.dedupe.buffer.size'],
      loadFactor: Number(this.#config['log.cleaner.io.buffer.load.factor']),
      keepsMarkers: this.#broker.profile.switches.cleanerKeepsMarkers,
      isAlive: () => this.#isAlive(partition),
      done: (end) => this.#done(partition, part, end),
    });
    cleaning.start();
  }

  #done(partition: Partition, part: CleanablePart, end: CleaningEnd): void {
    const { name } = partition;
    const cleaned = typeof end === 'string' ? NOTHING_CLEANED : end;
    const outcome = typeof end === 'string' ? end : 'cleaned';
    const fromOffset = part.firstDirtyOffset;
    this.#ports.trace.record(cleanedKind, { partition: name, outcome, fromOffset, ...cleaned });
    if (typeof end === 'object') {
      assert(end.endOffset > fromOffset, 'K16: a cleaning comes further', { ...end, fromOffset });
      this.#checkpoints.set(name, end.endOffset);
      this.#cleanedCount += 1;
      this.#writeCheckpoints();
    } else if (end === 'corrupt') {
      this.#uncleanable.add(name);
    } else if (end !== 'aborted') {
      this.#broker.replicas.logDir.fail(end);
    }
    this.#ended(typeof end === 'object');
  }

  #ended(goesOn = false): void {
    this.#cleaning = null;
    if (this.#closed) return;
    if (goesOn) this.#cleanNext();
    else this.#sleep();
  }

  #writeCheckpoints(): void {
    const entries = [...this.#broker.replicas.partitions].flatMap(({ name, topic, index }) => {
      const offset = this.#checkpoints.get(name);
      return offset === undefined ? [] : [{ topic, partition: index, offset }];
    });
    this.#file.write(entries, (result) => {
      if (result !== 'ok' && !this.#closed) this.#broker.replicas.logDir.fail(result);
    });
  }
}

const NOTHING_CLEANED = {
  endOffset: -1,
  bytesRead: 0,
  bytesWritten: 0,
  recordsRead: 0,
  recordsKept: 0,
};
