/**
 * The playground as an experiment: an empty world and one open step, in which everything is typed.
 * A saved playground is its lines, as every run with a terminal is.
 *
 * Not here: the world (`lab/playground`), the commands (`tools.ts`).
 */
import { openStep } from '../../lab/drill.ts';
import { experiment } from '../../lab/experiment.ts';
import { Playground } from '../../lab/playground/playground.ts';

/** By this id links and commands name it. */
export const PLAYGROUND = 'playground';

export const playgroundExperiment = experiment({
  id: PLAYGROUND,
  knobs: {},
  world: ({ lab }) => new Playground(lab),
  steps: [openStep<Playground>({ en: 'Playground', zh: '试验场' })],
  settle: [
    {
      id: 'left',
      title: { en: 'The playground is left', zh: '离开试验场' },
      until: () => true,
      timeLimitMs: 1,
    },
  ],
  measures: () => ({}),
  proofs: {},
  terminal: {
    products: ['kafka', 'rabbitmq', 'playground'],
    handles: ({ handles }) => handles,
  },
});
