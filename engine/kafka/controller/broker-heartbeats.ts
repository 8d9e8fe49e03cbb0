/**
 * The brokers' sessions: when each was last heard of, how far it has replayed the metadata log, and
 * its registration machine. In memory only: a controller that starts anew gives every unfenced
 * broker a whole session.
 *
 * Not here: what follows from a transition (the owner performs the machine's actions).
 * Source: `org.apache.kafka.controller.BrokerHeartbeatManager`. As there, a fenced broker has no
 * session, so another incarnation may take its id at once.
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner, type Perform } from '../../kernel/machine.ts';
import type { Ports } from '../../kernel/ports.ts';
import { micros, microsOfMillis, type Micros } from '../../kernel/units.ts';
import type { BrokerRegistration } from '../metadata/image.ts';
import { brokerRegistrationMachine } from './broker-registration.machine.ts';

type RegistrationRunner = MachineRunner<typeof brokerRegistrationMachine>;

/** What the owner does when a machine's action is performed for a broker. */
type RegistrationActions = Readonly<
  Record<'fence' | 'unfence' | 'enterControlledShutdown', (brokerId: number) => void>
>;

interface BrokerHeartbeat {
  readonly id: number;
  readonly machine: RegistrationRunner;
  lastContact: Micros;
  /** The last metadata offset that the broker said it has replayed, -1 before it said one. */
  metadataOffset: number;
  /** The offset at which its controlled shutdown is complete, -1 while it is in none. */
  controlledShutdownOffset: number;
}

/** What a heartbeat says, with what only the controller knows. */
interface Heartbeat {
  readonly wantFence: boolean;
  readonly wantShutDown: boolean;
  readonly currentMetadataOffset: number;
  readonly registerBrokerRecordOffset: number;
  readonly hasLeaderships: boolean;
}

export class BrokerHeartbeats {
  readonly #ports: Pick<Ports, 'clock' | 'trace'>;
  readonly #sessionTimeout: Micros;
  readonly #actions: RegistrationActions;
  readonly #brokers = new Map<number, BrokerHeartbeat>();

  constructor(
    ports: Pick<Ports, 'clock' | 'trace'>,
    sessionTimeoutMs: number,
    actions: RegistrationActions,
  ) {
    assert(sessionTimeoutMs > 0, 'broker.session.timeout.ms', { sessionTimeoutMs });
    this.#ports = ports;
    this.#sessionTimeout = microsOfMillis(sessionTimeoutMs);
    this.#actions = actions;
  }

  /** Begins anew with a registration; the same incarnation that registers again keeps its state. */
  register(registration: BrokerRegistration, isNewIncarnation: boolean): void {
    const { id } = registration;
    const known = this.#brokers.get(id);
    if (known !== undefined && !isNewIncarnation) {
      known.lastContact = this.#ports.clock.now();
      return;
    }
    known?.machine.dispose();
    this.#brokers.set(id, {
      id,
      machine: this.#machineOf(registration),
      lastContact: this.#ports.clock.now(),
      metadataOffset: -1,
      controlledShutdownOffset: registration.inControlledShutdown ? registration.epoch : -1,
    });
  }

  /**
   * Takes a heartbeat and returns the broker's state after it. The owner's actions are performed
   * in between. Source: `ReplicationControlManager.processBrokerHeartbeat`.
   */
  heartbeat(id: number, heartbeat: Heartbeat): string {
    const broker = this.#broker(id);
    const { currentMetadataOffset } = heartbeat;
    broker.machine.send({
      type: 'HEARTBEAT',
      wantFence: heartbeat.wantFence,
      wantShutDown: heartbeat.wantShutDown,
      isCaughtUp: currentMetadataOffset >= heartbeat.registerBrokerRecordOffset,
      hasLeaderships: heartbeat.hasLeaderships,
      isShutdownSeen: broker.controlledShutdownOffset <= this.#lowestActiveOffset(),
    });
    broker.lastContact = this.#ports.clock.now();
    broker.metadataOffset = currentMetadataOffset;
    if (isFenced(broker)) broker.controlledShutdownOffset = -1;
    return broker.machine.state;
  }

  /** Remembers where the records end that move the leaderships of a stopping broker away. */
  controlledShutdownAt(id: number, endOffset: number): void {
    const broker = this.#broker(id);
    assert(broker.machine.state === 'CONTROLLED_SHUTDOWN', 'it is shutting down', { id });
    if (broker.controlledShutdownOffset < 0) broker.controlledShutdownOffset = endOffset;
  }

  has(id: number): boolean {
    return this.#brokers.has(id);
  }

  /** Whether the broker is unfenced and was heard of within the session timeout. */
  hasValidSession(id: number): boolean {
    const broker = this.#brokers.get(id);
    if (broker === undefined || isFenced(broker)) return false;
    return broker.lastContact + this.#sessionTimeout >= this.#ports.clock.now();
  }

  /** Ends the session that is over for the longest time, if one is; returns its broker's id. */
  expireOne(): number | null {
    const oldest = this.#oldest();
    if (oldest === null || this.hasValidSession(oldest.id)) return null;
    oldest.controlledShutdownOffset = -1;
    oldest.machine.send({ type: 'SESSION_EXPIRED' });
    assert(isFenced(oldest), 'an expired session fences', { id: oldest.id });
    return oldest.id;
  }

  /** When to look for expired sessions next; null if no broker has a session. */
  nextCheckTime(): Micros | null {
    const oldest = this.#oldest();
    if (oldest === null) return null;
    const time = micros(oldest.lastContact + this.#sessionTimeout + 1);
    assert(time >= this.#sessionTimeout, 'a time after the start', { time });
    return time;
  }

  dispose(): void {
    for (const broker of this.#brokers.values()) broker.machine.dispose();
    this.#brokers.clear();
  }

  #oldest(): BrokerHeartbeat | null {
    let oldest: BrokerHeartbeat | null = null;
    for (const broker of this.#brokers.values()) {
      if (isFenced(broker)) continue;
      if (oldest === null || broker.lastContact < oldest.lastContact) oldest = broker;
    }
    return oldest;
  }

  /** The least offset that an active broker has replayed; infinite if none is active. */
  #lowestActiveOffset(): number {
    let lowest = Number.MAX_SAFE_INTEGER;
    for (const broker of this.#brokers.values()) {
      if (broker.machine.state !== 'UNFENCED') continue;
      lowest = Math.min(lowest, broker.metadataOffset);
    }
    return lowest;
  }

  #broker(id: number): BrokerHeartbeat {
    const broker = this.#brokers.get(id);
    assert(broker !== undefined, 'a registered broker', { id });
    return broker;
  }

  #machineOf({ id, fenced, inControlledShutdown }: BrokerRegistration): RegistrationRunner {
    const perform: Record<string, Perform> = {};
    for (const action of ['fence', 'unfence', 'enterControlledShutdown'] as const) {
      perform[action] = () => this.#actions[action](id);
    }
    return new MachineRunner({
      machine: brokerRegistrationMachine,
      instance: `broker-${id}`,
      clock: this.#ports.clock,
      trace: this.#ports.trace,
      input: { fenced, inControlledShutdown },
      perform,
    });
  }
}

function isFenced(broker: BrokerHeartbeat): boolean {
  const { state } = broker.machine;
  return state === 'FENCED' || state === 'SHUTDOWN_NOW';
}
