/**
 * Classic queues as a type that a node can have. A durable one has its persistent messages on
 * disk, in the version of the index that it asks for, or that its release has. Source:
 * `rabbit_classic_queue`, `rabbit_amqqueue_process:set_queue_version`. Differs: nothing of an
 * exclusive queue is on disk, since it does not outlive its connection.
 */
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { integerOf } from '../field-table.ts';
import type { IndexVersion } from '../store/vhost-stores.ts';
import { MirroredQueue } from '../cluster/mirror/mirrored-queue.ts';
import { RemoteQueue } from '../cluster/remote-queue.ts';
import { ClassicQueue } from './classic-queue.ts';
import { checkQueueArguments } from './queue-arguments.ts';
import { placeClassicQueue } from './replica-placing.ts';
import type { QueueLog } from './queue-log.ts';
import type { QueueDeclaration } from './queue-ports.ts';
import type { QueueContext, QueueTypeModule } from './queue-types.ts';

export const classicQueues: QueueTypeModule = {
  type: 'classic',
  check: (resource, { arguments: args }, profile) => checkQueueArguments(resource, args, profile),
  place: placeClassicQueue,
  open: (record, context) => {
    const { declaration, leader } = record;
    const isShared = declaration.exclusiveOwner === null && context.cluster !== undefined;
    if (isShared && context.profile.switches.mirroredQueues) {
      return new MirroredQueue(record, context, {
        stored: () => storedOf(declaration, context),
        open: (log, policy) => new ClassicQueue(declaration, { ...context, policy }, log),
      });
    }
    if (leader !== context.links.self) return new RemoteQueue(record, context);
    return new ClassicQueue(declaration, context, storedOf(declaration, context));
  },
};

/** What is on disk; null: nothing of it is kept there. */
function storedOf(declaration: QueueDeclaration, context: QueueContext): QueueLog | null {
  const { durable, exclusiveOwner, name } = declaration;
  if (!durable || exclusiveOwner !== null) return null;
  return context.stores?.().openQueue(name, versionOf(declaration, context)) ?? null;
}

/** Since 4.0 there is version 2 only, whatever a queue asks for. */
function versionOf(
  { arguments: args }: QueueDeclaration,
  { policy, profile }: QueueContext,
): IndexVersion {
  if (profile.switches.classicQueueVersion2) return 2;
  const asked = integerOf(tableLookup(args, 'x-queue-version')) ?? policy['queue-version'];
  return Number(asked ?? 1) === 2 ? 2 : 1;
}
