/**
 * Transactions from outside: K22 (a fenced producer appends nothing more), K24 (each transaction
 * that is open in a partition is known to its coordinator, with that partition, and is ended when
 * its time is over), K25 (coordinator
 * epochs in markers do not go back), K26 (what was decided stays decided, whoever coordinates).
 *
 * It looks at the leaders' logs and at the coordinators' state after each event of a broker; of a
 * log only at what is new. Not here: K23, which is about what applications saw
 * (`kafka-transactions.ts`).
 */
import { Broker } from '../../../kafka/broker.ts';
import { OngoingTransactions } from '../../../kafka/partition/ongoing-transactions.ts';
import type { Partition } from '../../../kafka/partition/partition.ts';
import { TRANSACTION_STATE_TOPIC } from '../../../kafka/transaction/transaction-coordinator.ts';
import type { TransactionMetadata } from '../../../kafka/transaction/transaction-metadata.ts';
import { TransactionModule } from '../../../kafka/transaction/transaction-module.ts';
import {
  type TransactionState,
  isExpirationAllowed,
} from '../../../kafka/transaction/transaction-state.ts';
import { decodeMarker } from '../../../wire/kafka/control-record.ts';
import { ErrorCode } from '../../../wire/kafka/errors.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readRecords,
  scanBatches,
} from '../../../wire/kafka/record-batch.ts';
import type { Disk } from '../../../kernel/ports.ts';
import { micros } from '../../../kernel/units.ts';
import type { SimHost } from '../../../sim/host.ts';
import { segmentPath } from '../../../storage/log-directory.ts';
import type { Lab } from '../../experiment.ts';
import { TransactionDeadlines } from './transaction-deadlines.ts';

/** What may be seen after a state; the same may always. */
const NEXT: Readonly<Partial<Record<TransactionState, readonly TransactionState[]>>> = {
  PrepareCommit: ['CompleteCommit', 'Empty', 'Ongoing', 'Dead'],
  PrepareAbort: ['CompleteAbort', 'Empty', 'Ongoing', 'Dead'],
  CompleteCommit: ['Empty', 'Ongoing', 'PrepareAbort', 'PrepareCommit', 'CompleteAbort', 'Dead'],
  CompleteAbort: ['Empty', 'Ongoing', 'PrepareAbort', 'PrepareCommit', 'CompleteCommit', 'Dead'],
};
/** States that another producer epoch or start time must stand between. */
const AGAIN: ReadonlySet<TransactionState> = new Set(['Ongoing']);
const MARKER_BYTES_MAX = 4096;

/** What was seen of a transactional id last. */
interface Seen {
  readonly state: TransactionState;
  readonly epoch: number;
  readonly producerId: number;
  readonly startMs: number;
  readonly leaderEpoch: number;
}

/** What was seen of a partition's leader. */
interface Scanned {
  leaderEpoch: number;
  offset: number;
  /** By producer id: the coordinator's epoch in its last marker. */
  readonly coordinators: Map<number, number>;
}

type Report = (invariant: string, what: string) => void;

export class TransactionChecks {
  readonly #brokers: () => Iterable<Broker | null>;
  readonly #found = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();
  readonly #scanned = new Map<string, Scanned>();
  /** By producer id: the epoch that the newest producer was given. */
  readonly #granted = new Map<number, number>();
  readonly #deadlines = new TransactionDeadlines();
  #event = -1;

  constructor(brokers: () => Iterable<Broker | null>) {
    this.#brokers = brokers;
  }

  /** A producer was given an id and epoch by `initTransactions`. */
  granted(producerId: number, epoch: number): void {
    this.#granted.set(producerId, Math.max(epoch, this.#granted.get(producerId) ?? -1));
  }

  /** What is wrong by this invariant after the present event of a broker; null if nothing is. */
  finding(invariant: string, at: Pick<Lab, 'event' | 'now'>, host: SimHost): string | null {
    if (at.event !== this.#event) {
      this.#event = at.event;
      this.#found.clear();
      const { process, disk } = host;
      if (process instanceof Broker)
        this.#look(process, disk, at.now, host.wall.read(micros(at.now)));
    }
    return this.#found.get(invariant) ?? null;
  }

  #look(broker: Broker, disk: Disk, now: number, wallMs: number): void {
    const report: Report = (invariant, what) => {
      if (!this.#found.has(invariant)) this.#found.set(invariant, what);
    };
    this.#lookAtStates(broker, report);
    const overdue = this.#deadlines.overdue(moduleOf(broker), now, wallMs);
    if (overdue !== null) report('K24', overdue);
    for (const partition of broker.partitions) {
      if (!partition.isLeader) continue;
      this.#scan(partition, disk, report);
      this.#lookForHanging(partition, report);
    }
  }

