/**
 * What replicas must have in common, within the promise: K2, K3, K4, K5 (leaders), K7, K8, K11.
 *
 * The conditions are those of a TLA+ model of Kafka's replication (Vanlightly): the ghost of the
 * true high watermark stands for what may have been acknowledged.
 */
import type { PartitionWatch } from './partition-watch.ts';
import type { Look, ReplicaLedger } from './replica-ledger.ts';

export function checkReplication(
  watch: PartitionWatch,
  ledger: ReplicaLedger,
  look: Look,
  isFirst: boolean,
): void {
  if (look.cut.length > 0 && !look.startMoved) checkCut(watch, ledger, look);
  if (look.isNewLeader) checkLeader(watch, ledger);
  const leader = watch.leader;
  if (leader !== null) watch.trueHighWatermark.advance(leader, watch.replicas, watch.event);
  checkHighWatermark(watch, ledger);
  checkAcknowledged(watch, ledger);
  if (isFirst || look.cut.length > 0) checkMember(watch, ledger);
  if (ledger.leads) checkMaximalIsr(watch);
  const different = watch.visible.compare(ledger);
  if (different === null || ledger.isCompacted) return;
  const what = `${ledger.host} has something else at offset ${different} than was visible`;
  watch.broken('K2', different, what);
}

/** The controller has registered a change. */
export function checkRegistration(watch: PartitionWatch): void {
  checkMaximalIsr(watch);
  for (const nodeId of watch.registration?.isr ?? []) {
    const member = watch.replicas.get(nodeId);
    if (member !== undefined) checkMember(watch, member);
  }
}

/** K5: one leader for each partition and epoch. K3: what was truly held, its log has. */
function checkLeader(watch: PartitionWatch, ledger: ReplicaLedger): void {
  const { host, leaderEpoch } = ledger;
  const known = watch.leaders.get(leaderEpoch);
  if (known === undefined) watch.leaders.set(leaderEpoch, host);
  else if (known !== host) watch.violated('K5', `${known} and ${host} lead epoch ${leaderEpoch}`);
  if ((watch.leader?.leaderEpoch ?? -1) > leaderEpoch) return;
  watch.leader = ledger;
  const { offset } = watch.trueHighWatermark;
  if (ledger.end >= offset) return;
  const what = `the true high watermark was ${offset}, leader ${host} of epoch ${leaderEpoch}`;
  watch.broken('K3', ledger.end, `${what} ends at ${ledger.end}`);
}

/**
 * K3: no local high watermark is above what was truly held. A leader that has been replaced and
 * does not know it may go on as far as its successor's log has the same: its ISR has fetched that.
 */
function checkHighWatermark(watch: PartitionWatch, ledger: ReplicaLedger): void {
  const { held } = watch.trueHighWatermark;
  const { highWatermark, host } = ledger;
  if (highWatermark <= held || highWatermark <= ledger.start) return;
  const { leader } = watch;
  const isReplaced = leader !== null && leader.leaderEpoch > ledger.leaderEpoch;
  if (isReplaced && leader.agreedEnd(ledger) >= highWatermark) {
    watch.trueHighWatermark.held = highWatermark;
    return;
  }
  watch.broken('K3', held, `${host} has high watermark ${highWatermark}, ${held} is held`);
}

/** K4: what was acknowledged is in the log of whoever leads. */
export function checkAcknowledged(watch: PartitionWatch, ledger: ReplicaLedger): void {
  const { last } = watch.acknowledged;
  if (!ledger.leads || ledger.end > last || watch.leader !== ledger) return;
  if (watch.registration?.leader !== ledger.nodeId) return;
  const offset = watch.acknowledged.firstFrom(ledger.end);
  if (offset === null) return;
  const what = `offset ${offset} was acknowledged, leader ${ledger.host} ends at ${ledger.end}`;
  watch.broken('K4', offset, what, watch.acknowledged.toldAt(offset) ?? 0);
}

/** K7: the controller's ISR is part of the maximal ISR of the leader that is not stale. */
function checkMaximalIsr(watch: PartitionWatch): void {
  const { leader, registration } = watch;
  if (leader === null || registration === null || !leader.leads) return;
  // One whose disk has failed since it was looked at leads no more.
  if (!leader.partition.isLeader || registration.leaderEpoch !== leader.leaderEpoch) return;
  const { maximalIsr } = leader.partition;
  const missing = registration.isr.find((nodeId) => !maximalIsr.includes(nodeId));
  if (missing === undefined) return;
  const isrs = `[${registration.isr.join(',')}], leader ${leader.host} [${maximalIsr.join(',')}]`;
  const { offset } = watch.trueHighWatermark;
  watch.broken('K7', offset, `${missing} may be elected unknown to the leader: ISR ${isrs}`);
}

/** K8: each running member of the ISR has everything that was truly held. */
function checkMember(watch: PartitionWatch, ledger: ReplicaLedger): void {
  const { offset } = watch.trueHighWatermark;
  if (ledger.end >= offset || !watch.registration?.isr.includes(ledger.nodeId)) return;
  const what = `${ledger.host} is in the ISR and ends at ${ledger.end}, ${offset} is held`;
  watch.broken('K8', ledger.end, what);
}

/** K11: a follower never cuts off what was visible. */
function checkCut(watch: PartitionWatch, ledger: ReplicaLedger, look: Look): void {
  for (const batch of look.cut) {
    if (!watch.visible.has(batch)) continue;
    const what = `${ledger.host} cut off offset ${batch.baseOffset}, which was visible`;
    watch.broken('K11', batch.baseOffset, what);
    return;
  }
}
