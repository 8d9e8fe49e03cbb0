/**
 * Classic queues as a type that a node can have. A durable one has its persistent messages on
 * disk, in the version of the index that it asks for, or that its release has. Source:
 * `rabbit_classic_queue`, `rabbit_amqqueue_process:set_queue_version`. Differs: nothing of an
 * exclusive queue is on disk, since it does not outlive its connection.
 */
import { tableLookup } from '../../wire/amqp/field-table.ts';
import { integerOf } from '../field-table.ts';
import type { IndexVersion } from '../store/vhost-stores.ts';
import { RemoteQueue } from '../cluster/remote-queue.ts';
import { ClassicQueue } from './classic-queue.ts';
import { checkQueueArguments } from './queue-arguments.ts';
import type { QueueDeclaration } from './queue-ports.ts';
import type { QueueContext, QueueTypeModule } from './queue-types.ts';

export const classicQueues: QueueTypeModule = {
  type: 'classic',
  check: (resource, { arguments: args }) => checkQueueArguments(resource, args),
  open: (record, context) => {
    if (record.leader !== context.links.self) return new RemoteQueue(record, context);
    const { declaration } = record;
    const { durable, exclusiveOwner, name } = declaration;
    const isOnDisk = durable && exclusiveOwner === null;
    const version = versionOf(declaration, context);
    const messages = isOnDisk ? (context.stores?.().openQueue(name, version) ?? null) : null;
    return new ClassicQueue(declaration, context, messages);
  },
};

/** Since 4.0 there is version 2 only, whatever a queue asks for. */
function versionOf(
  { arguments: args }: QueueDeclaration,
  { policy, profile }: QueueContext,
): IndexVersion {
  if (profile.switches.classicQueueVersion2) return 2;
  const asked = integerOf(tableLookup(args, 'x-queue-version')) ?? policy['queue-version'];
  return Number(asked ?? 1) === 2 ? 2 : 1;
}
