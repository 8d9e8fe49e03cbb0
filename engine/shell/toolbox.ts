/**
 * All tools, by product, and with Kafka's its codecs: whoever types may ask for any of them. A page
 * loads what a line names (`web/worker/toolbox.ts`); whoever has no reason to be sparing takes them
 * from here.
 */
import { present } from '../kernel/assert.ts';
import type { Experiment } from '../lab/experiment.ts';
import type { MakeTypist, Product } from '../lab/terminal.ts';
import './kafka/codecs.ts';
import { kafkaEntries } from './kafka/tool-entries.ts';
import { kafkaPrograms } from './kafka/tools.ts';
import { playgroundTools } from './playground/tools.ts';
import type { Tool, ToolEntry, ToolProgram } from './program.ts';
import { rabbitEntries } from './rabbitmq/tool-entries.ts';
import { rabbitPrograms } from './rabbitmq/tools.ts';
import { Shell } from './shell.ts';
import { storeTools } from './stores/tools.ts';

const TOOLS: Readonly<Record<Product, readonly Tool[]>> = {
  kafka: withPrograms(kafkaEntries, kafkaPrograms),
  rabbitmq: withPrograms(rabbitEntries, rabbitPrograms),
  stores: storeTools,
  playground: playgroundTools,
};

function withPrograms(
  entries: readonly ToolEntry[],
  programs: Readonly<Record<string, ToolProgram>>,
): Tool[] {
  return entries.map((entry) => ({ ...entry, ...present(programs[entry.name], entry.name) }));
}

export function toolsOf(products: readonly Product[]): readonly Tool[] {
  return products.flatMap((product) => TOOLS[product]);
}

/** The shell of an experiment's terminal, for a run that repeats what was typed. */
export function shellOf({ terminal }: Experiment): MakeTypist {
  const tools = toolsOf(terminal?.products ?? []);
  return (lab, handles) => new Shell(lab, handles, { tools });
}
