/**
 * A closer look at the run that is open: a record's bytes at an event, and the state machines of a
 * host. Few readers look so close: the worker loads it with the first wish.
 *
 * Not here: what is read (`engine/lab/inspect`, `engine/lab/machines.ts`).
 */
import { inspectRecord } from '#engine/lab/inspect/record.ts';
import type { BatchInspection, RecordAddress } from '#engine/lab/inspect/record.ts';
import { charts, machineLives } from '#engine/lab/machines.ts';
import type { Chart, MachineLife } from '#engine/lab/machines.ts';
import type { Run } from '#engine/lab/run.ts';
import type { Session } from '#engine/lab/session.ts';

/** The machines of a host over a whole run, with the charts of those that it has. */
export interface HostMachines {
  readonly host: string;
  readonly charts: readonly Chart[];
  readonly lives: readonly MachineLife[];
}

export class Inspecting {
  readonly session: Session;
  #run: Run | null = null;

  constructor(session: Session) {
    this.session = session;
  }

  /** The batch that holds a record after an event; null where no file there has it. */
  record(event: number, address: RecordAddress): BatchInspection | null {
    // a later moment goes on from the last one; for an earlier one all is run again
    const isBehind = this.#run === null || this.#run.world.event > event;
    this.#run = isBehind ? this.session.again(event) : this.#run!.runTo(event);
    return inspectRecord(this.#run.world, address);
  }

  machines(host: string): HostMachines {
    const lives = machineLives(this.session.trace.entries(), host);
    const had = new Set(lives.map(({ machine }) => machine));
    return { host, lives, charts: charts().filter(({ machine }) => had.has(machine)) };
  }
}
