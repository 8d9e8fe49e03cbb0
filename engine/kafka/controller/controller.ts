/**
 * The process of a controller that is alone: opens its metadata log, replays it, begins a new
 * epoch, listens on port 9093 and hands each request to the one who decides. On a failure of its
 * disk it ends.
 *
 * Not here: decisions and answers (`quorum-controller.ts`), the log (`kafka-metadata-log.ts`), one
 * of several controllers (`raft/raft-controller.ts`).
 * Sources: `kafka.server.ControllerServer`, `kafka.server.ControllerApis`. Differences: it listens
 * only once it is active; forwarded requests come plainly and not in an Envelope, so the principal
 * of the client is not known here.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { DiskResult, Ports, Process, ProcessFactory } from '../../kernel/ports.ts';
import { kafkaProtocol } from '../../wire/kafka/protocol.ts';
import { MetadataDelta } from '../metadata/delta.ts';
import { emptyImage, type MetadataImage } from '../metadata/image.ts';
import { CONTROLLER_PORT } from '../metadata/metadata-log.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import type { Profile } from '../profiles.ts';
import { readControllerConfig, type ControllerConfig } from './controller-config.ts';
import { controllerApis, type ControllerApis, type Decision } from './controller-apis.ts';
import { ControllerConnection, type ControllerRequest } from './controller-connection.ts';
import { inspectController, type ControllerView } from './controller-view.ts';
import { controllerActiveKind, metadataCommittedKind } from './controller-trace.ts';
import { controllerMachine } from './controller.machine.ts';
import { KafkaMetadataLog } from './kafka-metadata-log.ts';
import { MetadataFetches } from './metadata-fetch.ts';
import { QuorumController } from './quorum-controller.ts';

export type { ControllerView };

export interface ControllerOptions {
  readonly nodeId: number;
  readonly profile: Profile;
  /** Real names: those of a broker and those of `controllerSettings`. */
  readonly settings: Readonly<Record<string, string>>;
  /** What it decides besides (`administration.ts`): nothing by default. */
  readonly decisions?: readonly Decision[];
}

/** Makes the factory. Throws a `ConfigError` on an unknown setting or a bad value. */
export function createController(options: ControllerOptions): ProcessFactory<Controller> {
  const config = readControllerConfig(options.settings, options.profile);
  assert(Number.isSafeInteger(options.nodeId), 'node.id', { nodeId: options.nodeId });
  const apis = controllerApis(options.decisions ?? []);
  return (ports) => new Controller(ports, options.nodeId, config, apis);
}

/** The feature level of metadata.version 4.1-IV1: old profiles run on the same control plane. */
const METADATA_VERSION = 27;

export class Controller implements Process {
  readonly nodeId: number;
  readonly #ports: Ports;
  readonly #config: ControllerConfig;
  readonly #apis: ControllerApis;
  readonly #machine: MachineRunner<typeof controllerMachine>;
  readonly #connections = new Set<ControllerConnection>();
  #log: KafkaMetadataLog | null = null;
  #active: QuorumController | null = null;
  #fetches: MetadataFetches | null = null;
  #epoch = -1;

