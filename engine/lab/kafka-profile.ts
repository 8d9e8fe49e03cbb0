/**
 * The knob by which an experiment takes the behaviour of a release, which dated proofs need. Not
 * here: what the releases do (`engine/kafka/profiles.ts`).
 */
import { newestProfile, profileNames } from '../kafka/profiles.ts';
import type { ProfileName } from '../kafka/profiles.ts';
import { choice } from './knob.ts';

export const profileKnob = choice(profileNames, newestProfile, {
  en: 'Behaviour and defaults of a release.',
  zh: '采用哪个版本的行为和默认值。',
});

/** Whether a release is older than another. */
export function isBefore(profile: ProfileName, first: ProfileName): boolean {
  return profileNames.indexOf(profile) < profileNames.indexOf(first);
}
