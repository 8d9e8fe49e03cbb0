/** Lines of a history that differ from the real broker's, each with its reason. */
interface Difference {
  /** The line of the recorded history. */
  readonly theirs: string;
  /** What stands in its place. */
  readonly ours: readonly string[];
  readonly reason: string;
}

/** By scenario. */
export const accepted: Readonly<Record<string, readonly Difference[]>> = {
  'a single active consumer that is cancelled leaves a backlog': [
    {
      theirs: '    1c cancelled c2',
      ours: [
        "    1c deliver c2 #1 exchange= key=q 'm2'",
        "    1c deliver c2 #2 exchange= key=q 'm3'",
        "    1c deliver c2 #3 exchange= key=q 'm4'",
      ],
      reason:
        'A crash of the queue: a message comes while the next consumer could take one and others ' +
        'are ready, which rabbit_amqqueue_process:attempt_delivery takes for impossible. Since ' +
        '4.0 the queue runs when a consumer is cancelled. Ours runs with the next message.',
    },
  ],
};
