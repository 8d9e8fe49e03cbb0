/** The stores of a virtual host on a simulated disk, with time and syncs at the test's command. */
import type { DiskResult, TimerId, TraceValue } from '../../../engine/kernel/ports.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import { micros, millis } from '../../../engine/kernel/units.ts';
import { fieldTable } from '../../../engine/wire/amqp/field-table.ts';
import { type Message, messageOf } from '../../../engine/rabbitmq/message.ts';
import { isAmqpError } from '../../../engine/rabbitmq/amqp-error.ts';
import { type ProfileName, profileOf } from '../../../engine/rabbitmq/profiles.ts';
import type { SwitchName } from '../../../engine/rabbitmq/profiles/switches.ts';
import type { QueuedMessage } from '../../../engine/rabbitmq/queue/queued-message.ts';
import type { StorePorts } from '../../../engine/rabbitmq/store/message-store.ts';
import type { QueueMessages } from '../../../engine/rabbitmq/store/queue-messages.ts';
import {
  defaultStoreSettings,
  type StoreSettings,
} from '../../../engine/rabbitmq/store/store-settings.ts';
import { type IndexVersion, VhostStores } from '../../../engine/rabbitmq/store/vhost-stores.ts';
import { SimDisk, type Unsynced } from '../../../engine/sim/sim-disk.ts';

export const SMALL: StoreSettings = {
  ...defaultStoreSettings,
  fileSizeLimit: 2000,
  embedMessagesBelow: 200,
  journalEntriesMax: 20,
  segmentEntries: 8,
};

interface RigTimer {
  readonly id: number;
  readonly at: number;
  readonly fire: () => void;
}

export class Rig {
  readonly disk: SimDisk;
  readonly trace: { readonly name: string; readonly data: Record<string, TraceValue> }[] = [];
  readonly failures: string[] = [];
  readonly profile: ReturnType<typeof profileOf>;
  readonly version: IndexVersion;
  readonly settings: StoreSettings;
  stores!: VhostStores;
  nowMicros = 0;
  incarnation = 0;
  #timers: RigTimer[] = [];
  #syncs: (() => void)[] = [];
  #lastTimer = 0;

  constructor(
    name: ProfileName,
    options: {
      settings?: StoreSettings;
      version?: IndexVersion;
      quirks?: Partial<Record<SwitchName, boolean>>;
    } = {},
  ) {
    this.profile = profileOf(name, options.quirks ?? {});
    this.version = options.version ?? (this.profile.switches.classicQueueVersion2 ? 2 : 1);
    this.settings = options.settings ?? SMALL;
    this.disk = new SimDisk({
      now: () => micros(this.nowMicros),
      afterSync: (_path, _bytes, complete: () => DiskResult, done) => {
        this.#syncs.push(() => done(complete()));
      },
    });
    this.start();
  }

  /** A new incarnation over what the disk has. */
  start(): void {
    this.incarnation += 1;
    this.stores = new VhostStores(this.ports, {
      vhost: '/',
      profile: this.profile,
      settings: this.settings,
      random: randomStream(this.incarnation, 'message ids'),
    });
    this.settle();
  }

  open(queue = 'orders'): QueueMessages {
    return this.stores.openQueue(queue, this.version);
  }

  get ports(): StorePorts {
    return {
      disk: this.disk,
      clock: {
        now: () => micros(this.nowMicros),
        wall: () => millis(1_767_225_600_000 + Math.floor(this.nowMicros / 1000)),
        after: (delay, _label, fire) => {
          const id = ++this.#lastTimer;
          this.#timers.push({ id, at: this.nowMicros + delay, fire });
          return id as TimerId;
        },
        cancel: (timer) => {
          this.#timers = this.#timers.filter(({ id }) => id !== (timer as number));
        },
      },
      cost: { charge: () => undefined },
      trace: {
        on: true,
        record: (kind, data) => void this.trace.push({ name: kind.name, data: { ...data } }),
      },
      failed: (path, result) => void this.failures.push(`${path} ${result}`),
    };
  }

  /** How many syncs are under way. */
  get syncsOpen(): number {
    return this.#syncs.length;
  }

