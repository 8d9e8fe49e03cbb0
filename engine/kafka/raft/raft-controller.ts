/**
 * A controller as one of a quorum: a process with its copy of `__cluster_metadata-0`, a member of
 * the quorum that replicates it, and, while it leads, the one who decides.
 *
 *     others' requests -> raft-requests -> consensus -> raft-channel -> others
 *     brokers' requests -> QuorumController -> quorum-log -> consensus -> committed -> answer
 *
 * It claims when it leads and an entry of its own epoch is committed, for then it has replayed all
 * that was ever decided; it renounces when it leads no more, and what waited for a commit ends with
 * NOT_CONTROLLER, although it may yet be committed. Sessions of brokers begin anew with each claim.
 *
 * Not here: decisions (`controller/quorum-controller.ts`), voting and counting (`consensus/`), the
 * log (`quorum-log.ts`), a controller that is alone (`controller/controller.ts`).
 * Sources: `kafka.server.ControllerServer`, `KafkaRaftClient`, `QuorumController`. Differences:
 * forwarded requests come plainly and not in an Envelope; addresses of controllers are given, and
 * not learnt from the log.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { DiskResult, Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import type { Effect } from '../../consensus/effect.ts';
import type { MemberId, Message } from '../../consensus/message.ts';
import { QuorumStateFile } from '../../consensus/quorum-state-file.ts';
import type { RaftSwitches } from '../../consensus/raft-config.ts';
import { RaftDriver } from '../../consensus/raft-driver.ts';
import type { RaftView } from '../../consensus/raft.ts';
import { kafkaProtocol } from '../../wire/kafka/protocol.ts';
import { ControllerConnection } from '../controller/controller-connection.ts';
import type { ControllerRequest } from '../controller/controller-connection.ts';
import { controllerActiveKind, metadataCommittedKind } from '../controller/controller-trace.ts';
import { inspectController, type ControllerView } from '../controller/controller-view.ts';
import { bootstrapRecords } from '../controller/controller.ts';
import {
  controllerApis,
  type ControllerApis,
  type Decision,
} from '../controller/controller-apis.ts';
import { MetadataFetches } from '../controller/metadata-fetch.ts';
import { QuorumController } from '../controller/quorum-controller.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { CLUSTER_ID, CONTROLLER_PORT } from '../metadata/metadata-log.ts';
import type { Profile } from '../profiles.ts';
import { KafkaRaftLog, metadataFolder } from './kafka-raft-log.ts';
import { isAsking, RaftChannel } from './raft-channel.ts';
import { RaftRequests } from './raft-requests.ts';
import { controllerRenouncedKind, metadataSnapshotKind, quorumRoleKind } from './raft-trace.ts';
import { quorumControllerMachine } from './quorum-controller.machine.ts';
import { answer, type QuorumParts, refuse, takeForQuorum } from './quorum-apis.ts';
import { type QuorumConfig, readQuorumConfig } from './quorum-config.ts';
import { QuorumLog } from './quorum-log.ts';
import { QUORUM_STATE, quorumStateText } from './quorum-state-text.ts';
import { ReplicaStates } from './replica-states.ts';
import { type ControllerNode, memberOf, NO_NODE, nodeOf } from './voter-id.ts';

export interface RaftControllerOptions {
  readonly nodeId: number;
  readonly profile: Profile;
  /** Real names: those of a broker, of `controllerSettings` and of `quorumSettings`. */
  readonly settings: Readonly<Record<string, string>>;
  /** All controllers of the cluster, voters or not, and where they listen. */
  readonly controllers: readonly ControllerNode[];
  /** The voters of a log that names none. */
  readonly voters: readonly number[];
  /** Rules of the quorum that a test takes away. */
  readonly switches?: Partial<RaftSwitches>;
  /** What it decides besides (`controller/administration.ts`): nothing by default. */
  readonly decisions?: readonly Decision[];
}

