/**
 * What must hold of a metadata quorum, seen from outside after each event: T1 to T8. This observer
 * reads every controller's log batch by batch, knows all that was ever committed anywhere, and sees
 * what leaves each controller by the wire; it asks the members for nothing but their role, epoch
 * and high watermark.
 *
 * A disk that lied, or was replaced, may have forgotten what a majority rested on: from then on
 * there is no promise, and nothing is judged.
 * Not here: the rules (`consensus/`), replicas of topics (`kafka-watch.ts`).
 */
import type { RaftView } from '../../../consensus/raft.ts';
import type { KafkaRaftLog } from '../../../kafka/raft/kafka-raft-log.ts';
import { entriesOf, metadataFolder } from '../../../kafka/raft/kafka-raft-log.ts';
import { QUORUM_STATE } from '../../../kafka/raft/quorum-state-text.ts';
import type { RaftController } from '../../../kafka/raft/raft-controller.ts';
import { decodeUtf8 } from '../../../bytes/utf8.ts';
import { crc32c } from '../../../bytes/crc32c.ts';
import type { KafkaMessage } from '../../../wire/kafka/frame.ts';
import { type FetchRequest, fetch } from '../../../wire/kafka/messages/fetch.ts';
import { METADATA_TOPIC_ID } from '../../../kafka/metadata/metadata-log.ts';
import { type VoteRequest, type VoteResponse, vote } from '../../../wire/kafka/messages/vote.ts';
import type { SimHost } from '../../../sim/host.ts';
import type { Lab } from '../../experiment.ts';

const IDS = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8'] as const;
type Id = (typeof IDS)[number];

/** `log.dir`, by its default: controllers of the lab have no other. */
const LOG_DIR = 'data';

/** One batch of a log. */
interface Batch {
  readonly offset: number;
  readonly endOffset: number;
  readonly term: number;
  readonly crc: number;
}

/** A controller's log, as this observer has read it. */
class Shadow {
  /** By the offset behind them. */
  readonly batches = new Map<number, Batch>();
  start = 0;
  startTerm = 0;
  end = 0;
  view: RaftView | null = null;
  incarnation = 0;

  termBefore(offset: number): number | undefined {
    return offset === this.start ? this.startTerm : this.batches.get(offset)?.term;
  }

  cutTo(endOffset: number): void {
    for (const end of this.batches.keys()) if (end > endOffset) this.batches.delete(end);
    this.end = endOffset;
  }
}

interface QuorumStateData {
  readonly leaderEpoch: number;
  readonly votedId: number;
}

/** Registers T1 to T8 for these controllers with the lab. */
export function watchRaft(lab: Lab, controllers: readonly string[]): void {
  const watch = new RaftWatch(lab, controllers);
  for (const id of IDS) lab.invariant(id, 'always', (host) => watch.finding(id, host));
}

class RaftWatch {
  readonly #lab: Lab;
  readonly #controllers: readonly string[];
  readonly #shadows = new Map<string, Shadow>();
  readonly #leaders = new Map<number, string>();
  readonly #committed = new Map<number, Batch>();
  readonly #committedEnds: number[] = [];
  readonly #known = new Map<string, { readonly before: number; readonly crc: number }>();
  readonly #found = new Map<Id, string>();
  /** Votes that were asked for, by connection and correlation id. */
  readonly #asked = new Map<string, VoteRequest>();
  #event = -1;
  #begun = false;

  constructor(lab: Lab, controllers: readonly string[]) {
    this.#lab = lab;
    this.#controllers = controllers;
  }

  finding(id: Id, host: string | null): string | null {
    const { event } = this.#lab;
    if (!this.#begun) this.#begin();
    if (event !== this.#event) {
      this.#event = event;
      if (host !== null && this.#controllers.includes(host)) this.#look(host);
    }
    const found = this.#found.get(id) ?? null;
    this.#found.delete(id);
    return this.#isTrusted() ? found : null;
  }

  #begin(): void {
    this.#begun = true;
    const { network } = this.#lab.host(this.#controllers[0]!).world;
    const before = network.watcher;
    network.watcher = (endpoint, message) => {
      before?.(endpoint, message);
      const host = endpoint.host.name;
      if (this.#controllers.includes(host)) {
        this.#sent(host, endpoint.id, message as KafkaMessage);
      }
    };
  }

  #isTrusted(): boolean {
    return this.#controllers.every((name) => this.#lab.host(name).disk.trusted);
  }

