/**
 * What a new node has: the virtual host `/`, and the user guest, who may do everything in it.
 *
 * Source: `rabbit:insert_default_data`, the settings default_vhost, default_user, default_pass,
 * default_user_tags and default_permissions.
 */
import type { Random } from '../../kernel/ports.ts';
import type { MetadataChange } from './metadata-change.ts';
import { hashPassword } from './password-hash.ts';
import type { TablesView } from './tables.ts';

const VHOST = '/';
const USER = 'guest';
const PASS = 'guest';
const EVERYTHING = { configure: '.*', write: '.*', read: '.*' };

/** Whether nobody has put anything there (`rabbit_table:needs_default_data`). */
export function needsDefaultData(tables: TablesView): boolean {
  const [vhost] = tables.rows('rabbit_vhost');
  const [user] = tables.rows('rabbit_user');
  return vhost === undefined && user === undefined;
}

/** The changes that make it, in order. */
export function defaultData(random: Random): readonly MetadataChange[] {
  const vhost = {
    ...{ name: VHOST, description: 'Default virtual host' },
    ...{ tags: [], defaultQueueType: null },
  };
  const user = {
    ...{ name: USER, tags: ['administrator'] },
    passwordHash: hashPassword(PASS, random),
  };
  return [
    { kind: 'add-vhost', vhost },
    { kind: 'add-user', user },
    { kind: 'set-permissions', user: USER, vhost: VHOST, permissions: EVERYTHING },
  ];
}
