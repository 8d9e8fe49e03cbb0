/** Users, their tags, passwords and permissions: `rabbitmqctl add_user` and so on. */
import type { Done } from '../../rabbitmq/administration.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { badArgument, type CliCommand, EXIT } from './cli-command.ts';
import type { Invocation } from './invocation.ts';
import { listRows } from './list-topology.ts';

const own = { tools: ['rabbitmqctl'], section: 'Users' } as const;
const access = { tools: ['rabbitmqctl'], section: 'Access Control' } as const;

/** The exit code of what the node found wrong. */
function codeOf(problem: string): number {
  if (problem.startsWith('User "') && problem.endsWith('already exists')) return EXIT.SOFTWARE;
  return problem.startsWith('User ') ? EXIT.NOUSER : EXIT.UNAVAILABLE;
}

/** Has the node's administrator do something; says what is wrong, or nothing. */
export function administer(
  invocation: Invocation,
  act: (node: RabbitNode, done: Done) => void,
  ...said: readonly string[]
): void {
  invocation.on<string | null>(act, (problem) => {
    if (problem === null) invocation.done(...(invocation.isQuiet ? [] : said));
    else invocation.error(problem, codeOf(problem));
  });
}

/** `User "ann" does not exist` as the commands on permissions say it: without quotes. */
function unquoted(done: Done): Done {
  return (problem) => done(problem?.replace(/["']/g, '') ?? null);
}

export const addUser: CliCommand = {
  ...own,
  name: 'add_user',
  description:
    'Creates a new user in the internal database. ' +
    'This user will have no permissions for any virtual hosts by default.',
  usage: '<username> <password>',
  words: [2, 2],
  refuse: ({ args }) => (args[0] === '' ? badArgument('user cannot be an empty string') : null),
  banner: ({ args }) => [`Adding user "${args[0]}" ...`],
  run: (invocation) => {
    const [user, password] = [invocation.arg(0), invocation.arg(1)];
    administer(
      invocation,
      (node, done) => node.administration.addUser(user, password, [], done),
      "Done. Don't forget to grant the user permissions to some virtual hosts! " +
        "See 'rabbitmqctl help set_permissions' to learn more.",
    );
  },
};

export const deleteUser: CliCommand = {
  ...own,
  name: 'delete_user',
  description:
    'Removes a user from the internal database. ' +
    'Has no effect on users provided by external backends such as LDAP',
  usage: '<username>',
  words: [1, 1],
  banner: ({ args }) => [`Deleting user "${args[0]}" ...`],
  run: (invocation) => {
    const user = invocation.arg(0);
    administer(invocation, (node, done) => node.administration.deleteUser(user, done));
  },
};

export const changePassword: CliCommand = {
  ...own,
  name: 'change_password',
  description: 'Changes the user password',
  usage: '<username> <password>',
  words: [2, 2],
  banner: ({ args }) => [`Changing password for user "${args[0]}" ...`],
  run: (invocation) => {
    const [user, password] = [invocation.arg(0), invocation.arg(1)];
    administer(invocation, (node, done) =>
      node.administration.changePassword(user, password, done),
    );
  },
};

export const clearPassword: CliCommand = {
  ...own,
  name: 'clear_password',
  description: 'Clears (resets) password and disables password login for a user',
  usage: '<username>',
  words: [1, 1],
  banner: ({ args }) => [`Clearing password for user "${args[0]}" ...`],
  run: (invocation) => {
    const user = invocation.arg(0);
    administer(invocation, (node, done) => node.administration.clearPassword(user, done));
  },
};

export const authenticateUser: CliCommand = {
  ...own,
  name: 'authenticate_user',
  description:
    'Attempts to authenticate a user. Exits with a non-zero code if authentication fails.',
  usage: '<username> <password>',
  words: [2, 2],
  banner: ({ args }) => [`Authenticating user "${args[0]}" ...`],
  run: (invocation) => {
    const [user, password] = [invocation.arg(0), invocation.arg(1)];
    invocation.on<boolean>(
      (node, reply) => reply(node.users.mayLogIn(user, password)),
      (isRight) => {
        if (isRight) invocation.done('Success');
        else {
          const text = `Error: failed to authenticate user "${user}"`;
          invocation.error(`${text}\nuser '${user}' - invalid credentials`, EXIT.DATAERR);
        }
      },
    );
  },
};

export const setUserTags: CliCommand = {
  ...own,
  name: 'set_user_tags',
  description: 'Sets user tags',
  usage: '<username> <tag> [...]',
  words: [1, 100],
  banner: ({ args: [user, ...tags] }) => [
    `Setting tags for user "${user}" to [${tags.join(', ')}] ...`,
  ],
  run: (invocation) => {
    const [user = '', ...tags] = invocation.args;
    administer(invocation, (node, done) => node.administration.setUserTags(user, tags, done));
  },
};

export const listUsers: CliCommand = {
  ...own,
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  name: 'list_users',
  description: 'List user names and tags',
  usage: '[--no-table-headers]',
  switches: { timeout: 'integer' },
  words: [0, 0],
  formatter: 'table',
  banner: () => ['Listing users ...'],
  run: (invocation) =>
    listRows(invocation, ['user', 'tags'], ['user'], ({ metadata: { tables } }) =>
      [...tables.rows('rabbit_user')].map(({ name, tags }) => ({ user: name, tags })),
    ),
};

export const setPermissions: CliCommand = {
  ...access,
  name: 'set_permissions',
  description: 'Sets user permissions for a vhost',
  usage: '[--vhost <vhost>] <username> <conf> <write> <read>',
  words: [4, 4],
  banner: ({ args, vhost }) => [
    `Setting permissions for user "${args[0]}" in vhost "${vhost}" ...`,
  ],
  run: (invocation) => {
    const [user = '', configure = '', write = '', read = ''] = invocation.args;
    const { vhost } = invocation;
    administer(invocation, ({ administration }, done) =>
      administration.setPermissions(user, vhost, { configure, write, read }, unquoted(done)),
    );
  },
};

export const clearPermissions: CliCommand = {
  ...access,
  name: 'clear_permissions',
  description: 'Revokes user permissions for a vhost',
  usage: '[--vhost <vhost>] <username>',
  words: [1, 1],
  banner: ({ args, vhost }) => [
    `Clearing permissions for user "${args[0]}" in vhost "${vhost}" ...`,
  ],
  run: (invocation) => {
    const user = invocation.arg(0);
    const { vhost } = invocation;
    administer(invocation, (node, done) =>
      node.administration.clearPermissions(user, vhost, unquoted(done)),
    );
  },
};

export const setTopicPermissions: CliCommand = {
  ...access,
  name: 'set_topic_permissions',
  description: 'Sets user topic permissions for an exchange',
  usage: '[--vhost <vhost>] <username> <exchange> <write> <read>',
  words: [4, 4],
  banner: ({ args: [user, exchange], vhost }) => [
    `Setting topic permissions on "${exchange}" for user "${user}" in vhost "${vhost}" ...`,
  ],
  run: (invocation) => {
    const [user = '', exchange = '', write = '', read = ''] = invocation.args;
    const { vhost } = invocation;
    administer(invocation, ({ administration }, done) =>
      administration.setTopicPermissions(
        user,
        { vhost, exchange },
        { write, read },
        unquoted(done),
      ),
    );
  },
};

export const clearTopicPermissions: CliCommand = {
  ...access,
  name: 'clear_topic_permissions',
  description: 'Clears user topic permissions for a vhost or exchange',
  usage: '[--vhost <vhost>] <username> [<exchange>]',
  words: [1, 2],
  banner: ({ args: [user, exchange], vhost }) => [
    exchange === undefined
      ? `Clearing topic permissions for user "${user}" in vhost "${vhost}" ...`
      : `Clearing topic permissions on "${exchange}" for user "${user}" in vhost "${vhost}" ...`,
  ],
  run: (invocation) => {
    const [user = '', exchange = null] = invocation.args;
    const { vhost } = invocation;
    administer(invocation, ({ administration }, done) =>
      administration.clearTopicPermissions(user, { vhost, exchange }, unquoted(done)),
    );
  },
};

const listing = { tools: ['rabbitmqctl', 'rabbitmq-diagnostics'], formatter: 'table' } as const;

export const listPermissions: CliCommand = {
  ...access,
  ...listing,
  name: 'list_permissions',
  description: 'Lists user permissions in a virtual host',
  usage: '[--vhost <vhost>] [--no-table-headers]',
  switches: { timeout: 'integer' },
  words: [0, 0],
  banner: ({ vhost }) => [`Listing permissions for vhost "${vhost}" ...`],
  run: (invocation) =>
    inVhost(invocation, () =>
      listRows(
        invocation,
        ['user', 'configure', 'write', 'read'],
        ['user'],
        ({ metadata: { tables } }) =>
          [...tables.rows('rabbit_user_permission')]
            .filter(({ vhost }) => vhost === invocation.vhost)
            .map(({ user, permissions }) => ({ user, ...permissions })),
      ),
    ),
};

export const listTopicPermissions: CliCommand = {
  ...access,
  ...listing,
  name: 'list_topic_permissions',
  description: 'Lists topic permissions in a virtual host',
  usage: '[--vhost <vhost>] [--no-table-headers]',
  switches: { timeout: 'integer' },
  words: [0, 0],
  banner: ({ vhost }) => [`Listing topic permissions for vhost "${vhost}" ...`],
  run: (invocation) =>
    inVhost(invocation, () =>
      listRows(
        invocation,
        ['user', 'exchange', 'write', 'read'],
        ['user', 'exchange'],
        ({ metadata: { tables } }) =>
          [...tables.rows('rabbit_topic_permission')]
            .filter(({ vhost }) => vhost === invocation.vhost)
            .map(({ user, exchange, permissions }) => ({ user, exchange, ...permissions })),
      ),
    ),
};

export const listUserPermissions: CliCommand = {
  ...access,
  ...listing,
  name: 'list_user_permissions',
  description: 'Lists permissions of a user across all virtual hosts',
  usage: '[--no-table-headers] <username>',
  switches: { timeout: 'integer' },
  words: [1, 1],
  banner: ({ args }) => [`Listing permissions for user "${args[0]}" ...`],
  run: (invocation) =>
    ofUser(invocation, () =>
      listRows(
        invocation,
        ['vhost', 'configure', 'write', 'read'],
        ['vhost'],
        ({ metadata: { tables } }) =>
          [...tables.rows('rabbit_user_permission')]
            .filter(({ user }) => user === invocation.arg(0))
            .map(({ vhost, permissions }) => ({ vhost, ...permissions })),
      ),
    ),
};

export const listUserTopicPermissions: CliCommand = {
  ...access,
  ...listing,
  name: 'list_user_topic_permissions',
  description: 'Lists user topic permissions',
  usage: '[--no-table-headers] <username>',
  switches: { timeout: 'integer' },
  words: [1, 1],
  banner: ({ args }) => [`Listing topic permissions for user "${args[0]}" ...`],
  run: (invocation) =>
    ofUser(invocation, () =>
      listRows(
        invocation,
        ['vhost', 'exchange', 'write', 'read'],
        ['vhost', 'exchange'],
        ({ metadata: { tables } }) =>
          [...tables.rows('rabbit_topic_permission')]
            .filter(({ user }) => user === invocation.arg(0))
            .map(({ vhost, exchange, permissions }) => ({ vhost, exchange, ...permissions })),
      ),
    ),
};

/** Goes on where the virtual host is there. */
export function inVhost(invocation: Invocation, then: () => void): void {
  const { vhost } = invocation;
  invocation.on<boolean>(
    (node, reply) => reply(node.vhosts.has(vhost)),
    (isThere) => {
      if (isThere) then();
      else invocation.fail(EXIT.DATAERR, `Virtual host '${vhost}' does not exist`);
    },
  );
}

function ofUser(invocation: Invocation, then: () => void): void {
  const user = invocation.arg(0);
  invocation.on<boolean>(
    ({ metadata: { tables } }, reply) =>
      reply([...tables.rows('rabbit_user')].some(({ name }) => name === user)),
    (isThere) => {
      if (isThere) then();
      else invocation.error(`{:no_such_user, "${user}"}`);
    },
  );
}
