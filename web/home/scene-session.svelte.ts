/**
 * A visitor's session with the first page's cluster: the run that is live, where in it the visitor
 * is, and what can be done next. The phases follow from the run, not from what was pressed, so
 * that any fault of the visitor's own has its turn.
 *
 * Not here: the picture and its words (`Scene.svelte`); a lesson's stage
 * (`stage/stage-session.svelte.ts`), which has knobs, links and a memory besides.
 */
import { prefersReducedMotion } from 'svelte/motion';
import type { Fault } from '#engine/sim/faults.ts';
import type { Lang, SceneData } from '../lesson/content.ts';
import type { Target } from '../stage/fault-offers.ts';
import { Player } from '../stage/player.svelte.ts';
import { Records } from '../stage/records.ts';
import { brokerView, Logs } from '../stage/replicas.ts';
import { Runs } from '../stage/runs.svelte.ts';

/**
 * `calm`: nothing has been done to it; `broken`: something has; `down`: the leader is dead;
 * `elected`: and another leads; `recovering`: it runs again; `lost`: an acknowledged record is
 * gone; `kept`: the run is over, and none is.
 */
export type Phase = 'calm' | 'broken' | 'down' | 'elected' | 'recovering' | 'lost' | 'kept';

/** Events until a host that was killed is seen to be down. */
const DYING_EVENTS = 2;
/** Powers of two: the way to the moment, and what comes of a fault. */
const SPEED = 1;

export class SceneSession {
  readonly runs: Runs;
  readonly player: Player;
  readonly logs = $derived.by(() => new Logs(this.runs.tape));
  readonly records = $derived.by(() => new Records(this.runs.tape, this.logs));
  readonly replicas = $derived.by(() => this.logs.at(this.player.event));
  readonly known = $derived.by(() => this.records.at(this.player.event, this.replicas));
  readonly phase: Phase = $derived.by(() => this.#phase());
  /** Whose menu of faults is open. */
  target: Target | null = $state.raw(null);
  /** What was pressed waits for the engine. */
  isAwaited = $state(false);
  readonly #scene: SceneData;
  #started: Promise<void> | null = null;

  constructor(scene: SceneData, lang: Lang) {
    this.#scene = scene;
    this.runs = new Runs(scene.lesson.slug, lang, scene.before);
    this.player = new Player(
      () => this.runs.tape,
      () => prefersReducedMotion.current,
      () => undefined,
    );
    this.player.speed = SPEED;
    this.player.seek(scene.toldAt);
  }

  /** What the visitor did, besides the fault that was there. */
  get deeds(): number {
    return Math.max(0, this.runs.request.inputs.length - 1);
  }

  /** Runs the cluster in the worker, once; the picture stays as it is. */
  start(): Promise<void> {
    this.#started ??= this.runs.open(this.#scene.link);
    return this.#started;
  }

  /** Shows how it came to this, unless something has been done or motion is unwanted. */
  async greet(): Promise<void> {
    await this.start();
    if (this.isAwaited || this.deeds > 0 || prefersReducedMotion.current) return;
    this.player.seek(this.#scene.calmAt);
    this.player.play();
  }

  /** Kills the leader where only it has the record. */
  crash(): Promise<void> {
    return this.act([{ fault: 'crash', host: this.#scene.leader }]);
  }

  /** Starts the leader that was killed, once another leads, in a network that is whole. */
  restart(): Promise<void> {
    if (this.phase === 'down') this.player.seek(this.#electedAt);
    return this.act([{ fault: 'heal' }, { fault: 'start', host: this.#scene.leader }]);
  }

  /** Does something to the cluster, and plays what comes of it. */
  async act(faults: readonly Fault[]): Promise<void> {
    this.target = null;
    this.isAwaited = true;
    this.player.pause();
    await this.start();
    this.player.pause();
    const event = this.deeds > 0 ? this.player.event : this.#scene.toldAt;
    this.player.seek(event);
    await this.runs.fork(event, faults);
    this.isAwaited = false;
    this.#play();
  }

  /** As the visitor found it. */
  async again(): Promise<void> {
    this.player.pause();
    await this.runs.open(this.#scene.link);
    this.player.seek(this.#scene.toldAt);
  }

  look(target: Target | null): void {
    this.target = target;
    if (target !== null) this.player.pause();
  }

  seek(event: number): void {
    this.player.pause();
    this.player.seek(event);
  }

  /** Stops where there is something to decide or to see. */
  rest(): void {
    const { event, isPlaying } = this.player;
    if (!isPlaying) return;
    const isFound = this.deeds === 0 && event >= this.#scene.toldAt;
    if (isFound) this.seek(this.#scene.toldAt);
    else if (this.phase === 'lost') this.seek(this.records.evidence!.goneAt);
    else if (this.phase === 'elected') this.seek(this.#electedAt);
  }

  /** Plays; where motion is unwanted, goes to where playing would come to rest. */
  #play(): void {
    if (!prefersReducedMotion.current) {
      this.player.play();
      return;
    }
    const gone = this.records.evidence?.goneAt;
    const isDown = this.phase === 'down';
    this.player.seek(isDown ? this.#electedAt : (gone ?? this.runs.tape.events));
  }

  /** The event after which another host leads; the last one where none does. */
  get #electedAt(): number {
    const { tape } = this.runs;
    const first = this.#scene.toldAt;
    for (const name of tape.hostNames) {
      if (name === this.#scene.leader) continue;
      const led = tape
        .changesOf(name)
        .find(({ event, host }) => event > first && leads(brokerView(host)));
      if (led !== undefined) return led.event;
    }
    return tape.events;
  }

  #phase(): Phase {
    const { tape } = this.runs;
    const { event } = this.player;
    const { evidence } = this.records;
    if (evidence !== null && evidence.goneAt <= event) return 'lost';
    if (tape.isStill || this.deeds === 0) return 'calm';
    if (event >= tape.events) return 'kept';
    const started = this.#lastDeed(['start']);
    if (started !== null && event >= started) return 'recovering';
    const killed = this.#lastDeed(['crash', 'power', 'stop']);
    const isDying = killed !== null && event >= killed && event <= killed + DYING_EVENTS;
    if (isDying || this.#isDownAt(event)) return event >= this.#electedAt ? 'elected' : 'down';
    return killed !== null && event >= killed ? 'recovering' : 'broken';
  }

  /** The event of the visitor's last deed of these to the leader, or null. */
  #lastDeed(faults: readonly Fault['fault'][]): number | null {
    const deed = this.runs.request.inputs.findLast(
      ({ fault }) =>
        faults.includes(fault.fault) && 'host' in fault && fault.host === this.#scene.leader,
    );
    return deed?.event ?? null;
  }

  #isDownAt(event: number): boolean {
    return this.runs.tape.hostAt(this.#scene.leader, event)?.state !== 'running';
  }
}

function leads(view: ReturnType<typeof brokerView>): boolean {
  return view?.partitions.some(({ role }) => role === 'leader') ?? false;
}
