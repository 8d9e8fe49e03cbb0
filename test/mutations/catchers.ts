/**
 * Which check must turn red for each mutation of the engine. The mutation itself is `<name>.patch`
 * beside this file, a unified diff against engine/; `mutations.test.ts` applies it and runs the
 * catcher.
 */
import type { Catcher } from './catcher.ts';
import { kafkaCatchers } from './kafka-catchers.ts';
import { rabbitCatchers } from './rabbitmq-catchers.ts';

/** By the name of the patch, without its ending. */
export const catchers: Readonly<Record<string, Catcher>> = { ...kafkaCatchers, ...rabbitCatchers };
