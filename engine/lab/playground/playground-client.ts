/**
 * What all clients of a playground have in common: a host of their own, options that can be read
 * and set while they run. Not here: the clients.
 */
import type { Localized } from '../knob.ts';

export type ClientKind = 'producer' | 'publisher' | 'consumer';

export interface PlaygroundClient {
  readonly name: string;
  readonly kind: ClientKind;
  /** What it was told, as it is typed: `--topic orders --rate 10/s`. */
  readonly options: string;
  /**
   * Sets an option. What is wrong with it; or whether it holds at once, or from a restart of the
   * client on, which whoever sets it brings about.
   */
  set(option: string, value: string): Localized | 'at once' | 'after a restart';
}
