/** Lines of a history that differ from the real broker's, each with its reason. */
interface Difference {
  /** The line of the recorded history. */
  readonly theirs: string;
  readonly our: string;
  readonly reason: string;
}

/** By scenario. */
export const accepted: Readonly<Record<string, readonly Difference[]>> = {};
