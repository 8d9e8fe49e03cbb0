/**
 * The knob by which an experiment takes the behaviour of a release of RabbitMQ, which dated proofs
 * need. Not here: what the releases do (`engine/rabbitmq/profiles.ts`).
 */
import { newestProfile, profileNames } from '../rabbitmq/profiles.ts';
import { choice } from './knob.ts';

export const rabbitProfileKnob = choice(profileNames, newestProfile, {
  en: 'Behaviour and defaults of a release.',
  zh: '采用哪个版本的行为和默认值。',
});
