/**
 * What RabbitMQ's tools say of a node that cannot be asked, and of one that does not answer.
 *
 * Source: `rabbit_nodes_common:diagnostics`, RabbitMQCtl. Differs: the cookie's hash and the
 * number in the tool's own name are made up.
 */
import { assert } from '../../kernel/assert.ts';
import type { Invocation } from './invocation.ts';

const HASH = '0000000000000000000000==';

/** The node does not run, or there is none of the name. */
export function nodeDown(invocation: Invocation, node: string): string {
  const [, host = ''] = node.split('@');
  assert(host !== '', 'a node has a host', { node });
  const isKnown = invocation.cluster.nodeNames.includes(host);
  // Erlang quotes an atom that has more than letters, digits and @.
  const atom = /^[a-z][\w@]*$/.test(node) ? node : `'${node}'`;
  return [
    `Error: unable to perform an operation on node '${node}'. Please see diagnostics ` +
      'information and suggestions below.',
    '',
    'Most common reasons for this are:',
    '',
    ' * Target node is unreachable (e.g. due to hostname resolution, TCP connection or firewall ' +
      'issues)',
    " * CLI tool fails to authenticate with the server (e.g. due to CLI tool's Erlang cookie not " +
      'matching that of the server)',
    ' * Target node is not running',
    '',
    'In addition to the diagnostics info below:',
    '',
    ' * See the CLI, clustering and networking guides on ' +
      'https://rabbitmq.com/documentation.html to learn more',
    ` * Consult server logs on node ${node}`,
    " * If target node is configured to use long node names, don't forget to use --longnames " +
      'with CLI tools',
    '',
    'DIAGNOSTICS',
    '===========',
    '',
    `attempted to contact: [${atom}]`,
    '',
    `${node}:`,
    ...(isKnown ? notRunning(invocation, node) : unknownHost(host)),
    '',
    'Current node details:',
    ` * node name: 'rabbitmqcli-1-rabbit@${invocation.cluster.nodeName(1)}'`,
    " * effective user's home directory: /var/lib/rabbitmq",
    ` * Erlang cookie hash: ${HASH}`,
    '',
  ].join('\n');
}

function unknownHost(host: string): readonly string[] {
  const problem = 'nxdomain (non-existing domain)';
  return [`  * unable to connect to epmd (port 4369) on ${host}: ${problem}`, ''];
}

function notRunning(invocation: Invocation, node: string): readonly string[] {
  const [name = '', host = ''] = node.split('@');
  const runs = invocation.call.world.lab.host(host).state === 'running';
  const others = runs ? `other nodes on ${host}: [rabbit]` : `no other nodes on ${host}`;
  return [
    `  * connected to epmd (port 4369) on ${host}`,
    `  * epmd reports: node '${name}' not running at all`,
    `                  ${others}`,
    '  * suggestion: start the node',
  ];
}

/** The node is there and does not answer. */
export function nodeTimedOut({ command, timeoutMs }: Invocation, node: string): string {
  assert(timeoutMs > 0, 'a timeout', { timeoutMs });
  const what = `operation ${command.name} on node ${node} timed out`;
  return `Error: ${what}. Timeout value used: ${timeoutMs}`;
}
