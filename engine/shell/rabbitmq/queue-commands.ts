/** Queues as a whole: `rabbitmqctl delete_queue`, `purge_queue`, `sync_queue`. */
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { isAmqpError } from '../../rabbitmq/amqp-error.ts';
import { MirroredQueue } from '../../rabbitmq/cluster/mirror/mirrored-queue.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { Queue } from '../../rabbitmq/queue/queue.ts';
import { type CliCommand, EXIT } from './cli-command.ts';
import { gatherQueues } from './list-queues.ts';
import type { Invocation } from './invocation.ts';

const own = { tools: ['rabbitmqctl'], section: 'Queues' } as const;
const mirrors = { tools: ['rabbitmqctl'], section: 'Replication', until: 'rabbitmq-3.13' } as const;

function queueOf(node: RabbitNode, { vhost, args }: Invocation): Queue | null {
  return node.vhosts.get(vhost)?.queues.get(args[0] ?? '') ?? null;
}

/** ` if queue is empty and if queue is unused`, as the conditions say. */
function conditionText(invocation: Invocation): string {
  const empty = invocation.flag('if-empty') ? ['if queue is empty'] : [];
  const unused = invocation.flag('if-unused') ? ['if queue is unused'] : [];
  const all = [...empty, ...unused];
  return all.length === 0 ? '' : ` ${all.join(' and ')}`;
}

/** What the broker found wrong, in the words of the command. */
function refusalText({ explanation }: AmqpError): string {
  if (explanation.endsWith('in use')) return 'Queue is in use';
  return explanation.endsWith('not empty') ? 'Queue is not empty' : explanation;
}

export const deleteQueue: CliCommand = {
  ...own,
  name: 'delete_queue',
  description: 'Deletes a queue',
  usage: '<queue_name> [--if-empty|-e] [--if-unused|-u]',
  switches: { 'if-empty': 'boolean', 'if-unused': 'boolean', timeout: 'integer' },
  aliases: { e: 'if-empty', u: 'if-unused' },
  words: [1, 1],
  banner: (invocation) => [
    `Deleting queue '${invocation.args[0]}' on vhost '${invocation.vhost}'` +
      `${conditionText(invocation)} ...`,
  ],
  run: (invocation) => {
    const ifEmpty = invocation.flag('if-empty');
    const ifUnused = invocation.flag('if-unused');
    invocation.on<number | AmqpError | null>(
      (node, reply) => {
        const queue = queueOf(node, invocation);
        if (queue === null) reply(null);
        else node.vhosts.get(invocation.vhost)!.deleteQueue(queue, { ifEmpty, ifUnused }, reply);
      },
      (answer) => {
        if (answer === null) invocation.error('Queue not found', EXIT.USAGE);
        else if (isAmqpError(answer)) invocation.error(refusalText(answer), EXIT.USAGE);
        else invocation.done(`Queue was successfully deleted with ${answer} ready messages`);
      },
    );
  },
};

export const purgeQueue: CliCommand = {
  ...own,
  name: 'purge_queue',
  description: 'Purges a queue (removes all messages in it)',
  usage: '<queue>',
  switches: { timeout: 'integer' },
  words: [1, 1],
  banner: ({ args, vhost }) => [`Purging queue '${args[0]}' in vhost '${vhost}' ...`],
  run: (invocation) =>
    invocation.on<number | AmqpError | null>(
      (node, reply) => {
        const queue = queueOf(node, invocation);
        if (queue === null) reply(null);
        else queue.purge(reply);
      },
      (answer) => {
        if (answer === null) invocation.error('not_found');
        else if (isAmqpError(answer)) invocation.error(answer.explanation);
        else invocation.done();
      },
    ),
};

export const syncQueue: CliCommand = {
  ...mirrors,
  name: 'sync_queue',
  description:
    'Instructs a mirrored queue with unsynchronised mirrors (follower replicas) ' +
    'to synchronise them',
  usage: '[--vhost <vhost>] <queue>',
  words: [1, 1],
  banner: ({ args, vhost }) => [`Synchronising queue '${args[0]}' in vhost '${vhost}' ...`],
  run: (invocation) =>
    invocation.on<string | null>(
      (node, reply) => {
        const queue = queueOf(node, invocation);
        if (queue === null) reply('not_found');
        else if (!(queue instanceof MirroredQueue) || !isMirrored(node, invocation)) {
          reply('not_mirrored');
        } else {
          queue.synchronise();
          reply(null);
        }
      },
      (problem) => {
        if (problem === null) invocation.done();
        else invocation.error(problem);
      },
    ),
};

/** Whether the queue has a mirror. */
function isMirrored(node: RabbitNode, { vhost, args }: Invocation): boolean {
  for (const row of node.metadata.tables.rows('rabbit_queue')) {
    if (row.vhost !== vhost || row.record.declaration.name !== args[0]) continue;
    return row.record.members.length > 1;
  }
  return false;
}

export const listUnresponsiveQueues: CliCommand = {
  name: 'list_unresponsive_queues',
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  section: 'Monitoring, observability and health checks',
  description: 'Tests queues to respond within timeout. Lists those which did not respond',
  usage: '[--local] [--queue-timeout <milliseconds>] [<column> ...] [--no-table-headers]',
  switches: { local: 'boolean', 'queue-timeout': 'integer', timeout: 'integer' },
  words: [0, 100],
  formatter: 'table',
  banner: ({ vhost }) => [`Listing unresponsive queues for vhost ${vhost} ...`],
  run: (invocation) => {
    const local = invocation.flag('local');
    gatherQueues(invocation, { online: true, offline: true, local }, (queues) => {
      const silent = queues.filter(({ state }) => state === 'down');
      const rows = silent.map(({ name }) => [name ?? '']);
      invocation.list({ columns: ['name'], rows });
    });
  },
};
