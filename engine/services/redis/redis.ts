/**
 * One Redis: keys with expiry, single-threaded commands, asynchronous replication, an optional
 * append-only file. A write is told to its client before any replica has it: what a failover may
 * lose is what lessons are about.
 *
 * Settings have their real names and defaults; `appendonly` is off as in `redis.conf`, so that a
 * crash leaves nothing. Not here: who promotes a replica (`sentinel.ts`), data types other than
 * strings, cluster mode. Source: redis.io documentation, "Redis replication", "Redis persistence".
 */
import type { Connection, Ports, Process, ProcessFactory, Receiver } from '../../kernel/ports.ts';
import type { TimerId } from '../../kernel/ports.ts';
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import { utf8Size } from '../../bytes/utf8.ts';
import type { AppendFsync, AppendOnlyFile } from './append-only-file.ts';
import { commandNamed, type RedisCommands, runCommand } from './commands.ts';
import { Keyspace } from './keyspace.ts';
import type { Entry } from './keyspace.ts';
import { RedisChannel } from './redis-channel.ts';
import type { ChannelOwner } from './redis-channel.ts';
import { loadTrace, promotedTrace, replicaOfTrace, syncTrace } from './redis-trace.ts';
import { REDIS_PORT, ReplicaLink } from './replica-link.ts';
import type { Snapshot } from './replica-link.ts';
import { bulk, commandOf, encodeResp, failure, integer, OK, respProtocol } from './resp.ts';
import type { RespValue } from './resp.ts';

export interface RedisSettings {
  readonly appendonly: boolean;
  readonly appendfsync: AppendFsync;
  /** A host; null: a master. */
  readonly replicaof: string | null;
  readonly 'min-replicas-to-write': number;
  readonly 'min-replicas-max-lag': number;
}

const PRESETS: RedisSettings = {
  appendonly: false,
  appendfsync: 'everysec',
  replicaof: null,
  'min-replicas-to-write': 0,
  'min-replicas-max-lag': 10,
};

/** What views see. */
export interface RedisView {
  readonly kind: 'redis';
  readonly role: 'master' | 'slave';
  readonly master: string;
  readonly replicas: readonly string[];
  readonly keys: readonly (readonly [string, Entry])[];
}

/** What a server is handed: nothing by default, so that a page does not carry what it lacks. */
export interface RedisParts {
  /** Besides its own (`more-commands.ts`, `eval.ts`). */
  readonly commands?: RedisCommands;
  /** For `appendonly` (`append-only-file.ts`). */
  readonly appendOnlyFile?: (ports: Ports, fsync: AppendFsync) => AppendOnlyFile;
}

export function createRedis(
  settings: Partial<RedisSettings> = {},
  parts: RedisParts = {},
): ProcessFactory<Redis> {
  return (ports) => new Redis(ports, { ...PRESETS, ...settings }, parts);
}

interface Replica {
  readonly channel: RedisChannel;
  acknowledged: number;
  acknowledgedAtMs: number;
}

interface Waiter {
  readonly replicas: number;
  readonly offset: number;
  readonly timer: TimerId | null;
  readonly reply: (value: RespValue) => void;
}

export class Redis implements Process, ChannelOwner {
  readonly ports: Ports;
  readonly #settings: RedisSettings;
  readonly #more: RedisCommands;
  readonly #keys: Keyspace;
  readonly #log: AppendOnlyFile | null;
  readonly #replicas = new Map<RedisChannel, Replica>();
  readonly #waiters = new Set<Waiter>();
  #link: ReplicaLink | null = null;
  #offset = 0;
  #replicationId = '';
  #expiryTimer: TimerId | null = null;
  #view: RedisView | null = null;

  constructor(ports: Ports, settings: RedisSettings, parts: RedisParts) {
    this.#more = parts.commands ?? {};
    this.ports = ports;
    this.#settings = settings;
    this.#keys = new Keyspace(() => ports.clock.wall());
    const { appendonly, appendfsync } = settings;
    const { appendOnlyFile } = parts;
    assert(!appendonly || appendOnlyFile !== undefined, 'appendonly needs the file', {
      appendfsync,
    });
    this.#log = appendonly ? appendOnlyFile!(ports, appendfsync) : null;
  }

