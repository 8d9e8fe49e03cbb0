/**
 * What must hold of a replica's own log after each event that changed it: K1, K5 (appends), K6,
 * K14, K15, K17 and K20. Each looks at what is new.
 *
 * Not here: what replicas must have in common (`replication-checks.ts`).
 */
import { inSequence, sequencePlus } from '../../../kafka/partition/producer-state.ts';
import { type Batch, sameBatch } from './batch.ts';
import { indexDefect } from './index-check.ts';
import type { PartitionWatch } from './partition-watch.ts';
import type { Look, ReplicaLedger } from './replica-ledger.ts';

const GROUP_METADATA_TOPIC = '__consumer_offsets';
const NO_SEQUENCE = -1;

export function checkLog(watch: PartitionWatch, ledger: ReplicaLedger, look: Look): void {
  checkOffsets(watch, ledger);
  if (look.startMoved) checkStart(watch, ledger, look);
  const { batches, host } = ledger;
  for (let place = look.appendedFrom; place < batches.length; place++) {
    const batch = batches[place]!;
    checkEpoch(watch, ledger, batch, batches[place - 1] ?? null);
    // Whoever copies a compacted log meets gaps; what a leader appends follows on there, too.
    if (!ledger.isCompacted || look.ledBefore) checkSequence(watch, host, batch);
    if (look.ledBefore && batch.epoch !== ledger.leaderEpoch) {
      const what = `${host} leads epoch ${ledger.leaderEpoch} and appended under ${batch.epoch}`;
      watch.violated('K5', what);
    }
  }
  if (look.epochsChanged) checkEpochCache(watch, ledger);
  if (look.rolled.length > 0) checkIndexes(watch, ledger, look.rolled);
}

/** K15, and K14 of every segment: what a restart finds is a first part of what was there. */
export function checkRecovery(
  watch: PartitionWatch,
  ledger: ReplicaLedger,
  old: ReplicaLedger,
): void {
  const { host, end } = ledger;
  if (end < old.synced) {
    watch.violated('K15', `${host} recovered to ${end}, ${old.synced} was synced`);
  }
  if (!ledger.isCompacted) checkContent(watch, ledger, old);
  const segments = ledger.partition.log.log.segmentsWithIndexes;
  checkIndexes(
    watch,
    ledger,
    segments.map(({ baseOffset }) => baseOffset),
  );
}

function checkContent(watch: PartitionWatch, ledger: ReplicaLedger, old: ReplicaLedger): void {
  const { host } = ledger;
  const theirs = new Map(old.batches.map((batch) => [batch.baseOffset, batch]));
  for (const batch of ledger.batches) {
    const before = theirs.get(batch.baseOffset);
    if (before === undefined ? batch.lastOffset < old.start : sameBatch(batch, before)) continue;
    if (old.cutOff.some((one) => sameBatch(batch, one))) continue;
    watch.violated('K15', `${host} recovered something else at offset ${batch.baseOffset}`);
    break;
  }
}

/** K1: log start <= LSO <= HW <= LEO. */
function checkOffsets(watch: PartitionWatch, { partition, host }: ReplicaLedger): void {
  const { logStartOffset, lastStableOffset, highWatermark, logEndOffset } = partition.log;
  const holds =
    logStartOffset <= lastStableOffset &&
    lastStableOffset <= highWatermark &&
    highWatermark <= logEndOffset;
  if (holds) return;
  const offsets = [logStartOffset, lastStableOffset, highWatermark, logEndOffset];
  watch.violated('K1', `log start, LSO, HW, LEO on ${host} are ${offsets.join(', ')}`);
}

/** K17: the log start only rises unless the log was cut; what is at the high watermark stays. */
function checkStart(watch: PartitionWatch, { partition, host, start }: ReplicaLedger, look: Look) {
  if (start < look.startBefore && look.cut.length === 0) {
    watch.violated('K17', `the log of ${host} starts at ${start}, before at ${look.startBefore}`);
  }
  const first = partition.log.log.segmentsWithIndexes[0]?.baseOffset ?? 0;
  if (first <= partition.log.highWatermark) return;
  const what = `the log of ${host} has nothing below ${first}, its high watermark is`;
  watch.violated('K17', `${what} ${partition.log.highWatermark}`);
}

/** K6: epochs never decrease with offset, and the epoch cache says what the log says. */
function checkEpoch(
  watch: PartitionWatch,
  { partition, host, start }: ReplicaLedger,
  batch: Batch,
  before: Batch | null,
): void {
  if (before !== null && batch.epoch < before.epoch) {
    const what = `epoch ${batch.epoch} behind ${before.epoch} at ${batch.baseOffset} on ${host}`;
    watch.violated('K6', what);
  }
  if (batch.baseOffset < start) return;
  const cached = partition.log.epochs.epochForOffset(batch.baseOffset);
  if (cached === batch.epoch) return;
  const what = `the epoch cache has ${cached} for offset ${batch.baseOffset}, the log`;
  watch.violated('K6', `${what} ${batch.epoch} on ${host}`);
}

function checkEpochCache(watch: PartitionWatch, { epochs, host, end }: ReplicaLedger): void {
  const entries = epochs ?? [];
  for (let place = 0; place < entries.length; place++) {
    const before = entries[place - 1];
    const entry = entries[place]!;
    const rises =
      before === undefined ||
      (entry.epoch > before.epoch && entry.startOffset > before.startOffset);
    if (rises && entry.startOffset <= end) continue;
    const what = `epoch cache: ${entry.epoch}@${entry.startOffset} after ${before?.epoch ?? -1}`;
    watch.violated('K6', `${what}, log end ${end} on ${host}`);
    return;
  }
}

/**
 * K20: an idempotent producer's sequences are contiguous, each is there once, its epochs rise, and
 * each epoch begins at 0. Numbered is what clients write. What a coordinator writes for a producer
 * is not: markers, and offsets in a transaction (`LogValidator`, `ProducerAppendInfo`).
 */
function checkSequence(watch: PartitionWatch, host: string, batch: Batch): void {
  const { producerId, producerEpoch, baseSequence } = batch;
  if (producerId < 0) return;
  let { before } = batch;
  const wrong = (what: string): void =>
    watch.violated('K20', `${what} of producer ${producerId} on ${host}`);
  if (baseSequence < 0) {
    const isOfCoordinator =
      batch.isControl || (batch.isTransactional && watch.topic === GROUP_METADATA_TOPIC);
    if (!isOfCoordinator) wrong(`no sequence at offset ${batch.baseOffset}`);
    return;
  }
  if (before !== null && producerEpoch < before.producerEpoch) {
    wrong(`epoch ${producerEpoch} after ${before.producerEpoch}`);
    return;
  }
  while (before !== null && before.baseSequence < 0) before = before.before;
  if (before === null) return;
  const isSameEpoch = before.producerEpoch === producerEpoch;
  const lastSequence = sequencePlus(before.baseSequence, before.lastOffset - before.baseOffset);
  const end = isSameEpoch ? lastSequence : NO_SEQUENCE;
  if (!inSequence(end, baseSequence)) wrong(`sequence ${baseSequence} after ${end}`);
}

function checkIndexes(
  watch: PartitionWatch,
  ledger: ReplicaLedger,
  baseOffsets: readonly number[],
): void {
  for (const segment of ledger.partition.log.log.segmentsWithIndexes) {
    if (!baseOffsets.includes(segment.baseOffset)) continue;
    const what = indexDefect(segment, ledger.batches);
    if (what !== null) watch.violated('K14', `${what} on ${ledger.host}`);
  }
}