/** Makes the factory. Throws a `ConfigError` on an unknown setting or a bad value. */
export function createRaftController(
  options: RaftControllerOptions,
): ProcessFactory<RaftController> {
  const { settings, profile, voters, switches, nodeId, controllers } = options;
  const config = readQuorumConfig(settings, profile, voters.map(memberOf), switches ?? {});
  const isKnown = controllers.some((one) => one.nodeId === nodeId);
  assert(isKnown, 'one of the controllers', { nodeId });
  return (ports) => new RaftController(ports, options, config);
}

type RoleChange = Extract<Effect, { effect: 'role' }>;

export class RaftController implements Process {
  readonly nodeId: number;
  readonly #ports: Ports;
  readonly #options: RaftControllerOptions;
  readonly #config: QuorumConfig;
  readonly #machine: MachineRunner<typeof quorumControllerMachine>;
  readonly #apis: ControllerApis;
  readonly #channel: RaftChannel;
  readonly #requests: RaftRequests;
  readonly #replicas: ReplicaStates;
  /** Requests that are not answered yet: of brokers and tools, not of the quorum. */
  readonly #open = new Set<ControllerRequest>();
  #files: KafkaRaftLog | null = null;
  #log: QuorumLog | null = null;
  #driver: RaftDriver | null = null;
  #role: RoleChange | null = null;
  #active: QuorumController | null = null;
  #fetches: MetadataFetches | null = null;
  /** Who voted for this node, by the epoch that it stood for. */
  #granting = new Set<number>();

