/**
 * K9: who was away stays outside the ISR and leadership until it has fetched up to the start of the
 * present leader epoch in its present life, which is the one that the controller knows.
 *
 * The lives are told by what brokers write: a registration carries the incarnation's id, a fetch
 * comes from the host as it is then. An unclean election must have been allowed.
 */
import type { MetadataImage } from '../../../kafka/metadata/image.ts';
import {
  type PartitionRegistration,
  NO_LEADER,
  RECOVERING,
} from '../../../kafka/metadata/partition-registration.ts';
import type { PartitionWatch } from './partition-watch.ts';

/** What is known of the brokers' lives, and of elections that an administrator asked for. */
export interface Lives {
  /** The host's incarnation by the id that it registered with. */
  readonly incarnations: ReadonlyMap<string, number>;
  readonly uncleanAsked: boolean;
}

export function checkNewRegistration(
  watch: PartitionWatch,
  after: PartitionRegistration,
  image: MetadataImage,
  lives: Lives,
): void {
  const before = watch.registration;
  watch.registration = after;
  if (before === null) return;
  const elected = after.leader !== NO_LEADER && after.leader !== before.leader;
  if (elected && after.leaderRecoveryState === RECOVERING) {
    checkUnclean(watch, before, after, lives);
    return;
  }
  if (after.leaderEpoch !== before.leaderEpoch) return;
  for (const nodeId of after.isr) {
    if (!before.isr.includes(nodeId)) checkJoined(watch, after, nodeId, image, lives);
  }
}

function checkUnclean(
  watch: PartitionWatch,
  before: PartitionRegistration,
  after: PartitionRegistration,
  lives: Lives,
): void {
  const config = [...watch.replicas.values()][0]?.partition.log.config;
  const allowed = lives.uncleanAsked || (config?.['unclean.leader.election.enable'] ?? true);
  // KIP-966 elects the last known leader once nobody else is left, whoever allows what.
  const noneLeft = [...before.isr, ...before.elr].every((nodeId) => nodeId === after.leader);
  const isLastKnown = before.lastKnownElr.includes(after.leader);
  const what = `${after.leader} was elected uncleanly in epoch ${after.leaderEpoch}`;
  if (allowed || noneLeft || isLastKnown) watch.promise.uncleanElection = watch.event;
  else watch.broken('K9', watch.trueHighWatermark.offset, `${what}, which was not allowed`);
}

function checkJoined(
  watch: PartitionWatch,
  { leaderEpoch, leader }: PartitionRegistration,
  nodeId: number,
  image: MetadataImage,
  lives: Lives,
): void {
  const registered = image.brokers.get(nodeId)?.incarnationId ?? '';
  const life = lives.incarnations.get(registered);
  const leads = watch.leader?.nodeId === leader && watch.leader.leaderEpoch === leaderEpoch;
  if (life === undefined || !leads || watch.leader === null) return;
  const seen = watch.fetched.get(nodeId);
  const began = watch.leader.partition.leaderEpochStartOffset;
  const isNow = seen?.incarnation === life && seen.leaderEpoch === leaderEpoch;
  if (isNow && seen.offset >= began) return;
  const how = isNow ? `fetched to ${seen.offset}` : 'has not fetched in this life';
  const what = `${nodeId} joined the ISR of epoch ${leaderEpoch}, which began at ${began}, and`;
  watch.broken('K9', began, `${what} ${how}`);
}
