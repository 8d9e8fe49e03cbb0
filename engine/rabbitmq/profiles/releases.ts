/**
 * The minor releases of RabbitMQ from 3.8 on, and their order.
 *
 * Not here: what a release does (`switches.ts`, `default-history.ts`). A release stands for the
 * last of its patch releases. Source: the tags of rabbitmq/rabbitmq-server.
 */
import { assert } from '../../kernel/assert.ts';

/** Oldest first. After 3.13 came 4.0. */
export const releases = [
  '3.8',
  '3.9',
  '3.10',
  '3.11',
  '3.12',
  '3.13',
  '4.0',
  '4.1',
  '4.2',
  '4.3',
] as const;
export type Release = (typeof releases)[number];

/** Orders by number, not by text: `3.9` is before `3.10`. */
export function compareReleases(left: Release, right: Release): number {
  const [before, after] = [releases.indexOf(left), releases.indexOf(right)];
  assert(before >= 0 && after >= 0, 'known releases', { left, right });
  return before - after;
}
