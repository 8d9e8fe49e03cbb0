/**
 * All tools, by product. A page loads those of the products that its world has
 * (`web/worker`); whoever has no reason to be sparing takes them from here.
 */
import type { Experiment } from '../lab/experiment.ts';
import type { MakeTypist, Product } from '../lab/terminal.ts';
import { kafkaTools } from './kafka/tools.ts';
import { playgroundTools } from './playground/tools.ts';
import type { Tool } from './program.ts';
import { rabbitTools } from './rabbitmq/tools.ts';
import { Shell } from './shell.ts';
import { storeTools } from './stores/tools.ts';

const TOOLS: Readonly<Record<Product, readonly Tool[]>> = {
  kafka: kafkaTools,
  rabbitmq: rabbitTools,
  stores: storeTools,
  playground: playgroundTools,
};

export function toolsOf(products: readonly Product[]): readonly Tool[] {
  return products.flatMap((product) => TOOLS[product]);
}

/** The shell of an experiment's terminal, for a run that repeats what was typed. */
export function shellOf({ terminal }: Experiment): MakeTypist {
  const tools = toolsOf(terminal?.products ?? []);
  return (lab, handles) => new Shell(lab, handles, { tools });
}
