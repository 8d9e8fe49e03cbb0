/**
 * A Sentinel: pings a master and its replicas, promotes a replica when the master is silent, and
 * tells clients who the master is.
 *
 * Differences: there is one Sentinel (quorum 1), so it elects itself; it is told the replicas
 * instead of finding them through INFO. An old master that comes back is made a replica, and what
 * only it had is gone. Not here: the copy (`replica-link.ts`).
 * Source: redis.io, "High availability with Redis Sentinel"; `sentinel.c`.
 */
import { assert, present } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Connection, Ports, Process, ProcessFactory, Receiver } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { failoverMachine } from './failover.machine.ts';
import { MASTER_NAME, SENTINEL_PORT } from './redis-client.ts';
import { downTrace, switchTrace } from './redis-trace.ts';
import { REDIS_PORT } from './replica-link.ts';
import { bulk, commandOf, failure, respProtocol, wordsOf } from './resp.ts';
import type { RespValue } from './resp.ts';

export interface SentinelSettings {
  /** The first is the master at the start. */
  readonly instances: readonly string[];
  /** `down-after-milliseconds`; Redis's default is 30000. */
  readonly downAfterMs: number;
  /** `failover-timeout`; Redis's default is 180000. */
  readonly failoverTimeoutMs?: number;
}

/** What views see. */
export interface SentinelView {
  readonly kind: 'redis-sentinel';
  readonly master: string;
  readonly failover: string;
  readonly down: readonly string[];
}

const PING_PERIOD_MS = 1000;
const FAILOVER_TIMEOUT_MS = 180_000;
/** A wrong role is corrected when it has lasted four times SENTINEL_PUBLISH_PERIOD. */
const WRONG_ROLE_MS = 8000;

export function createSentinel(settings: SentinelSettings): ProcessFactory<Sentinel> {
  return (ports) => new Sentinel(ports, settings);
}

/** What the Sentinel knows of one Redis. */
interface Instance {
  readonly host: string;
  connection: Connection | null;
  /** Milliseconds of the monotonic clock. */
  heardAtMs: number;
  role: 'master' | 'slave' | null;
  wrongSinceMs: number | null;
  down: boolean;
}

export class Sentinel implements Process {
  readonly #ports: Ports;
  readonly #settings: SentinelSettings;
  readonly #instances: Instance[];
  readonly #machine: MachineRunner<typeof failoverMachine>;
  #master: string;
  #promoted: string | null = null;
  #failoverSinceMs = 0;
  #view: SentinelView | null = null;

