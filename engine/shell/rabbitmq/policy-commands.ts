/** Policies and operator policies: `rabbitmqctl set_policy` and so on. */
import type { PolicyOwner } from '../../rabbitmq/metadata/rows.ts';
import type { ApplyTo, Policy } from '../../rabbitmq/vhost/policies.ts';
import { type CliCommand, EXIT } from './cli-command.ts';
import type { Invocation } from './invocation.ts';
import { listRows } from './list-topology.ts';
import { inVhost } from './user-commands.ts';

const own = { tools: ['rabbitmqctl'], section: 'Policies' } as const;
const COLUMNS = ['vhost', 'name', 'pattern', 'apply-to', 'definition', 'priority'];

/** An object of JSON, or null. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : null;
}

function setting(by: PolicyOwner, what: string): Pick<CliCommand, 'banner' | 'run'> {
  return {
    banner: (invocation) => {
      const [name, pattern, definition] = invocation.args;
      const priority = invocation.number('priority') ?? 0;
      return [
        `Setting ${what} "${name}" for pattern "${pattern}" to "${definition}" ` +
          `with priority "${priority}" for vhost "${invocation.vhost}" ...`,
      ];
    },
    run: (invocation) => inVhost(invocation, () => setPolicyBy(invocation, by)),
  };
}

function setPolicyBy(invocation: Invocation, by: PolicyOwner): void {
  const [name = '', pattern = '', text = ''] = invocation.args;
  const definition = jsonObject(text);
  if (definition === null) {
    invocation.error('JSON decoding error. Reason: badarg');
    return;
  }
  const policy: Policy = {
    ...{ name, pattern, definition: definition as Policy['definition'] },
    priority: invocation.number('priority') ?? 0,
    applyTo: (invocation.text('apply-to') ?? 'all') as ApplyTo,
  };
  const { vhost } = invocation;
  invocation.on<string | null>(
    (node, reply) => node.administration.setPolicy(vhost, policy, by, reply),
    (problem) => {
      if (problem === null) invocation.done();
      else invocation.error(`Validation failed\n\n${problem}\n`);
    },
  );
}

function clearing(by: PolicyOwner, what: string): Pick<CliCommand, 'banner' | 'run'> {
  return {
    banner: ({ args, vhost }) => [`Clearing ${what} "${args[0]}" on vhost "${vhost}" ...`],
    run: (invocation) =>
      inVhost(invocation, () => {
        const { vhost } = invocation;
        const name = invocation.arg(0);
        invocation.on<string | null>(
          (node, reply) => node.administration.clearPolicy(vhost, name, by, reply),
          (problem) => {
            if (problem === null) invocation.done();
            else invocation.error(problem, EXIT.UNAVAILABLE);
          },
        );
      }),
  };
}

function listing(by: PolicyOwner, what: string): Pick<CliCommand, 'banner' | 'run'> {
  return {
    banner: ({ vhost }) => [`Listing ${what} for vhost "${vhost}" ...`],
    run: (invocation) =>
      inVhost(invocation, () =>
        listRows(invocation, COLUMNS, ['name'], ({ metadata: { tables } }) =>
          [...tables.rows('rabbit_runtime_parameters')].flatMap((row) => {
            if (row.component !== 'policy' || row.by !== by || row.vhost !== invocation.vhost) {
              return [];
            }
            const { name, pattern, applyTo, definition, priority } = row.policy;
            return {
              ...{ vhost: row.vhost, name, pattern, 'apply-to': applyTo, priority },
              definition: JSON.stringify(definition),
            };
          }),
        ),
      ),
  };
}

const SET_USAGE =
  '[--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] ' +
  '<name> <pattern> <definition>';
const setSwitches = { priority: 'integer', 'apply-to': 'string' } as const;

export const setPolicy: CliCommand = {
  ...own,
  name: 'set_policy',
  description: 'Sets or updates a policy',
  usage: SET_USAGE,
  notes: [
    ['<name>', 'policy name (identifier)'],
    ['<pattern>', 'regular expression pattern that will be used to match queues, exchanges, etc'],
    ['<definition>', 'policy definition (arguments). Must be a valid JSON document'],
    ['--priority <priority>', 'policy priority'],
    [
      '--apply-to <queues | exchanges | all>',
      'policy should only apply to queues, exchanges, or all entities (both of the above)',
    ],
  ],
  switches: setSwitches,
  words: [3, 3],
  ...setting('user', 'policy'),
};

export const clearPolicy: CliCommand = {
  ...own,
  name: 'clear_policy',
  description: 'Clears (removes) a policy',
  usage: '[--vhost <vhost>] <name>',
  words: [1, 1],
  ...clearing('user', 'policy'),
};

export const listPolicies: CliCommand = {
  ...own,
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  name: 'list_policies',
  description: 'Lists all policies in a virtual host',
  usage: '[--vhost <vhost>] [--no-table-headers]',
  switches: { timeout: 'integer' },
  words: [0, 0],
  formatter: 'table',
  ...listing('user', 'policies'),
};

export const setOperatorPolicy: CliCommand = {
  ...own,
  name: 'set_operator_policy',
  description: 'Sets an operator policy that overrides a subset of arguments in user policies',
  usage: SET_USAGE,
  switches: setSwitches,
  words: [3, 3],
  ...setting('operator', 'operator policy override'),
};

export const clearOperatorPolicy: CliCommand = {
  ...own,
  name: 'clear_operator_policy',
  description: 'Clears an operator policy',
  usage: '[--vhost <vhost>] <name>',
  words: [1, 1],
  ...clearing('operator', 'operator policy'),
};

export const listOperatorPolicies: CliCommand = {
  ...own,
  tools: ['rabbitmqctl', 'rabbitmq-diagnostics'],
  name: 'list_operator_policies',
  description: 'Lists operator policy overrides for a virtual host',
  usage: '[--vhost <vhost>] [--no-table-headers]',
  switches: { timeout: 'integer' },
  words: [0, 0],
  formatter: 'table',
  ...listing('operator', 'operator policy overrides'),
};
