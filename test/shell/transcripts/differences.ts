/** Where the engine's tools answer otherwise than the recorded ones, and why. */
import { clusterDifferences } from './kafka/cluster-differences.ts';
import { kafkaDifferences } from './kafka/differences.ts';
import { rabbitDifferences } from './rabbitmq/differences.ts';

export interface Difference {
  /** Below this folder. */
  readonly file: string;
  /** The command, as it stands in the file. */
  readonly command: string;
  /** What is printed here; `<word>` as in the recording. Null: not compared. */
  readonly ours: readonly string[] | null;
  /** Its exit code here, where that is another. */
  readonly exit?: number;
  readonly reason: string;
}

export const differences: readonly Difference[] = [
  ...kafkaDifferences,
  ...clusterDifferences,
  ...rabbitDifferences,
];