  constructor(ports: Ports, options: RaftControllerOptions, config: QuorumConfig) {
    this.nodeId = options.nodeId;
    this.#ports = ports;
    this.#options = options;
    this.#config = config;
    const { nodeId, controllers } = options;
    const { clock, trace } = ports;
    this.#apis = controllerApis(options.decisions ?? []);
    this.#replicas = new ReplicaStates(clock);
    this.#machine = new MachineRunner({
      machine: quorumControllerMachine,
      instance: `controller-${nodeId}`,
      clock,
      trace,
      ignores: ['RENOUNCE', 'STOP'],
    });
    const requestTimeoutMs = config.values['controller.quorum.request.timeout.ms'];
    const received = (from: MemberId, message: Message) => this.#received(from, message);
    this.#channel = new RaftChannel(ports, { nodeId, controllers, requestTimeoutMs }, received);
    this.#requests = new RaftRequests(
      controllers,
      () => ({ term: this.#view?.term ?? 0, leader: this.#view?.leader ?? null }),
      received,
      ({ offset, term }) =>
        this.#files?.snapshots.read({ endOffset: offset, epoch: term })?.sizeBytes ?? 0,
    );
  }

  /** `STANDBY`, `ACTIVE` or `STOPPED`. */
  get state(): string {
    return this.#machine.state;
  }

  /** What is committed, as far as this node knows. */
  get image(): MetadataImage | null {
    return this.#log?.image ?? null;
  }

  /** The member of the quorum, for views and checkers; null before it started. */
  get quorum(): RaftView | null {
    return this.#view;
  }

  /** Its log, and how much of it is applied: for outside checkers. */
  get files(): KafkaRaftLog | null {
    return this.#files;
  }

  get applied(): number {
    return this.#log?.applied ?? 0;
  }

  get #view(): RaftView | null {
    return this.#driver?.inspect() ?? null;
  }

  // ----------------------------------------------------------------------------------------- life

  start(): void {
    assert(this.#driver === null, 'started once', { nodeId: this.nodeId });
    const { values } = this.#config;
    const logDir = this.#config.controller.values['log.dir'];
    const opened = KafkaRaftLog.open(this.#ports, {
      logDir,
      segmentBytes: values['metadata.log.segment.bytes'],
      controllers: this.#options.controllers,
      granting: () => [...this.#granting],
      voters: () => (this.#view?.voters ?? this.#config.raft.voters).map(nodeOf),
    });
    if (typeof opened === 'string') return this.#failed(opened);
    const text = quorumStateText(this.#config.votersInLog ? 1 : 0, CLUSTER_ID);
    const path = `${metadataFolder(logDir)}/${QUORUM_STATE}`;
    const quorumState = new QuorumStateFile(this.#ports.disk, path, text);
    const state = quorumState.read();
    // A vote that cannot be read may have been given: who forgets it may vote twice (T1).
    if (state === 'corrupt') return this.#ports.halt('quorum-state cannot be read');
    this.#files = opened;
    this.#log = this.#makeLog(opened);
    this.#driver = this.#makeDriver(opened, this.#log, { quorumState, state });
    this.#listen();
    this.#driver.start();
  }

  stop(): void {
    const driver = this.#driver;
    driver?.resign();
    this.#end();
    const files = this.#files;
    if (files === null) this.#ports.halt('stopped');
    else files.close(() => this.#ports.halt('stopped'));
  }

  inspect(): ControllerView | null {
    const image = this.image;
    if (image === null) return null;
    return inspectController(this.state, Math.max(image.epoch, this.#view?.term ?? -1), image);
  }

  #makeLog(files: KafkaRaftLog): QuorumLog {
    const { values, raft, votersInLog } = this.#config;
    const options = {
      snapshotBytes: values['metadata.log.max.record.bytes.between.snapshots'],
      retentionBytes: values['metadata.max.retention.bytes'],
      voters: raft.voters,
      votersInLog,
    };
    return new QuorumLog(this.#ports, files, options, {
      propose: (records) => {
        const proposals = [{ records: records.length, payload: records }];
        this.#driver?.ask({ type: 'append', proposals }, () => {});
      },
      compacted: (snapshot) => this.#driver?.compacted(snapshot),
      snapshotted: ({ endOffset, epoch }, how) => {
        const told = { controller: this.nodeId, endOffset, epoch, how };
        this.#ports.trace.record(metadataSnapshotKind, told);
      },
      failed: (failure) => this.#failed(failure),
    });
  }

  #makeDriver(
    files: KafkaRaftLog,
    log: QuorumLog,
    found: Pick<ConstructorParameters<typeof RaftDriver>[0], 'quorumState'> & {
      readonly state: Exclude<ReturnType<QuorumStateFile['read']>, 'corrupt'>;
    },
  ): RaftDriver {
    const { raft } = this.#config;
    const { start } = files;
    const startVoters = start.offset === 0 ? null : log.voters;
    return new RaftDriver({
      me: memberOf(this.nodeId),
      config: raft,
      ports: this.#ports,
      restored: { state: found.state, start, startVoters, entries: files.headers() },
      log: files,
      snapshots: log,
      quorumState: found.quorumState,
      owner: {
        send: (to, message) => {
          if (isAsking(message)) this.#channel.send(to, message);
          else this.#requests.answer(to, message);
        },
        committed: (highWatermark) => this.#committed(highWatermark),
        roleChanged: (change) => this.#roleChanged(change),
        failed: (failure) => this.#failed(failure),
      },
    });
  }

  #listen(): void {
    this.#ports.network.listen(CONTROLLER_PORT, kafkaProtocol, (connection) => {
      return new ControllerConnection(
        connection,
        (request) => this.#handle(request),
        () => {},
      );
    });
  }

  #failed(failure: DiskResult): void {
    this.#end();
    this.#ports.halt(`the metadata log failed: ${failure}`);
  }

  #end(): void {
    this.#renounce();
    this.#machine.send({ type: 'STOP' });
    this.#driver?.stop();
    this.#channel.close();
  }

  // ----------------------------------------------------------------------------------- the quorum

  #received(from: MemberId, message: Message): void {
    if (message.type === 'vote-reply' && message.granted && !message.preVote) {
      this.#granting.add(nodeOf(from));
    }
    this.#driver?.received(from, message);
  }

  #roleChanged(change: RoleChange): void {
    const { role, term, leader } = change;
    const before = this.#role;
    this.#role = change;
    const leads = role === 'Leader';
    const told = { role, epoch: term, leader: leader === null ? NO_NODE : nodeOf(leader) };
    this.#ports.trace.record(quorumRoleKind, { controller: this.nodeId, ...told });
    if (before?.role === 'Leader') this.#renounce();
    if (role === 'Candidate') this.#granting = new Set([this.nodeId]);
    this.#requests.release(leads);
    if (!leads) return;
    assert(this.#fetches === null, 'a new leader has no observers yet', { term });
    this.#replicas.clear();
    const asLeader = { nodeId: this.nodeId, epoch: term };
    this.#fetches = new MetadataFetches(this.#ports.clock, this.#log!, asLeader);
  }

  #committed(highWatermark: number): void {
    const log = this.#log!;
    this.#ports.trace.record(metadataCommittedKind, { to: highWatermark });
    log.advanced(highWatermark);
    this.#active?.advanced(highWatermark);
    this.#fetches?.advanced();
    log.tellCommitted();
    if (this.#active === null) this.#maybeClaim();
  }

  /** Leads, and all that others decided before is committed and replayed. */
  #maybeClaim(): void {
    const log = this.#log!;
    const { role, term, termStart } = this.#role ?? {};
    if (role !== 'Leader' || term === undefined || log.applied <= termStart!) return;
    if (this.#view?.role !== 'Leader' || this.#view.term !== term) return;
    assert(log.applied === log.endOffset, 'nothing was decided since', { end: log.endOffset });
    this.#machine.send({ type: 'CLAIM' });
    const { image, registerBrokerRecordOffsets } = log;
    const loaded = { log, epoch: term, image, registerBrokerRecordOffsets };
    this.#active = new QuorumController(this.#ports, this.#config.controller, loaded);
    const told = { controller: this.nodeId, epoch: term, offset: log.endOffset };
    this.#ports.trace.record(controllerActiveKind, told);
    if (image.features.size > 0) return;
    this.#active.bootstrap(bootstrapRecords(this.#config.controller.profile));
  }

  #renounce(): void {
    const refused = this.#open.size;
    const wasActive = this.#active !== null;
    this.#machine.send({ type: 'RENOUNCE' });
    this.#active?.dispose();
    this.#fetches?.dispose();
    this.#active = null;
    this.#fetches = null;
    this.#log?.forget();
    for (const request of [...this.#open]) refuse(this.#parts(), request);
    assert(this.#open.size === 0, 'everybody was answered', { left: this.#open.size });
    if (!wasActive) return;
    const told = { controller: this.nodeId, epoch: this.#role?.term ?? 0, refused };
    this.#ports.trace.record(controllerRenouncedKind, told);
  }

  // ------------------------------------------------------------------------------------- requests

  #handle(request: ControllerRequest): void {
    if (this.#driver === null || this.state === 'STOPPED') return request.closeConnection();
    this.#ports.cost.charge('request', 1);
    const parts = this.#parts();
    if (!takeForQuorum(parts, request)) answer(parts, this.#noted(request));
  }

  /** Remembers a request until it is answered, so that a renouncing controller answers all. */
  #noted(request: ControllerRequest): ControllerRequest {
    const noted: ControllerRequest = {
      ...request,
      respond: (body, apiVersion) => {
        if (!this.#open.delete(noted)) return;
        if (apiVersion === undefined) request.respond(body);
        else request.respond(body, apiVersion);
      },
      closeConnection: () => {
        this.#open.delete(noted);
        request.closeConnection();
      },
      isOpen: () => this.#open.has(noted),
    };
    this.#open.add(noted);
    return noted;
  }

  #parts(): QuorumParts {
    return {
      nodeId: this.nodeId,
      controllers: this.#options.controllers,
      clock: this.#ports.clock,
      driver: this.#driver!,
      log: this.#log!,
      requests: this.#requests,
      replicas: this.#replicas,
      active: this.#active,
      fetches: this.#fetches,
      apis: this.#apis,
    };
  }
}
