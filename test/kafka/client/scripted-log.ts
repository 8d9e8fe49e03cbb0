/**
 * A partition leader whose refusals a test scripts: it appends what it is not told to refuse, in
 * the order of arrival, and checks sequences in the plainest way (contiguous for each producer id
 * and epoch; a repeated last batch is a duplicate).
 *
 * Not here: a log, replicas, or any other error of a real leader.
 */
import { decodeUtf8 } from '../../../engine/bytes/utf8.ts';
import {
  type BatchHeader,
  isBatchProblem,
  readBatchHeader,
  readRecords,
} from '../../../engine/wire/kafka/record-batch.ts';
import {
  produce,
  type ProduceRequest,
  type ProduceResponse,
} from '../../../engine/wire/kafka/messages/produce.ts';
import type { Asked, ScriptedBroker } from './scripted-broker.ts';

export interface Refusal {
  readonly errorCode: number;
  /** Appended although the client hears an error. */
  readonly appended?: boolean;
  readonly delayMicros?: number;
  readonly logStartOffset?: number;
}

export interface Arrival {
  readonly topic: string;
  readonly partition: number;
  readonly header: BatchHeader;
  readonly values: readonly string[];
  /** Counts Produce batches on this leader from 0. */
  readonly number: number;
}

/** Null: append. `silent`: no reply at all. */
export type Script = (arrival: Arrival) => Refusal | 'silent' | 'close' | null;

export class ScriptedLog {
  /** Values by `topic-partition`, at their offsets. */
  readonly logs = new Map<string, string[]>();
  readonly arrivals: Arrival[] = [];
  script: Script = () => null;
  delayMicros = 0;
  private readonly sequences = new Map<string, { next: number; base: number; offset: number }>();

  /** Lets a broker answer Produce from this log. */
  serve(broker: ScriptedBroker): void {
    broker.handlers.set(produce.key, (asked) => this.produced(asked));
  }

  values(name: string): readonly string[] {
    return this.logs.get(name) ?? [];
  }

  private produced(asked: Asked): void {
    const request = asked.request.body as ProduceRequest;
    let delayMicros = this.delayMicros;
    let answers = true;
    const responses = request.topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => {
        const arrival = this.arrived(name, index, records!);
        const verdict = this.script(arrival);
        if (verdict === 'close') asked.close();
        if (verdict === 'silent' || verdict === 'close') {
          answers = false;
          return { ...base, index };
        }
        delayMicros = verdict?.delayMicros ?? delayMicros;
        if (verdict !== null && verdict.appended !== true) {
          const { errorCode, logStartOffset } = verdict;
          return { ...base, index, errorCode, logStartOffset: logStartOffset ?? -1 };
        }
        const appended = this.append(arrival);
        return { ...base, index, ...appended, ...(verdict === null ? {} : { ...verdict }) };
      }),
    }));
    const body: ProduceResponse = { responses, throttleTimeMs: 0, nodeEndpoints: [] };
    if (answers && request.acks !== 0) asked.reply(body, delayMicros);
  }

  private arrived(topic: string, partition: number, records: Uint8Array): Arrival {
    const header = readBatchHeader(records);
    if (isBatchProblem(header)) throw new Error(`not a batch: ${header}`);
    const read = readRecords(records, header, 1e9);
    if (isBatchProblem(read)) throw new Error(`not records: ${read}`);
    const values = read.map(({ value }) => decodeUtf8(value!));
    const arrival = { topic, partition, header, values, number: this.arrivals.length };
    this.arrivals.push(arrival);
    return arrival;
  }

  private append(arrival: Arrival): { errorCode: number; baseOffset: number } {
    const { header } = arrival;
    const name = `${arrival.topic}-${arrival.partition}`;
    const log = this.logs.get(name) ?? [];
    this.logs.set(name, log);
    const key = `${name} ${header.producerId} ${header.producerEpoch}`;
    const known = this.sequences.get(key) ?? { next: 0, base: -1, offset: -1 };
    if (header.producerId >= 0) {
      if (header.baseSequence === known.base) return { errorCode: 0, baseOffset: known.offset };
      if (header.baseSequence !== known.next) return { errorCode: 45, baseOffset: -1 };
      const next = header.baseSequence + header.recordsCount;
      this.sequences.set(key, { next, base: header.baseSequence, offset: log.length });
    }
    const baseOffset = log.length;
    log.push(...arrival.values);
    return { errorCode: 0, baseOffset };
  }
}

const base: ProduceResponse['responses'][number]['partitionResponses'][number] = {
  index: 0,
  errorCode: 0,
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
  recordErrors: [],
  errorMessage: null,
  currentLeader: { leaderId: -1, leaderEpoch: -1 },
};
