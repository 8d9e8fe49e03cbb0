/**
 * A check that must turn red for a mutation of the engine: a test of the project `unit`, or a proof
 * of an experiment. A test is named by its file and its own name, which no other test of the file
 * may end with; of a test with parameters, the name of the one that is meant.
 *
 * Not here: which check it is for each mutation (`kafka-catchers.ts`, `rabbitmq-catchers.ts`).
 */
export type Catcher =
  | { readonly kind: 'test'; readonly file: string; readonly name: string }
  | { readonly kind: 'proof'; readonly experiment: string; readonly proof: string };

export const test = (file: string, name: string): Catcher => ({ kind: 'test', file, name });
