/**
 * Who asks something of a virtual host, and what it may do there.
 */
import { assert } from '../../kernel/assert.ts';
import { amqpError } from '../amqp-error.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { Queue } from '../queue/queue.ts';
import type { Permission } from './users.ts';
import type { VirtualHost } from './virtual-host.ts';

export interface Actor {
  readonly user: string;
  /** The connection, unique in the cluster: exclusive queues belong to it. */
  readonly id: string;
}

interface Resource {
  readonly kind: 'queue' | 'exchange';
  readonly name: string;
}

/** A 403 where the user lacks the permission. Source: `rabbit_access_control`. */
export function checkPermission(
  vhost: VirtualHost,
  { user }: Actor,
  { kind, name, to }: Resource & { readonly to: Permission },
): AmqpError | null {
  const { users, profile } = vhost.context;
  assert(user !== '', 'somebody asks', {});
  if (users.mayAccess(user, vhost.name, { resource: name, to })) return null;
  const permission = profile.switches.accessTextNamesPermission ? `${to} ` : '';
  const shown = kind === 'exchange' && name === '' ? 'amq.default' : name;
  const resource = vhost.named(kind, shown);
  return amqpError(
    'ACCESS_REFUSED',
    `${permission}access to ${resource} refused for user '${user}'`,
  );
}

/** A 403 where a topic permission of the user does not allow the routing key. */
export function checkTopicPermission(
  vhost: VirtualHost,
  { user }: Actor,
  topic: { readonly exchange: string; readonly routingKey: string; readonly to: 'write' | 'read' },
): AmqpError | null {
  const { users, profile } = vhost.context;
  const { exchange, routingKey, to } = topic;
  const allowed = users.mayAccessTopic(user, { vhost: vhost.name, exchange }, { routingKey, to });
  if (allowed) return null;
  assert(exchange !== '', 'the default exchange is no topic exchange', { routingKey });
  const permission = profile.switches.accessTextNamesPermission ? `${to} ` : '';
  return amqpError(
    'ACCESS_REFUSED',
    `${permission}access to topic '${routingKey}' in exchange '${exchange}' in vhost ` +
      `'${vhost.name}' refused for user '${user}'`,
  );
}

/** A 405 where the queue is another connection's. Source: `check_exclusive_access`. */
export function checkExclusiveAccess(
  vhost: VirtualHost,
  { id }: Actor,
  queue: Queue,
): AmqpError | null {
  const { exclusiveOwner } = queue.declaration;
  return exclusiveOwner === null || exclusiveOwner === id ? null : locked(vhost, queue);
}

export function locked(vhost: VirtualHost, { name }: Queue): AmqpError {
  return amqpError(
    'RESOURCE_LOCKED',
    `cannot obtain exclusive access to locked ${vhost.named('queue', name)}. It could be ` +
      'originally declared on another connection or the exclusive property value does not match ' +
      'that of the original declaration.',
  );
}
