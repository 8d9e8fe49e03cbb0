/**
 * Invariants of a Kafka cluster, checked from outside after each event: this observer sees every
 * replica's log and what every client was told. Incremental: an event costs what it changed.
 *
 * Invariants: K1, K2, K4, K5, K6, K12, K15, K20, K21. Each answers null, or one sentence that says
 * what is wrong. K10 is asserted where requests are answered.
 * Not here: verdicts on the client's history (`delivery.ts`).
 */
import type { Producer } from '../../kafka/client/producer/producer.ts';
import type { Broker } from '../../kafka/broker.ts';
import type { Partition } from '../../kafka/partition/partition.ts';
import { inSequence, sequencePlus } from '../../kafka/partition/producer-state.ts';
import { readBatchHeader, isBatchProblem } from '../../wire/kafka/record-batch.ts';
import type { Lab } from '../experiment.ts';
import { judgeDelivery } from './delivery.ts';
import type { KafkaCluster } from '../kafka.ts';

/** A batch as the checker remembers it. */
interface Batch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly epoch: number;
  readonly crc: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly count: number;
}

/** What the checker knows of one replica's log. */
interface Ledger {
  incarnation: number;
  batches: Batch[];
  /** Below it everything was on the platter when the replica was last seen. */
  synced: number;
}

/** Registers the invariants of a cluster with the lab. */
export function watchKafka(lab: Lab, cluster: KafkaCluster): void {
  const watch = new KafkaWatch(lab, cluster);
  const byHost =
    (check: (host: string, partition: Partition) => string | null) => (host: string | null) =>
      host === null ? null : watch.each(host, check);
  lab.invariant('K15', 'always', (host) => (host === null ? null : watch.recovered(host)));
  lab.invariant(
    'K1',
    'always',
    byHost((_host, partition) => watch.ordered(partition)),
  );
  lab.invariant(
    'K5',
    'always',
    byHost((host, partition) => watch.oneLeader(host, partition)),
  );
  lab.invariant(
    'K6',
    'always',
    byHost((host, partition) => watch.epochsInOrder(host, partition)),
  );
  lab.invariant(
    'K20',
    'always',
    byHost((host, partition) => watch.sequences(host, partition)),
  );
  lab.invariant('K12', 'always', () => watch.visible());
  lab.invariant('K21', 'always', () => watch.inOrder());
  lab.invariant(
    'K2',
    'promise',
    byHost((host, partition) => watch.matching(host, partition)),
  );
  lab.invariant(
    'K4',
    'promise',
    byHost((_host, partition) => watch.acknowledgedThere(partition)),
  );
}

class KafkaWatch {
  readonly #lab: Lab;
  readonly #cluster: KafkaCluster;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #leaders = new Map<string, string>();
  /** The highest high watermark that any replica of a partition ever had. */
  readonly #highWatermarks = new Map<string, number>();
  /** The highest offset that was acknowledged with acks=all, by partition. */
  readonly #acknowledged = new Map<string, number>();
  #deliveredSeen = 0;
  #judgedOrder = false;

  constructor(lab: Lab, cluster: KafkaCluster) {
    this.#lab = lab;
    this.#cluster = cluster;
    cluster.whenAcknowledged(({ topic, partition, offset, byAll }) => {
      if (!byAll) return;
      const name = `${topic}-${partition}`;
      this.#acknowledged.set(name, Math.max(this.#acknowledged.get(name) ?? -1, offset));
    });
  }

  /** Asks about every partition of a broker, until something is wrong. */
  each(host: string, check: (host: string, partition: Partition) => string | null): string | null {
    for (const partition of this.#partitionsOf(host)) {
      const what = check(host, partition);
      if (what !== null) return `${partition.name} on ${host}: ${what}`;
    }
    return null;
  }

  /** K1: log start <= LSO <= HW <= LEO. */
  ordered({ log }: Partition): string | null {
    const { logStartOffset, lastStableOffset, highWatermark, logEndOffset } = log;
    const holds =
      logStartOffset <= lastStableOffset &&
      lastStableOffset <= highWatermark &&
      highWatermark <= logEndOffset;
    if (holds) return null;
    const offsets = [logStartOffset, lastStableOffset, highWatermark, logEndOffset];
    return `log start, LSO, HW, LEO are ${offsets.join(', ')}`;
  }

