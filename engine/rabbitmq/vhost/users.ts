/**
 * The internal database of users: their tags, and what each may do in which virtual host.
 *
 * A permission is three patterns over names of exchanges and queues: configure (declare, delete),
 * write (publish, be bound to), read (consume, bind from). The empty pattern matches nothing but
 * the empty name; the default exchange's name is `amq.default` here. Topic permissions are patterns
 * over routing keys of one topic exchange, and allow everything where there are none.
 * Not here: passwords and how a client proves who it is (`connection/`).
 * Sources: rabbitmq.com/docs/access-control; `rabbit_auth_backend_internal`.
 */
import { assert } from '../../kernel/assert.ts';
import { isPattern, matchesPattern } from './pattern.ts';

export type Permission = 'configure' | 'write' | 'read';
export type Permissions = Readonly<Record<Permission, string>>;
export type TopicPermissions = Readonly<Record<'write' | 'read', string>>;

interface User {
  readonly tags: ReadonlySet<string>;
  /** By virtual host. */
  readonly permissions: Map<string, Permissions>;
  /** By virtual host and exchange. */
  readonly topicPermissions: Map<string, TopicPermissions>;
}

const NOTHING = '^$';
const EVERYTHING = '.*';
const DEFAULT_EXCHANGE = 'amq.default';

export class Users {
  readonly #users = new Map<string, User>();

  /** `guest`, who may do everything in the given virtual host, as on a new node. */
  static withGuest(vhost: string): Users {
    const users = new Users();
    users.add('guest', ['administrator']);
    users.setPermissions('guest', vhost, {
      configure: EVERYTHING,
      write: EVERYTHING,
      read: EVERYTHING,
    });
    return users;
  }

  /** Adds a user who may do nothing yet. */
  add(name: string, tags: readonly string[]): void {
    assert(name !== '', 'a user has a name', {});
    this.#users.set(name, {
      tags: new Set(tags),
      permissions: new Map(),
      topicPermissions: new Map(),
    });
  }

  hasTag(name: string, tag: string): boolean {
    return this.#users.get(name)?.tags.has(tag) === true;
  }

  /** Null, or what is wrong: no such user, or a pattern that is none. */
  setPermissions(name: string, vhost: string, permissions: Permissions): string | null {
    const user = this.#users.get(name);
    if (user === undefined) return `User "${name}" does not exist`;
    const wrong = Object.values(permissions).find((pattern) => !isPattern(pattern));
    if (wrong !== undefined) return `Invalid regexp: ${wrong}`;
    user.permissions.set(vhost, permissions);
    return null;
  }

  clearPermissions(name: string, vhost: string): void {
    this.#users.get(name)?.permissions.delete(vhost);
  }

  /** Null, or what is wrong: no such user, or a pattern that is none. */
  setTopicPermissions(
    name: string,
    { vhost, exchange }: { readonly vhost: string; readonly exchange: string },
    permissions: TopicPermissions,
  ): string | null {
    const user = this.#users.get(name);
    if (user === undefined) return `User "${name}" does not exist`;
    const wrong = Object.values(permissions).find((pattern) => !isPattern(pattern));
    if (wrong !== undefined) return `Invalid regexp: ${wrong}`;
    user.topicPermissions.set(topicKey(vhost, exchange), permissions);
    return null;
  }

  /** Whether the user has a permission at all in the virtual host. */
  mayEnter(name: string, vhost: string): boolean {
    return this.#users.get(name)?.permissions.has(vhost) === true;
  }

  mayAccess(name: string, vhost: string, access: { resource: string; to: Permission }): boolean {
    const permissions = this.#users.get(name)?.permissions.get(vhost);
    if (permissions === undefined) return false;
    const resource = access.resource === '' ? DEFAULT_EXCHANGE : access.resource;
    return matchesPattern(permissions[access.to] || NOTHING, resource);
  }

  /** In a topic permission, `{username}` and `{vhost}` stand for the user's. */
  mayAccessTopic(
    name: string,
    { vhost, exchange }: { readonly vhost: string; readonly exchange: string },
    access: { readonly routingKey: string; readonly to: 'write' | 'read' },
  ): boolean {
    const permissions = this.#users.get(name)?.topicPermissions.get(topicKey(vhost, exchange));
    if (permissions === undefined) return true;
    const pattern = (permissions[access.to] || NOTHING)
      .replaceAll('{username}', name)
      .replaceAll('{vhost}', vhost);
    // What the variables made of it may be no pattern: then it allows nothing.
    return isPattern(pattern) && matchesPattern(pattern, access.routingKey);
  }
}

function topicKey(vhost: string, exchange: string): string {
  assert(exchange !== '', 'a topic exchange has a name', { vhost });
  return JSON.stringify([vhost, exchange]);
}