  /** Completes the syncs that are under way, and those that follow from them. */
  settle(): void {
    for (let sync = this.#syncs.shift(); sync !== undefined; sync = this.#syncs.shift()) sync();
  }

  /** Completes one sync, if one is under way. */
  settleOne(): void {
    this.#syncs.shift()?.();
  }

  /** Fires the timers until then, each at its time, in order. */
  advance(ms: number): void {
    const until = this.nowMicros + ms * 1000;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until);
      due.sort((left, right) => left.at - right.at || left.id - right.id);
      const next = due[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.nowMicros = Math.max(this.nowMicros, next.at);
      next.fire();
    }
    this.nowMicros = until;
  }

  /** Nothing more to do for the queue's process: what waits is flushed, and synced. */
  idle(): void {
    for (let round = 0; round < 4; round++) {
      this.advance(0);
      this.settle();
    }
  }

  /** kill -9 and a start. */
  crash(): void {
    this.#timers = [];
    this.#syncs = [];
    this.start();
  }

  /** The power goes and comes back. */
  losePower(unsynced: Unsynced = 'lost', seed = 1): void {
    this.#timers = [];
    this.#syncs = [];
    this.disk.losePower(unsynced, randomStream(seed, 'power'));
    this.start();
  }

  /** A clean shutdown and a start. */
  restart(): void {
    let closed = false;
    this.stores.close(() => (closed = true));
    this.settle();
    if (!closed) throw new Error('the stores did not close');
    this.#timers = [];
    this.start();
  }

  files(): readonly string[] {
    return this.disk.list('msg_stores').map((path) => path.slice(path.indexOf('/') + 1));
  }

  store(): readonly string[] {
    return this.files().filter((path) => path.includes('.rd'));
  }

  traced(name: string): readonly Record<string, TraceValue>[] {
    return this.trace.filter((entry) => entry.name === name).map(({ data }) => data);
  }
}

export function message(
  text: string,
  options: { bytes?: number; persistent?: boolean; body?: Uint8Array } = {},
): Message {
  const { bytes = 10, persistent = true } = options;
  const body = options.body ?? new Uint8Array(bytes).fill(120);
  const made = messageOf(
    {
      exchange: 'shop',
      routingKey: text,
      properties: {
        deliveryMode: persistent ? 2 : 1,
        headers: fieldTable({ n: { type: 'long', value: 7n } }),
      },
      body,
    },
    true,
  );
  if (isAmqpError(made)) throw new Error('no message');
  return made;
}

/** A queue as far as its disk needs one: positions, and who waits for a confirm. */
export class TestQueue {
  readonly messages: QueueMessages;
  readonly held = new Map<number, QueuedMessage>();
  readonly confirmed: string[] = [];
  #next: number;

  constructor(messages: QueueMessages) {
    this.messages = messages;
    this.#next = messages.nextPosition;
    for (const { message: of, position, delivered, expiresAt } of messages.recovered) {
      const bytes = of.body.length;
      const queued = { message: of, position, bytes, expiresAt, delivered, priority: 0 };
      this.held.set(position, queued);
    }
  }

  publish(of: Message, options: { confirm?: boolean; ttlMs?: number; now?: number } = {}): number {
    const position = this.#next++;
    const expiresAt =
      options.ttlMs === undefined ? null : micros((options.now ?? 0) + options.ttlMs * 1000);
    const bytes = of.body.length;
    const queued = { message: of, position, bytes, expiresAt, delivered: false, priority: 0 };
    this.held.set(position, queued);
    const name = of.routingKeys[0]!;
    const confirmed = options.confirm === false ? null : () => void this.confirmed.push(name);
    if (!this.messages.publish(queued, confirmed)) confirmed?.();
    return position;
  }

  deliver(position: number): void {
    this.messages.delivered(this.held.get(position)!);
  }

  ack(...positions: readonly number[]): void {
    const gone = positions.map((position) => this.held.get(position)!);
    for (const position of positions) this.held.delete(position);
    this.messages.remove(gone);
  }

  /** What is there, oldest first. */
  get names(): readonly string[] {
    return [...this.held.values()].map(({ message: of }) => of.routingKeys[0]!);
  }
}
