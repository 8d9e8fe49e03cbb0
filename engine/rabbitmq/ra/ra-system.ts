/**
 * All Ra servers of a node, with the write-ahead log that they share: a new server begins with its
 * configuration on the disk, an old one goes on where its files end.
 *
 *     quorum/rabbit-1/00000001.wal
 *     quorum/rabbit-1/2F_Q1ABCDEF/config  quorum-state  00000001.segment  snapshots/...
 *
 * Source: `ra_system` (RabbitMQ has two, `quorum_queues` and `coordination`), `ra_directory`,
 * `ra_log_sup`. Differences: which server has which folder stands in its `config`, there in
 * `names.dets`; term and vote in its `quorum-state`, there in `meta.dets` of all servers.
 * Not here: a server (`ra-server.ts`), which machine it has (whoever opens it).
 */
import { assert, present } from '../../kernel/assert.ts';
import type { DiskResult, Ports } from '../../kernel/ports.ts';
import { plainQuorumState, QuorumStateFile } from '../../consensus/quorum-state-file.ts';
import { CheckpointFile } from '../../storage/checkpoint-file.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { LogRecord } from './log-frame.ts';
import { ProcessMonitor } from './process-monitor.ts';
import { RaLog } from './ra-log.ts';
import { openSnapshots } from './ra-snapshots.ts';
import { RaServer, type RaServerOptions } from './ra-server.ts';
import { Wal } from './wal.ts';

const UID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const UID_LENGTH = 12;
/** `raft.wal_max_size_bytes` */
const WAL_BYTES_MAX = 536_870_912;

export interface RaSystemOptions {
  /** `quorum/rabbit-1` */
  readonly folder: string;
  readonly walBytesMax?: number;
}

/** What is on the disk of a server. */
export interface RaServerConfig {
  readonly cluster: string;
  readonly uid: string;
  /** Which of the queues of its name; nothing where nobody tells them apart. */
  readonly queue?: number | null;
  /** The members with which it began. */
  readonly members: readonly string[];
}

export class RaSystem {
  readonly processes: ProcessMonitor;
  readonly #ports: Ports;
  readonly #links: NodeLinks;
  readonly #folder: string;
  readonly #wal: Wal;
  /** What the write-ahead log has of logs that are not open yet. */
  readonly #written: Map<string, readonly LogRecord[]>;
  /** By cluster. */
  readonly #configs = new Map<string, RaServerConfig>();
  readonly #servers = new Map<string, { readonly server: RaServer; readonly log: RaLog }>();

  constructor(ports: Ports, links: NodeLinks, options: RaSystemOptions) {
    const { folder, walBytesMax = WAL_BYTES_MAX } = options;
    this.#ports = ports;
    this.#links = links;
    this.#folder = folder;
    this.processes = ProcessMonitor.of(links);
    const flush = (done: (result: DiskResult) => void): void => this.#flush(done);
    this.#wal = new Wal(ports, { folder, bytesMax: walBytesMax, flush });
    this.#written = new Map(this.#wal.recover());
    for (const path of ports.disk.list(folder)) {
      const [uid, file] = path.split('/');
      if (uid === undefined || file !== 'config') continue;
      const config = readConfig(this.#configFile(uid).read());
      if (config !== null) this.#configs.set(config.cluster, config);
    }
  }

  /** The servers that the disk knows, started or not. */
  get configs(): Iterable<RaServerConfig> {
    return this.#configs.values();
  }

  server(cluster: string): RaServer | undefined {
    return this.#servers.get(cluster)?.server;
  }

  get servers(): readonly RaServer[] {
    return [...this.#servers.values()].map(({ server }) => server);
  }

  /**
   * Starts the server of a cluster: with what the disk has of it, else a new one. `started` when it
   * would be there after a power loss.
   */
  open(options: RaServerOptions, started: () => void): RaServer {
    const { cluster, members, queue = null } = options;
    assert(!this.#servers.has(cluster), 'a cluster has one member on a node', { cluster });
    const known = this.#configs.get(cluster);
    const config = known ?? { cluster, uid: this.#newUid(cluster), queue, members };
    const server = this.#start(config, options);
    if (known !== undefined) {
      started();
      return server;
    }
    this.#configs.set(cluster, config);
    this.#configFile(config.uid).write(JSON.stringify(config), (result) => {
      if (result === 'ok') started();
      else this.#failed(result);
    });
    return server;
  }

  /** Ends the server, and removes all that the disk has of it. */
  remove(cluster: string): void {
    const running = this.#servers.get(cluster);
    running?.server.stop();
    this.#servers.delete(cluster);
    const config = this.#configs.get(cluster);
    if (config === undefined) return;
    this.#configs.delete(cluster);
    this.#ports.disk.remove(`${this.#folder}/${config.uid}`);
  }

  stop(): void {
    for (const { server } of this.#servers.values()) server.stop();
    this.#servers.clear();
  }

  #start(config: RaServerConfig, options: RaServerOptions): RaServer {
    const { uid, cluster, members } = config;
    const ports = this.#ports;
    const { log, snapshots } = this.#openLog(config);
    this.#written.delete(uid);
    const path = `${this.#folder}/${uid}/quorum-state`;
    const quorumState = new QuorumStateFile(ports.disk, path, plainQuorumState);
    const failed = (result: Exclude<DiskResult, 'ok'>): void => this.#failed(result);
    const node = { ports, links: this.#links, processes: this.processes, failed };
    const files = { log, snapshots, quorumState };
    const server = new RaServer(node, files, { ...options, members });
    this.#servers.set(cluster, { server, log });
    server.start();
    return server;
  }

  #openLog({ uid }: RaServerConfig) {
    const folder = `${this.#folder}/${uid}`;
    const snapshots = openSnapshots(this.#ports, folder);
    const written = this.#written.get(uid) ?? [];
    const start = snapshots.newest ?? { offset: 0, term: 0 };
    const log = new RaLog(this.#ports, { uid, folder, wal: this.#wal, written, start });
    return { log, snapshots };
  }

  /** All of it, for a file of the write-ahead log to go: that of servers nobody opened, too. */
  #flush(done: (result: DiskResult) => void): void {
    const logs = [...this.#configs.values()].map(
      (config) => this.#servers.get(config.cluster)?.log ?? this.#openLog(config).log,
    );
    const next = (): void => {
      const log = logs.shift();
      if (log === undefined) return done('ok');
      log.flush((result) => {
        if (result === 'ok') next();
        else this.#failed(result);
      });
    };
    next();
  }

  #failed(result: Exclude<DiskResult, 'ok'>): void {
    this.#ports.halt(`a Ra log failed: ${result}`);
  }

  #configFile(uid: string): CheckpointFile {
    return new CheckpointFile(this.#ports.disk, `${this.#folder}/${uid}/config`);
  }

  /** Some letters of the name, then random ones (`ra_lib:make_uid`). */
  #newUid(cluster: string): string {
    const random = this.#ports.random('ra-uid');
    let uid = cluster
      .replace(/[^A-Za-z0-9]/g, '')
      .toUpperCase()
      .slice(0, UID_LENGTH / 2);
    while (uid.length < UID_LENGTH) uid += UID_LETTERS[random.below(UID_LETTERS.length)]!;
    return present(uid, 'an id');
  }
}

function readConfig(text: string | null): RaServerConfig | null {
  if (text === null) return null;
  const config = JSON.parse(text) as RaServerConfig;
  assert(config.uid !== '' && config.members.length > 0, 'a configuration', { text });
  return config;
}
