/**
 * The minor releases of Apache Kafka, oldest first.
 *
 * Not here: what a release does (`switches.ts`, `default-history.ts`). A release stands for the
 * last of its patch releases: what 3.0.1 mended, 3.0 has.
 * Source: the tags of apache/kafka.
 */
import { assert } from '../../kernel/assert.ts';

/** Oldest first. There was no 1.2 and no 2.9: 2.0 and 3.0 followed. */
export const releases = [
  '0.8',
  '0.9',
  '0.10',
  '0.11',
  '1.0',
  '1.1',
  '2.0',
  '2.1',
  '2.2',
  '2.3',
  '2.4',
  '2.5',
  '2.6',
  '2.7',
  '2.8',
  '3.0',
  '3.1',
  '3.2',
  '3.3',
  '3.4',
  '3.5',
  '3.6',
  '3.7',
  '3.8',
  '3.9',
  '4.0',
  '4.1',
] as const;
export type Release = (typeof releases)[number];

/** The release before another: of `'3.0'` it is `'2.8'`. Null before the first. */
export function releaseBefore(release: Release): Release | null {
  const place = releases.indexOf(release);
  assert(place >= 0, 'a known release', { release, known: releases });
  return place === 0 ? null : releases[place - 1]!;
}