  constructor(ports: Ports, nodeId: number, config: ControllerConfig, apis: ControllerApis) {
    this.nodeId = nodeId;
    this.#ports = ports;
    this.#config = config;
    this.#apis = apis;
    const { clock, trace } = ports;
    this.#machine = new MachineRunner({
      machine: controllerMachine,
      instance: `controller-${nodeId}`,
      clock,
      trace,
      ignores: ['RESIGN'],
    });
  }

  /** `LOADING`, `ACTIVE` or `RESIGNED`. */
  get state(): string {
    return this.#machine.state;
  }

  /** What is committed; empty before the controller is active. */
  get image(): MetadataImage {
    return this.#active?.committedImage ?? emptyImage;
  }

  start(): void {
    assert(this.#log === null, 'started once', { nodeId: this.nodeId });
    const opened = KafkaMetadataLog.open(this.#ports, this.#config.values['log.dir'], {
      advanced: (highWatermark) => this.#advanced(highWatermark),
      failed: (failure) => this.#failed(failure),
    });
    if (typeof opened === 'string') return this.#failed(opened);
    this.#log = opened;
    this.#claim(opened);
  }

  stop(): void {
    this.#resign();
    const log = this.#log;
    if (log === null) this.#ports.halt('stopped');
    else log.close(() => this.#ports.halt('stopped'));
  }

  inspect(): ControllerView {
    return inspectController(this.state, this.#epoch, this.image);
  }

  /** Replays the log and begins a new epoch; once its first batch is committed, it is active. */
  #claim(log: KafkaMetadataLog): void {
    let image = emptyImage;
    const offsets = new Map<number, number>();
    const replay = (
      baseOffset: number,
      epoch: number,
      records: readonly MetadataRecord[],
    ): void => {
      const delta = new MetadataDelta(image);
      for (const [index, record] of records.entries()) {
        delta.replay(record);
        if (record.type !== 'RegisterBrokerRecord') continue;
        offsets.set(record.data.brokerId, baseOffset + index);
      }
      image = delta.apply(baseOffset + records.length - 1, epoch);
    };
    log.replay(({ baseOffset, epoch, records }) => replay(baseOffset, epoch, records));
    this.#epoch = log.lastEpoch + 1;
    const first = image.offset < 0 ? bootstrapRecords(this.#config.profile) : [noOp];
    const baseOffset = log.endOffset;
    if (log.append(this.#epoch, first) === baseOffset) return;
    replay(baseOffset, this.#epoch, first);
    const loaded = { log, epoch: this.#epoch, image, registerBrokerRecordOffsets: offsets };
    log.whenCommitted(log.endOffset, () => this.#activate(loaded));
  }

  #activate(loaded: ConstructorParameters<typeof QuorumController>[2]): void {
    const { log } = loaded;
    this.#machine.send({ type: 'CLAIMED' });
    this.#active = new QuorumController(this.#ports, this.#config, loaded);
    this.#fetches = new MetadataFetches(this.#ports.clock, log, {
      nodeId: this.nodeId,
      epoch: this.#epoch,
    });
    this.#ports.trace.record(controllerActiveKind, {
      controller: this.nodeId,
      epoch: this.#epoch,
      offset: log.endOffset,
    });
    this.#ports.network.listen(CONTROLLER_PORT, kafkaProtocol, (connection) => {
      const accepted: ControllerConnection = new ControllerConnection(
        connection,
        (request) => this.#handle(request),
        () => this.#connections.delete(accepted),
      );
      this.#connections.add(accepted);
      return accepted;
    });
  }

  #handle(request: ControllerRequest): void {
    const active = this.#active;
    const fetches = this.#fetches;
    if (active === null || fetches === null) return request.closeConnection();
    this.#ports.cost.charge('request', 1);
    const answer = this.#apis.answers.get(request.apiKey);
    if (answer === undefined) return request.closeConnection();
    assert(this.state === 'ACTIVE', 'only the active one decides', { state: this.state });
    answer({ active, fetches }, request);
  }

  #advanced(highWatermark: number): void {
    this.#ports.trace.record(metadataCommittedKind, { to: highWatermark });
    this.#active?.advanced(highWatermark);
    this.#fetches?.advanced();
  }

  #failed(failure: DiskResult): void {
    this.#resign();
    this.#ports.halt(`the metadata log failed: ${failure}`);
  }

  #resign(): void {
    this.#machine.send({ type: 'RESIGN' });
    this.#active?.dispose();
    this.#fetches?.dispose();
    this.#active = null;
    this.#fetches = null;
  }
}

/** What the storage tool writes when a cluster is formatted. */
export function bootstrapRecords({ switches }: Profile): readonly MetadataRecord[] {
  const feature = (name: string, featureLevel: number): MetadataRecord => ({
    type: 'FeatureLevelRecord',
    data: { name, featureLevel },
  });
  return [
    feature('metadata.version', METADATA_VERSION),
    ...(switches.eligibleLeaderReplicas ? [feature('eligible.leader.replicas.version', 1)] : []),
  ];
}

const noOp: MetadataRecord = Object.freeze({ type: 'NoOpRecord', data: Object.freeze({}) });
