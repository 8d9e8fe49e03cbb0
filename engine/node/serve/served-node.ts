/**
 * What a server runs: one node of a cluster, its place on disk and on the network, and how to see
 * that it works. Products describe their nodes in these words (`kafka-nodes.ts`).
 */
import type { Address, Process, ProcessFactory } from '../../kernel/ports.ts';

export interface ServedNode {
  /** The process's name, and its folder's: `broker-1`. */
  readonly name: string;
  /** The address that clients are told to use. */
  readonly advertisedHost: string;
  readonly process: ProcessFactory;
  /** Where clients connect; what other nodes use only is not listed. */
  readonly listeners: readonly ServedListener[];
  /** Nodes with a higher number stop later: a controller outlives its brokers. */
  readonly stopOrder: number;
  /** Whether the process does its work now. */
  running(process: Process): boolean;
}

export interface ServedListener {
  /** The protocol's name, for people. */
  readonly protocol: string;
  readonly address: Address;
}
