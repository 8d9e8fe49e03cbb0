/**
 * Every entry of the gallery is red and green: with its quirk the invariant that its story names
 * breaks and the damage is measured; without it nothing breaks. The same by release, where a
 * release shipped the bug and another the fix. Proofs and mutants are what `prove` runs.
 */
import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../engine/lab/experiment.ts';
import { profilesAround, runProof } from '../../engine/lab/prove.ts';
import { Run } from '../../engine/lab/run.ts';
import { Session } from '../../engine/lab/session.ts';
import { compareStories, storyFrontMatter } from '../../lessons/front-matter.ts';
import { readProse } from '../../lessons/prose.ts';
import { validateYaml } from '../../lessons/schema.ts';
import { allExperiments, hasText, lessonText } from '../lessons/lesson-files.ts';

/** An entry without its texts is for the lint to report. */
const ENTRIES = (await allExperiments()).filter(
  ({ track, slug }) => track === 'gallery' && hasText(`gallery/${slug}/en.svx`),
);

function storyOf(slug: string) {
  const file = `gallery/${slug}/en.svx`;
  const { frontMatter, frontMatterLine } = readProse(lessonText(file));
  const { value } = validateYaml(storyFrontMatter, file, frontMatter, frontMatterLine);
  expect(value, file).not.toBeNull();
  return value!;
}

function broken(experiment: Experiment, knobs: Record<string, string>): string[] {
  const run = new Run(experiment, { knobs, paranoidWire: true }).finish();
  expect(run.world.failure, 'the engine itself').toBeNull();
  return run.violations.map(({ invariant }) => invariant);
}

describe.each(ENTRIES)('gallery: $slug', ({ slug, experiment }) => {
  const { invariant, fixed } = storyOf(slug);

  test('with the quirk its invariant breaks, without it none', () => {
    expect(broken(experiment, {})).toContain(invariant);
    expect(broken(experiment, { quirk: 'off' })).toEqual([]);
  });

  test('a page is told what broke, and when', () => {
    const { violations } = new Session(experiment).summary();
    expect(violations?.map((violation) => violation.invariant)).toContain(invariant);
    expect(new Session(experiment, { knobs: { quirk: 'off' } }).summary().violations).toEqual([]);
  });

  test.each(Object.keys(experiment.proofs))('its proof %s holds, and fails on mutants', (id) => {
    expect(runProof(experiment, id)).toMatchObject({ id, verdict: 'proved' });
  });

  const isDated = Object.values(experiment.proofs).some(({ since }) => since === fixed);
  const dated = fixed === undefined || !isDated ? [] : [fixed];
  test.each(dated)('red in the release before %s, green from then on', (release) => {
    const [before, from] = profilesAround(experiment.knobs, release);
    expect(broken(experiment, { quirk: 'by-release', profile: before })).toContain(invariant);
    expect(broken(experiment, { quirk: 'by-release', profile: from })).toEqual([]);
  });
});

test('gallery: the table of entries, their invariants and releases', () => {
  const rows = ENTRIES.map(({ slug }) => ({ slug, ...storyOf(slug) }))
    .sort(compareStories)
    .map(
      ({ number, slug, invariant, fixed }) =>
        `${number} ${invariant} until ${fixed ?? '-'} ${slug}`,
    );
  console.log(rows.join('\n'));
  expect(new Set(rows).size).toBe(ENTRIES.length);
  expect(rows.length).toBeGreaterThan(0);
});
