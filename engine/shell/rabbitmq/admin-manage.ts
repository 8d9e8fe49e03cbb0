/** `rabbitmqadmin declare ...` and `delete ...`: policies, virtual hosts, users, permissions. */
import { assert } from '../../kernel/assert.ts';
import type { Localized } from '../../lab/knob.ts';
import type { Done } from '../../rabbitmq/administration.ts';
import type { PolicyOwner } from '../../rabbitmq/metadata/rows.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { ApplyTo, Policy } from '../../rabbitmq/vhost/policies.ts';
import type { AdminCommand, AdminOption } from './admin-arguments.ts';
import type { AdminCall } from './admin-call.ts';

const USAGE = 64;
const EVERYTHING = { configure: '.*', write: '.*', read: '.*' };

function required(name: string, about: Localized): AdminOption {
  return { name, isRequired: true, about };
}

const name = required('name', { en: 'its name', zh: '名称' });
const idempotently: AdminOption = {
  ...{ name: 'idempotently', isFlag: true },
  about: { en: 'what is not there is no error', zh: '不存在时不报错' },
};

/** Has the node's administrator do something; what is wrong is told by `failed`. */
function administer(
  call: AdminCall,
  act: (node: RabbitNode, done: Done) => void,
  failed: (problem: string) => void,
): void {
  call.askLater<string | null>(act, (problem) => {
    if (problem === null) call.done();
    else failed(problem);
  });
}

/** The plugin's answers are fit for a page: what stands between angles is escaped. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function absent(call: AdminCall): void {
  if (call.isTrue('idempotently')) call.done();
  else call.notFound();
}

function declarePolicy(what: string, by: PolicyOwner): AdminCommand {
  return {
    path: ['declare', what],
    about: by === 'user' ? 'Creates or updates a policy' : 'Creates or updates an operator policy',
    options: [
      name,
      required('pattern', { en: 'names that it is for', zh: '匹配名称的正则表达式' }),
      required('apply_to', { en: 'queues, exchanges or all', zh: 'queues、exchanges 或 all' }),
      {
        ...{ name: 'priority', preset: '0' },
        about: { en: 'the largest holds', zh: '优先级，大者生效' },
      },
      required('definition', { en: 'what it sets, as JSON', zh: '策略内容（JSON）' }),
    ],
    run: (call) => {
      const definition = call.json('definition');
      const priority = definition === null ? null : call.count('priority');
      if (definition === null || priority === null) return;
      const policy: Policy = {
        ...{ name: call.value('name'), pattern: call.value('pattern'), priority },
        definition: definition as Policy['definition'],
        applyTo: call.value('apply_to') as ApplyTo,
      };
      administer(
        call,
        (node, done) => node.administration.setPolicy(call.vhost, policy, by, done),
        (problem) => call.fail(`Validation failed\n\n${escaped(problem)}\n`),
      );
    },
  };
}

function deletePolicy(what: string, by: PolicyOwner): AdminCommand {
  return {
    path: ['delete', what],
    about: by === 'user' ? 'Deletes a policy' : 'Deletes an operator policy',
    options: [name, idempotently],
    run: (call) =>
      administer(
        call,
        (node, done) => node.administration.clearPolicy(call.vhost, call.value('name'), by, done),
        () => absent(call),
      ),
  };
}

const declareVhost: AdminCommand = {
  path: ['declare', 'vhost'],
  about: 'Creates a virtual host',
  options: [name, { name: 'description', about: { en: 'what it is for', zh: '说明' } }],
  run: (call) => {
    const description = call.values.get('description') ?? '';
    const [vhost, user] = [call.value('name'), call.value('username')];
    administer(
      call,
      ({ administration }, done) => {
        administration.addVhost(vhost, { description }, (problem) => {
          // Who makes one over HTTP may use it (`rabbit_vhost:put_vhost`).
          if (problem === null) administration.setPermissions(user, vhost, EVERYTHING, done);
          else done(problem);
        });
      },
      (problem) => call.fail(problem),
    );
  },
};

const deleteVhost: AdminCommand = {
  path: ['delete', 'vhost'],
  about: 'Deletes a virtual host',
  options: [name, idempotently],
  run: (call) =>
    administer(
      call,
      (node, done) => node.administration.deleteVhost(call.value('name'), done),
      () => absent(call),
    ),
};

const declareUser: AdminCommand = {
  path: ['declare', 'user'],
  about: 'Creates a user',
  options: [
    name,
    {
      ...{ name: 'password', letter: 'p' },
      about: { en: 'the password', zh: '密码' },
    },
    {
      ...{ name: 'tags', preset: '' },
      about: { en: 'tags, between commas', zh: '标签，以逗号分隔' },
    },
  ],
  run: (call) => {
    if (!call.wasSaid('password')) {
      call.fail('Please provide either --password or --password-hash', USAGE);
      return;
    }
    const [user, password] = [call.value('name'), call.value('password')];
    const tags = call
      .value('tags')
      .split(',')
      .filter((tag) => tag !== '');
    administer(
      call,
      ({ administration }, done) => {
        administration.addUser(user, password, tags, (problem) => {
          if (problem === null) return done(null);
          // One that is there is changed.
          administration.changePassword(user, password, (second) => {
            if (second === null) administration.setUserTags(user, tags, done);
            else done(second);
          });
        });
      },
      (problem) => call.fail(problem),
    );
  },
};

const deleteUser: AdminCommand = {
  path: ['delete', 'user'],
  about: 'Deletes a user',
  options: [name, idempotently],
  run: (call) =>
    administer(
      call,
      (node, done) => node.administration.deleteUser(call.value('name'), done),
      () => absent(call),
    ),
};

const user = required('user', { en: 'whose they are', zh: '用户名' });

const declarePermissions: AdminCommand = {
  path: ['declare', 'permissions'],
  about: 'Grants permissions to a user',
  options: [
    user,
    required('configure', { en: 'what may be declared and deleted', zh: '可配置的资源' }),
    required('read', { en: 'what may be consumed', zh: '可读的资源' }),
    required('write', { en: 'where may be published', zh: '可写的资源' }),
  ],
  run: (call) => {
    const [configure, write, read] = ['configure', 'write', 'read'].map((one) => call.value(one));
    assert(configure !== undefined && write !== undefined && read !== undefined, 'all three', {});
    const permissions = { configure, write, read };
    administer(
      call,
      (node, done) =>
        node.administration.setPermissions(call.value('user'), call.vhost, permissions, done),
      (problem) =>
        call.fail(problem.endsWith('does not exist') ? 'vhost_or_user_not_found' : problem),
    );
  },
};

const deletePermissions: AdminCommand = {
  path: ['delete', 'permissions'],
  about: 'Revokes user permissions to a given vhost',
  options: [user, idempotently],
  run: (call) =>
    administer(
      call,
      (node, done) => node.administration.clearPermissions(call.value('user'), call.vhost, done),
      () => absent(call),
    ),
};

export const managing: readonly AdminCommand[] = [
  ...[declarePolicy('policy', 'user'), declarePolicy('operator_policy', 'operator')],
  ...[deletePolicy('policy', 'user'), deletePolicy('operator_policy', 'operator')],
  ...[declareVhost, deleteVhost, declareUser, deleteUser, declarePermissions, deletePermissions],
];