  // ----------------------------------------------------------------------------- the coordinator

  #lookAtStates(broker: Broker, report: Report): void {
    const module = moduleOf(broker);
    if (module === null) return;
    for (const metadata of module.coordinator.transactions()) {
      const { transactionalId, state, producerEpoch, producerId, startMs } = metadata;
      const index = module.coordinator.partitionFor(transactionalId);
      const leaderEpoch = leaderEpochOf(broker, index);
      const before = this.#seen.get(transactionalId);
      // One that was replaced and does not know it yet tells nothing.
      if (leaderEpoch < 0 || (before !== undefined && before.leaderEpoch > leaderEpoch)) continue;
      // An epoch that was raised and could not be written was told to nobody (KAFKA-9666).
      const isTold = !metadata.hasFailedEpochFence || before?.producerId !== producerId;
      const epoch = isTold ? producerEpoch : before.epoch;
      const seen: Seen = { state, epoch, producerId, startMs, leaderEpoch };
      this.#seen.set(transactionalId, seen);
      const what = before === undefined ? null : regression(before, seen);
      if (what !== null) report('K26', `${transactionalId} ${what}`);
    }
    this.#lookForForgotten(broker, module, report);
  }

  /** Transactions that an earlier coordinator had not ended, and a later one does not know. */
  #lookForForgotten(broker: Broker, { coordinator }: TransactionModule, report: Report): void {
    for (const [transactionalId, { state, leaderEpoch }] of this.#seen) {
      // What has ended may have expired.
      if (isExpirationAllowed(state)) continue;
      if (coordinator.coordinatorError(transactionalId) !== ErrorCode.NONE) continue;
      const index = coordinator.partitionFor(transactionalId);
      if (leaderEpochOf(broker, index) <= leaderEpoch) continue;
      if (coordinator.metadataOf(transactionalId) !== undefined) continue;
      report('K26', `${transactionalId} was ${state} and is unknown to its next coordinator`);
      this.#seen.delete(transactionalId);
    }
  }

  // ------------------------------------------------------------------------------------- the logs

  /** Batches that are new in a leader's log. */
  #scan(partition: Partition, disk: Disk, report: Report): void {
    const { name, leaderEpoch } = partition;
    const { log } = partition.log;
    const end = log.logEndOffset;
    let known = this.#scanned.get(name);
    if (known === undefined || known.leaderEpoch < leaderEpoch) {
      // What an earlier leader wrote was looked at there, or is lost.
      const coordinators = known?.coordinators ?? new Map<number, number>();
      known = { leaderEpoch, offset: Math.min(known?.offset ?? end, end), coordinators };
      this.#scanned.set(name, known);
    }
    if (known.leaderEpoch > leaderEpoch || known.offset >= end) return;
    const from = Math.max(known.offset, log.logStartOffset);
    const { coordinators } = known;
    known.offset = end;
    for (const { baseOffset, nextOffset, sizeBytes } of log.segmentsWithIndexes) {
      const path = segmentPath(log.folder, baseOffset, '.log');
      if (nextOffset <= from || !disk.exists(path)) continue;
      // From the file, so that the checked run costs what an unchecked one does.
      const bytes = disk.open(path).read(0, sizeBytes);
      for (const header of scanBatches(bytes).batches) {
        if (header.producerId < 0 || header.baseOffset < from) continue;
        if (header.isControl) this.#checkMarker(name, header, bytes, coordinators, report);
        else this.#checkFence(name, header, report);
      }
    }
  }

  #checkFence(name: string, header: BatchHeader, report: Report): void {
    const { producerId, producerEpoch, baseOffset } = header;
    const granted = this.#granted.get(producerId) ?? -1;
    if (producerEpoch >= granted) return;
    const what = `epoch ${producerEpoch} of producer ${producerId} wrote after ${granted} began`;
    report('K22', `${what}, at ${name}@${baseOffset}`);
  }

  #checkMarker(
    name: string,
    header: BatchHeader,
    bytes: Uint8Array,
    coordinators: Map<number, number>,
    report: Report,
  ): void {
    const { producerId, baseOffset } = header;
    const records = readRecords(bytes, header, MARKER_BYTES_MAX);
    const first = isBatchProblem(records) ? undefined : records[0];
    const marker = first === undefined ? null : decodeMarker(first);
    if (marker === null) return;
    const last = coordinators.get(producerId) ?? -1;
    if (marker.coordinatorEpoch < last) {
      report('K25', `${name}@${baseOffset}: coordinator ${marker.coordinatorEpoch} after ${last}`);
    }
    coordinators.set(producerId, Math.max(last, marker.coordinatorEpoch));
  }

  /** Open transactions of this leader that their coordinator does not know, or not here. */
  #lookForHanging(partition: Partition, report: Report): void {
    const { transactions } = partition.log;
    if (!(transactions instanceof OngoingTransactions)) return;
    // A leader that was replaced and does not know it has no markers.
    const { leaderEpoch } = this.#scanned.get(partition.name) ?? partition;
    if (leaderEpoch > partition.leaderEpoch) return;
    for (const [offset, producerId] of transactions.openTransactions) {
      const metadata = this.#coordinated(producerId);
      const at = `${partition.name}@${offset}`;
      const open = `the transaction of producer ${producerId} at ${at} is open`;
      if (metadata === null) {
        // While a coordinator fails over, nobody can say.
        if (this.#isAllCoordinated()) report('K24', `${open}, and no coordinator knows of it`);
        continue;
      }
      const { transactionalId, state } = metadata;
      if (metadata.producerId !== producerId) {
        // An id is replaced only when all partitions have the marker of its last transaction.
        report('K24', `${open}, ${transactionalId} has producer id ${metadata.producerId} now`);
      } else if (!isOpenIn(metadata, partition.name)) {
        report('K24', `${open}, ${transactionalId} is ${state} without that partition`);
      }
    }
  }

  /** Whether each partition of the coordinators' log is loaded by its latest leader. */
  #isAllCoordinated(): boolean {
    const latest = new Map<number, number>();
    const loaded = new Map<number, number>();
    let count = 0;
    const raise = (epochs: Map<number, number>, index: number, epoch: number): void => {
      epochs.set(index, Math.max(epoch, epochs.get(index) ?? -1));
    };
    for (const broker of this.#brokers()) {
      const module = broker === null ? null : moduleOf(broker);
      if (broker === null || module === null) continue;
      count = Math.max(count, module.coordinator.partitionCount);
      for (const { topic, index, leaderEpoch } of broker.partitions) {
        if (topic === TRANSACTION_STATE_TOPIC) raise(latest, index, leaderEpoch);
      }
      for (const index of module.coordinator.loadedPartitions()) {
        raise(loaded, index, leaderEpochOf(broker, index));
      }
    }
    if (latest.size < count) return false;
    return [...latest].every(([index, epoch]) => loaded.get(index) === epoch);
  }

  #coordinated(producerId: number): TransactionMetadata | null {
    let newest: TransactionMetadata | null = null;
    let newestEpoch = -1;
    for (const broker of this.#brokers()) {
      const module = broker === null ? null : moduleOf(broker);
      if (broker === null || module === null) continue;
      for (const metadata of module.coordinator.transactions()) {
        if (metadata.producerId !== producerId && metadata.previousProducerId !== producerId) {
          continue;
        }
        const index = module.coordinator.partitionFor(metadata.transactionalId);
        const epoch = leaderEpochOf(broker, index);
        if (epoch <= newestEpoch) continue;
        newest = metadata;
        newestEpoch = epoch;
      }
    }
    // The one that coordinates now is down, or loads; one before it does not know.
    const lastEpoch = newest === null ? -1 : this.#seen.get(newest.transactionalId)?.leaderEpoch;
    return (lastEpoch ?? -1) > newestEpoch ? null : newest;
  }
}

