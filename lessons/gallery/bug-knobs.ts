/**
 * The knobs that every entry of the gallery has: the bug by its switch, or by the release. Not
 * here: what the switches do (`engine/kafka/profiles.ts`).
 */
import { choice, prove } from '#engine/lab/index.ts';
import type { Mutant, Predicate, Proof } from '#engine/lab/index.ts';
import { profileKnob } from '#engine/lab/kafka-profile.ts';
import type { KafkaOptions } from '#engine/lab/kafka.ts';

type Quirks = NonNullable<KafkaOptions['quirks']>;
type SwitchName = keyof Quirks;

export const bugKnobs = {
  quirk: choice(['by-release', 'on', 'off'], 'on', {
    en: 'The bug: on, off, or as the chosen release has it.',
    zh: '这个缺陷：打开、关闭，或者由所选版本决定。',
  }),
  profile: profileKnob,
};

/**
 * The switches of a run, for the cluster. `fix` is the switch that ended the bug: off where the
 * bug is on. `besides` is what the story needs whatever the release.
 */
export function quirksOf(
  quirk: 'by-release' | 'on' | 'off',
  fix: SwitchName,
  besides: Quirks = {},
): Quirks {
  return quirk === 'by-release' ? besides : { ...besides, [fix]: quirk === 'off' };
}

/** The proof that an entry has in any case: the damage is there with the bug, and not without. */
export function bugShows(damage: Predicate, mutants: readonly Mutant[] = []): Proof {
  return prove({ quirk: 'on' }, damage, [
    { name: 'the quirk is off', knobs: { quirk: 'off' } },
    ...mutants,
  ]);
}
