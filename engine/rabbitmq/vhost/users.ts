/**
 * The internal database of users, as it is asked: who logs in, and what each may do in which
 * virtual host.
 *
 * A permission is three patterns over names of exchanges and queues: configure (declare, delete),
 * write (publish, be bound to), read (consume, bind from). The empty pattern matches nothing but
 * the empty name; the default exchange's name is `amq.default` here. Topic permissions are patterns
 * over routing keys of one topic exchange, and allow everything where there are none.
 * Not here: how users come to be (`administration.ts`), how a client logs in (`connection/`).
 * Sources: rabbitmq.com/docs/access-control; `rabbit_auth_backend_internal`.
 */
import { assert } from '../../kernel/assert.ts';
import { isPassword } from '../metadata/password-hash.ts';
import { rowKey } from '../metadata/rows.ts';
import type { TablesView } from '../metadata/tables.ts';
import { isPattern, matchesPattern } from './pattern.ts';

export type Permission = 'configure' | 'write' | 'read';
export type Permissions = Readonly<Record<Permission, string>>;
export type TopicPermissions = Readonly<Record<'write' | 'read', string>>;

const NOTHING = '^$';
const DEFAULT_EXCHANGE = 'amq.default';

export class Users {
  readonly #tables: TablesView;

  constructor(tables: TablesView) {
    this.#tables = tables;
  }

  /** Whether there is such a user with this password; an empty one is nobody's. */
  mayLogIn(name: string, password: string): boolean {
    const user = this.#tables.get('rabbit_user', rowKey(name));
    return user !== undefined && password !== '' && isPassword(password, user.passwordHash);
  }

  hasTag(name: string, tag: string): boolean {
    return this.#tables.get('rabbit_user', rowKey(name))?.tags.includes(tag) === true;
  }

  /** Whether the user has a permission at all in the virtual host. */
  mayEnter(name: string, vhost: string): boolean {
    return this.#tables.get('rabbit_user_permission', rowKey(name, vhost)) !== undefined;
  }

  mayAccess(name: string, vhost: string, access: { resource: string; to: Permission }): boolean {
    const row = this.#tables.get('rabbit_user_permission', rowKey(name, vhost));
    if (row === undefined) return false;
    const resource = access.resource === '' ? DEFAULT_EXCHANGE : access.resource;
    return matchesPattern(row.permissions[access.to] || NOTHING, resource);
  }

  /** In a topic permission, `{username}` and `{vhost}` stand for the user's. */
  mayAccessTopic(
    name: string,
    { vhost, exchange }: { readonly vhost: string; readonly exchange: string },
    access: { readonly routingKey: string; readonly to: 'write' | 'read' },
  ): boolean {
    assert(exchange !== '', 'a topic exchange has a name', { vhost });
    const row = this.#tables.get('rabbit_topic_permission', rowKey(name, vhost, exchange));
    if (row === undefined) return true;
    const pattern = (row.permissions[access.to] || NOTHING)
      .replaceAll('{username}', name)
      .replaceAll('{vhost}', vhost);
    // What the variables made of it may be no pattern: then it allows nothing.
    return isPattern(pattern) && matchesPattern(pattern, access.routingKey);
  }
}
