/** The seed of a run that names none. */
export const SEED_PRESET = 1;
