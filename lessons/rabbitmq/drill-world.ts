/**
 * The node into which the commands of RabbitMQ's drills are typed: a whole one, since they may ask
 * for anything. Not here: how a story on it begins (`story.ts`), which loads only what it uses.
 */
import { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import { wholeRabbit } from '#engine/lab/rabbitmq-whole.ts';
import type { Lab } from '#engine/lab/index.ts';
import type { Handles } from '#engine/lab/terminal.ts';
import type { RabbitWorld } from './story.ts';

export function drillWorld({ lab }: { readonly lab: Lab }): RabbitWorld {
  return { rabbit: new RabbitCluster(lab, { ...wholeRabbit, profile: 'rabbitmq-4.1' }) };
}

export function drillHandles({ rabbit }: RabbitWorld): Handles {
  return { rabbitmq: rabbit };
}