  /** K5: one leader for each partition and leader epoch. */
  oneLeader(host: string, partition: Partition): string | null {
    if (!partition.isLeader) return null;
    const key = `${partition.name}/${partition.leaderEpoch}`;
    const known = this.#leaders.get(key);
    if (known === undefined) this.#leaders.set(key, host);
    return known === undefined || known === host ? null : `${known} leads epoch ${key} too`;
  }

  /** K6: epochs never decrease with offset, and the epoch cache says what the log says. */
  epochsInOrder(host: string, partition: Partition): string | null {
    const { batches } = this.#ledger(host, partition);
    let epoch = -1;
    for (const batch of batches.slice(-3)) {
      if (batch.epoch < epoch) return `epoch ${batch.epoch} behind ${epoch} at ${batch.baseOffset}`;
      epoch = batch.epoch;
    }
    const entries = partition.log.epochs.entries;
    for (let place = 1; place < entries.length; place++) {
      const before = entries[place - 1]!;
      const entry = entries[place]!;
      if (entry.epoch <= before.epoch || entry.startOffset <= before.startOffset) {
        return `epoch cache: ${entry.epoch}@${entry.startOffset} after ${before.epoch}`;
      }
    }
    const last = batches[batches.length - 1];
    const cached = last === undefined ? -1 : partition.log.epochs.epochForOffset(last.baseOffset);
    return last === undefined || cached === last.epoch
      ? null
      : `the epoch cache has ${cached} for offset ${last.baseOffset}, the log ${last.epoch}`;
  }

  /** K20: an idempotent producer's sequences are contiguous, and each is there once. */
  sequences(host: string, partition: Partition): string | null {
    const { batches } = this.#ledger(host, partition);
    const last = batches[batches.length - 1];
    if (last === undefined || last.producerId < 0) return null;
    for (let place = batches.length - 2; place >= 0; place--) {
      const before = batches[place]!;
      if (before.producerId !== last.producerId) continue;
      if (before.producerEpoch !== last.producerEpoch) return null;
      const end = sequencePlus(before.baseSequence, before.count - 1);
      if (inSequence(end, last.baseSequence)) return null;
      return `sequence ${last.baseSequence} after ${end} of producer ${last.producerId}`;
    }
    return null;
  }

