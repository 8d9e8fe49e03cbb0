/**
 * What a run needs of a terminal: the lines that were typed, as inputs like faults are, and who
 * reads them. `(experiment, knobs, inputs, lines, seed)` is again one run, bit for bit.
 *
 * The run knows no command: a shell is handed in (`engine/shell`), so that a page without a
 * terminal does not carry one. Not here: the commands, panes and their programs (`engine/shell`).
 */
import { traceKind } from '../kernel/ports.ts';
import type { DatabaseHost } from './database.ts';
import type { Lab } from './experiment.ts';
import type { KafkaCluster } from './kafka.ts';
import type { Playground } from './playground/playground.ts';
import type { RabbitCluster } from './rabbitmq.ts';
import type { RedisHosts } from './redis.ts';

/** A line that was typed, and after which event. */
export interface TypedLine {
  readonly event: number;
  /** Counted from 1. */
  readonly pane: number;
  /** Without its line end; `INTERRUPT` and `END_OF_INPUT` are keys. */
  readonly text: string;
}

/** Ctrl-C and Ctrl-D, as a terminal sends them. */
export const INTERRUPT = '\u0003';
export const END_OF_INPUT = '\u0004';

/** Whose tools a terminal has; each product's are loaded when a world needs them. */
export type Product = 'kafka' | 'rabbitmq' | 'stores' | 'playground';

/** What there is in a world for commands to work on. An empty playground fills it as it goes. */
export interface Handles {
  kafka?: KafkaCluster;
  rabbitmq?: RabbitCluster;
  redis?: RedisHosts;
  database?: DatabaseHost;
  /** Where parts of the world can be added and taken away. */
  playground?: Playground;
}

/** Who reads what is typed. */
export interface Typist {
  /** Takes a line, between events. */
  type(pane: number, text: string): void;
  /** Whether a command is under way that ends by itself: it does not wait for somebody. */
  readonly isBusy: boolean;
}

export type MakeTypist = (lab: Lab, handles: Handles) => Typist;

/** Every line is in the trace, so that it has a place on the time line. */
export const typedKind = traceKind('typed', { pane: 'int', text: 'string' });