  #violated(id: Id, what: string): void {
    if (!this.#found.has(id)) this.#found.set(id, what);
  }

  // ------------------------------------------------------------------------------------- the logs

  #look(name: string): void {
    const host = this.#lab.host(name);
    const controller = host.process as RaftController | null;
    const view = controller?.quorum ?? null;
    const files = controller?.files ?? null;
    if (controller === null || view === null || files === null) return;
    const shadow = this.#shadowOf(name, host, files);
    this.#follow(name, shadow, files, view);
    this.#judge(name, shadow, view, controller.applied);
  }

  #shadowOf(name: string, host: SimHost, files: KafkaRaftLog): Shadow {
    const known = this.#shadows.get(name);
    if (known?.incarnation === host.incarnation) return known;
    const shadow = new Shadow();
    shadow.incarnation = host.incarnation;
    shadow.start = files.start.offset;
    shadow.startTerm = files.start.term;
    shadow.end = shadow.start;
    this.#shadows.set(name, shadow);
    return shadow;
  }

  /** Reads what was appended since; notes what was cut, and what a snapshot has replaced. */
  #follow(name: string, shadow: Shadow, files: KafkaRaftLog, view: RaftView): void {
    const { offset, term } = files.start;
    if (offset > shadow.start) {
      const isSame = shadow.termBefore(offset) === term;
      if (!isSame) {
        const committed = this.#committed.get(offset);
        if (committed?.term !== term) this.#violated('T5', `${name}: a snapshot of nothing known`);
        shadow.cutTo(shadow.start);
        shadow.end = offset;
      }
      for (const end of shadow.batches.keys()) if (end <= offset) shadow.batches.delete(end);
      [shadow.start, shadow.startTerm] = [offset, term];
    }
    if (files.endOffset < shadow.end) {
      if (shadow.view?.role === 'Leader' && view.role === 'Leader') {
        this.#violated('T2', `${name}: cut to ${files.endOffset} as leader of ${view.term}`);
      }
      shadow.cutTo(files.endOffset);
    }
    while (shadow.end < files.endOffset) {
      const read = files.bytes(shadow.end, files.endOffset, Number.MAX_SAFE_INTEGER);
      if (read === 'CORRUPT_MESSAGE') return;
      for (const entry of entriesOf(read)) {
        const crc = crc32c(entry.payload as Uint8Array);
        this.#append(name, shadow, view, { ...entry, crc });
      }
    }
  }

  /** T3: the same offset and epoch are the same batch, with the same one before it. */
  #append(name: string, shadow: Shadow, view: RaftView, batch: Batch): void {
    const { offset, endOffset, term, crc } = batch;
    if (offset !== shadow.end) this.#violated('T3', `${name}: a gap ${shadow.end} to ${offset}`);
    const before = shadow.termBefore(offset) ?? -1;
    const key = `${offset}/${term}`;
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, { before, crc });
    else if (known.before !== before || known.crc !== crc) {
      this.#violated('T3', `${name}: another batch at ${key}, after epoch ${before}`);
    }
    if (shadow.view?.role === 'Leader' && view.role === 'Leader' && term !== view.term) {
      this.#violated('T2', `${name}: leads ${view.term} and appends a batch of ${term}`);
    }
    shadow.batches.set(endOffset, { offset, endOffset, term, crc });
    shadow.end = endOffset;
  }

  // -------------------------------------------------------------------------------- the decisions

  #judge(name: string, shadow: Shadow, view: RaftView, applied: number): void {
    const before = shadow.view;
    shadow.view = view;
    const { highWatermark, endOffset, role, term } = view;
    if (applied > highWatermark || highWatermark > endOffset || endOffset !== shadow.end) {
      this.#violated('T6', `${name}: ${applied} <= ${highWatermark} <= ${endOffset}`);
    }
    const isElected = role === 'Leader' && (before?.role !== 'Leader' || before.term < term);
    if (isElected) this.#elected(name, shadow, term);
    this.#commit(name, shadow, Math.max(before?.highWatermark ?? 0, shadow.start), view);
  }

  /** T1: one leader an epoch. T4: it has all that was committed before. */
  #elected(name: string, shadow: Shadow, term: number): void {
    const other = this.#leaders.get(term) ?? name;
    if (other !== name) this.#violated('T1', `${name} and ${other} lead epoch ${term}`);
    this.#leaders.set(term, name);
    for (const end of this.#committedEnds) {
      if (end <= shadow.start) continue;
      const [mine, theirs] = [shadow.batches.get(end), this.#committed.get(end)!];
      if (mine?.term === theirs.term && mine.crc === theirs.crc) continue;
      this.#violated('T4', `${name} leads epoch ${term} without what was committed below ${end}`);
      return;
    }
  }

  /** T5: all commit the same. T8: a leader's count ends with a batch of its own epoch. */
  #commit(name: string, shadow: Shadow, from: number, view: RaftView): void {
    const { highWatermark, role, term } = view;
    if (highWatermark <= from) return;
    const last = shadow.termBefore(highWatermark);
    if (role === 'Leader' && last !== term) {
      this.#violated('T8', `${name} leads ${term} and counted a batch of ${String(last)}`);
    }
    for (let end = highWatermark; end > from;) {
      const batch = shadow.batches.get(end);
      if (batch === undefined) {
        this.#violated('T6', `${name} committed ${end}, which it has not`);
        return;
      }
      const known = this.#committed.get(end);
      if (known === undefined) {
        this.#committed.set(end, batch);
        this.#committedEnds.push(end);
      } else if (known.term !== batch.term || known.crc !== batch.crc) {
        this.#violated('T5', `${name} committed something else below ${end}`);
      }
      end = batch.offset;
    }
  }

  // ------------------------------------------------------------------------------------- the wire

  /** T7: the vote and the log that a message rests on are durable when it leaves. */
  #sent(host: string, connection: number, message: KafkaMessage): void {
    const { kind, apiKey, body } = message;
    if (apiKey === fetch.key && kind === 'request') this.#fetchSent(host, body as FetchRequest);
    if (apiKey !== vote.key) return;
    const key = `${connection}/${message.correlationId}`;
    if (kind === 'request') this.#asked.set(key, body as VoteRequest);
    const asked = this.#asked.get(key)?.topics[0]?.partitions[0];
    if (kind === 'response') this.#asked.delete(key);
    if (asked === undefined || asked.preVote) return;
    const isAnswer = kind === 'response';
    const isGranted =
      isAnswer && (body as VoteResponse).topics[0]?.partitions[0]?.voteGranted === true;
    if (isAnswer && !isGranted) return;
    const { replicaEpoch: epoch, replicaId } = asked;
    const state = this.#durableState(host);
    const isKept = state !== null && (state.leaderEpoch > epoch || state.votedId === replicaId);
    if (isKept && state.leaderEpoch >= epoch) return;
    this.#violated('T7', `${host}: a vote for ${replicaId} in epoch ${epoch} is not durable`);
  }

  #fetchSent(host: string, { topics }: FetchRequest): void {
    const asked = topics[0]?.topicId === METADATA_TOPIC_ID ? topics[0].partitions[0] : undefined;
    const durable = (this.#lab.host(host).process as RaftController | null)?.files
      ?.durableEndOffset;
    if (asked === undefined || durable === undefined || asked.fetchOffset <= durable) return;
    this.#violated('T7', `${host}: fetches from ${asked.fetchOffset}, durable is ${durable}`);
  }

  /** What the platter has of a controller's quorum state. */
  #durableState(host: string): QuorumStateData | null {
    const { disk } = this.#lab.host(host);
    const path = `${metadataFolder(LOG_DIR)}/${QUORUM_STATE}`;
    if (!disk.exists(path)) return null;
    const text = decodeUtf8(disk.file(path).durable());
    return text === '' ? null : (JSON.parse(text) as QuorumStateData);
  }
}
