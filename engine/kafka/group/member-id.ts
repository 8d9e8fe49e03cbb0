/**
 * The ids that the coordinator gives to members: the client's id, or the instance's for a static
 * member, and a random UUID. Source: `ClassicGroup.generateMemberId`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';

export function newMemberId(prefix: string, random: Random): string {
  const word = (): string => random.uint32().toString(16).padStart(8, '0');
  const [first, second, third, fourth] = [word(), word(), word(), word()];
  const version = `4${second.slice(5)}`;
  const variant = `${(random.below(4) + 8).toString(16)}${third.slice(1, 4)}`;
  const uuid = `${first}-${second.slice(0, 4)}-${version}-${variant}-${third.slice(4)}${fourth}`;
  assert(uuid.length === 36, 'a UUID', { uuid });
  return `${prefix}-${uuid}`;
}
