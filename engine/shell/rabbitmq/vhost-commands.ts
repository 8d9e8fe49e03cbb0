/** Virtual hosts: `rabbitmqctl add_vhost` and so on. Limits and tracing are not there. */
import type { QueueType } from '../../rabbitmq/queue/queue.ts';
import { chosenColumns, columnRefusal } from './columns.ts';
import { type CliCommand, EXIT } from './cli-command.ts';
import { listRows } from './list-topology.ts';
import { administer } from './user-commands.ts';

const own = { tools: ['rabbitmqctl'], section: 'Virtual hosts' } as const;
const COLUMNS = ['name', 'description', 'tags', 'default_queue_type', 'tracing'];
const TYPES: readonly string[] = ['classic', 'quorum', 'stream'];

export const listVhosts: CliCommand = {
  ...own,
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  section: 'Access Control',
  name: 'list_vhosts',
  description: 'Lists virtual hosts',
  usage: '[--no-table-headers] [<column> ...]',
  switches: { timeout: 'integer' },
  words: [0, 100],
  formatter: 'table',
  refuse: ({ args }) => columnRefusal(args, COLUMNS),
  banner: () => ['Listing vhosts ...'],
  run: (invocation) =>
    listRows(invocation, chosenColumns(invocation, ['name']), ['name'], ({ metadata }) =>
      [...metadata.tables.rows('rabbit_vhost')].map((row) => ({
        ...{ name: row.name, description: row.description, tags: row.tags, tracing: false },
        default_queue_type: row.defaultQueueType ?? 'undefined',
      })),
    ),
};

export const addVhost: CliCommand = {
  ...own,
  name: 'add_vhost',
  description: 'Creates a virtual host',
  usage:
    '<vhost> [--description <description> --tags "<tag1>,<tag2>,<...>" ' +
    '--default-queue-type <quorum|classic|stream>]',
  switches: { description: 'string', tags: 'string', 'default-queue-type': 'string' },
  words: [1, 1],
  banner: ({ args }) => [`Adding vhost "${args[0]}" ...`],
  run: (invocation) => {
    const type = invocation.text('default-queue-type');
    if (type !== null && !TYPES.includes(type)) {
      invocation.error('invalid_queue_type', EXIT.UNAVAILABLE);
      return;
    }
    const description = invocation.text('description');
    const tags = invocation.text('tags');
    const options = {
      ...(description === null ? {} : { description }),
      ...(tags === null ? {} : { tags: tags.split(',').map((tag) => tag.trim()) }),
      ...(type === null ? {} : { defaultQueueType: type as QueueType }),
    };
    const name = invocation.arg(0);
    administer(invocation, (node, done) => node.administration.addVhost(name, options, done));
  },
};

export const deleteVhost: CliCommand = {
  ...own,
  name: 'delete_vhost',
  description: 'Deletes a virtual host',
  usage: '<vhost>',
  words: [1, 1],
  banner: ({ args }) => [`Deleting vhost "${args[0]}" ...`],
  run: (invocation) => {
    const name = invocation.arg(0);
    invocation.on<string | null>(
      (node, reply) => node.administration.deleteVhost(name, reply),
      (problem) => {
        if (problem === null) invocation.done();
        else invocation.fail(EXIT.DATAERR, problem);
      },
    );
  },
};
