/**
 * What a system brings along to be asked whether its configuration is safe: which settings it
 * recognises, what they come to, the experiment that runs them, the stages of a search, and the
 * single changes that might prevent what was found.
 *
 * Not here: the systems (`kafka/`), and how a check goes (`check.ts`).
 */
import type { Experiment } from '../experiment.ts';
import type { FaultKind } from '../explore/index.ts';
import type { Localized } from '../knob.ts';

/** A file of settings as the user gives it. */
export interface SettingsFile {
  readonly name: string;
  readonly text: string;
}

/** Where a setting stands. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

export interface ReadSetting {
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
}

/** What makes a configuration impossible: it would not start. */
export interface Problem {
  readonly text: Localized;
  readonly origins: readonly Origin[];
}

/** What was read of files: everything that they say stands in one of the lists. */
export interface Reading {
  readonly system: string;
  readonly release: string;
  readonly recognised: readonly ReadSetting[];
  readonly ignored: readonly ReadSetting[];
  /** Lines that a later line of the same file overrides. */
  readonly repeated: readonly (ReadSetting & { readonly laterLine: number })[];
  /** What is not given, by the release. */
  readonly defaults: readonly { readonly name: string; readonly value: string }[];
  readonly notes: readonly Localized[];
  /** What was given, by the name that counts: what a remedy changes. */
  readonly given: Readonly<Record<string, string>>;
  readonly knobs: Readonly<Record<string, string>>;
}

export type ReadResult =
  | { readonly ok: true; readonly reading: Reading }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What can become of a record. */
export type Damage = 'lost' | 'duplicated' | 'reordered' | 'unavailable';

/** A part of the search: which faults, how many, and what they must not do. */
export interface Stage {
  readonly id: string;
  readonly damage: Damage;
  /** The faults in a few words: `one broker is killed`. */
  readonly title: Localized;
  /** Over the knobs of the configuration. */
  readonly knobs: Readonly<Record<string, string>>;
  readonly forbidden: readonly string[];
  readonly kinds: readonly FaultKind[];
  readonly depth: number;
  /**
   * `search`: every schedule. `all at once`: at each point, every host. `all but one`: one host is
   * cut off at a point, and at a later one the others die.
   */
  readonly pattern: 'search' | 'all at once' | 'all but one';
  /** More than anybody promises to survive: it is told, and does not count. */
  readonly isBeyond: boolean;
  /** Fewer faults do the same damage: not run when one of these stages found it. */
  readonly after: readonly string[];
  /** Its part of the time, relative to the others. */
  readonly weight: number;
}

/** A change that might prevent what was found, and what it costs. */
export interface Remedy {
  readonly settings: Readonly<Record<string, string>>;
  readonly price: Localized;
}

export interface SafeSystem {
  readonly id: string;
  readonly title: Localized;
  /** Oldest first. */
  readonly releases: readonly string[];
  /** Reads files over the defaults of a release; null: what the files say, or the newest. */
  read(files: readonly SettingsFile[], release: string | null): ReadResult;
  /** The same configuration with some settings changed; null where it would not start. */
  change(reading: Reading, settings: Readonly<Record<string, string>>): Reading | null;
  stages(reading: Reading): readonly Stage[];
  remedies(reading: Reading, damage: Damage): readonly Remedy[];
  /** The experiment whose search breaks when one of the measures is above 0. */
  experiment(knobs: Readonly<Record<string, string>>, forbidden: readonly string[]): Experiment;
}
