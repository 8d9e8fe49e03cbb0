/**
 * All tools, by product. A page loads those of the products that its world has
 * (`web/worker`); whoever has no reason to be sparing takes them from here.
 */
import type { Product } from '../lab/terminal.ts';
import { kafkaTools } from './kafka/tools.ts';
import { playgroundTools } from './playground/tools.ts';
import type { Tool } from './program.ts';
import { rabbitTools } from './rabbitmq/tools.ts';
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