  start(): void {
    this.#log?.load((words) => this.#execute(words, () => {}));
    this.#newReplicationId();
    this.ports.trace.record(loadTrace, { keys: this.#keys.all.length });
    this.ports.network.listen(REDIS_PORT, respProtocol, (connection) => this.#accept(connection));
    const { replicaof } = this.#settings;
    if (replicaof !== null) this.#follow(replicaof);
    this.#armExpiry();
  }

  stop(): void {
    this.ports.halt('SHUTDOWN');
  }

  inspect(): RedisView {
    this.#view ??= {
      kind: 'redis',
      role: this.#link === null ? 'master' : 'slave',
      master: this.#link?.master ?? '',
      replicas: [...this.#replicas.keys()].map((channel) => channel.client),
      keys: this.#keys.all,
    };
    return this.#view;
  }

  /** Executes a command on the spot, as if a client had sent it. */
  prepare(words: readonly string[]): void {
    this.#command(words, () => {});
    this.#view = null;
  }

  // -------------------------------------------------------------------------------- a channel's

  handle(words: readonly string[], channel: RedisChannel, reply: (value: RespValue) => void): void {
    this.ports.cost.charge('request', 1);
    this.#view = null;
    switch (words[0]!.toUpperCase()) {
      case 'PSYNC':
        this.#synchronise(channel);
        return;
      case 'REPLCONF':
        this.#acknowledged(channel, Number(words[2]));
        return;
      case 'REPLICAOF':
        reply(this.#replicaOf(words));
        return;
      case 'ROLE':
        reply(this.#role());
        return;
      case 'WAIT':
        this.#wait(words, reply);
        return;
      default:
        this.#command(words, reply);
    }
  }

  ended(channel: RedisChannel): void {
    this.#replicas.delete(channel);
    this.#view = null;
  }

  #accept(connection: Connection): Receiver {
    return new RedisChannel(this, connection);
  }

  // ------------------------------------------------------------------------------------ commands

  #command(words: readonly string[], reply: (value: RespValue) => void): void {
    const writes = commandNamed(words[0]!, this.#more)?.writes ?? false;
    if (writes && this.#link !== null) {
      reply(failure("READONLY You can't write against a read only replica."));
      return;
    }
    if (writes && this.#goodReplicas < this.#settings['min-replicas-to-write']) {
      reply(failure('NOREPLICAS Not enough good replicas to write.'));
      return;
    }
    let wrote = false;
    const value = this.#execute(words, (propagated) => {
      wrote = true;
      this.#propagate(propagated);
    });
    if (wrote) this.#armExpiry();
    if (wrote && this.#log !== null) this.#log.beforeReply(() => reply(value));
    else reply(value);
  }

  #execute(words: readonly string[], propagate: (words: readonly string[]) => void): RespValue {
    const wall = this.ports.clock.wall();
    return runCommand(words, { keys: this.#keys, wall, propagate, more: this.#more });
  }

  #propagate(words: readonly string[]): void {
    const command = commandOf(words);
    this.#log?.append(words);
    this.#offset += utf8Size(encodeResp(command));
    for (const { channel } of this.#replicas.values()) channel.send(command);
  }

  // ---------------------------------------------------------------------------------- expiry

  /** Only a master removes what has expired, and tells its replicas (DEL). */
  #armExpiry(): void {
    if (this.#expiryTimer !== null) this.ports.clock.cancel(this.#expiryTimer);
    this.#expiryTimer = null;
    const next = this.#keys.nextExpiry;
    if (next === null || this.#link !== null) return;
    const delay = microsOfMillis(Math.max(next - this.ports.clock.wall(), 0));
    this.#expiryTimer = this.ports.clock.after(delay, 'activeExpireCycle', () => {
      this.#expiryTimer = null;
      for (const key of this.#keys.expired()) {
        this.#keys.delete(key);
        this.#propagate(['DEL', key]);
      }
      this.#view = null;
      this.#armExpiry();
    });
  }

  // --------------------------------------------------------------------------------- replication

  #follow(master: string): void {
    assert(master !== this.ports.host, 'no one follows itself', { master });
    this.#link?.end();
    for (const channel of this.#replicas.keys()) channel.close();
    this.#replicas.clear();
    this.#link = new ReplicaLink(this, master);
    this.ports.trace.record(replicaOfTrace, { master });
    this.#armExpiry();
  }

  restored(snapshot: Snapshot, replicationId: string): void {
    this.#keys.clear();
    this.#log?.reset();
    for (const [key, entry] of snapshot) {
      this.#keys.set(key, entry);
      const { value, expiresAt } = entry;
      const expiry = expiresAt === null ? [] : ['PXAT', String(expiresAt)];
      this.#log?.append(['SET', key, value, ...expiry]);
    }
    this.#replicationId = replicationId;
    this.#offset = this.#link!.offset;
    this.#view = null;
    this.ports.trace.record(syncTrace, { master: this.#link!.master, keys: snapshot.length });
  }

  apply(words: readonly string[]): void {
    this.#execute(words, (propagated) => this.#log?.append(propagated));
    this.#offset = this.#link!.offset;
    this.#view = null;
  }

  #synchronise(channel: RedisChannel): void {
    const status = `FULLRESYNC ${this.#replicationId} ${this.#offset}`;
    channel.send({ type: 'simple', text: status });
    channel.send(bulk(JSON.stringify(this.#keys.all)));
    const acknowledgedAtMs = this.ports.clock.wall();
    this.#replicas.set(channel, { channel, acknowledged: 0, acknowledgedAtMs });
  }

  #acknowledged(channel: RedisChannel, offset: number): void {
    const replica = this.#replicas.get(channel);
    if (replica === undefined) return;
    replica.acknowledged = offset;
    replica.acknowledgedAtMs = this.ports.clock.wall();
    for (const waiter of this.#waiters) {
      if (this.#having(waiter.offset) >= waiter.replicas) this.#release(waiter);
    }
  }

  get #goodReplicas(): number {
    const lagMs = this.#settings['min-replicas-max-lag'] * 1000;
    const since = this.ports.clock.wall() - lagMs;
    return [...this.#replicas.values()].filter((one) => one.acknowledgedAtMs >= since).length;
  }

  #having(offset: number): number {
    return [...this.#replicas.values()].filter((one) => one.acknowledged >= offset).length;
  }

  #wait([, replicas, timeoutMs]: readonly string[], reply: (value: RespValue) => void): void {
    const [wanted, millis] = [Number(replicas), Number(timeoutMs)];
    if (!Number.isSafeInteger(wanted) || !Number.isSafeInteger(millis) || millis < 0) {
      reply(failure('ERR value is not an integer or out of range'));
      return;
    }
    if (this.#having(this.#offset) >= wanted) {
      reply(integer(this.#having(this.#offset)));
      return;
    }
    const fire = () => this.#release(waiter);
    const { clock } = this.ports;
    const timer = millis === 0 ? null : clock.after(microsOfMillis(millis), 'WAIT', fire);
    const waiter: Waiter = { replicas: wanted, offset: this.#offset, timer, reply };
    this.#waiters.add(waiter);
    const ask = commandOf(['REPLCONF', 'GETACK', '*']);
    for (const { channel } of this.#replicas.values()) channel.send(ask);
    this.#offset += utf8Size(encodeResp(ask));
  }

  #release(waiter: Waiter): void {
    if (waiter.timer !== null) this.ports.clock.cancel(waiter.timer);
    this.#waiters.delete(waiter);
    waiter.reply(integer(this.#having(waiter.offset)));
  }

  #replicaOf([, host, port]: readonly string[]): RespValue {
    if (host === undefined || port === undefined) {
      return failure("ERR wrong number of arguments for 'replicaof' command");
    }
    if (host.toUpperCase() !== 'NO' || port.toUpperCase() !== 'ONE') {
      if (this.#link?.master !== host) this.#follow(host);
      return OK;
    }
    if (this.#link === null) return OK;
    this.#link.end();
    this.#link = null;
    this.#newReplicationId();
    this.ports.trace.record(promotedTrace, { keys: this.#keys.all.length });
    this.#armExpiry();
    return OK;
  }

  #role(): RespValue {
    if (this.#link !== null) {
      const { master, state, offset } = this.#link;
      const words = [bulk('slave'), bulk(master), integer(REDIS_PORT), bulk(state)];
      return { type: 'array', items: [...words, integer(offset)] };
    }
    const replicas = [...this.#replicas.values()].map(({ channel, acknowledged }): RespValue => {
      const words = [channel.client, String(REDIS_PORT), String(acknowledged)];
      return { type: 'array', items: words.map(bulk) };
    });
    const list: RespValue = { type: 'array', items: replicas };
    return { type: 'array', items: [bulk('master'), integer(this.#offset), list] };
  }

  #newReplicationId(): void {
    const random = this.ports.random('replication id');
    const words = Array.from({ length: 5 }, () => random.uint32().toString(16).padStart(8, '0'));
    this.#replicationId = words.join('');
  }
}
