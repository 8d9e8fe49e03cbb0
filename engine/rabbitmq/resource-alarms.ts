/**
 * Whether the node is short of memory or disk: what it has is looked at from time to time, and an
 * alarm is raised while there is too little.
 *
 * The disk is looked at the sooner the less is left, as if it filled by 250 MB a second; memory
 * every 2.5 seconds, and only where the node knows how much it may use. Not here: who is stopped by
 * an alarm (`connection/throttle.ts`), the alarms of other nodes (`cluster/cluster-alarms.ts`).
 * Sources: `rabbit_disk_monitor`, `vm_memory_monitor`, `rabbit_alarm`; rabbitmq.com/docs/alarms.
 * Differs: memory is what messages take, not what a virtual machine has from its system.
 */
import { assert } from '../kernel/assert.ts';
import type { Ports, TimerId } from '../kernel/ports.ts';
import { traceKind } from '../kernel/ports.ts';
import { microsOfMillis } from '../kernel/units.ts';
import type { Narration } from './narration.ts';

export type Resource = 'memory' | 'disk';

/** What may be used, and what must be left. */
export interface ResourceLimits {
  /** vm_memory_high_watermark.absolute: bytes above which memory is short; null: no limit. */
  readonly memoryHighWatermark: number | null;
  /** disk_free_limit: bytes below which disk is short. */
  readonly diskFreeLimit: number;
}

/** Of disk_free_limit, 50 MB. */
export const defaultResourceLimits: ResourceLimits = Object.freeze({
  memoryHighWatermark: null,
  diskFreeLimit: 50_000_000,
});

const alarmKind = traceKind('rabbitmq-alarm', { resource: 'string', raised: 'bool' });

export const alarmNarration: Narration = {
  'rabbitmq-alarm': {
    en: ({ host, resource, raised }) =>
      raised === true
        ? `${host} is short of ${resource}: who publishes is not read.`
        : `${host} has enough ${resource} again: publishers are read.`,
    zh: ({ host, resource, raised }) => {
      const what = resource === 'disk' ? '磁盘' : '内存';
      return raised === true
        ? `${host} 的${what}不足，不再读取发布者的数据。`
        : `${host} 的${what}恢复充足，重新读取发布者的数据。`;
    },
  },
};

const MEMORY_MONITOR_INTERVAL_MS = 2500;
const DISK_MIN_INTERVAL_MS = 100;
const DISK_MAX_INTERVAL_MS = 10_000;
/** Bytes by which a disk may fill in a millisecond. */
const FAST_RATE = 250_000;

interface ResourceAlarmsOptions {
  readonly ports: Pick<Ports, 'clock' | 'disk' | 'trace'>;
  readonly limits: ResourceLimits;
  /** Bytes that messages take in memory now. */
  readonly memoryUsed: () => number;
  /** An alarm was raised or cleared. */
  readonly changed: (resource: Resource, isRaised: boolean) => void;
}

export class ResourceAlarms {
  readonly #options: ResourceAlarmsOptions;
  readonly #raised = new Set<Resource>();
  #limits: ResourceLimits;
  #memoryTimer: TimerId | null = null;

  constructor(options: ResourceAlarmsOptions) {
    this.#options = options;
    this.#limits = options.limits;
  }

  /** Resources that are short. */
  get raised(): readonly Resource[] {
    return [...this.#raised];
  }

  /** Looks at both from now on. */
  start(): void {
    this.#watchDisk();
    this.#watchMemory();
  }

  /** rabbitmqctl set_disk_free_limit, in bytes: it holds at once. */
  setDiskFreeLimit(diskFreeLimit: number): void {
    assert(diskFreeLimit >= 0, 'a number of bytes', { diskFreeLimit });
    this.#limits = { ...this.#limits, diskFreeLimit };
    this.#lookAtDisk();
  }

  /** rabbitmqctl set_vm_memory_high_watermark absolute, in bytes: it holds at once. */
  setMemoryHighWatermark(memoryHighWatermark: number | null): void {
    assert(memoryHighWatermark === null || memoryHighWatermark >= 0, 'a number of bytes', {
      memoryHighWatermark,
    });
    this.#limits = { ...this.#limits, memoryHighWatermark };
    if (this.#memoryTimer !== null) this.#options.ports.clock.cancel(this.#memoryTimer);
    this.#watchMemory();
  }

  #watchDisk(): void {
    const free = this.#lookAtDisk();
    const delay = microsOfMillis(this.#diskIntervalMs(free));
    this.#options.ports.clock.after(delay, 'disk_monitor', () => this.#watchDisk());
  }

  #lookAtDisk(): number {
    const free = this.#options.ports.disk.freeBytes();
    this.#set('disk', free < this.#limits.diskFreeLimit);
    return free;
  }

  #diskIntervalMs(free: number): number {
    if (this.#raised.has('disk')) return DISK_MAX_INTERVAL_MS;
    const ideal = Math.trunc((2 * (free - this.#limits.diskFreeLimit)) / FAST_RATE);
    return Math.max(DISK_MIN_INTERVAL_MS, Math.min(DISK_MAX_INTERVAL_MS, ideal));
  }

  #watchMemory(): void {
    this.#memoryTimer = null;
    const { memoryHighWatermark } = this.#limits;
    const isShort =
      memoryHighWatermark !== null && this.#options.memoryUsed() > memoryHighWatermark;
    this.#set('memory', isShort);
    if (memoryHighWatermark === null) return;
    const delay = microsOfMillis(MEMORY_MONITOR_INTERVAL_MS);
    this.#memoryTimer = this.#options.ports.clock.after(delay, 'memory_monitor_interval', () =>
      this.#watchMemory(),
    );
  }

  #set(resource: Resource, isRaised: boolean): void {
    if (this.#raised.has(resource) === isRaised) return;
    if (isRaised) this.#raised.add(resource);
    else this.#raised.delete(resource);
    this.#options.ports.trace.record(alarmKind, { resource, raised: isRaised });
    this.#options.changed(resource, isRaised);
  }
}
