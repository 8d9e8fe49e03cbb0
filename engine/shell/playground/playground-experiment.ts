/**
 * The playground as an experiment: an empty world and one open step, in which everything is typed.
 * A saved playground is its lines, as every run with a terminal is.
 *
 * Not here: the world (`lab/playground`), the commands (`tools.ts`).
 */
import { openExperiment } from '../../lab/open-experiment.ts';
import { Playground } from '../../lab/playground/playground.ts';

/** By this id links and commands name it. */
export const PLAYGROUND = 'playground';

export const playgroundExperiment = openExperiment({
  id: PLAYGROUND,
  title: { en: 'Playground', zh: '试验场' },
  world: ({ lab }) => new Playground(lab),
  prepare: [],
  products: ['kafka', 'rabbitmq', 'playground'],
  handles: ({ handles }) => handles,
});