function isOpenIn({ state, pendingState, partitions }: TransactionMetadata, name: string): boolean {
  const isOpen = state === 'Ongoing' || state === 'PrepareCommit' || state === 'PrepareAbort';
  return partitions.has(name) && (isOpen || pendingState === 'Ongoing');
}

function moduleOf(broker: Broker): TransactionModule | null {
  return broker.modules.find((one) => one instanceof TransactionModule) ?? null;
}

function leaderEpochOf(broker: Broker, index: number): number {
  for (const partition of broker.partitions) {
    if (partition.topic !== TRANSACTION_STATE_TOPIC || partition.index !== index) continue;
    return partition.isLeader ? partition.leaderEpoch : -1;
  }
  return -1;
}

/** Null if the later sight may follow the earlier. */
function regression(before: Seen, after: Seen): string | null {
  if (before.producerId === after.producerId && after.epoch < before.epoch) {
    return `went back from epoch ${before.epoch} to ${after.epoch}`;
  }
  if (before.state === after.state) return null;
  const allowed = NEXT[before.state];
  if (allowed === undefined) return null;
  if (!allowed.includes(after.state)) return `went from ${before.state} to ${after.state}`;
  // A decided transaction that is open again: only if it is another one.
  const same = before.startMs === after.startMs && before.epoch === after.epoch;
  return AGAIN.has(after.state) && same ? `is ${after.state} again after ${before.state}` : null;
}