  /** K2: below both high watermarks two replicas hold the same batches. */
  matching(host: string, partition: Partition): string | null {
    const { batches } = this.#ledger(host, partition);
    for (const other of this.#cluster.nodeIds.map((id) => this.#cluster.brokerName(id))) {
      if (other === host) continue;
      const twin = this.#partitionsOf(other).find((one) => one.name === partition.name);
      if (twin === undefined) continue;
      const below = Math.min(partition.log.highWatermark, twin.log.highWatermark);
      const different = firstDifference(batches, this.#ledger(other, twin).batches, below);
      if (different !== null) return `differs from ${other} at offset ${different}`;
    }
    return null;
  }

  /** K4: what was acknowledged is in the log of whoever leads. */
  acknowledgedThere(partition: Partition): string | null {
    if (!partition.isLeader) return null;
    const offset = this.#acknowledged.get(partition.name) ?? -1;
    const { logEndOffset } = partition.log;
    const current = this.#cluster.leaderOf(partition.topic, partition.index);
    const leads = current !== null && this.#leads(current, partition);
    return !leads || logEndOffset > offset
      ? null
      : `offset ${offset} was acknowledged, the leader's log ends at ${logEndOffset}`;
  }

  /** K12: a consumer is given nothing that no replica had below its high watermark. */
  visible(): string | null {
    const { delivered } = this.#lab.history;
    for (; this.#deliveredSeen < delivered.length; this.#deliveredSeen++) {
      const one = delivered[this.#deliveredSeen]!;
      const highest = this.#highWatermarks.get(one.partition) ?? 0;
      if (one.offset >= highest) return `${one.consumer} was given ${one.partition}@${one.offset}`;
    }
    return null;
  }

  /** K15: what a restart finds is a first part of what was there, with all that was synced. */
  recovered(host: string): string | null {
    const incarnation = this.#lab.host(host).incarnation;
    for (const partition of this.#partitionsOf(host)) {
      const key = `${host}/${partition.name}`;
      const old = this.#ledgers.get(key);
      if (old === undefined || old.incarnation === incarnation) continue;
      this.#ledgers.delete(key);
      const { batches } = this.#ledger(host, partition);
      const end = partition.log.logEndOffset;
      if (end < old.synced) return `${key} recovered to ${end}, ${old.synced} was synced`;
      const different = firstDifference(batches, old.batches, end);
      if (different !== null) return `${key} recovered something else at offset ${different}`;
    }
    return null;
  }

  /** K21: what an idempotent producer sent is in the log in the order of its sending. */
  inOrder(): string | null {
    const { history } = this.#lab;
    if (this.#judgedOrder || history.final === null) return null;
    this.#judgedOrder = true;
    const producerOf = new Map(history.sent.map((sent) => [sent.id, sent.producer]));
    for (const id of judgeDelivery(history).reordered) {
      const name = producerOf.get(id)!;
      const producer = this.#lab.host(name).process as Producer | null;
      if (producer === null || producer.inspect().state === 'NOT_IDEMPOTENT') continue;
      return `${id} of ${name} stands behind a record that was sent after it`;
    }
    return null;
  }

  #leads(nodeId: number, partition: Partition): boolean {
    const partitions = this.#partitionsOf(this.#cluster.brokerName(nodeId));
    return partitions.includes(partition);
  }

  #partitionsOf(host: string): readonly Partition[] {
    const process = this.#lab.host(host).process;
    if (process === null || !('partitions' in process)) return [];
    return [...(process as unknown as Broker).partitions];
  }

  /** The replica's batches, read on from where the checker was. */
  #ledger(host: string, partition: Partition): Ledger {
    const key = `${host}/${partition.name}`;
    const { incarnation } = this.#lab.host(host);
    let ledger = this.#ledgers.get(key);
    if (ledger === undefined) {
      ledger = { incarnation, batches: [], synced: 0 };
      this.#ledgers.set(key, ledger);
    }
    const { log } = partition;
    while ((ledger.batches.at(-1)?.lastOffset ?? -1) >= log.logEndOffset) ledger.batches.pop();
    const from = Math.max((ledger.batches.at(-1)?.lastOffset ?? -1) + 1, log.logStartOffset);
    if (from < log.logEndOffset) ledger.batches.push(...batchesFrom(partition, from));
    ledger.synced = log.log.recoveryPoint;
    const highest = this.#highWatermarks.get(partition.name) ?? 0;
    this.#highWatermarks.set(partition.name, Math.max(highest, log.highWatermark));
    return ledger;
  }
}

function batchesFrom(partition: Partition, from: number): Batch[] {
  const found: Batch[] = [];
  partition.log.log.scan(from, (_frame, bytes, position) => {
    const header = readBatchHeader(bytes, position);
    if (isBatchProblem(header)) return;
    found.push({
      baseOffset: header.baseOffset,
      lastOffset: header.lastOffset,
      epoch: header.partitionLeaderEpoch,
      crc: header.crc,
      producerId: header.producerId,
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      count: header.recordsCount,
    });
  });
  return found;
}

/** The first offset below a bound at which two logs differ. Batches may begin at a log start. */
function firstDifference(
  left: readonly Batch[],
  right: readonly Batch[],
  below: number,
): number | null {
  const byOffset = new Map(right.map((batch) => [batch.baseOffset, batch]));
  for (const batch of left) {
    if (batch.lastOffset >= below) return null;
    const twin = byOffset.get(batch.baseOffset);
    if (twin === undefined) continue;
    if (twin.crc !== batch.crc || twin.epoch !== batch.epoch) return batch.baseOffset;
  }
  return null;
}
