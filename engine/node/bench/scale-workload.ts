/** What a workload of `bench --scale` is: a world that is ready, and the work that is measured. */

/** What has happened in a world so far, counted. */
export interface Counted {
  readonly events: number;
  /** Appended, read and copied on all hosts, as the price list of the simulation counts them. */
  readonly bytes: number;
}

export interface Prepared {
  readonly cluster: { readonly counted: Counted };
  readonly work: () => void;
}

export interface ScaleWorkload {
  readonly name: string;
  readonly unit: 'record' | 'member' | 'partition' | 'message';
  /** What there are few or many of, where that is not the unit itself. */
  readonly among?: string;
  /** From few to many. */
  readonly sizes: readonly number[];
  readonly prepare: (size: number) => Prepared;
  /** A cluster in which nobody does anything in that time costs something, too: it is taken off. */
  readonly offIdle?: true;
  /** How many units the work has, where that is not the size. */
  readonly units?: number;
}
