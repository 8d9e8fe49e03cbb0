/**
 * Who coordinates the group: found by FindCoordinator, forgotten when it does not answer, says that
 * it is not, or was silent for a session.
 *
 * The connection to it is one of its own, so that a JoinGroup that waits does not hold up the
 * fetches from the same broker. Source: `AbstractCoordinator.lookupCoordinator`,
 * `markCoordinatorUnknown`.
 */
import { assert } from '../../../../kernel/assert.ts';
import type { Address, Ports } from '../../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../../kernel/units.ts';
import { ErrorCode, errorName } from '../../../../wire/kafka/errors.ts';
import {
  findCoordinator,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from '../../../../wire/kafka/messages/find-coordinator.ts';
import type { NetworkClient, Reply, RequestChannel } from '../../../network-client.ts';
import type { ClientMetadata } from '../../metadata.ts';
import { coordinatorFoundTrace } from './group-consumer-trace.ts';

const GROUP_KEY_TYPE = 0;

export interface LookupOwner {
  /** Look again: the coordinator is known, or may be asked for again. */
  changed(): void;
  wakeAt(at: Micros): void;
  /** The group cannot be used, whoever coordinates it. */
  fatal(errorCode: number): void;
}

export class CoordinatorLookup {
  private readonly ports: Ports;
  private readonly network: NetworkClient;
  private readonly metadata: ClientMetadata;
  private readonly group: string;
  private readonly retryBackoffMs: number;
  private readonly owner: LookupOwner;
  private address: Address | null = null;
  private node = -1;
  private inFlight = false;
  private retryAt: Micros = micros(0);

  constructor(
    ports: Ports,
    /** For the coordinator alone. */
    network: NetworkClient,
    metadata: ClientMetadata,
    options: { readonly group: string; readonly retryBackoffMs: number },
    owner: LookupOwner,
  ) {
    this.ports = ports;
    this.network = network;
    this.metadata = metadata;
    this.group = options.group;
    this.retryBackoffMs = options.retryBackoffMs;
    this.owner = owner;
    network.listen({ disconnected: (_channel, reason) => this.markUnknown(reason) });
  }

  /** The coordinator's node id; -1 while it is unknown. */
  get nodeId(): number {
    return this.node;
  }

  /** The channel to the coordinator. While it is unknown: null, and it is being looked for. */
  channel(): RequestChannel | null {
    if (this.address !== null) return this.network.connectionTo(this.address);
    if (!this.inFlight) this.ask();
    return null;
  }

  /** It proved wrong. */
  markUnknown(reason: string): void {
    if (this.address === null) return;
    this.address = null;
    this.node = -1;
    this.record(reason);
    this.backOff();
  }

  private ask(): void {
    const now = this.ports.clock.now();
    if (now < this.retryAt) {
      this.owner.wakeAt(this.retryAt);
      return;
    }
    const channel = this.metadata.leastLoadedChannel();
    if (channel === null) {
      this.backOff();
      return;
    }
    const key = this.group;
    const body: FindCoordinatorRequest = { key, keyType: GROUP_KEY_TYPE, coordinatorKeys: [key] };
    this.inFlight = true;
    channel.send(findCoordinator.key, findCoordinator.versionMax, body, (reply) => {
      this.inFlight = false;
      this.answered(reply);
      this.owner.changed();
    });
  }

  private answered(reply: Reply): void {
    assert(this.address === null, 'asked while it is unknown', { node: this.node });
    if (!reply.ok) {
      this.metadata.requestUpdate();
      this.backOff();
      return;
    }
    const response = reply.body as FindCoordinatorResponse;
    const told = response.coordinators[0] ?? response;
    if (told.errorCode === ErrorCode.NONE) {
      const { host, port, nodeId } = told;
      this.address = { host, port };
      this.node = nodeId;
      this.record('');
    } else if (FATAL_ERRORS.has(told.errorCode)) {
      this.owner.fatal(told.errorCode);
    } else {
      this.record(errorName(told.errorCode));
      this.backOff();
    }
  }

  private backOff(): void {
    const now = this.ports.clock.now();
    this.retryAt = micros(now + Math.max(1, microsOfMillis(this.retryBackoffMs)));
    this.owner.wakeAt(this.retryAt);
  }

  private record(reason: string): void {
    const { group, node: broker } = this;
    this.ports.trace.record(coordinatorFoundTrace, { group, broker, reason });
  }
}

/** Whoever says so has to be looked for again. */
export const NOT_THE_COORDINATOR: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
]);

const FATAL_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.INVALID_GROUP_ID,
  ErrorCode.INVALID_REQUEST,
]);
