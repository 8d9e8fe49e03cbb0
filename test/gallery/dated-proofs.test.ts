/**
 * Dated claims: each holds under the profile of its release and fails under the one before it. The
 * table of all of them is printed.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { datesOf } from '../../engine/lab/experiment.ts';
import { profilesAround, runProof } from '../../engine/lab/prove.ts';
import { allExperiments, claimsOf } from '../lessons/lesson-files.ts';

/** As many as the lessons of replication and the producer have at least. */
const DATED_MIN = 10;

const DATED = (await allExperiments()).flatMap(({ track, slug, experiment }) =>
  Object.entries(datesOf(experiment)).map(([id, since]) => ({
    track,
    slug,
    experiment,
    id,
    since,
  })),
);
const rows: string[] = [];

describe('gallery: dated proofs', () => {
  test.each(DATED)('$slug/$id flips at $since', ({ track, slug, experiment, id, since }) => {
    const [before, from] = profilesAround(experiment.knobs, since);
    const { verdict, mutants } = runProof(experiment, id);
    expect({ id, verdict }).toEqual({ id, verdict: 'proved' });
    expect(mutants).toContainEqual({ name: before, caught: true });
    const claims = claimsOf(track, slug).filter(({ proof }) => proof === id);
    const of = claims.map((claim) => claim.id).join(', ');
    rows.push(`${before.padEnd(10)} fails  ${from.padEnd(10)} holds  ${slug}/${id}  ${of}`);
  });

  test(`there are at least ${DATED_MIN}`, () => {
    expect(DATED.length).toBeGreaterThanOrEqual(DATED_MIN);
  });
});

afterAll(() => console.log(rows.join('\n')));
