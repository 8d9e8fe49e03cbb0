/**
 * What becomes of classic queues when their node is none of the cluster any more: they go with it,
 * unless a mirror that is down may lead them when it comes back. A mirror that runs and does not
 * lead has nothing that it could lead with. Queues on Raft keep their other members.
 *
 * Source: `rabbit_amqqueue:forget_all_durable` (since 4.0 there are no mirrors to promote).
 * Differs: one change for each queue, there one transaction for all.
 */
import { assert } from '../../../kernel/assert.ts';
import type { MetadataChange } from '../../metadata/metadata-change.ts';
import type { Metadata } from '../../metadata/metadata.ts';
import type { Refusal } from './membership-calls.ts';
import { refusal } from './refusals.ts';

/** The changes that take a node's classic queues out of the metadata, or give them to mirrors. */
export function forgottenQueues(metadata: Metadata, node: string): readonly MetadataChange[] {
  const running = metadata.running.filter((one) => one !== node);
  const changes: MetadataChange[] = [];
  for (const { vhost, record } of metadata.tables.rows('rabbit_queue')) {
    if (record.type !== 'classic' || !record.members.includes(node)) continue;
    const { name } = record.declaration;
    const members = record.members.filter((member) => member !== node);
    const heir = members.find((member) => !running.includes(member));
    const leader = record.leader === node ? heir : record.leader;
    if (leader === undefined) changes.push({ kind: 'delete-queue', vhost, name });
    else changes.push({ kind: 'move-queue', vhost, name, leader, members });
  }
  return changes;
}

/** Makes changes one after the other; `done` when all are made, or one cannot be. */
export function commitAll(
  metadata: Metadata,
  changes: readonly MetadataChange[],
  done: (refused: Refusal | null) => void,
): void {
  assert(changes.length > 0, 'something changes', {});
  const left = [...changes];
  const next = (): void => {
    const change = left.shift();
    if (change === undefined) return done(null);
    metadata.commit(change, ({ kind }) => {
      if (kind === 'unavailable') done(refusal('timeout'));
      else next();
    });
  };
  next();
}