  constructor(ports: Ports, settings: SentinelSettings) {
    assert(settings.instances.length > 0, 'a Sentinel watches a master', {});
    this.#ports = ports;
    this.#settings = settings;
    this.#master = settings.instances[0]!;
    this.#instances = settings.instances.map((host) => ({
      host,
      connection: null,
      heardAtMs: 0,
      role: null,
      wrongSinceMs: null,
      down: false,
    }));
    const { clock, trace } = ports;
    const machine = { machine: failoverMachine, instance: MASTER_NAME, clock, trace };
    this.#machine = new MachineRunner(machine);
  }

  start(): void {
    for (const instance of this.#instances) instance.heardAtMs = this.#nowMs;
    this.#ports.network.listen(SENTINEL_PORT, respProtocol, (connection) => ({
      received: (message) => connection.send(this.#answer(message as RespValue)),
      closed: () => {},
    }));
    this.#tick();
  }

  stop(): void {
    this.#ports.halt('shutdown');
  }

  inspect(): SentinelView {
    this.#view ??= {
      kind: 'redis-sentinel',
      master: this.#master,
      failover: this.#machine.state,
      down: this.#instances.filter((one) => one.down).map((one) => one.host),
    };
    return this.#view;
  }

  get #nowMs(): number {
    return Math.floor(this.#ports.clock.now() / 1000);
  }

  #answer(message: RespValue): RespValue {
    const words = wordsOf(message)?.map((word) => word.toUpperCase()) ?? [];
    if (words[0] === 'PING') return { type: 'simple', text: 'PONG' };
    if (words[0] !== 'SENTINEL' || words[1] !== 'GET-MASTER-ADDR-BY-NAME') {
      return failure(`ERR unknown command '${words[0] ?? ''}'`);
    }
    if (words[2] !== MASTER_NAME.toUpperCase()) return { type: 'bulk', text: null };
    return { type: 'array', items: [bulk(this.#master), bulk(String(REDIS_PORT))] };
  }

  // ---------------------------------------------------------------------------------- watching

  #tick(): void {
    this.#view = null;
    for (const instance of this.#instances) this.#watch(instance);
    this.#failover();
    const delay = microsOfMillis(PING_PERIOD_MS);
    this.#ports.clock.after(delay, 'sentinelTimer', () => this.#tick());
  }

  #watch(instance: Instance): void {
    const silentMs = this.#nowMs - instance.heardAtMs;
    const down = silentMs > this.#settings.downAfterMs;
    if (down && !instance.down) {
      this.#ports.trace.record(downTrace, { instance: instance.host });
      // A connection that says nothing may be broken without knowing it.
      instance.connection?.close();
      instance.connection = null;
    }
    instance.down = down;
    instance.connection ??= this.#connect(instance);
    instance.connection.send(commandOf(['ROLE']));
  }

  #connect(instance: Instance): Connection {
    const receiver: Receiver = {
      received: (message) => this.#heard(instance, message as RespValue),
      closed: () => {
        if (instance.connection === connection) instance.connection = null;
      },
    };
    const address = { host: instance.host, port: REDIS_PORT };
    const connection = this.#ports.network.connect(address, respProtocol, receiver);
    return connection;
  }

  #heard(instance: Instance, reply: RespValue): void {
    instance.heardAtMs = this.#nowMs;
    const role = reply.type === 'array' ? reply.items[0] : undefined;
    if (role?.type !== 'bulk') return;
    instance.role = role.text === 'master' ? 'master' : 'slave';
    this.#view = null;
    this.#advance();
    const wrong = instance.role === 'master' && instance.host !== this.#master;
    if (!wrong || this.#machine.state !== 'NONE') {
      instance.wrongSinceMs = null;
      return;
    }
    instance.wrongSinceMs ??= this.#nowMs;
    if (this.#nowMs - instance.wrongSinceMs < WRONG_ROLE_MS) return;
    this.#tellReplicaOf(instance, this.#master);
  }

  // ---------------------------------------------------------------------------------- failover

  #failover(): void {
    const state = this.#machine.state;
    if (state === 'NONE') {
      if (this.#instanceOf(this.#master).down) this.#begin();
      return;
    }
    const limitMs = this.#settings.failoverTimeoutMs ?? FAILOVER_TIMEOUT_MS;
    if (this.#nowMs - this.#failoverSinceMs <= limitMs) return;
    this.#promoted = null;
    this.#machine.send({ type: 'TIMED_OUT' });
  }

  #begin(): void {
    const good = this.#instances.find((one) => one.host !== this.#master && !one.down);
    if (good === undefined) return;
    this.#failoverSinceMs = this.#nowMs;
    this.#promoted = good.host;
    for (const type of ['MASTER_IS_DOWN', 'ELECTED', 'SELECTED'] as const) {
      this.#machine.send({ type });
    }
    good.connection?.send(commandOf(['REPLICAOF', 'NO', 'ONE']));
    this.#machine.send({ type: 'ASKED' });
  }

  /** The chosen one says that it is a master: it is the master now, and the others follow it. */
  #advance(): void {
    if (this.#machine.state !== 'WAIT_PROMOTION' || this.#promoted === null) return;
    if (this.#instanceOf(this.#promoted).role !== 'master') return;
    this.#machine.send({ type: 'PROMOTED' });
    const [from, to] = [this.#master, this.#promoted];
    for (const instance of this.#instances) {
      if (instance.host !== from && instance.host !== to) this.#tellReplicaOf(instance, to);
    }
    this.#machine.send({ type: 'RECONFIGURED' });
    this.#master = to;
    this.#promoted = null;
    this.#ports.trace.record(switchTrace, { from, to });
    this.#machine.send({ type: 'UPDATED' });
  }

  #tellReplicaOf(instance: Instance, master: string): void {
    instance.wrongSinceMs = null;
    instance.connection?.send(commandOf(['REPLICAOF', master, String(REDIS_PORT)]));
  }

  #instanceOf(host: string): Instance {
    const found = this.#instances.find((one) => one.host === host);
    return present(found, 'a watched instance');
  }
}
