/**
 * What an administrator does to a node: virtual hosts, users, permissions, policies, as the
 * commands of rabbitmqctl. Each answers null, or a sentence that says what is wrong.
 *
 * Not here: what the changes do (`metadata/`), reading (the tables). The sentences are those of
 * rabbitmqctl 3.10.8. Differs: a virtual host has a name, there the empty one is let pass.
 */
import { assert } from '../kernel/assert.ts';
import type { Random } from '../kernel/ports.ts';
import type { MetadataChange, Outcome } from './metadata/metadata-change.ts';
import type { Metadata } from './metadata/metadata.ts';
import { hashPassword } from './metadata/password-hash.ts';
import type { PolicyOwner } from './metadata/rows.ts';
import type { Profile } from './profiles.ts';
import type { QueueType } from './queue/queue.ts';
import { isPattern } from './vhost/pattern.ts';
import { type Policy, checkPolicy } from './vhost/policies.ts';
import type { Permissions, TopicPermissions } from './vhost/users.ts';

/** Told once, at once or in a later event. */
export type Done = (problem: string | null) => void;

export interface VhostOptions {
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly defaultQueueType?: QueueType;
}

export interface AdministrationOptions {
  readonly metadata: Metadata;
  readonly profile: Profile;
  /** For salts. */
  readonly random: Random;
}

export class Administration {
  readonly #metadata: Metadata;
  readonly #profile: Profile;
  readonly #random: Random;

  constructor({ metadata, profile, random }: AdministrationOptions) {
    this.#metadata = metadata;
    this.#profile = profile;
    this.#random = random;
  }

  /** One that is there stays as it is. */
  addVhost(name: string, options: VhostOptions, done: Done): void {
    if (name === '') {
      done('vhost cannot be an empty string');
      return;
    }
    const { description = '', tags = [], defaultQueueType = null } = options;
    const vhost = { name, description, tags, defaultQueueType };
    this.#commit({ kind: 'add-vhost', vhost }, done);
  }

  /** With all that is in it; its connections are closed. */
  deleteVhost(vhost: string, done: Done): void {
    this.#commit({ kind: 'delete-vhost', vhost }, done);
  }

  /** A user who may do nothing yet. */
  addUser(name: string, password: string, tags: readonly string[], done: Done): void {
    if (name === '') {
      done('user cannot be an empty string');
      return;
    }
    const user = { name, passwordHash: hashPassword(password, this.#random), tags };
    this.#commit({ kind: 'add-user', user }, done, `User "${name}" already exists`);
  }

  deleteUser(user: string, done: Done): void {
    this.#commit({ kind: 'delete-user', user }, done);
  }

  changePassword(user: string, password: string, done: Done): void {
    const passwordHash = hashPassword(password, this.#random);
    this.#commit({ kind: 'change-password', user, passwordHash }, done);
  }

  /** No password fits any more. */
  clearPassword(user: string, done: Done): void {
    this.#commit({ kind: 'change-password', user, passwordHash: new Uint8Array(0) }, done);
  }

  setUserTags(user: string, tags: readonly string[], done: Done): void {
    this.#commit({ kind: 'set-user-tags', user, tags }, done);
  }

  setPermissions(user: string, vhost: string, permissions: Permissions, done: Done): void {
    const wrong = wrongPattern(Object.values(permissions));
    if (wrong !== null) done(wrong);
    else this.#commit({ kind: 'set-permissions', user, vhost, permissions }, done);
  }

  clearPermissions(user: string, vhost: string, done: Done): void {
    this.#commit({ kind: 'clear-permissions', user, vhost }, done);
  }

  setTopicPermissions(
    user: string,
    { vhost, exchange }: { readonly vhost: string; readonly exchange: string },
    permissions: TopicPermissions,
    done: Done,
  ): void {
    const wrong = wrongPattern(Object.values(permissions));
    const change = { kind: 'set-topic-permissions', user, vhost, exchange, permissions } as const;
    if (wrong !== null) done(wrong);
    else this.#commit(change, done);
  }

  /** Of one exchange, or of all (null). */
  clearTopicPermissions(
    user: string,
    { vhost, exchange }: { readonly vhost: string; readonly exchange: string | null },
    done: Done,
  ): void {
    this.#commit({ kind: 'clear-topic-permissions', user, vhost, exchange }, done);
  }

  /** A policy of this name in its place, if there was one. */
  setPolicy(vhost: string, policy: Policy, by: PolicyOwner, done: Done): void {
    const wrong = checkPolicy(policy, by, this.#profile);
    if (wrong !== null) done(wrong);
    else this.#commit({ kind: 'set-policy', vhost, by, policy }, done);
  }

  clearPolicy(vhost: string, name: string, by: PolicyOwner, done: Done): void {
    const change = { kind: 'clear-policy', vhost, by, name } as const;
    this.#commit(change, done, 'Parameter does not exist');
  }

  setClusterName(name: string, done: Done): void {
    this.#commit({ kind: 'set-cluster-name', name }, done);
  }

  #commit(change: MetadataChange, done: Done, unchanged: string | null = null): void {
    this.#metadata.commit(change, (outcome) => {
      done(outcome.kind === 'unchanged' ? unchanged : problemOf(outcome));
    });
  }
}

function problemOf(outcome: Outcome): string | null {
  if (outcome.kind === 'unavailable') return outcome.reason;
  if (outcome.kind !== 'missing') return null;
  const { what, name } = outcome;
  assert(what === 'user' || what === 'vhost', 'an administrator names users and vhosts', { what });
  return what === 'user'
    ? `User "${name}" does not exist`
    : `Virtual host '${name}' does not exist`;
}

function wrongPattern(patterns: readonly string[]): string | null {
  const wrong = patterns.find((pattern) => !isPattern(pattern));
  return wrong === undefined ? null : `Invalid regexp: ${wrong}`;
}
