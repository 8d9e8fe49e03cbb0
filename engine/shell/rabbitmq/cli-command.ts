/**
 * What a command of RabbitMQ's own tools is: its words, and what it does with them.
 *
 * Names, usages, sentences and exit codes are those of the tools of 3.10. Not here: how words are
 * read (`option-parser.ts`), how a command is run (`invocation.ts`, `erlang-tool.ts`).
 * Source: RabbitMQ.CLI.CommandBehaviour.
 */
import type { ProfileName } from '../../rabbitmq/profiles.ts';
import type { FormatterName } from './formatter.ts';
import type { Invocation } from './invocation.ts';
import type { Switches } from './option-parser.ts';

/** Exit codes, by the names of sysexits. */
export const EXIT = {
  OK: 0,
  USAGE: 64,
  DATAERR: 65,
  NOUSER: 67,
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  TEMPFAIL: 75,
} as const;

export type ToolName = 'rabbitmqctl' | 'rabbitmq-queues' | 'rabbitmq-diagnostics';

/** Headings of the list of commands, in its order. */
export const sections = [
  'Help',
  'Nodes',
  'Cluster',
  'Replication',
  'Users',
  'Access Control',
  'Monitoring, observability and health checks',
  'Parameters',
  'Policies',
  'Virtual hosts',
  'Configuration and Environment',
  'Operations',
  'Queues',
] as const;

export type Section = (typeof sections)[number];

/** `ended`: the node itself does not run; here that is its application. */
export type Needs = 'running' | 'stopped' | 'ended' | 'node' | 'nothing';

/** Words that a command cannot take: what is wrong, and the exit code. */
export interface Refusal {
  readonly text: string;
  readonly code: number;
}

export interface CliCommand {
  readonly name: string;
  /** The tools that have it. */
  readonly tools: readonly ToolName[];
  readonly section: Section;
  /** What it does, as the list of commands says it. */
  readonly description: string;
  /** What stands behind its name in a usage. */
  readonly usage: string;
  /** What a usage says of its words besides. */
  readonly notes?: readonly (readonly [string, string])[];
  readonly switches?: Switches;
  readonly aliases?: Readonly<Record<string, string>>;
  /** Fewest and most words behind its name. */
  readonly words: readonly [number, number];
  /** The first and the last release that have it; without, all. */
  readonly since?: ProfileName;
  readonly until?: ProfileName;
  /** What it needs of the node: without this, that RabbitMQ's application runs there. */
  readonly needs?: Needs | ((invocation: Invocation) => Needs);
  /** What is wrong with its words, beyond their number. */
  refuse?(invocation: Invocation): Refusal | null;
  /** What is printed before it is done, unless it is to be quiet. */
  banner?(invocation: Invocation): readonly string[];
  /** Without this, plain text. */
  readonly formatter?: FormatterName;
  run(invocation: Invocation): void;
}

/** A bad value, as `Error (argument validation): Bad argument: ...` has it. */
export function badArgument(text: string): Refusal {
  return { text: `Bad argument: ${text}`, code: EXIT.DATAERR };
}
